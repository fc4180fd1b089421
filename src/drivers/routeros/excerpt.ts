/**
 * The line of a text that a diagnostic is about, fit to be shown: secrets masked, long lines cut around the column. A
 * line that goes on from one that names a secret is not shown at all, since the secret may run on in it.
 */
import type { Place } from '../../core/errors.ts';
import { isSecretProperty, menuPaths } from './menus.ts';

export interface Excerpt {
  readonly text: string;
  /** Index in `text` of the column; null when it is not in what is shown. */
  readonly mark: number | null;
}

const width = 120;
const assignment = /([A-Za-z0-9_.-]+)=("(?:\\.|[^"\\])*"?|[^\s"]*)/g;

export function excerpt(bytes: Uint8Array, place: Place): Excerpt | null {
  if (place.line === undefined) return null;
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').split('\n');
  const index = place.line - 1;
  const line = lines[index]?.replace(/\r+$/, '');
  if (line === undefined) return null;
  let start = index;
  while (start > 0 && /\\\r*$/.test(lines[start - 1] ?? '')) start--;
  const before = lines.slice(start, index).join('');
  if ([...before.matchAll(/([A-Za-z0-9_.-]+)=/g)].some((match) => isSecret(match[1] ?? ''))) {
    return { text: '(not shown: it may hold a secret)', mark: null };
  }
  const column = Math.min((place.column ?? 1) - 1, line.length);
  const masked = mask(line, column);
  const from = masked.mark === null || masked.mark < width - 20 ? 0 : masked.mark - 40;
  const cut = masked.text.slice(from, from + width);
  const text = `${from > 0 ? '…' : ''}${cut}${masked.text.length > from + width ? '…' : ''}`;
  return { text, mark: masked.mark === null ? null : masked.mark - from + (from > 0 ? 1 : 0) };
}

/** In whatever menu: here it is only about what may be shown. */
function isSecret(written: string): boolean {
  const name = written.replace(/^\./, '');
  return isSecretProperty('', name) || menuPaths().some((path) => isSecretProperty(path, name));
}

/** What follows a secret up to the next `name=` goes too: it may be the rest of a secret without quotes. */
function mask(line: string, column: number): Excerpt {
  let text = '';
  let mark: number | null = null;
  let at = 0;
  const keep = (to: number): void => {
    if (mark === null && column >= at && column <= to) mark = text.length + column - at;
    text += line.slice(at, to);
    at = to;
  };
  for (const match of line.matchAll(assignment)) {
    const name = match[1] ?? '';
    if (match.index < at || !isSecret(name)) continue;
    keep(match.index + name.length + 1);
    const rest = line.slice(at);
    const end = /\s(?=[A-Za-z0-9_.-]+=)|$/.exec(rest.slice((match[2] ?? '').length))?.index ?? 0;
    at += (match[2] ?? '').length + end;
    if (column < at) mark ??= text.length;
    text += '***';
  }
  keep(line.length);
  return { text, mark };
}
