/**
 * A device's export as its history keeps it: the device's own words in its own order, one command a line, in one
 * spelling. Left out is what changes by itself (the date, remarks of the moment, siteward's own objects) and every secret.
 * What is not understood is kept as it was said. Pure.
 */
import type { Command, Selector } from './export-command.ts';
import { readExport, type Piece } from './export-syntax.ts';
import { isSecretProperty } from './menus.ts';
import { isOwnObject } from './normalize.ts';
import { printArgument, quoteString, quoteValue } from './quote.ts';

/** Printable ASCII and LF, read back by the same reader; equal for two exports between which nothing was changed. */
export function archiveText(bytes: Uint8Array): string {
  const lines: string[] = [];
  let path = '';
  let body = false;
  for (const piece of readExport(bytes, 'export of the device').pieces) {
    body ||= piece.path !== null;
    // Behind the header a device writes remarks of the moment: a port without a link, the channel of a radio.
    if (piece.kind === 'blank' || (piece.kind === 'comment' && body)) continue;
    const line = lineOf(piece);
    if (line === null) continue;
    if (piece.path !== null && piece.path !== path) {
      path = piece.path;
      lines.push(path);
    }
    lines.push(line);
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** Null: nothing of it is kept. A section without rows says nothing. */
function lineOf({ kind, raw, path, command }: Piece): string | null {
  if (kind === 'section') return null;
  if (path !== null && command !== null) return isOwn(path, command) ? null : commandLine(path, command);
  const text = printable(raw.replace(/[ \t\r\n]+$/, ''));
  return text.replace(/^#.*?by RouterOS (\S+).*$/, '# by RouterOS $1');
}

function isOwn(path: string, { selector, args }: Command): boolean {
  const named = args.find(({ name }) => name === 'name')?.value;
  return isOwnObject(path, named) || (selector.kind === 'name' && isOwnObject(path, selector.name));
}

function commandLine(path: string, { verb, selector, args }: Command): string {
  const told = args.filter(
    ({ name, value }) => value === null || value === '' || !isSecretProperty(path, name),
  );
  const words = told.map(({ name, value, flag }) => printArgument(name, value, flag));
  return [verb, ...selectorWords(selector), ...words].join(' ');
}

function selectorWords(selector: Selector): readonly string[] {
  switch (selector.kind) {
    case 'none':
      return [];
    case 'find': {
      const conditions = selector.conditions.map(([name, value]) => `${name}=${quoteString(value)}`);
      return ['[', 'find', ...conditions, ']'];
    }
    case 'number':
      return [selector.number];
    case 'name':
      return [quoteValue(selector.name)];
    case 'id':
      return [selector.id];
  }
}

/** A line as it was said, its control and foreign bytes as the console writes them. */
function printable(text: string): string {
  return text.replace(
    /[^\x20-\x7e]/g,
    (byte) => `\\${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
