/**
 * Reads a journal's segments from the first line on, proves the chain and hands each record over. A record is
 * handed over only when the line after it has confirmed its hash (or nothing follows). Says what is torn or
 * damaged, and never changes a file.
 */
import { messageOf } from '../core/errors.ts';
import type { JournalHead, RecordEnvelope } from '../core/journal.ts';
import { chainProblem, decodeLine, emptyHead, maxLineBytes } from './record.ts';
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

interface Chain {
  head: JournalHead;
  /** Read, but not yet confirmed by a line after it. */
  held: RecordEnvelope | null;
  /** Where the held record stands. */
  heldAt: { file: string; line: number };
}

export async function replayJournal(
  folder: string,
  storage: JournalStorage,
  onRecord: (record: RecordEnvelope) => void,
): Promise<Replayed> {
  const segments = (await storage.list(folder)).filter((name) => segmentPattern.test(name)).sort();
  const chain: Chain = { head: emptyHead, held: null, heldAt: { file: '', line: 0 } };
  let lastSegmentBytes = 0;
  let torn: TornTail | null = null;
  let damage: JournalDamage | null = null;
  for (const [index, name] of segments.entries()) {
    if (name !== segmentName(index + 1)) {
      damage = { file: segmentName(index + 1), line: 0, reason: 'the segment is missing' };
      break;
    }
    const result = await replaySegment(
      `${folder}/${name}`,
      name,
      index === segments.length - 1,
      storage,
      chain,
      onRecord,
    );
    lastSegmentBytes = result.validBytes;
    ({ torn, damage } = result);
    if (damage !== null) break;
  }
  if (chain.held !== null) {
    try {
      onRecord(chain.held);
    } catch (error) {
      damage ??= refusedBy(chain, error);
    }
  }
  return { head: chain.head, segments, lastSegmentBytes, torn, damage };
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
  onRecord: (record: RecordEnvelope) => void,
): Promise<SegmentResult> {
  let offset = 0;
  let lineNumber = 0;
  let file: ReadableFile | null = null;
  try {
    file = await storage.openForReading(path);
    const opened = file;
    const lines = new LineReader(opened);
    for (;;) {
      const line = await lines.next();
      if (line === null) return { validBytes: offset, torn: null, damage: null };
      lineNumber++;
      const decoded = line.complete
        ? decodeLine(line.bytes)
        : { ok: false as const, reason: 'the line has no end' };
      const problem = decoded.ok ? chainProblem(decoded.record, chain.head) : decoded.reason;
      if (decoded.ok && problem === null) {
        if (chain.held !== null) {
          try {
            onRecord(chain.held);
          } catch (error) {
            return { validBytes: offset, torn: null, damage: refusedBy(chain, error) };
          }
        }
        chain.held = decoded.record;
        chain.heldAt = { file: name, line: lineNumber };
        chain.head = decoded.head;
        offset += line.bytes.length + 1;
        continue;
      }
      const tail = isLast ? await readTail(opened, offset) : null;
      if (tail !== null && isTorn(tail))
        return { validBytes: offset, torn: { segment: name, offset, bytes: tail }, damage: null };
      if (problem === 'wrong-prev' && decoded.ok) {
        return {
          validBytes: offset,
          torn: null,
          damage: blame(name, lineNumber, decoded.head, await lines.next(), chain),
        };
      }
      const reason =
        problem === 'wrong-seq' && decoded.ok
          ? `seq ${decoded.record.seq} where ${chain.head.seq + 1} must follow`
          : (problem ?? '');
      return { validBytes: offset, torn: null, damage: { file: name, line: lineNumber, reason } };
    }
  } catch (error) {
    return {
      validBytes: offset,
      torn: null,
      damage: { file: name, line: lineNumber, reason: `can't be read: ${messageOf(error)}` },
    };
  } finally {
    await file?.close();
  }
}

/**
 * Two lines that do not chain: one of them was changed. When the next line still fits the second, the first
 * is the changed one; it is then withdrawn, since nothing vouches for it.
 */
function blame(
  file: string,
  line: number,
  second: JournalHead,
  next: Line | null,
  chain: Chain,
): JournalDamage {
  const following = next?.complete === true ? decodeLine(next.bytes) : null;
  const secondIsIntact = following === null || !following.ok || following.record.prev === second.hash;
  if (chain.held === null || !secondIsIntact)
    return { file, line, reason: 'changed: it does not chain onto the line before' };
  const { heldAt, held } = chain;
  chain.head = { seq: held.seq - 1, hash: held.prev };
  chain.held = null;
  return { ...heldAt, reason: 'changed: the line after it was chained onto another text' };
}

/** The reader of the records can't make sense of one: what follows has no meaning either. */
function refusedBy(chain: Chain, error: unknown): JournalDamage {
  const { held, heldAt } = chain;
  if (held !== null) chain.head = { seq: held.seq - 1, hash: held.prev };
  chain.held = null;
  return { ...heldAt, reason: messageOf(error) };
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

interface Line {
  /** Without its LF; valid until the next call. */
  readonly bytes: Uint8Array;
  /** False for what stands at the end without an LF, or is too long to be a line. */
  readonly complete: boolean;
}

const blockBytes = 1024 * 1024;

/** Lines by blocks: the scan costs a fraction of parsing, and memory stays bounded whatever the file holds. */
class LineReader {
  readonly #file: ReadableFile;
  readonly #buffer = Buffer.allocUnsafe(blockBytes + maxLineBytes);
  #start = 0;
  #end = 0;
  #position = 0;

  constructor(file: ReadableFile) {
    this.#file = file;
  }

  async next(): Promise<Line | null> {
    let scanned = this.#start;
    for (;;) {
      const found = this.#buffer.subarray(0, this.#end).indexOf(10, scanned);
      if (found >= 0) {
        const bytes = this.#buffer.subarray(this.#start, found);
        this.#start = found + 1;
        return { bytes, complete: true };
      }
      const pending = this.#end - this.#start;
      if (pending >= maxLineBytes)
        return { bytes: this.#buffer.subarray(this.#start, this.#end), complete: false };
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#start = 0;
      this.#end = pending;
      scanned = pending;
      const read = await this.#file.read(
        this.#buffer.subarray(pending, pending + blockBytes),
        this.#position,
      );
      this.#position += read;
      this.#end += read;
      if (read === 0)
        return pending === 0 ? null : { bytes: this.#buffer.subarray(0, pending), complete: false };
    }
  }
}
