/**
 * The end of the segment that is written to, before anything is appended to it: proved, rid of what was never answered,
 * and made durable. Each call can be made again after it failed, and then starts from the beginning.
 */
import { sha256 } from '../core/digest.ts';
import type { JournalHead } from '../core/journal.ts';
import { LineReader } from './lines.ts';
import { chainProblem, decodeLine } from './record.ts';
import { judgeLine, maxGroupBytes, readTail } from './replay.ts';
import type { JournalStorage } from './storage.ts';

export interface SegmentEnd {
  readonly folder: string;
  readonly name: string;
  /** What of the segment counts; all of it was proved up to `head`. */
  readonly bytes: number;
  readonly head: JournalHead;
}

/** What was set aside; `file` null: nothing was there. */
export interface SetAside {
  readonly bytes: number;
  readonly file: string | null;
}

/** Number of the first line that is not what it was since the chain stood at `start`; null: all of it is there. */
export async function lostLine(
  storage: JournalStorage,
  { folder, name, bytes: end, head }: SegmentEnd,
  start: JournalHead,
): Promise<number | null> {
  const file = await storage.openForReading(`${folder}/${name}`);
  try {
    const lines = new LineReader(file);
    let tip = start;
    let bytes = 0;
    let count = 0;
    while (bytes < end) {
      count++;
      const line = await lines.next();
      const finding = line === null ? null : judgeLine(line, tip);
      if (line === null || finding?.kind !== 'follows') return count;
      bytes += line.length + 1;
      tip = finding.head;
    }
    return bytes === end && tip.hash === head.hash ? null : count;
  } finally {
    await file.close();
  }
}

/** What is behind the end is kept beside the journal before it is cut off, so that a person can look at it. */
export async function setAsideTail(
  storage: JournalStorage,
  { folder, name, bytes, head }: SegmentEnd,
): Promise<SetAside> {
  const path = `${folder}/${name}`;
  const reading = await storage.openForReading(path);
  const tail = await readTail(reading, bytes).finally(() => reading.close());
  if (tail === null) throw new Error(`more than one group stands behind the last record`);
  if (tail.length === 0) return { bytes: 0, file: null };
  // One name for one content: a disk that stays broken is tried for days, and each attempt would leave another copy.
  const copy = `torn-${head.seq + 1}-${sha256(tail).slice(0, 16)}`;
  // One that is there may be half a copy, or one whose sync failed.
  if ((await storage.list(folder)).includes(copy)) await storage.remove(folder, copy);
  const file = await storage.create(folder, copy);
  try {
    file.append(tail);
    await file.sync();
  } finally {
    file.close();
  }
  await storage.truncate(path, bytes);
  return { bytes: tail.length, file: `${folder}/${copy}` };
}

/**
 * Writes the last group again where it stands, so that the next sync of the file writes it to the disk. Without that it
 * would not: after a failed sync, of this process or one before it, the kernel may call pages clean that never got there.
 */
export async function writeEndAgain(storage: JournalStorage, end: SegmentEnd): Promise<void> {
  const path = `${end.folder}/${end.name}`;
  const from = Math.max(0, end.bytes - maxGroupBytes);
  const reading = await storage.openForReading(path);
  const bytes = await readTail(reading, from).finally(() => reading.close());
  // Such pages may also be read from the disk again, as they were before: what is written has to be what was proved.
  if (bytes === null || !endsAt(bytes, from === 0, end.head))
    throw new Error(`${end.name} is not what was read before`);
  await storage.rewrite(path, from, bytes);
}

/** Whether the whole lines of it are a chain that ends at `head`. */
function endsAt(bytes: Buffer, isWhole: boolean, head: JournalHead): boolean {
  let tip: JournalHead | null = null;
  let start = isWhole ? 0 : bytes.indexOf(10) + 1;
  while (start < bytes.length) {
    const end = bytes.indexOf(10, start);
    const decoded = end < 0 ? null : decodeLine(bytes.subarray(start, end));
    if (decoded?.ok !== true || (tip !== null && chainProblem(decoded.record, tip) !== null)) return false;
    tip = decoded.head;
    start = end + 1;
  }
  // Of a segment without a line there is nothing to say.
  return tip === null ? bytes.length === 0 : tip.hash === head.hash;
}
