/**
 * When a device's next backup is due: so long after the last one, or at a time of day on a wall clock. Pure. One that was
 * missed, because the daemon or the device was away, is due at once.
 */
import { openingAt } from './maintenance.ts';

export type BackupSchedule =
  | { readonly everyMs: number }
  | {
      /** Minutes after midnight. */
      readonly at: number;
      /** As in the table of time zones, such as Europe/Budapest. */
      readonly zone: string;
    };

export interface BackupSettings {
  /** Null: only when a person asks. */
  readonly schedule: BackupSchedule | null;
  /** Whether the device's own backup is kept with it. */
  readonly binary: boolean;
}

/** Milliseconds since the epoch. `lastMs` null: there was none yet, and it is due. Null: never by itself. */
export function backupDueAt(schedule: BackupSchedule | null, lastMs: number | null): number | null {
  if (schedule === null) return null;
  if (lastMs === null) return -Infinity;
  if ('everyMs' in schedule) return lastMs + schedule.everyMs;
  const { at, zone } = schedule;
  const daily = { zone, times: [{ days: [0, 1, 2, 3, 4, 5, 6], from: at, to: at + 1 }] };
  const open = openingAt(daily, lastMs);
  if (open === null || open.from > lastMs) return open?.from ?? null;
  return openingAt(daily, open.to)?.from ?? null;
}
