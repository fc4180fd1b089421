/**
 * The line codec: one record, one JSON object, one line. Pure. Field order is v, seq, at, prev, kind, actor,
 * then the kind's own fields, so that a line can be judged by its head without trusting a JSON parser's
 * choice among duplicate keys. Never looks at what a kind means; that is `core/rollout/events`.
 */
import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { AssertionFailed } from '../core/errors.ts';
import type { JournalHead, NewRecord, RecordEnvelope } from '../core/journal.ts';

export const emptyHead: JournalHead = { seq: 0, hash: '0'.repeat(64) };

/** Longest line, its LF included. Larger values belong in the sealed store, with their digest here. */
export const maxLineBytes = 256 * 1024;

export interface EncodedRecord {
  readonly text: string;
  /** With its LF. */
  readonly bytes: Buffer;
  readonly head: JournalHead;
}

export type DecodedLine =
  | { readonly ok: true; readonly record: RecordEnvelope; readonly head: JournalHead }
  | { readonly ok: false; readonly reason: string };

/** All of a line's head that has the same form in each; what follows is compared with what was parsed. */
const lineHead = /^\{"v":1,"seq":[1-9]\d{0,15},"at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","prev":"/;
const seqPlace = '{"v":1,"seq":'.length;
const toAt = ',"at":"'.length;
const timeLength = '2026-11-21T10:00:00.000Z'.length;
const toPrev = toAt + timeLength + '","prev":"'.length;
const hashLength = 64;
const beforeKind = '","kind":"';
const beforeActor = '","actor":"';
const [comma, zero] = [44, 48];
const hashPattern = /^[0-9a-f]{64}$/;
const versionHead = /^\{"v":(\d{1,9}),/;
const kindPattern = /^[a-z][a-z0-9-]{0,63}$/;
// A name that looks like a number would move to the front of the object.
const fieldPattern = /^[a-z][A-Za-z0-9]{0,63}$/;
const envelopeFields = new Set(['v', 'seq', 'at', 'prev']);

/** The record as its line, chained onto `tip`. A record that has no faithful line is a defect: it throws. */
export function encodeRecord(record: NewRecord, tip: JournalHead, at: string): EncodedRecord {
  requireFaithful(record);
  const { kind, actor, ...rest } = record;
  const seq = tip.seq + 1;
  const text = JSON.stringify({ v: 1, seq, at, prev: tip.hash, kind, actor, ...rest });
  const bytes = Buffer.from(`${text}\n`, 'utf8');
  if (bytes.length > maxLineBytes)
    refuse(`a ${kind} record of ${bytes.length} bytes; at most ${maxLineBytes} are allowed`);
  return { text, bytes, head: { seq, hash: lineHash(bytes.subarray(0, -1)) } };
}

/** The record as a later replay will see it: undefined fields gone, dates as text. */
export function writtenRecord({ text }: EncodedRecord): RecordEnvelope {
  return JSON.parse(text) as RecordEnvelope;
}

function requireFaithful(record: NewRecord): void {
  const { kind, actor } = record;
  if (!kindPattern.test(kind)) refuse(`the kind ${JSON.stringify(kind)} is not kebab-case`);
  if (typeof actor !== 'string' || actor.length > 256) refuse('the actor is missing or too long');
  for (const name in record)
    if (!fieldPattern.test(name) || envelopeFields.has(name))
      refuse(`the field ${JSON.stringify(name)} can't be used`);
}

function refuse(what: string): never {
  throw new AssertionFailed(`journal: ${what}`);
}

/**
 * One line without its LF, judged by itself: is it a record at all? Where it is known that it is ASCII, or which hash it
 * has to name, that saves a look.
 */
export function decodeLine(line: Buffer, isAscii = false, prevHash = ''): DecodedLine {
  if (line.length >= maxLineBytes) return bad(`longer than ${maxLineBytes} bytes`);
  if (!isAscii && !isUtf8(line)) return bad('not UTF-8');
  const text = line.toString(isAscii ? 'latin1' : 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return bad(text.startsWith('{"v":') ? 'not JSON' : 'not a record');
  }
  if (!lineHead.test(text)) return bad(whyNoHead(text));
  // The text begins with a member, so the value is an object.
  const record = value as RecordEnvelope;
  if (!isEnvelope(record, text, prevHash))
    return bad('not a record: a field of the envelope is missing, wrong, or there twice');
  return { ok: true, record, head: { seq: record.seq, hash: lineHash(line) } };
}

/**
 * Whatever a parser makes of a name that is there twice: what it found must be what the line begins with. Cut out and
 * compared, which costs a third of `startsWith`.
 */
function isEnvelope(record: RecordEnvelope, text: string, prevHash: string): boolean {
  const { v, seq, at, prev, kind, actor } = record;
  if (v !== 1 || !Number.isSafeInteger(seq) || typeof kind !== 'string' || typeof actor !== 'string')
    return false;
  let place = seqPlace;
  let digits = 0;
  for (; text.charCodeAt(place) !== comma; place++) digits = 10 * digits + text.charCodeAt(place) - zero;
  const [atPlace, prevPlace] = [place + toAt, place + toPrev];
  const kindPlace = prevPlace + hashLength + beforeKind.length;
  const actorPlace = kindPlace + kind.length + beforeActor.length;
  return (
    digits === seq &&
    text.slice(atPlace, atPlace + timeLength) === at &&
    text.slice(prevPlace, prevPlace + hashLength) === prev &&
    (prev === prevHash || hashPattern.test(prev)) &&
    text.slice(prevPlace + hashLength, kindPlace) === beforeKind &&
    text.slice(kindPlace, kindPlace + kind.length) === kind &&
    kindPattern.test(kind) &&
    text.slice(kindPlace + kind.length, actorPlace) === beforeActor
  );
}

/** Of a text that is JSON and begins otherwise than a record does. */
function whyNoHead(text: string): string {
  const version = versionHead.exec(text.slice(0, 20))?.[1];
  if (version === undefined) return 'not a record';
  if (version !== '1') return `format version ${version}; this siteward reads version 1`;
  return 'not a record: it does not begin as one';
}

/** Null when the record follows `tip`; else why not. */
export function chainProblem(record: RecordEnvelope, tip: JournalHead): 'wrong-seq' | 'wrong-prev' | null {
  if (record.seq !== tip.seq + 1) return 'wrong-seq';
  return record.prev === tip.hash ? null : 'wrong-prev';
}

/** Which part of a checkpoint the record is; null when it is none. */
export function checkpointPlace(record: RecordEnvelope): { part: number; parts: number } | null {
  if (record.kind !== 'checkpoint') return null;
  const { part, parts } = record;
  const isPlace = Number.isInteger(part) && Number.isInteger(parts);
  return isPlace ? { part: part as number, parts: parts as number } : null;
}

function lineHash(line: Uint8Array): string {
  return hash('sha256', line);
}

function bad(reason: string): DecodedLine {
  return { ok: false, reason };
}
