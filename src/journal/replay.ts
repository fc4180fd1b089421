/**
 * Reads a journal's segments, proves the chain and hands each record over: from the oldest line there is, or from a
 * checkpoint. A record is handed over only when the line after it has confirmed its hash (or nothing follows). Says
 * what is torn or damaged, and never changes a file.
 */
import { JournalError, messageOf } from '../core/errors.ts';
import type { JournalHead, RecordEnvelope } from '../core/journal.ts';
import { LineReader, lineBuffer } from './lines.ts';
import { chainProblem, checkpointPlace, decodeLine, emptyHead } from './record.ts';
import type { DecodedLine } from './record.ts';
import { checkpointAtStart, segmentName, segmentNumber } from './segments.ts';
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

export interface LastSegment {
  readonly number: number;
  /** Where the chain stood when it began. */
  readonly start: JournalHead;
  /** Without a torn tail. */
  readonly bytes: number;
}

export interface Replayed {
  /** The record before the first one that was read; seq 0 at the very start. */
  readonly begin: JournalHead;
  /** Number of the segment it was read from; 1 when there is none. */
  readonly first: number;
  readonly head: JournalHead;
  /** Null when there is no journal yet. */
  readonly last: LastSegment | null;
  readonly torn: TornTail | null;
  readonly damage: JournalDamage | null;
}

export interface ReplayOptions {
  readonly folder: string;
  readonly storage: JournalStorage;
  /**
   * `oldest`: every line there is. `checkpoint`: the newest checkpoint that has a whole segment behind it, so that the
   * newest records are read as well and the newest checkpoint is proved by what was before it; else the oldest line.
   */
  readonly from: 'oldest' | 'checkpoint';
  /** Number of the last segment to read; none: to the end. */
  readonly through?: number;
  /** Each record in order, checkpoints too. A throw is damage at that record. */
  readonly onRecord: (record: RecordEnvelope) => void;
  /** All records of the checkpoint that the reading begins with, before the record after it. A throw is damage. */
  readonly onCheckpoint?: (parts: readonly RecordEnvelope[]) => void;
  /** Waited for between blocks of a megabyte: a reader that can't take more yet says so here. */
  readonly pause?: () => Promise<void>;
}

/** Throws only when the folder can't be listed. */
export async function replayJournal(options: ReplayOptions): Promise<Replayed> {
  const { folder, storage, through = Infinity } = options;
  const numbers = (await storage.list(folder)).flatMap((name) => segmentNumber(name) ?? []);
  numbers.sort((a, b) => a - b);
  const index = await startOf(options, numbers);
  const first = numbers[index] ?? 1;
  const chain = new Chain(options, first === 1 ? emptyHead : null);
  const buffer = lineBuffer();
  let last: LastSegment | null = null;
  let torn: TornTail | null = null;
  let damage: JournalDamage | null = null;
  for (const [offset, number] of numbers.slice(index).entries()) {
    if (number > through || number !== first + offset) break;
    const start = chain.head;
    const isLast = number === numbers[numbers.length - 1];
    const result = await replaySegment(number, isLast, options, chain, buffer);
    last = { number, start: start ?? chain.begin, bytes: result.validBytes };
    ({ torn, damage } = result);
    if (damage !== null) break;
  }
  // One that is missing counts wherever it is: what was before the checkpoint is evidence, too.
  damage = chain.end() ?? damage ?? missingSegment(numbers);
  return { begin: chain.begin, first, head: chain.head ?? emptyHead, last, torn, damage };
}

/** Segments go from the old end only, so that no number between two others is ever free. */
function missingSegment(numbers: readonly number[]): JournalDamage | null {
  const before = numbers.find((number, index) => (numbers[index + 1] ?? number + 1) !== number + 1);
  if (before === undefined) return null;
  return { file: segmentName(before + 1), line: 0, reason: 'the segment is missing' };
}

