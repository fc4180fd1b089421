/**
 * The console's side of a conversation, pure: how a command is given an end that proves that all of it ran, and
 * what an answer without that end means. Exit codes play no part: devices answer 0 after failures and 1 after
 * success.
 */
import type { DeviceErrorCode } from '../../core/errors.ts';
import { quoteString } from './quote.ts';

/** Pieces of `value` whose quoted form is at most `limit` long each; none for the empty value. */
export function pieces(value: string, limit: number): readonly string[] {
  const out: string[] = [];
  let piece = '';
  let length = 2;
  for (const char of value) {
    const more = quoteString(char).length - 2;
    if (length + more > limit) {
      out.push(piece);
      piece = '';
      length = 2;
    }
    piece += char;
    length += more;
  }
  return piece === '' ? out : [...out, piece];
}

/** The command with an end that is only reached when nothing before it failed. */
export function withSentinel(command: string, sentinel: string): string {
  return `${command}; :put ${quoteString(sentinel)}`;
}

export type Answer =
  /** It ran to its end; `said` is what it said before, bytes as sent. */
  | { readonly kind: 'done'; readonly said: Buffer }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** Neither its end nor an error that is known: nobody can say what happened. */
  | { readonly kind: 'unclear' };

export interface Failure {
  readonly code: DeviceErrorCode;
  readonly duplicate: boolean;
  /** For people: what the device meant, never its own words, which may quote a value. */
  readonly message: string;
}

const newline = 0x0a;
const isLineEnd = (byte: number | undefined): boolean => byte === newline || byte === 0x0d;

/** Judges an answer by its text alone. */
export function readAnswer(output: Buffer, sentinel: string): Answer {
  let end = output.length;
  while (isLineEnd(output[end - 1])) end--;
  // An error is the last thing the device says; earlier lines are data that may look like one.
  const body = output.subarray(0, end);
  const start = body.lastIndexOf(newline) + 1;
  const last = body.toString('latin1', start);
  if (last === sentinel) return { kind: 'done', said: output.subarray(0, start) };
  const failure = failureOf(last.trim());
  return failure === null ? { kind: 'unclear' } : { kind: 'failed', failure };
}

/** Several commands in one line, each with its end, so that nothing one of them says passes for another's answer. */
export function allWithSentinel(commands: readonly string[], sentinel: string): string {
  return commands.map((command) => withSentinel(command, sentinel)).join('; ');
}

/** What each of them said, bytes as sent; null: not every one ran to its end, or more follows. */
export function readAnswers(output: Buffer, sentinel: string, count: number): readonly Buffer[] | null {
  const answers: Buffer[] = [];
  const isAt = (at: number): boolean => output.toString('latin1', at, at + sentinel.length) === sentinel;
  let at = 0;
  while (answers.length < count) {
    const end = isAt(at) ? at : output.indexOf(`\n${sentinel}`, at, 'latin1') + 1;
    if (end < at || !isAt(end)) return null;
    answers.push(output.subarray(at, end));
    at = end + sentinel.length;
    while (output[at] === 0x0d) at++;
    if (output[at] === newline) at++;
    else if (at < output.length) return null;
  }
  while (at < output.length && isLineEnd(output[at])) at++;
  return at === output.length ? answers : null;
}

interface KnownError {
  readonly pattern: RegExp;
  readonly code: DeviceErrorCode;
  readonly message: string;
}

/**
 * Error texts of RouterOS 6 and 7, the narrow ones first. From 7.2x on they end in `(/menu/verb; line N)`,
 * and from an import or script they begin with `Script Error:`.
 */
const knownErrors: readonly KnownError[] = [
  {
    pattern: /^sw-not-armed/,
    code: 'not-armed',
    message: 'the rollback timer is not armed, or a decision was made already',
  },
  {
    pattern: /^sw-no-login-key/,
    code: 'rejected',
    message: 'the key that is to stay is not there, so the others were left',
  },
  {
    pattern: /not enough permissions/,
    code: 'permission-denied',
    message: 'the login lacks a policy that this needs',
  },
  {
    pattern: /not allowed by device-mode/,
    code: 'unsupported',
    message: "the device's device-mode forbids this",
  },
  { pattern: /^failure: .*already /, code: 'rejected', message: 'an object of that name is already there' },
  { pattern: /^no such item/, code: 'rejected', message: 'an item that should be there is not' },
  {
    pattern: /^(bad|expected) command name/,
    code: 'unsupported',
    message: 'the device does not know the command',
  },
  {
    pattern: /^expected end of command/,
    code: 'unsupported',
    message: 'the device does not know a property',
  },
  {
    pattern:
      /^(syntax error|expected closing|missing closing|missing value for|expected input value|expected .* \(line )/,
    code: 'unsupported',
    message: 'the device could not parse the command',
  },
  {
    pattern: /^missing value\(s\) of/,
    code: 'rejected',
    message: 'the device asks for a property that was not given',
  },
  {
    pattern:
      /^(input does not match|ambiguous value|invalid value|value of .* out of range|value out of range)/,
    code: 'rejected',
    message: 'the device does not accept a value',
  },
  {
    pattern: /^(bad|unknown) parameter/,
    code: 'unsupported',
    message: 'the device does not know a property',
  },
  { pattern: /^failure:/, code: 'rejected', message: 'the device refused' },
  { pattern: /^action timed out/, code: 'timeout', message: 'the device took too long' },
  { pattern: /^interrupted/, code: 'rejected', message: 'the device interrupted the command' },
];

/** What one line of error text means, or null when it is none that is known. */
export function failureOf(line: string): Failure | null {
  const text = line.replace(/^Script Error: /i, '');
  const known = knownErrors.find(({ pattern }) => pattern.test(text));
  if (known === undefined) return null;
  return { code: known.code, message: known.message, duplicate: /^failure: .*already /.test(text) };
}

/** Lines without their ends, empty ones left out. */
export function linesOf(text: string): readonly string[] {
  return text.split(/\r?\n/).filter((line) => line !== '');
}
