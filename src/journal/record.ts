/**
 * The line codec: one record, one JSON object, one line. Pure. Field order is v, seq, at, prev, kind, actor,
 * then the kind's own fields, so that a line can be judged by its head without trusting a JSON parser's
 * choice among duplicate keys. Never looks at what a kind means; that is `core/rollout/events`.
 */
import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { assert } from '../core/errors.ts';
import type { JournalHead, NewRecord, RecordEnvelope } from '../core/journal.ts';

export const emptyHead: JournalHead = { seq: 0, hash: '0'.repeat(64) };

/** Longest line, its LF included. Larger values belong in the sealed store, with their digest here. */
export const maxLineBytes = 256 * 1024;

export interface EncodedRecord {
  readonly record: RecordEnvelope;
  /** With its LF. */
  readonly bytes: Buffer;
  readonly head: JournalHead;
}

export type DecodedLine =
  | { readonly ok: true; readonly record: RecordEnvelope; readonly head: JournalHead }
  | { readonly ok: false; readonly reason: string };

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const hashPattern = /^[0-9a-f]{64}$/;
const versionHead = /^\{"v":(\d{1,9}),/;
const kindPattern = /^[a-z][a-z0-9-]{0,63}$/;
// A name that looks like a number would move to the front of the object.
const fieldPattern = /^[a-z][A-Za-z0-9]{0,63}$/;
const envelopeFields = new Set(['v', 'seq', 'at', 'prev']);

/** The record as its line, chained onto `tip`. A record that has no faithful line is a defect: it throws. */
export function encodeRecord(record: NewRecord, tip: JournalHead, at: string): EncodedRecord {
  assert(kindPattern.test(record.kind), `journal: the kind ${JSON.stringify(record.kind)} is not kebab-case`);
  assert(
    typeof record.actor === 'string' && record.actor.length <= 256,
    'journal: the actor is missing or too long',
  );
  for (const name of Object.keys(record)) {
    assert(
      fieldPattern.test(name) && !envelopeFields.has(name),
      `journal: the field ${JSON.stringify(name)} can't be used`,
    );
  }
  const { kind, actor, ...rest } = record;
  const seq = tip.seq + 1;
  const text = JSON.stringify({ v: 1, seq, at, prev: tip.hash, kind, actor, ...rest });
  const bytes = Buffer.from(`${text}\n`, 'utf8');
  assert(
    bytes.length <= maxLineBytes,
    `journal: a ${kind} record of ${bytes.length} bytes; at most ${maxLineBytes} are allowed`,
  );
  const head = { seq, hash: lineHash(bytes.subarray(0, -1)) };
  // What the caller gets is what a later replay will see: undefined fields gone, dates as text.
  return { record: JSON.parse(text) as RecordEnvelope, bytes, head };
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
  const version = versionHead.exec(text.slice(0, 20))?.[1];
  if (version !== '1')
    return bad(
      version === undefined ? 'not a record' : `format version ${version}; this siteward reads version 1`,
    );
  // The text begins with a member, so the value is an object.
  const record = value as RecordEnvelope;
  const { seq, at, prev, kind, actor } = record;
  const isEnvelope =
    Number.isSafeInteger(seq) &&
    seq > 0 &&
    timePattern.test(at) &&
    (prev === prevHash || hashPattern.test(prev)) &&
    kindPattern.test(kind);
  if (!isEnvelope || typeof actor !== 'string')
    return bad('not a record: a field of the envelope is missing or wrong');
  // Whatever a parser makes of a name that is there twice: what it found must be what the line begins with.
  if (
    record.v !== 1 ||
    !beginsWith(text, [
      '{"v":1,"seq":',
      String(seq),
      ',"at":"',
      at,
      '","prev":"',
      prev,
      '","kind":"',
      kind,
      '","actor":"',
    ])
  )
    return bad('the envelope is not as it has to be, or a field of it is there twice');
  return { ok: true, record, head: { seq, hash: lineHash(line) } };
}

/** Piece by piece, since putting them together costs more than comparing them. */
function beginsWith(text: string, pieces: readonly string[]): boolean {
  let at = 0;
  for (const piece of pieces) {
    if (!text.startsWith(piece, at)) return false;
    at += piece.length;
  }
  return true;
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