/**
 * Index of the segment to begin with. Where the very first segment is gone, everything begins with a checkpoint; what
 * stands before the oldest one was about to go when the power went.
 */
async function startOf(
  { folder, storage, from }: ReplayOptions,
  numbers: readonly number[],
): Promise<number> {
  const startAt = async (index: number): Promise<'whole' | 'none' | 'changed'> =>
    // One that can't be read is no place to begin; whoever comes by it on the way says what is wrong with it.
    await checkpointAtStart(folder, storage, numbers[index] ?? 0).catch(() => 'none');
  if (from === 'checkpoint')
    for (let index = numbers.length - 2; index > 0; index--)
      if ((await startAt(index)) === 'whole') return index;
  if (numbers[0] === 1) return 0;
  for (let index = 0; index < numbers.length; index++) {
    const found = await startAt(index);
    // A reader of everything has to come by what was changed; one that needs the state begins where it is whole.
    if (found === 'whole' || (found === 'changed' && from === 'oldest')) return index;
  }
  return 0;
}

interface Held {
  readonly record: RecordEnvelope;
  readonly file: string;
  readonly line: number;
}

/** The end of the proved chain, and its last record, which no later line has confirmed yet. */
class Chain {
  /** Null until the checkpoint is read that everything begins with. */
  head: JournalHead | null;
  begin: JournalHead;
  readonly #options: Pick<ReplayOptions, 'onRecord' | 'onCheckpoint'>;
  #held: Held | null = null;
  /** Parts of the checkpoint that the reading begins with; null when it is whole, or there is none. */
  #parts: RecordEnvelope[] | null;

  constructor(options: Pick<ReplayOptions, 'onRecord' | 'onCheckpoint'>, head: JournalHead | null) {
    this.#options = options;
    this.head = head;
    this.begin = head ?? emptyHead;
    this.#parts = head === null ? [] : null;
  }

  extend(record: RecordEnvelope, head: JournalHead, file: string, line: number): JournalDamage | null {
    const damage = this.handOver();
    if (damage !== null) return damage;
    if (this.head === null) this.begin = { seq: record.seq - 1, hash: record.prev };
    this.#held = { record, file, line };
    this.head = head;
    return null;
  }

