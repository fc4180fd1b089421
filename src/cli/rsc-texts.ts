/**
 * Texts for `siteward rsc`: read from files or standard input, and what is wrong with them said to people, each fault
 * with its place, the line (secrets masked) and what to do.
 */
import { open } from 'node:fs/promises';
import type { ParsedText, Problem } from '../core/dialect.ts';
import { InvalidInput, fileProblem, formatPlace } from '../core/errors.ts';
import { excerpt } from '../drivers/routeros/excerpt.ts';
import { readExport, type ExportText } from '../drivers/routeros/export-syntax.ts';
import { toConfiguration } from '../drivers/routeros/normalize.ts';
import { unknownNames } from '../drivers/routeros/unknown-names.ts';
import { setExit, type ExitCode } from './common.ts';
import { paint, printJson, printLine, printNote, safe } from './terminal.ts';

/** What diagnostics show lines of. */
export interface Source {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Text extends Source {
  readonly bytes: Buffer;
  readonly read: ExportText;
}

const maxBytes = 32 * 1024 * 1024;
export const standardInput = 'standard input';

/** A text that was not read from a file. */
export function textOfBytes(name: string, bytes: Buffer): Text {
  return { name, bytes, read: readExport(bytes, name) };
}

export async function readText(file: string): Promise<Text> {
  const name = file === '-' ? standardInput : file;
  return textOfBytes(name, await readBytes(file, name));
}

/** Only one of them can be standard input. */
export async function readTexts(a: string, b: string): Promise<readonly [Text, Text]> {
  if (a === '-' && b === '-') throw new InvalidInput('usage', 'only one of the two can be standard input');
  return [await readText(a), await readText(b)];
}

async function readBytes(file: string, name: string): Promise<Buffer> {
  try {
    if (file === '-') return await collect(process.stdin, name);
    const handle = await open(file, 'r');
    try {
      return await collect(handle.createReadStream({ autoClose: false }), name);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof InvalidInput) throw error;
    throw new InvalidInput('unreadable', `${name} ${fileProblem(error)}`, { file: name }, { cause: error });
  }
}

async function collect(stream: AsyncIterable<unknown>, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array);
    length += bytes.length;
    if (length > maxBytes)
      throw new InvalidInput(
        'too-large',
        `${name} is larger than ${maxBytes} bytes: expected a RouterOS export`,
      );
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** All of what the text says; null when some of it was not understood, which has been told then. */
export function requireReadable(text: Text): ParsedText | null {
  const parsed = toConfiguration(text.read, { role: 'text' });
  if (parsed.problems.length === 0) return parsed;
  refuse(parsed.problems, [text], false);
  return null;
}

/** `siteward rsc check`. What is only unknown is no fault: it is told, and never planned. */
export function checkTexts(text: Text, json: boolean): ExitCode {
  const { configuration, problems } = toConfiguration(text.read, { role: 'desired' });
  const unknown = unknownNames(configuration);
  if (json) {
    printJson({
      v: 1,
      file: text.name,
      problems: problems.map((problem) => problemView(problem, text)),
      unknown: unknown.map(({ section, property, place }) => ({ section, property, ...place })),
    });
    return problems.length === 0 ? 0 : 1;
  }
  for (const problem of problems) for (const line of problemLines(problem, [text])) printLine(line);
  for (const { section, property, place } of unknown) {
    const where = place === null ? '' : `${formatPlace(place)}: `;
    const what = property === null ? `menu ${section}` : `"${property}" of ${section}`;
    printLine(
      `${safe(where)}${paint('warn', 'unknown:')} ${safe(what)}: carried as it is, a difference in it is shown and never planned`,
    );
  }
  if (problems.length === 0) printLine(safe(`${text.name}: nothing is wrong`));
  return problems.length === 0 ? 0 : 1;
}

/** Says what is wrong, on standard error or as the answer, and ends in 2. */
export function refuse(problems: readonly Problem[], texts: readonly Text[], json: boolean): ExitCode {
  const [first] = problems;
  if (json && first !== undefined) {
    const { file, line, column } = first.place ?? {};
    printJson({
      error: { code: first.code, message: first.message, file, line, column },
      problems: problems.map((problem) => problemView(problem, textOf(problem, texts))),
    });
  } else for (const problem of problems) for (const line of problemLines(problem, texts)) printNote(line);
  setExit(2);
  return 2;
}

function textOf(problem: Problem, texts: readonly Source[]): Source | undefined {
  return texts.find((text) => text.name === problem.place?.file);
}

export function problemView(problem: Problem, text: Source | undefined): object {
  const { code, message, place, section } = problem;
  const shown = text === undefined || place === null ? null : excerpt(text.bytes, place);
  return { code, message, section, ...place, ...(shown === null ? {} : { text: safe(shown.text) }) };
}

/** The fault, and below it the line with a mark under the column. */
export function problemLines(
  problem: Problem,
  texts: readonly Source[],
  severity: 'error' | 'warning' = 'error',
): readonly string[] {
  const { code, message, place } = problem;
  const where = place === null ? '' : `${formatPlace(place)}: `;
  const tone = severity === 'error' ? 'bad' : 'warn';
  const head = `${safe(where)}${paint(tone, `${severity}:`, process.stderr)} ${safe(message)} (${code})`;
  const text = textOf(problem, texts);
  const shown = text === undefined || place === null ? null : excerpt(text.bytes, place);
  if (shown === null) return [head];
  const mark =
    shown.mark === null ? [] : [`    ${' '.repeat(safe(shown.text.slice(0, shown.mark)).length)}^`];
  return [head, `    ${safe(shown.text)}`, ...mark];
}
