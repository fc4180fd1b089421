/**
 * Reads a journal's segments from the first line on, proves the chain and hands each record over. A record is
 * handed over only when the line after it has confirmed its hash (or nothing follows). Says what is torn or
 * damaged, and never changes a file.
 */
import { messageOf } from '../core/errors.ts';
import type { JournalHead, RecordEnvelope } from '../core/journal.ts';
import { LineReader } from './lines.ts';
import type { Line } from './lines.ts';
import { chainProblem, decodeLine, emptyHead } from './record.ts';
import type { JournalStorage, ReadableFile } from './storage.ts';

/** Most that one interrupted write can leave behind; a group is never larger. */
export const maxGroupBytes = 1024 * 1024;

export interface JournalDamage {
  readonly file: string;
  /** From 1; 0 when it is about the file as a whole. */
  readonly line: number;
  readonly reason: string;
}

export interface TornTail {
  readonly segment: string;
  /** Where the longest valid chain ends, in bytes. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface Replayed {
  readonly head: JournalHead;
  /** Names, in order; empty when there is no journal yet. */
  readonly segments: readonly string[];
  /** Size of the last segment without its torn tail. */
  readonly lastSegmentBytes: number;
  readonly torn: TornTail | null;
  readonly damage: JournalDamage | null;
}

const segmentPattern = /^\d{8}\.jsonl$/;

export function segmentName(number: number): string {
  return `${String(number).padStart(8, '0')}.jsonl`;
}

/** Throws only when the folder can't be listed. A throw of `onRecord` is damage at that record. */
export async function replayJournal(
  folder: string,
  storage: JournalStorage,
  onRecord: (record: RecordEnvelope) => void,
): Promise<Replayed> {
  const segments = (await storage.list(folder)).filter((name) => segmentPattern.test(name)).sort();
  const chain = new Chain(onRecord);
  let lastSegmentBytes = 0;
  let torn: TornTail | null = null;
  let damage: JournalDamage | null = null;
  for (const [index, name] of segments.entries()) {
    if (name !== segmentName(index + 1)) {
      damage = { file: segmentName(index + 1), line: 0, reason: 'the segment is missing' };
      break;
    }
    const isLast = index === segments.length - 1;
    const result = await replaySegment(`${folder}/${name}`, name, isLast, storage, chain);
    lastSegmentBytes = result.validBytes;
    ({ torn, damage } = result);
    if (damage !== null) break;
  }
  damage = chain.handOver() ?? damage;
  return { head: chain.head, segments, lastSegmentBytes, torn, damage };
}

interface Held {
  readonly record: RecordEnvelope;
  readonly file: string;
  readonly line: number;
}

/** The end of the proved chain, and its last record, which no later line has confirmed yet. */
class Chain {
  head: JournalHead = emptyHead;
  readonly #onRecord: (record: RecordEnvelope) => void;
  #held: Held | null = null;

  constructor(onRecord: (record: RecordEnvelope) => void) {
    this.#onRecord = onRecord;
  }

  extend(record: RecordEnvelope, head: JournalHead, file: string, line: number): JournalDamage | null {
    const damage = this.handOver();
    if (damage !== null) return damage;
    this.#held = { record, file, line };
    this.head = head;
    return null;
  }