  /** Gives the held record to the reader, who may be unable to make sense of it. */
  handOver(): JournalDamage | null {
    if (this.#held === null) return null;
    try {
      this.#collect(this.#held.record);
      this.#options.onRecord(this.#held.record);
    } catch (error) {
      return this.withdraw(messageOf(error));
    }
    this.#held = null;
    return null;
  }

  #collect(record: RecordEnvelope): void {
    if (this.#parts === null) return;
    const place = checkpointPlace(record);
    if (place?.part !== this.#parts.length + 1)
      throw new JournalError('journal-damaged', 'what came before is gone, and no whole checkpoint holds it');
    this.#parts.push(record);
    if (place.part < place.parts) return;
    this.#options.onCheckpoint?.(this.#parts);
    this.#parts = null;
  }

  /** The held record does not count after all. */
  withdraw(reason: string): JournalDamage | null {
    if (this.#held === null) return null;
    const { record, file, line } = this.#held;
    this.head = { seq: record.seq - 1, hash: record.prev };
    this.#held = null;
    return { file, line, reason };
  }

  end(): JournalDamage | null {
    const { file = '', line = 0 } = this.#held ?? {};
    const damage = this.handOver();
    if (damage !== null || this.#parts === null || this.#parts.length === 0) return damage;
    return { file, line, reason: 'the checkpoint that everything begins with is not whole' };
  }
}

interface SegmentResult {
  readonly validBytes: number;
  readonly torn: TornTail | null;
  readonly damage: JournalDamage | null;
}

async function replaySegment(
  number: number,
  isLast: boolean,
  { folder, storage, pause }: ReplayOptions,
  chain: Chain,
  buffer: Buffer,
): Promise<SegmentResult> {
  const name = segmentName(number);
  const read: Read = { name, lines: 0, bytes: 0 };
  let file: ReadableFile | null = null;
  try {
    file = await storage.openForReading(`${folder}/${name}`);
    const lines = new LineReader(file, 0, buffer);
    let end: Ending | null = null;
    while (end === null && (await lines.fill())) {
      await pause?.();
      end = readLines(lines, chain, read);
    }
    const validBytes = read.bytes;
    if (end === null && lines.left === 0) return { validBytes, torn: null, damage: null };
    if (end === null) read.lines++;
    end ??= { kind: 'bad', reason: 'the line has no end' };
    if (end.kind === 'refused') return { validBytes, torn: null, damage: end.damage };
    const tail = isLast && chain.head !== null ? await readTail(file, validBytes) : null;
    if (tail !== null && isTorn(tail))
      return { validBytes, torn: { segment: name, offset: validBytes, bytes: tail }, damage: null };
    const earlier = end.kind === 'changed' ? blameEarlier(chain, end.head, await lines.next()) : null;
    return {
      validBytes,
      torn: null,
      damage: earlier ?? { file: name, line: read.lines, reason: end.reason },
    };
  } catch (error) {
    const reason = `can’t be read: ${messageOf(error)}`;
    return { validBytes: read.bytes, torn: null, damage: { file: name, line: read.lines, reason } };
  } finally {
    await file?.close();
  }
}

/** How far a segment was read: all of its lines, and the bytes of those that follow. */
interface Read {
  readonly name: string;
  lines: number;
  bytes: number;
}

type Ending =
  Exclude<Finding, { kind: 'follows' }> | { readonly kind: 'refused'; readonly damage: JournalDamage };

/** Takes the lines that are in memory, as long as each follows the one before; null: all of them do. */
function readLines(lines: LineReader, chain: Chain, read: Read): Ending | null {
  for (let bytes = lines.take(); bytes !== null; bytes = lines.take()) {
    read.lines++;
    const finding = judgeLine(bytes, chain.head, lines.isAscii);
    if (finding.kind !== 'follows') return finding;
    const damage = chain.extend(finding.record, finding.head, read.name, read.lines);
    if (damage !== null) return { kind: 'refused', damage };
    read.bytes += bytes.length + 1;
  }
  return null;
}

type Finding =
  | { readonly kind: 'follows'; readonly record: RecordEnvelope; readonly head: JournalHead }
  | { readonly kind: 'changed'; readonly head: JournalHead; readonly reason: string }
  | { readonly kind: 'bad'; readonly reason: string };

/** `tip` null: nothing says yet what the line has to follow; then only a checkpoint may stand there. */
export function judgeLine(line: Buffer, tip: JournalHead | null, isAscii = false): Finding {
  const decoded: DecodedLine = decodeLine(line, isAscii, tip?.hash);
  if (!decoded.ok) return { kind: 'bad', reason: decoded.reason };
  const { record, head } = decoded;
  if (tip === null) {
    if (checkpointPlace(record)?.part === 1) return { kind: 'follows', record, head };
    return { kind: 'bad', reason: 'the segments before it are gone, and no checkpoint begins here' };
  }
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
function blameEarlier(chain: Chain, second: JournalHead, after: Buffer | null): JournalDamage | null {
  const following = after === null ? null : decodeLine(after);
  if (following?.ok === true && following.record.prev !== second.hash) return null;
  return chain.withdraw('changed: the line after it was chained onto another text');
}

/**
 * Whether bytes at the very end can be what an interrupted write leaves: a piece of one group, or blocks that
 * were allocated and never filled (NULs, possibly before blocks that were). Whole records without such a hole
 * before them were written by a write that ended, so the bytes before them were changed later: damage.
 */
function isTorn(tail: Buffer): boolean {
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
export async function readTail(file: ReadableFile, offset: number): Promise<Buffer | null> {
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
