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

/** The first reason why these bytes are no whole export of a device; null: they are one. */
export function incompleteness(bytes: Uint8Array): Incompleteness | null {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  if (text.trim() === '') {
    return { code: 'empty-export', line: null, message: 'it is empty', remedy: 'read the device again' };
  }
  const [error] = errorLines(text);
  if (error !== undefined) return error;
  // A header further down than the first lines is something else that was glued on.
  if (!headerLine.test(text.slice(0, 2000).split('\n').slice(0, 10).join('\n'))) {
    return {
      code: 'header-missing',
      line: 1,
      message: 'it has no header "# … by RouterOS …"',
      remedy: 'export again and keep the first lines: they say which version wrote it',
    };
  }
  const cut = cutEnd(text);
  if (cut !== null) return { ...cut, line: lineCount(text) - (text.endsWith('\n') ? 1 : 0) };
  const open = openQuote(text);
  if (open === null) return null;
  return { code: 'unbalanced-quote', line: open, message: 'a quote is open at its end', remedy: again };
}

const again = 'the text was cut: read the device again';

/** How the end of the text shows that more followed; `line` is the caller's, who knows where the text stood. */
export function cutEnd(text: string): Omit<Incompleteness, 'line'> | null {
  const code = 'truncated-export';
  if (!text.endsWith('\n')) return { code, message: 'its last line has no end', remedy: again };
  if (!/\\\r*\n$/.test(text.slice(-20))) return null;
  return { code, message: 'its last line goes on after a "\\"', remedy: again };
}

/** Lines by which the device says that a menu is missing from its export. */
export function errorLines(text: string): readonly Incompleteness[] {
  const found: Incompleteness[] = [];
  const remedy = 'read the device again; a menu that keeps failing is named in that line';
  for (let at = text.startsWith('#') ? 0 : nextComment(text, 0); at >= 0; at = nextComment(text, at)) {
    const end = text.indexOf('\n', at);
    const line = text.slice(at, end < 0 ? text.length : end);
    if (!errorLine.test(line)) continue;
    const where = { line: lineCount(text.slice(0, at)), remedy };
    found.push(
      /interrupted/i.test(line)
        ? { code: 'export-interrupted', message: 'it was interrupted', ...where }
        : { code: 'export-error', message: 'the device reports an error exporting a menu', ...where },
    );
  }
  return found;
}

/** Where the next line starts that is a comment; -1: there is none. */
function nextComment(text: string, from: number): number {
  const end = text.indexOf('\n#', from);
  return end < 0 ? -1 : end + 1;
}

function lineCount(text: string): number {
  let count = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

/** Line of a quote that is open at the end of the text. Only the last command can be cut. */
function openQuote(text: string): number | null {
  let start = text.length;
  do {
    start = text.lastIndexOf('\n', start - 2);
  } while (start > 0 && /\\\r?$/.test(text.slice(Math.max(0, start - 2), start)));
  const last = text.slice(start + 1);
  if (last.startsWith('#')) return null;
  const quotes = last.replace(/\\./gs, '').split('"').length - 1;
  return quotes % 2 === 0 ? null : lineCount(text.slice(0, start + 1));
}
