/**
 * Says whether bytes are a whole export. Absence in a text that ended early would look like a wish to delete,
 * so every doubt refuses. It never looks at what the items mean.
 */
import { DeviceError } from '../../core/errors.ts';

export interface Incompleteness {
  /** 1-based; null: the whole text. */
  readonly line: number | null;
  readonly message: string;
}

const headerLine = /^# .*by RouterOS \d/m;
const errorLine = /^#\s?error exporting\b|^#\s?interrupted\b/i;

/** Throws `DeviceError` incomplete-export; the message never holds text of the export. */
export function requireComplete(bytes: Uint8Array): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const found = firstDefect(text);
  if (found === null) return;
  const where = found.line === null ? '' : ` (line ${found.line})`;
  throw new DeviceError(
    'incomplete-export',
    `the export is not complete: ${found.message}${where}; read again`,
  );
}

function firstDefect(text: string): Incompleteness | null {
  if (text.trim() === '') return { line: null, message: 'it is empty' };
  const errors = errorLines(text);
  if (errors[0] !== undefined) return errors[0];
  // A header further down than the first lines is something else that was glued on.
  if (!headerLine.test(text.slice(0, 2000).split('\n').slice(0, 10).join('\n'))) {
    return { line: 1, message: 'it has no header "# … by RouterOS …"' };
  }
  if (!text.endsWith('\n')) return { line: lineCount(text), message: 'its last line has no end' };
  if (/\\\r?\n$/.test(text))
    return { line: lineCount(text) - 1, message: 'its last line goes on after a "\\"' };
  const open = openQuote(text);
  return open === null ? null : { line: open, message: 'a quote is open at its end' };
}

/** Lines by which the device says that a menu is missing from its export. */
export function errorLines(text: string): readonly Incompleteness[] {
  if (!/^#\s?(error exporting|interrupted)\b/im.test(text)) return [];
  return text.split('\n').flatMap((line, i) => {
    if (!errorLine.test(line)) return [];
    const message = /interrupted/i.test(line)
      ? 'it was interrupted'
      : 'the device reports an error exporting a menu';
    return [{ line: i + 1, message }];
  });
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
