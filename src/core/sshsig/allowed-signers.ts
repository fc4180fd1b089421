/**
 * The allowed_signers file: who may sign, in which namespace, when. The grammar is OpenSSH's, read strictly:
 * a line that can't be read makes the whole file unusable, since it may be the one that took a key away.
 * Times need a Z, for without it their meaning would hang on this machine's time zone.
 */
import { isCertificateType, isKeyType, parseListedKey } from './public-key.ts';
import type { PublicKey } from './public-key.ts';
import { WireError } from './wire.ts';
import { endOfWord, isBlank, skipBlanks } from './words.ts';

export interface SignerLine {
  /** From 1. */
  readonly line: number;
  /** A pattern list; bytes as latin1. */
  readonly principals: string;
  readonly certAuthority: boolean;
  /** A pattern list; null: any namespace. */
  readonly namespaces: string | null;
  /** Seconds since the epoch, both inclusive. */
  readonly validAfter: number | null;
  readonly validBefore: number | null;
  readonly key: PublicKey;
}

export type ParsedSigners =
  | { readonly ok: true; readonly signers: readonly SignerLine[] }
  | { readonly ok: false; readonly line: number; readonly reason: string };

/**
 * `any` takes what `ssh-keygen -Y verify` takes as to namespaces; `explicit` is for the daemon's own file, where
 * each line must say what its key is for, and nobody is everybody.
 */
export type SignersMode = 'any' | 'explicit';

export const maxSignersBytes = 128 * 1024;
/** Of all lines of one key: each of them may have to be compared with a name. */
const maxPatternBytes = 16 * 1024;

export function parseAllowedSigners(file: Uint8Array, mode: SignersMode): ParsedSigners {
  if (file.length > maxSignersBytes)
    return { ok: false, line: 0, reason: `the file is larger than ${maxSignersBytes} bytes` };
  const signers: SignerLine[] = [];
  const patternBytes = new Map<string, number>();
  const lines = Buffer.from(file).toString('latin1').split('\n');
  for (const [index, raw] of lines.entries()) {
    const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const start = skipBlanks(text, 0);
    if (start === text.length || text[start] === '#') {
      if (text.includes('\0')) return { ok: false, line: index + 1, reason: 'there is a NUL in it' };
      continue;
    }
    try {
      const signer = parseLine(text, start, index + 1, mode);
      const { principals, namespaces, key } = signer;
      const bytes = (patternBytes.get(key.blob) ?? 0) + principals.length + (namespaces?.length ?? 0);
      if (bytes > maxPatternBytes) throw new WireError('its key is listed for too many names');
      patternBytes.set(key.blob, bytes);
      signers.push(signer);
    } catch (error) {
      if (error instanceof WireError) return { ok: false, line: index + 1, reason: error.message };
      throw error;
    }
  }
  return { ok: true, signers };
}

function parseLine(text: string, start: number, line: number, mode: SignersMode): SignerLine {
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(text)) throw new WireError('there is a control character in it');
  const principals = readPrincipals(text, start);
  let at = skipBlanks(text, principals.end);
  let end = endOfOptions(text, at);
  const options: Options = { certAuthority: false, namespaces: null, validAfter: null, validBefore: null };
  // A key type in this place is a key: options have no such names.
  if (!isKeyType(text.slice(at, end))) {
    readOptions(text.slice(at, end), options);
    at = skipBlanks(text, end);
    end = endOfWord(text, at);
  }
  const type = text.slice(at, end);
  if (!isKeyType(type)) throw new WireError('after the principals and options a known key type must follow');
  if (isCertificateType(type))
    throw new WireError('a certificate is listed; list its CA with cert-authority instead');
  const keyAt = skipBlanks(text, end);
  const key = parseListedKey(type, text.slice(keyAt, endOfWord(text, keyAt)));
  const { validAfter, validBefore } = options;
  if (validAfter !== null && validBefore !== null && validBefore <= validAfter) {
    throw new WireError('valid-before is not after valid-after');
  }
  if (mode === 'explicit') checkExplicit(principals.value, options.namespaces);
  return { line, principals: principals.value, ...options, key };
}

