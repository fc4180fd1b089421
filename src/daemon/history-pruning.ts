/**
 * Keeps each device's history, and its own backups beside it, within the limits of the settings: at start and then every hour, one device after the
 * other. A history that can't be pruned is logged and stops nothing; the next turn tries again.
 */
import { messageOf } from '../core/errors.ts';
import type { Archive } from '../history/archive.ts';
import type { BinaryBackups } from '../history/binary-backups.ts';
import type { Arrived, KeepLimits } from '../history/retention.ts';

export const pruneEveryMs = 3_600_000;

export async function pruneHistory(turn: {
  readonly archive: Pick<Archive, 'prune' | 'labels' | 'revisions'>;
  readonly binaryBackups: Pick<BinaryBackups, 'prune'>;
  readonly devices: readonly string[];
  readonly keep: KeepLimits;
  /** Null: the clock is not believed, and nothing goes for its age. */
  readonly now: () => number | null;
  /** What the git server that is to have all of it has of a device; null: there is no such server. */
  readonly arrived: (device: string) => Arrived;
  readonly signal: AbortSignal;
  readonly log: (event: string, facts: Readonly<Record<string, unknown>>) => void;
}): Promise<void> {
  const { archive, binaryBackups, devices, keep, now, arrived, signal, log } = turn;
  if (Object.values(keep).every((limit) => limit === null)) return;
  for (const device of devices) {
    if (signal.aborted) return;
    try {
      const revisions = await archive.prune(device, keep, now(), arrived(device));
      if (revisions > 0) log('history-pruned', { device, revisions });
      const checkpoints = new Set((await archive.labels(device)).map(({ of }) => of));
      const kept = new Set<string>();
      for await (const { oid } of archive.revisions(device)) kept.add(oid);
      const binary = await binaryBackups.prune(device, keep, now(), { revisions: kept, checkpoints });
      if (binary > 0) log('binary-backups-pruned', { device, backups: binary });
    } catch (error) {
      log('history-not-pruned', { device, error: messageOf(error) });
    }
  }
}
