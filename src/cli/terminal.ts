/**
 * The only printer. Text that came from a device, a repository or the network never reaches the terminal with
 * its control bytes, so that no configuration can move a cursor or fake a line. Colour on a terminal only, and not
 * with NO_COLOR.
 */

export type Tone = 'good' | 'bad' | 'warn' | 'quiet' | 'strong';

const codes: Readonly<Record<Tone, string>> = { good: '32', bad: '31', warn: '33', quiet: '2', strong: '1' };

/** Makes a text harmless: control, direction and invisible characters become visible escapes. */
export function safe(text: string): string {
  return text.replace(
    /[\0-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff]/g,
    (character) => {
      const code = character.charCodeAt(0);
      return code < 0x100
        ? `\\${code.toString(16).toUpperCase().padStart(2, '0')}`
        : `\\u${code.toString(16).toUpperCase()}`;
    },
  );
}

/** As a shell takes it for one word. */
export function shellWord(word: string): string {
  return /^[\w./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

export function hasColour(stream: NodeJS.WriteStream = process.stdout): boolean {
  const { NO_COLOR: none, TERM: term } = process.env;
  return stream.isTTY && (none === undefined || none === '') && term !== 'dumb';
}

export function paint(tone: Tone, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return hasColour(stream) ? `\x1b[${codes[tone]}m${text}\x1b[0m` : text;
}

/** One line on standard output. The caller has made foreign text `safe`; colour may be in it. */
export function printLine(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** Exactly these bytes: for what is signed or parsed. */
export function printExactly(text: string | Uint8Array): void {
  process.stdout.write(text);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** One line on standard error. */
export function printNote(line: string): void {
  process.stderr.write(`${line}\n`);
}

export interface Cell {
  readonly text: string;
  readonly tone?: Tone;
}

/** Rows with their columns under each other, one blank before each row; the last column is as long as it is. */
export function printTable(rows: readonly (readonly Cell[])[]): void {
  const widths: number[] = [];
  for (const row of rows) {
    const last = row.length - 1;
    row.forEach(({ text }, column) => {
      if (column < last) widths[column] = Math.max(widths[column] ?? 0, Math.min(text.length, 60));
    });
  }
  for (const row of rows) {
    const cells = row.map(({ text, tone }, column) => {
      const painted = tone === undefined || text === '' ? text : paint(tone, text);
      return column === row.length - 1
        ? painted
        : painted + ' '.repeat(Math.max(0, (widths[column] ?? 0) - text.length));
    });
    printLine(` ${cells.join('  ').trimEnd()}`);
  }
}

/** `3 min ago`, for people; `never` for null. */
export function ago(time: string | null | undefined, nowMs: number): string {
  if (time === null || time === undefined) return 'never';
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(time)) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** The wall clock of who reads, to the second; with the date when it is another day. */
export function clockTime(time: string, nowMs: number): string {
  const at = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const today = new Date(nowMs).toDateString() === at.toDateString();
  return today ? clock : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock}`;
}

/** RFC 3339 in the zone of who reads, to the second: what may be read days later, or beside another machine's log. */
export function stampTime(time: string): string {
  const at = new Date(time);
  const minutes = -at.getTimezoneOffset();
  const local = new Date(at.getTime() + minutes * 60_000).toISOString().slice(0, 19);
  if (minutes === 0) return `${local}Z`;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const [away, sign] = [Math.abs(minutes), minutes < 0 ? '-' : '+'];
  return `${local}${sign}${two(away / 60)}:${two(away % 60)}`;
}

export function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}