function checkExplicit(principals: string, namespaces: string | null): void {
  if (namespaces === null) throw new WireError('namespaces="…" is missing: say what the key may sign');
  for (const entry of namespaces.split(',')) {
    if (entry === '' || entry.includes('*') || entry.includes('?') || entry.startsWith('!')) {
      throw new WireError('namespaces="…" must list plain names');
    }
  }
  for (const entry of principals.split(',')) {
    if (/^[*?]*$/.test(entry)) throw new WireError('a principal that fits everybody');
  }
}

interface Token {
  readonly value: string;
  readonly end: number;
}

/** One word, or one in double quotes that may hold blanks. Quotes elsewhere are refused. */
function readPrincipals(text: string, start: number): Token {
  const quoted = text[start] === '"';
  const close = quoted ? text.indexOf('"', start + 1) : endOfWord(text, start);
  if (close < 0) throw new WireError('a quote is not closed');
  const value = text.slice(quoted ? start + 1 : start, close);
  const end = quoted ? close + 1 : close;
  if (value === '' || value.includes('"')) throw new WireError('the principals can’t be read');
  if (!isBlank(text[end])) throw new WireError('after the principals a blank and a key must follow');
  return { value, end };
}

type Options = {
  -readonly [K in 'certAuthority' | 'namespaces' | 'validAfter' | 'validBefore']: SignerLine[K];
};

function readOptions(text: string, options: Options): void {
  const seen = new Set<string>();
  let at = 0;
  for (;;) {
    let end = at;
    while (end < text.length && /[A-Za-z-]/.test(text[end] ?? '')) end++;
    const name = text.slice(at, end).toLowerCase();
    if (seen.has(name)) throw new WireError(`the option ${name} is there twice`);
    seen.add(name);
    if (name === 'cert-authority') {
      options.certAuthority = true;
    } else {
      const value = readValue(text, end);
      end = value.end;
      if (name === 'namespaces') options.namespaces = value.value;
      else if (name === 'valid-after') options.validAfter = parseTime(value.value);
      else if (name === 'valid-before') options.validBefore = parseTime(value.value);
      else throw new WireError('an option in it is unknown');
    }
    if (end === text.length) return;
    if (text[end] !== ',' || end + 1 === text.length) throw new WireError('its options can’t be read');
    at = end + 1;
  }
}

/** `="…"` with `\"` as the only escape. */
function readValue(text: string, start: number): Token {
  if (text[start] !== '=' || text[start + 1] !== '"')
    throw new WireError('an option in it is unknown or has no quoted value');
  let value = '';
  for (let at = start + 2; at < text.length; at++) {
    if (text[at] === '"') return { value, end: at + 1 };
    if (text[at] === '\\' && text[at + 1] === '"') at++;
    value += text[at] ?? '';
  }
  throw new WireError('a quote is not closed');
}

/** YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, then Z; to seconds. A date that does not exist is refused. */
export function parseTime(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?Z$/.exec(text);
  if (match === null) throw new WireError('a time must be YYYYMMDD[HHMM[SS]]Z');
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00'] = match;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const ms = Date.parse(`${iso}Z`);
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== iso)
    throw new WireError('a time that does not exist');
  if (ms <= 0) throw new WireError('a time before 1970');
  return ms / 1000;
}

/** The end of a word in which quoted parts may hold blanks. */
function endOfOptions(text: string, start: number): number {
  let quoted = false;
  let at = start;
  for (; at < text.length && (quoted || !isBlank(text[at])); at++) {
    if (text[at] === '\\' && text[at + 1] === '"') at++;
    else if (text[at] === '"') quoted = !quoted;
  }
  if (quoted) throw new WireError('a quote is not closed');
  return at;
}
