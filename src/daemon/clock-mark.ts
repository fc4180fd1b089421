/**
 * The latest time ever seen here, on disk, so that a clock that goes back is noticed across restarts. A file of its own
 * beside the journal: a quiet site writes no records for days. It only ever rises; who may write to the state folder
 * may correct it, when the clock had run ahead.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../core/clock.ts';
import { rfc3339Seconds } from '../core/clock.ts';
import { clockDistrust, earliestMs } from '../core/gate/clock-trust.ts';
import { replaceDurably } from '../durable.ts';

export interface ClockMark {
  /** Why the clock can't be believed at this moment; null when it can, and then the mark rises with it. */
  distrust(): string | null;
  /** Now, or the latest time ever seen when the clock shows less. */
  latest(): number;
  /** Reads the file again: somebody may have corrected it. */
  reload(): Promise<void>;
  /** Makes the mark durable, where it rose. */
  save(): Promise<void>;
}

/** How often the mark is written while the daemon runs; less than the skew that is forgiven anyway. */
export const saveEveryMs = 30_000;

/** The file with the mark, in the state folder: one RFC 3339 time. */
export function clockMarkFile(stateFolder: string): string {
  return path.join(stateFolder, 'clock');
}

/**
 * `fallbackMs` is the time of the newest record, for a state that has no such file yet. `onChange` hears when the clock
 * begins or ends to be believed.
 */
export async function openClockMark(
  stateFolder: string,
  clock: Clock,
  fallbackMs: number | null,
  onChange: (distrust: string | null) => void,
): Promise<ClockMark> {
  const file = clockMarkFile(stateFolder);
  let mark = (await readClockMark(file)) ?? fallbackMs;
  let saved = mark;
  let said: string | null = null;
  const mine: ClockMark = {
    distrust() {
      const now = clock.now();
      const distrust = clockDistrust(now, mark);
      if (distrust === null && (mark === null || now > mark)) mark = now;
      const changed = (distrust === null) !== (said === null);
      said = distrust;
      if (changed) onChange(distrust);
      return distrust;
    },
    latest: () => Math.max(clock.now(), mark ?? earliestMs, earliestMs),
    async reload() {
      mark = (await readClockMark(file)) ?? mark;
      saved = mark;
    },
    async save() {
      mine.distrust();
      if (mark === null || mark === saved || Number.isNaN(mark)) return;
      const rising = mark;
      await replaceDurably(file, Buffer.from(`${rfc3339Seconds(rising)}\n`));
      saved = rising;
    },
  };
  return mine;
}

/** Null when there is no such file; not a number when what is there is no time: then no clock is believed. */
export async function readClockMark(file: string): Promise<number | null> {
  try {
    return Date.parse((await readFile(file, 'latin1')).slice(0, 64).trim());
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    return Number.NaN;
  }
}
