/**
 * Says whether bytes are a whole export. Absence in a text that ended early would look like a wish to delete,
 * so every doubt refuses. It never looks at what the items mean.
 */
import { DeviceError } from '../../core/errors.ts';

export interface Incompleteness {
  readonly code:
    | 'empty-export'
    | 'export-error'
    | 'export-interrupted'
    | 'header-missing'
    | 'truncated-export'
    | 'unbalanced-quote';
  /** 1-based; null: the whole text. */
  readonly line: number | null;
  /** What is wrong. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** Some editors put a byte order mark in front of UTF-8. */
const headerLine = /^(?:\xef\xbb\xbf)?# .*by RouterOS \d/m;
const errorLine = /^#\s?error exporting\b|^#\s?interrupted\b/i;

/** Throws `DeviceError` incomplete-export; the message never holds text of the export. */
export function requireComplete(bytes: Uint8Array): void {
  const found = incompleteness(bytes);
  if (found === null) return;
  const where = found.line === null ? '' : ` (line ${found.line})`;
  throw new DeviceError(
    'incomplete-export',
    `the export is not complete: ${found.message}${where}; ${found.remedy}`,
  );
}

/**
 * The first reason why these bytes are no whole export of a device; null: they are one. Only what is looked at becomes
 * text: this is done at each reading of each device.
 */
export function incompleteness(bytes: Uint8Array): Incompleteness | null {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!text.some((byte) => byte > space))
    return { code: 'empty-export', line: null, message: 'it is empty', remedy: 'read the device again' };
  const error = firstError(text);
  if (error !== null) return error;
  // A header further down than the first lines is something else that was glued on.
  if (!headerLine.test(text.toString('latin1', 0, 2000).split('\n').slice(0, 10).join('\n'))) {
    return {
      code: 'header-missing',
      line: 1,
      message: 'it has no header "# … by RouterOS …"',
      remedy: 'export again and keep the first lines: they say which version wrote it',
    };
  }
  const cut = cutEnd(text.toString('latin1', Math.max(0, text.length - 20)));
  if (cut !== null) return { ...cut, line: lineAt(text, text.length) - (text.at(-1) === newline ? 1 : 0) };
  const open = openQuote(text);
  if (open === null) return null;
  return { code: 'unbalanced-quote', line: open, message: 'a quote is open at its end', remedy: again };
}

const [newline, carriageReturn, space, hash, backslash] = [0x0a, 0x0d, 0x20, 0x23, 0x5c];
const again = 'the text was cut: read the device again';

/** How the end of the text shows that more followed; `line` is the caller's, who knows where the text stood. */
export function cutEnd(text: string): Omit<Incompleteness, 'line'> | null {
  const code = 'truncated-export';
  if (!text.endsWith('\n')) return { code, message: 'its last line has no end', remedy: again };
  if (!/\\\r*\n$/.test(text.slice(-20))) return null;
  return { code, message: 'its last line goes on after a "\\"', remedy: again };
}

/** Nothing but a path: whatever else stands in such a line may be a value of somebody's. */
const failedMenu = /^#\s?error exporting "?(\/[a-z\d-]+(?:[ /][a-z\d-]+){0,7})"?\s*(?:\([a-z ]*\))?\s*$/i;

/** What a device says in a comment line about a menu that is missing from its export; null: it says no such thing. */
export function exportError(line: string): Omit<Incompleteness, 'line'> | null {
  if (!errorLine.test(line)) return null;
  if (/interrupted/i.test(line))
    return { code: 'export-interrupted', message: 'it was interrupted', remedy: 'read the device again' };
  const menu = `/${failedMenu.exec(line)?.[1]?.slice(1).replaceAll('/', ' ') ?? ''}`;
  const isNamed = menu !== '/';
  return {
    code: 'export-error',
    message: `the device reports an error exporting ${isNamed ? menu : 'a menu'}`,
    remedy: isNamed
      ? `read the device again; if it keeps failing, see on the router what ${menu} export says`
      : 'read the device again; if it keeps failing, see on the router what /export says',
  };
}

function firstError(text: Buffer): Incompleteness | null {
  for (let at = text[0] === hash ? 0 : nextComment(text, 0); at >= 0; at = nextComment(text, at)) {
    const end = text.indexOf(newline, at);
    const error = exportError(text.toString('latin1', at, end < 0 ? text.length : end));
    if (error !== null) return { ...error, line: lineAt(text, at) };
  }
  return null;
}

/** Where the next line starts that is a comment; -1: there is none. */
function nextComment(text: Buffer, from: number): number {
  const end = text.indexOf('\n#', from, 'latin1');
  return end < 0 ? -1 : end + 1;
}

/** Number of the line that the place is in. */
function lineAt(text: Buffer, place: number): number {
  let line = 1;
  for (let at = text.indexOf(newline); at >= 0 && at < place; at = text.indexOf(newline, at + 1)) line++;
  return line;
}

/** Line of a quote that is open at the end of the text. Only the last command can be cut. */
function openQuote(text: Buffer): number | null {
  let start = text.length;
  do {
    start = text.lastIndexOf(newline, start - 2);
  } while (start > 0 && goesOn(text, start));
  const last = text.toString('latin1', start + 1);
  if (last.startsWith('#')) return null;
  const quotes = last.replace(/\\./gs, '').split('"').length - 1;
  return quotes % 2 === 0 ? null : lineAt(text, start + 1);
}

/** Whether the line that ends at `end` goes on in the next. */
function goesOn(text: Buffer, end: number): boolean {
  const before = text[end - 1] === carriageReturn ? end - 2 : end - 1;
  return text[before] === backslash;
}