  /** Gives the held record to the reader, who may be unable to make sense of it. */
  handOver(): JournalDamage | null {
    if (this.#held === null) return null;
    try {
      this.#onRecord(this.#held.record);
    } catch (error) {
      return this.withdraw(messageOf(error));
    }
    this.#held = null;
    return null;
  }

  /** The held record does not count after all. */
  withdraw(reason: string): JournalDamage | null {
    if (this.#held === null) return null;
    const { record, file, line } = this.#held;
    this.head = { seq: record.seq - 1, hash: record.prev };
    this.#held = null;
    return { file, line, reason };
  }
}

interface SegmentResult {
  readonly validBytes: number;
  readonly torn: TornTail | null;
  readonly damage: JournalDamage | null;
}

async function replaySegment(
  path: string,
  name: string,
  isLast: boolean,
  storage: JournalStorage,
  chain: Chain,
): Promise<SegmentResult> {
  let validBytes = 0;
  let line = 0;
  let file: ReadableFile | null = null;
  try {
    file = await storage.openForReading(path);
    const lines = new LineReader(file);
    for (;;) {
      const next = await lines.next();
      if (next === null) return { validBytes, torn: null, damage: null };
      line++;
      const length = next.bytes.length + 1;
      const finding = judgeLine(next, chain.head);
      if (finding.kind === 'follows') {
        const damage = chain.extend(finding.record, finding.head, name, line);
        if (damage !== null) return { validBytes, torn: null, damage };
        validBytes += length;
        continue;
      }
      const tail = isLast ? await readTail(file, validBytes) : null;
      if (tail !== null && isTorn(tail)) {
        return { validBytes, torn: { segment: name, offset: validBytes, bytes: tail }, damage: null };
      }
      const earlier =
        finding.kind === 'changed' ? blameEarlier(chain, finding.head, await lines.next()) : null;
      return { validBytes, torn: null, damage: earlier ?? { file: name, line, reason: finding.reason } };
    }
  } catch (error) {
    return {
      validBytes,
      torn: null,
      damage: { file: name, line, reason: `can’t be read: ${messageOf(error)}` },
    };
  } finally {
    await file?.close();
  }
}

type Finding =
  | { readonly kind: 'follows'; readonly record: RecordEnvelope; readonly head: JournalHead }
  | { readonly kind: 'changed'; readonly head: JournalHead; readonly reason: string }
  | { readonly kind: 'bad'; readonly reason: string };

function judgeLine(line: Line, tip: JournalHead): Finding {
  if (!line.complete) return { kind: 'bad', reason: 'the line has no end' };
  const decoded = decodeLine(line.bytes);
  if (!decoded.ok) return { kind: 'bad', reason: decoded.reason };
  const { record, head } = decoded;
  switch (chainProblem(record, tip)) {
    case null:
      return { kind: 'follows', record, head };
    case 'wrong-seq':
      return { kind: 'bad', reason: `seq ${record.seq} where ${tip.seq + 1} must follow` };
    case 'wrong-prev':
      return { kind: 'changed', head, reason: 'changed: it does not chain onto the line before' };
  }
}

/**
 * Two lines that do not chain: one of them was changed. Unless the line after them shows that it was the
 * second, it is the first one; that is then withdrawn, since nothing vouches for it.
 */
function blameEarlier(chain: Chain, second: JournalHead, after: Line | null): JournalDamage | null {
  const following = after?.complete === true ? decodeLine(after.bytes) : null;
  if (following?.ok === true && following.record.prev !== second.hash) return null;
  return chain.withdraw('changed: the line after it was chained onto another text');
}

/**
 * Whether bytes at the very end can be what an interrupted write leaves: a piece of one group, or blocks that
 * were allocated and never filled (NULs, possibly before blocks that were). Whole records without such a hole
 * before them were written by a write that ended, so the bytes before them were changed later: damage.
 */
function isTorn(tail: Uint8Array): boolean {
  let start = 0;
  for (let first = true; start < tail.length; first = false) {
    const end = tail.indexOf(10, start);
    if (end < 0) return true;
    const line = tail.subarray(start, end);
    if (first && line.includes(0)) return true;
    if (decodeLine(line).ok) return false;
    start = end + 1;
  }
  return true;
}

/** The bytes from `offset` to the end, or null when they are more than one group. */
async function readTail(file: ReadableFile, offset: number): Promise<Uint8Array | null> {
  // A reader beside a running daemon may have seen more lines than the file had when it was opened.
  const length = Math.max(0, file.size - offset);
  if (length > maxGroupBytes) return null;
  const tail = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const read = await file.read(tail.subarray(filled), offset + filled);
    if (read === 0) break;
    filled += read;
  }
  return tail.subarray(0, filled);
}
