/**
 * Proves the segments that a start does not read, while records are written: from the oldest one there is up to the one
 * that the start began with, which vouches for their end. Segments that go meanwhile are no damage. Changes nothing.
 */
import type { JournalDamage } from './replay.ts';
import { replayJournal } from './replay.ts';
import { segmentNumber } from './segments.ts';
import type { JournalStorage } from './storage.ts';

export interface Proving {
  /** Ends the reading; nothing is said then. */
  readonly signal: AbortSignal;
  /** Waited for between blocks, so that the rest of the process goes on. */
  readonly pause: () => Promise<void>;
}

/** `begun`: number of the segment that the start began with. Throws when the folder can't be listed. */
export async function proveOlder(
  folder: string,
  storage: JournalStorage,
  begun: number,
  { signal, pause }: Proving,
): Promise<JournalDamage | null> {
  while ((await oldestSegment(folder, storage)) < begun) {
    const { damage } = await replayJournal({
      folder,
      storage,
      from: 'oldest',
      through: begun,
      onRecord: () => undefined,
      // A throw ends the reading as a disk that can't be read does.
      pause: () => (signal.aborted ? Promise.reject(new Error('ended')) : pause()),
    });
    if (damage === null || signal.aborted) return null;
    const isThere = (segmentNumber(damage.file) ?? 0) >= (await oldestSegment(folder, storage));
    if (isThere) return damage;
  }
  return null;
}

/** Infinity when there is none. */
async function oldestSegment(folder: string, storage: JournalStorage): Promise<number> {
  return Math.min(...(await storage.list(folder)).flatMap((name) => segmentNumber(name) ?? []));
}
