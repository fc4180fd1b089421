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
const escapes: Readonly<Record<string, string>> = {
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
};

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

/** What the two or three characters at `at` (a backslash) stand for, and how many they are; null: not an escape. */
export function readEscape(text: string, at: number): readonly [meaning: string, length: number] | null {
  const known = escapes[text.charAt(at + 1)];
  if (known !== undefined) return [known, 2];
  const digits = text.slice(at + 1, at + 3);
  return /^[0-9A-F]{2}$/.test(digits) ? [String.fromCharCode(Number.parseInt(digits, 16)), 3] : null;
}
