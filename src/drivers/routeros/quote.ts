/**
 * The console's form of a value, and back. A value is a byte string (one code unit, one byte); what is written
 * is printable ASCII whatever the value holds, so that it can be shown, signed and sent unchanged.
 */

/** Written bare; everything else is quoted, which the console accepts everywhere. */
const bare = /^[A-Za-z0-9._:/,@*+%!-]+$/;

// `?` was an escape until 7.1rc2 and opened help in a terminal: as a hex byte every version reads it alike.
const named: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  $: '\\$',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** Letters after `\` that the console knows, and what they stand for. Hex bytes have upper-case digits only. */
const escapes: readonly (string | undefined)[] = Object.entries({
  '"': '"',
  '\\': '\\',
  $: '$',
  '?': '?',
  _: ' ',
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
}).reduce<(string | undefined)[]>((byCode, [letter, meaning]) => {
  byCode[letter.charCodeAt(0)] = meaning;
  return byCode;
}, new Array<undefined>(128).fill(undefined));
const bytes: readonly string[] = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));

/** One argument of `add` or `set`. A flag is the bare name; `null` unsets. */
export function printArgument(name: string, value: string | null, flag: boolean): string {
  return value === null ? `!${name}` : flag ? name : `${name}=${quoteValue(value)}`;
}

export function quoteValue(value: string): string {
  return bare.test(value) ? value : quoteString(value);
}

/** Always quoted: in expressions and `find` conditions a bare `/` or `-` would be an operator. */
export function quoteString(value: string): string {
  return `"${value.replace(/[^\x20-\x7e]|["\\$?]/g, escapeOf)}"`;
}

function escapeOf(character: string): string {
  return named[character] ?? `\\${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** What the escape at `at` (a backslash) stands for: two characters, or three for a hex byte; null: it is none. */
export function readEscape(text: string, at: number): string | null {
  const known = escapes[text.charCodeAt(at + 1)];
  if (known !== undefined) return known;
  const [high, low] = [hexDigit(text.charCodeAt(at + 1)), hexDigit(text.charCodeAt(at + 2))];
  return high < 0 || low < 0 ? null : (bytes[high * 16 + low] ?? null);
}

export function isNamedEscape(text: string, at: number): boolean {
  return escapes[text.charCodeAt(at + 1)] !== undefined;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x41 && code <= 0x46 ? code - 0x37 : -1;
}
