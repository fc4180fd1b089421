/**
 * A desired text that can be edited without being written anew: one block for each line that says something, with the
 * bytes that a person wrote. What is not touched stays as it is, byte for byte; comments are never taken away.
 * `${name}` in values is read as a value and kept where the value does not change. Pure.
 */
import { fillValues } from '../fill-values.ts';
import type { Argument, Command } from '../export-command.ts';
import { readExport, type Piece } from '../export-syntax.ts';
import { printArgument } from '../quote.ts';

export interface Block {
  readonly kind: 'comment' | 'section' | 'command' | 'other';
  /** The bytes as latin1, line end included. */
  text: string;
  /** The menu that the line names or stands in. */
  readonly path: string | null;
  command: Written | null;
  /** Of its first character in the file. */
  readonly line: number;
  /** The menu that a line after this one would stand in. */
  readonly menu: string | null;
}

/** A command with the places of its arguments in the block's text. */
export interface Written {
  readonly verb: Command['verb'];
  readonly selector: Command['selector'];
  readonly args: readonly WrittenArgument[];
  /** Where the words before the first argument end. */
  readonly headEnd: number;
}

export interface WrittenArgument {
  /** In full. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** As written: a leading dot repeats the prefix of the one before. */
  readonly dotted: boolean;
}

export interface EditableText {
  readonly blocks: Block[];
  readonly lineEnd: string;
}

export function editableText(bytes: Uint8Array, file: string): EditableText {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  // A value of the same length in place of each variable: every place in what is read is one in the source.
  const filled = fillValues(bytes, file, (name) => 'x'.repeat(name.length + '${}'.length)).text;
  const lineStarts = startsOfLines(source);
  const blocks: Block[] = [];
  let at = 0;
  let menu: string | null = null;
  for (const { kind, raw, path, line, command } of readExport(filled, file).pieces) {
    const text = source.slice(at, at + raw.length);
    if (kind === 'section') menu = path;
    const start = at;
    const offsetOf = (one: number, column: number): number => (lineStarts[one - 1] ?? 0) + column - 1 - start;
    const written = command === null ? null : writtenCommand(command, text, offsetOf);
    blocks.push({ kind: plainKind(kind), text, path, command: written, line, menu });
    at += raw.length;
  }
  return { blocks, lineEnd: /\r\n/.test(source) ? '\r\n' : '\n' };
}

export function textOf({ blocks }: EditableText): Uint8Array {
  return Buffer.from(blocks.map(({ text }) => text).join(''), 'latin1');
}

function plainKind(kind: Piece['kind']): Block['kind'] {
  return kind === 'blank' || kind === 'foreign' ? 'other' : kind;
}

function startsOfLines(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** Blanks and line breaks that go on. */
const gap = /(?:[ \t]|\\\r*\n)+$/;

function writtenCommand(
  { verb, selector, args }: Command,
  text: string,
  offsetOf: (line: number, column: number) => number,
): Written {
  const starts = args.map(({ line, column }: Argument) => offsetOf(line, column));
  const end = text.replace(/[ \t\r\n]+$/, '').length;
  const upTo = (next: number | undefined): number =>
    next === undefined ? end : text.slice(0, next).replace(gap, '').length;
  return {
    verb,
    selector,
    headEnd: upTo(starts[0]),
    args: args.map(({ name }, i) => {
      const start = starts[i] ?? 0;
      return { name, start, end: upTo(starts[i + 1]), dotted: text.charAt(start) === '.' };
    }),
  };
}

export interface Wanted {
  /** As the text writes it, where it does. */
  readonly name: string;
  /** Null: the property is not to be named. */
  readonly value: string | null;
  readonly flag: boolean;
}

interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Changes some of the properties that a line says, once; every other byte stays. */
export function setProperties(block: Block, wanted: readonly Wanted[]): void {
  const { command } = block;
  if (command === null) return;
  const { args } = command;
  const before = (index: number): number => args[index - 1]?.end ?? command.headEnd;
  const gone = new Set<number>();
  const splices: Splice[] = [];
  for (const { name, value, flag } of wanted) {
    const index = args.findIndex((arg) => arg.name === name);
    const known = args[index];
    if (value === null) {
      if (known === undefined) continue;
      gone.add(index);
      splices.push({ start: before(index), end: known.end, text: '' });
    } else if (known === undefined) {
      const next = args.findIndex((arg) => arg.name > name);
      const at = next < 0 || args[next]?.dotted === true ? args.length : next;
      splices.push({ start: before(at), end: before(at), text: ` ${printArgument(name, value, flag)}` });
    } else {
      const printed = printArgument(name, value, flag);
      const kept = known.dotted ? printed.slice(name.lastIndexOf('.')) : printed;
      splices.push({ start: known.start, end: known.end, text: kept });
    }
  }
  // What repeats the prefix of one that goes says it itself.
  args.forEach(({ name, start, dotted }, i) => {
    if (dotted && !gone.has(i) && gone.has(i - 1))
      splices.push({ start, end: start, text: name.slice(0, name.lastIndexOf('.')) });
  });
  block.text = applied(block.text, splices);
  const added = splices.length - gone.size;
  if (added === 0 && gone.size === args.length) block.command = { ...command, args: [] };
}

/** From the last to the first, so that places stay true; of two at one place the one that takes away goes first. */
function applied(text: string, splices: readonly Splice[]): string {
  const order = [...splices].sort((a, b) => b.start - a.start || b.end - a.end || (a.text < b.text ? 1 : -1));
  return order.reduce((now, one) => now.slice(0, one.start) + one.text + now.slice(one.end), text);
}
