/** The journal's files: how they are named, which of them begin with a checkpoint, and which may go. */
import { JournalError } from '../core/errors.ts';
import type { JournalHead } from '../core/journal.ts';
import { LineReader } from './lines.ts';
import { chainProblem, checkpointPlace, decodeLine } from './record.ts';
import type { JournalStorage } from './storage.ts';

const segmentPattern = /^\d{8}\.jsonl$/;

export function segmentName(number: number): string {
  if (number > 99_999_999) throw new JournalError('journal-unwritable', 'journal: no more segment numbers');
  return `${String(number).padStart(8, '0')}.jsonl`;
}

/** Null for what is no segment. */
export function segmentNumber(name: string): number | null {
  return segmentPattern.test(name) ? Number(name.slice(0, 8)) : null;
}

/**
 * Whether a whole checkpoint stands at the segment's start, its lines chained; `changed`: a line there is not what was
 * written.
 */
export async function checkpointAtStart(
  folder: string,
  storage: JournalStorage,
  number: number,
): Promise<'whole' | 'none' | 'changed'> {
  const file = await storage.openForReading(`${folder}/${segmentName(number)}`);
  try {
    const lines = new LineReader(file);
    let tip: JournalHead | null = null;
    for (let part = 1; ; part++) {
      const line = await lines.next();
      if (line === null) return 'none';
      const decoded = decodeLine(line);
      if (!decoded.ok) return 'changed';
      const { record, head } = decoded;
      if (tip !== null && chainProblem(record, tip) !== null) return 'changed';
      const place = checkpointPlace(record);
      if (place?.part !== part) return 'none';
      if (part === place.parts) return 'whole';
      tip = head;
    }
  } finally {
    await file.close();
  }
}

/** How much is kept behind the newest checkpoint. A limit that is null is none. */
export interface Retention {
  readonly bytes: number | null;
  readonly ageMs: number | null;
  /** The newest segment counts. */
  readonly segments: number | null;
}

export interface SegmentFacts {
  readonly number: number;
  readonly bytes: number;
  /** When the segment after it was begun, or it or one before it was, if that is later. */
  readonly endedAtMs: number;
}

/** A clock that is wrong for less makes nothing old. */
const clockWrongMs = 24 * 60 * 60 * 1000;

/**
 * Of the segments before the newest checkpoint, oldest first, those that are over a limit. What is gone goes from the
 * old end only: what is left is one chain. Ages are not measured from now but from the newest beginning of a segment
 * that is a day old, which no clock that jumped ahead a moment ago has written.
 */
export function segmentsToDrop(
  older: readonly SegmentFacts[],
  newestBytes: number,
  limits: Retention,
  nowMs: number,
): readonly number[] {
  let bytes = older.reduce((sum, one) => sum + one.bytes, newestBytes);
  const begunMs = older.map((one) => one.endedAtMs).filter((ms) => ms <= nowMs - clockWrongMs);
  const settledMs = Math.max(...begunMs);
  const dropped: number[] = [];
  for (const one of older) {
    const isOver =
      (limits.bytes !== null && bytes > limits.bytes) ||
      (limits.segments !== null && older.length + 1 - dropped.length > limits.segments) ||
      (limits.ageMs !== null && settledMs - one.endedAtMs > limits.ageMs);
    if (!isOver) break;
    dropped.push(one.number);
    bytes -= one.bytes;
  }
  return dropped;
}

/** Size and end of the segments before `newest`, oldest first. */
export async function olderSegments(
  folder: string,
  storage: JournalStorage,
  newest: number,
): Promise<readonly SegmentFacts[]> {
  const numbers = (await storage.list(folder)).flatMap((name) => segmentNumber(name) ?? []);
  const older: SegmentFacts[] = [];
  let endedAtMs = -Infinity;
  for (const number of numbers.filter((one) => one < newest).sort((a, b) => a - b)) {
    if (older.length === 0) endedAtMs = await begunAt(folder, storage, number);
    const bytes = await sizeOf(folder, storage, number);
    // A clock that was behind makes no segment older than the one before it.
    endedAtMs = Math.max(endedAtMs, await begunAt(folder, storage, number + 1));
    older.push({ number, bytes, endedAtMs });
  }
  return older;
}

async function sizeOf(folder: string, storage: JournalStorage, number: number): Promise<number> {
  const file = await storage.openForReading(`${folder}/${segmentName(number)}`);
  await file.close();
  return file.size;
}

async function begunAt(folder: string, storage: JournalStorage, number: number): Promise<number> {
  const file = await storage.openForReading(`${folder}/${segmentName(number)}`);
  try {
    const line = await new LineReader(file).next();
    const decoded = line === null ? null : decodeLine(line);
    return decoded?.ok === true ? Date.parse(decoded.record.at) : Infinity;
  } finally {
    await file.close();
  }
}
