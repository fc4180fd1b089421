/**
 * Signed commits and tags, by their raw bytes: which part was signed, and by whom. Stricter than git: one
 * signature, no header twice, nothing unsigned beside it, the key valid at the daemon's time and not at the
 * date that the committer wrote. Never decodes, normalises or writes an object anew.
 */
import type { SignerLine } from './allowed-signers.ts';
import type { Revocations } from './revocation.ts';
import type { SignatureAccepted, SignatureRefused } from './verdict.ts';
import { verifySignature } from './verify.ts';
import { maxArmorBytes } from './wire.ts';

export type GitObjectKind = 'commit' | 'tag';

export interface GitObjectRefused {
  readonly ok: false;
  readonly code: 'unsigned' | 'malformed-object' | SignatureRefused['code'];
  readonly reason: string;
  readonly fingerprint: string | null;
}

export type GitObjectVerdict = SignatureAccepted | GitObjectRefused;

export interface GitObjectQuestion {
  readonly kind: GitObjectKind;
  /** The object's content, without git's own `commit 123\0` before it. That it has its id is the caller's to check. */
  readonly raw: Uint8Array;
  /** Null: whoever is listed for the namespace `git`; the principal is then the line's pattern list. */
  readonly identity: string | null;
  readonly allowedSigners: readonly SignerLine[];
  readonly revoked: Revocations;
  readonly nowMs: number;
  /** As for any signature. */
  readonly requireUserVerification?: boolean;
}

export const gitNamespace = 'git';
export const maxObjectBytes = 4 * 1024 * 1024;
const maxHeaders = 1024;

/** Never throws. */
export function verifyGitObject(question: GitObjectQuestion): GitObjectVerdict {
  const { kind, raw } = question;
  if (raw.length > maxObjectBytes)
    return refused('malformed-object', `it is larger than ${maxObjectBytes} bytes`);
  if (raw.includes(0)) return refused('malformed-object', 'there is a NUL in it');
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString('latin1');
  const split = kind === 'commit' ? splitCommit(text) : splitTag(text);
  if (!split.ok) return split;
  return verifySignature({
    ...question,
    message: Buffer.from(split.payload, 'latin1'),
    signature: Buffer.from(split.signature, 'latin1'),
    namespace: gitNamespace,
  });
}

interface Signed {
  readonly ok: true;
  readonly payload: string;
  readonly signature: string;
}

interface Header {
  readonly name: string;
  /** Where it stands, its LF included. */
  readonly start: number;
  readonly end: number;
}

function splitCommit(text: string): Signed | GitObjectRefused {
  const headers = readHeaders(text);
  if (!Array.isArray(headers)) return headers;
  const problem = commitProblem(headers.map((header) => header.name));
  if (problem !== null) return refused('malformed-object', problem);
  const signature = headers.find((header) => header.name === 'gpgsig');
  if (signature === undefined) return refused('unsigned', 'it has no signature');
  if (signature.end - signature.start > 2 * maxArmorBytes)
    return refused('malformed-object', 'its signature is too large');
  const value = text.slice(signature.start + 'gpgsig '.length, signature.end).replaceAll('\n ', '\n');
  return { ok: true, payload: text.slice(0, signature.start) + text.slice(signature.end), signature: value };
}

function commitProblem(names: readonly string[]): string | null {
  const parents = names.filter((name) => name === 'parent').length;
  const order = ['tree', ...Array<string>(parents).fill('parent'), 'author', 'committer'];
  if (order.some((name, at) => names[at] !== name))
    return 'its headers are not tree, parents, author, committer';
  return uniqueProblem(names.slice(order.length), new Set(order), 'gpgsig');
}

/** A tag's signature is the end of its text, so nothing may follow it. */
function splitTag(text: string): Signed | GitObjectRefused {
  const headers = readHeaders(text);
  if (!Array.isArray(headers)) return headers;
  const names = headers.map((header) => header.name);
  const order = ['object', 'type', 'tag', 'tagger'];
  if (order.some((name, at) => names[at] !== name)) {
    return refused('malformed-object', 'its headers are not object, type, tag, tagger');
  }
  const problem = uniqueProblem(names.slice(order.length), new Set(order), null);
  if (problem !== null) return refused('malformed-object', problem);
  const at = text.indexOf('\n-----BEGIN SSH SIGNATURE-----', (headers[headers.length - 1]?.end ?? 1) - 1);
  if (at < 0) return refused('unsigned', 'it has no SSH signature');
  return { ok: true, payload: text.slice(0, at + 1), signature: text.slice(at + 1) };
}

/** Git leaves every header that begins with gpgsig out of what is signed, so anything could stand in a second one. */
function uniqueProblem(
  names: readonly string[],
  seen: Set<string>,
  signature: 'gpgsig' | null,
): string | null {
  for (const name of names) {
    if (seen.has(name)) return `the header ${name} is there twice`;
    seen.add(name);
    if (name.startsWith('gpgsig') && name !== signature)
      return 'it has a signature header that does not belong there';
  }
  return null;
}

/** Headers up to the first empty line; a line that begins with a blank goes on with the one before. */
function readHeaders(text: string): Header[] | GitObjectRefused {
  const headers: Header[] = [];
  let at = 0;
  while (text[at] !== '\n') {
    if (headers.length === maxHeaders)
      return refused('malformed-object', `it has over ${maxHeaders} headers`);
    const name = /^[A-Za-z][A-Za-z0-9-]{0,63}(?= )/.exec(text.slice(at, at + 65))?.[0];
    if (name === undefined) return refused('malformed-object', 'its headers can’t be read');
    const start = at;
    at = endOfHeader(text, at);
    if (at === text.length) return refused('malformed-object', 'its headers have no end');
    headers.push({ name, start, end: at });
  }
  return headers;
}

/** Behind the first LF that no blank follows, or where the text ends. */
function endOfHeader(text: string, start: number): number {
  let at = start;
  while (at < text.length && !(text.charCodeAt(at) === 10 && text.charCodeAt(at + 1) !== 32)) at++;
  return Math.min(at + 1, text.length);
}

function refused(code: GitObjectRefused['code'], reason: string): GitObjectRefused {
  return { ok: false, code, reason, fingerprint: null };
}
