/**
 * Reads the text of an export (v6 and v7, wrapped or terse, CRLF or LF) into sections and items, as
 * bytes: every character is one byte. Lines that no device printed are reported and left out.
 */
import { escapes } from '../language/escapes.ts';
import { isFlag } from './properties.ts';

export interface ReadItem {
  /** `add`, or `set` with what stands before the first property. */
  readonly verb: 'add' | 'set';
  readonly selector: string;
  /** In the order of the line; null is `!name`. */
  readonly properties: ReadonlyMap<string, string | null>;
  /** The values as they were written, quotes and escapes included. */
  readonly written: ReadonlyMap<string, string>;
}

interface ReadSection {
  readonly path: string;
  readonly items: ReadItem[];
}

interface ReadExport {
  /** Comment lines before the first section, without the date line. */
  readonly header: readonly string[];
  readonly version: string | undefined;
  readonly sections: readonly ReadSection[];
  /** What was left out, with line numbers. */
  readonly notes: readonly string[];
}

const MAX_BYTES = 32 * 1024 * 1024;

export function readExport(bytes: Uint8Array): ReadExport {
  if (bytes.length > MAX_BYTES) throw new Error(`the export is larger than ${MAX_BYTES} bytes`);
  const sections = new Map<string, ReadSection>();
  const header: string[] = [];
  const notes: string[] = [];
  let version: string | undefined;
  let path: string | undefined;
  for (const { text, number } of logicalLines(Buffer.from(bytes).toString('latin1'))) {
    if (text === '') continue;
    if (text.startsWith('#')) {
      const found = /by RouterOS (\S+)/.exec(text);
      if (path === undefined && found !== null) version ??= found[1];
      else if (path === undefined) header.push(text);
      else if (text.startsWith('#error')) notes.push(`line ${number}: ${text}`);
      continue;
    }
    const line = splitPath(text, path);
    if (line === undefined) {
      notes.push(`line ${number}: not a line of an export, left out`);
      continue;
    }
    path = line.path;
    if (!sections.has(path)) sections.set(path, { path, items: [] });
    if (line.command === '') continue;
    const item = readItem(path, line.command);
    if (item === undefined) notes.push(`line ${number}: not a line of an export, left out`);
    else sections.get(path)?.items.push(item);
  }
  return { header, version, sections: [...sections.values()], notes };
}

/** Lines with their continuations joined: the `\`, the line end and the blanks after it go. */
function* logicalLines(text: string): Generator<{ text: string; number: number }> {
  let number = 0;
  let first = 0;
  let joined: string | undefined;
  for (const raw of text.split('\n')) {
    number++;
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (joined === undefined) {
      joined = '';
      first = number;
      joined += line;
    } else joined += line.replace(/^ +/, '');
    const slashes = /\\+$/.exec(joined)?.[0].length ?? 0;
    if (slashes % 2 === 1) {
      joined = joined.slice(0, -1);
      continue;
    }
    // The blank at the end of `# software id = ` is part of it.
    if (joined.startsWith('#')) yield { text: joined, number: first };
    else for (const text of unglued(joined.trimEnd())) yield { text, number: first };
    joined = undefined;
  }
  if (joined !== undefined) yield { text: joined.trimEnd(), number: first };
}

/** Where a remark about an item follows, devices print the section's path right behind the item before it. */
function unglued(line: string): readonly string[] {
  const glued = /^(.*")(\/[a-z][a-z0-9 -]*)$/.exec(line);
  return glued?.[1] === undefined || glued[2] === undefined ? [line] : [glued[1], glued[2]];
}

/** The section a line is in, and what of the line is a command. */
function splitPath(text: string, current: string | undefined): { path: string; command: string } | undefined {
  if (!text.startsWith('/')) {
    if (current === undefined || !/^(add|set)( |$)/.test(text)) return undefined;
    return { path: current, command: text };
  }
  const match = /^(\/[a-z0-9][a-z0-9/ -]*?)(?: ((?:add|set)(?: .*)?))?$/.exec(text);
  if (match?.[1] === undefined) return undefined;
  return { path: `/${match[1].slice(1).replaceAll('/', ' ').trim()}`, command: match[2] ?? '' };
}

function readItem(path: string, command: string): ReadItem | undefined {
  const verb = command.startsWith('add') ? 'add' : 'set';
  let offset = 3;
  const properties = new Map<string, string | null>();
  const written = new Map<string, string>();
  let selector = '';
  let prefix = '';
  for (;;) {
    while (command[offset] === ' ') offset++;
    if (offset >= command.length) break;
    const rest = command.slice(offset);
    const selects = /^\[ ?find[^\]]*\]/.exec(rest);
    if (selects !== null && verb === 'set' && properties.size === 0) {
      selector = selects[0];
      offset += selector.length;
      continue;
    }
    const named = /^(!?)(\.?[A-Za-z][A-Za-z0-9.-]*)(=?)/.exec(rest);
    if (named?.[2] !== undefined && (named[1] === '!' || named[3] === '=')) {
      const name = named[2].startsWith('.') ? prefix + named[2] : named[2];
      if (name.includes('.')) prefix = name.slice(0, name.lastIndexOf('.'));
      offset += named[0].length;
      if (named[1] === '!') {
        properties.set(name, null);
        continue;
      }
      const value = readValue(command, offset);
      if (value === undefined) return undefined;
      properties.set(name, value.text);
      written.set(name, command.slice(offset, value.end));
      offset = value.end;
      continue;
    }
    const word = /^[a-z][a-z0-9-]*(?= |$)/.exec(rest)?.[0];
    if (word !== undefined && isFlag(path, word)) {
      properties.set(word, '');
      offset += word.length;
      continue;
    }
    const value = readValue(command, offset);
    if (value === undefined || selector !== '' || verb === 'add' || value.end === offset) return undefined;
    selector = command.slice(offset, value.end);
    offset = value.end;
  }
  return { verb, selector, properties, written };
}

function readValue(line: string, start: number): { text: string; end: number } | undefined {
  if (line[start] !== '"') {
    let end = start;
    while (end < line.length && line[end] !== ' ') end++;
    const text = line.slice(start, end);
    return text.includes('"') ? undefined : { text, end };
  }
  let text = '';
  let offset = start + 1;
  while (offset < line.length && line[offset] !== '"') {
    if (line[offset] !== '\\') {
      text += line[offset++];
      continue;
    }
    const hex = /^[0-9A-F]{2}/.exec(line.slice(offset + 1, offset + 3));
    const letter = line[offset + 1] ?? '';
    const plain = letter === '?' ? letter : escapes[letter];
    const known = hex === null ? plain : String.fromCharCode(parseInt(hex[0], 16));
    if (known === undefined) return undefined;
    text += known;
    offset += hex === null ? 2 : 3;
  }
  return line[offset] === '"' ? { text, end: offset + 1 } : undefined;
}
