/**
 * From texts to configurations: what a person wrote, what a device said, and both at once. Most sections of a device are
 * written in git as it exports them, but for where long lines are wrapped; read together, such a section is read once, and
 * the device's rows are the desired ones at other lines. What is handed out is the same either way.
 */
import type { ParsedText } from '../../core/dialect.ts';
import { splitFragments } from '../../core/fragments.ts';
import type { Item, Section } from '../../core/item.ts';
import { requireComplete } from './completeness.ts';
import { readExport, readText, type KnownSection, type Piece } from './export-syntax.ts';
import { mergeTexts, toConfiguration } from './normalize.ts';

const exportName = 'export of the device';
const slash = 0x2f;

/** Where a section stands in its text. */
interface Extent {
  readonly path: string;
  /** The line that names it. */
  readonly header: string;
  readonly line: number;
  readonly start: number;
  end: number;
}

export function parseDesired(text: Uint8Array, file: string, version: string | null): ParsedText {
  const texts = splitFragments(text, file).map((fragment) => readExport(fragment.text, fragment.file));
  return mergeTexts(texts, { role: 'desired', version });
}

export function parseActual(text: Uint8Array, version: string | null): ParsedText {
  requireComplete(text);
  return toConfiguration(readExport(text, exportName), { role: 'device', version });
}

/** What `parseDesired` and `parseActual` say of these. Throws as the latter. */
export function parseBoth(
  wish: { readonly text: Uint8Array; readonly file: string },
  actual: Uint8Array,
  version: string,
): { readonly desired: ParsedText; readonly actual: ParsedText } {
  requireComplete(actual);
  const [fragment, more] = splitFragments(wish.text, wish.file);
  // Of several files none says all of a section.
  if (fragment === undefined || more !== undefined)
    return {
      desired: parseDesired(wish.text, wish.file, version),
      actual: parseActual(actual, version),
    };
  const text = plainLines(fragment.text);
  const read = readText(text, fragment.file);
  const desired = mergeTexts([read], { role: 'desired', version });
  // A fault of what is written in git may be none of what a device says.
  const faulty = new Set(desired.problems.map(({ section }) => section));
  const known = faulty.has(null) ? new Map<string, KnownSection>() : knownSections(text, read.pieces, faulty);
  return { desired, actual: parseBeside(desired, known, actual, version) ?? parseActual(actual, version) };
}

/** Devices end lines with CR LF and git does not; to the reader they are the same. */
function plainLines(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return text.includes('\r\n') ? text.replaceAll('\r\n', '\n') : text;
}

/** Null: the device says more of a known section elsewhere in its text, or a row's line can't be told. */
function parseBeside(
  desired: ParsedText,
  known: ReadonlyMap<string, KnownSection>,
  actual: Uint8Array,
  version: string,
): ParsedText | null {
  const text = readText(plainLines(actual), exportName, known);
  const taken = new Map(text.taken.map((one) => [one.section.path, one]));
  if (taken.size < text.taken.length) return null;
  if (text.pieces.some(({ path, command }) => command !== null && taken.has(path ?? ''))) return null;
  const { configuration, problems } = toConfiguration(text, { role: 'device', version });
  const rows = new Map(desired.configuration.sections.map((section) => [section.path, section]));
  const sections: Section[] = [];
  for (const section of configuration.sections) {
    const [one, same] = [taken.get(section.path), rows.get(section.path)];
    const found = one && same ? atLines(same, one.section.lines, one.lines) : section;
    if (found === null) return null;
    sections.push(found);
  }
  return { configuration: { sections }, problems };
}

/** The same rows at other lines. */
function atLines(
  { path, kind, items: rows }: Section,
  from: readonly number[],
  to: readonly number[],
): Section | null {
  const lineOf = new Map(from.map((line, i) => [line, to[i]]));
  const items: Item[] = [];
  for (const item of rows) {
    const line = lineOf.get(item.place?.line ?? 0);
    if (line === undefined) return null;
    items.push({ ...item, place: { ...item.place, file: exportName, line } });
  }
  return { path, kind, items };
}

/**
 * Sections without a fault that stand in the text once and in one piece, by the line that names them: from there to the
 * end of their last command.
 */
function knownSections(
  text: string,
  pieces: readonly Piece[],
  faulty: ReadonlySet<string | null>,
): ReadonlyMap<string, KnownSection> {
  const found = new Map<string, Extent>();
  const elsewhere = new Set<string | null>(faulty);
  let open: Extent = { path: '', header: '', line: 0, start: 0, end: 0 };
  let at = 0;
  for (const { kind, path, raw, line } of pieces) {
    const start = at;
    at += raw.length;
    if (path === null) continue;
    if (kind === 'section') {
      if (found.has(path)) elsewhere.add(path);
      open = { path, header: raw, line, start, end: start };
      found.set(path, open);
    } else if (open.path !== path || raw.charCodeAt(0) === slash) {
      // A command on a line with its path belongs there, and stands in the middle of another section.
      elsewhere.add(path).add(open.path);
    } else open.end = at;
  }
  const known = new Map<string, KnownSection>();
  for (const { path, header, line, start, end } of found.values()) {
    const raw = text.slice(start, end);
    const joined = raw.replaceAll(/\\\n */g, '');
    // A comment may end in a backslash and is not wrapped by it; what stands further in may start on the line before.
    if (elsewhere.has(path) || !raw.endsWith('\n') || /\n[ \t#]/.test(joined) || raw.includes('\\\\\n'))
      continue;
    known.set(header, { path, joined, lines: lineStarts(raw, line) });
  }
  return known;
}

/** Lines that do not go on with the one before. */
function lineStarts(raw: string, first: number): readonly number[] {
  const starts = [first];
  let line = first;
  for (let end = raw.indexOf('\n'); end < raw.length - 1; end = raw.indexOf('\n', end + 1)) {
    line++;
    if (raw.charCodeAt(end - 1) !== 0x5c) starts.push(line);
  }
  return starts;
}
