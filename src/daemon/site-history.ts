/**
 * The history of a site, put together: what devices had, their own backups beside it, the git server that it goes to, and
 * the turns that keep it within its limits.
 */
import path from 'node:path';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { openArchive } from '../history/archive.ts';
import type { Archive } from '../history/archive.ts';
import { BinaryBackups } from '../history/binary-backups.ts';
import { fileDisk } from '../history/disk.ts';
import { packedObjects } from '../history/packed-objects.ts';
import { sealTo } from '../history/seal.ts';
import type { Settings } from '../settings/settings.ts';
import { historyRemote } from './git-remote.ts';
import { pruneEveryMs, pruneHistory } from './history-pruning.ts';
import { startHistoryPush } from './history-push.ts';
import type { HistoryPush, PushOptions } from './history-push.ts';
import { every } from './turns.ts';

export interface SiteHistory {
  readonly archive: Archive;
  readonly binaryBackups: BinaryBackups;
  /** Null: the settings name no git server for it. */
  readonly push: HistoryPush | null;
  /** Bytes on the disk; counted whole at start and every hour, and as it grows between. */
  size(): { readonly revisions: number; readonly binary: number };
  /** Until the signal ends it. `now` null: the clock is not believed. */
  keepWithin(now: () => number | null): Promise<void>;
}

export function binaryBackupsOf({ state, history }: Settings): BinaryBackups {
  return new BinaryBackups(path.join(state, 'backups'), fileDisk, sealTo(history.recipients));
}

export function openSiteHistory(
  settings: Settings,
  clock: Clock,
  telemetry: Pick<PushOptions, 'log' | 'pushed'>,
  signal: AbortSignal,
): SiteHistory {
  const { log, pushed } = telemetry;
  const { keep, remote } = settings.history;
  const folder = path.join(settings.state, 'history.git');
  const grown = (): void => push?.wake();
  const packed = packedObjects(folder);
  const archive = openArchive({ folder, site: settings.site, disk: fileDisk, packed, grown });
  const binaryBackups = binaryBackupsOf(settings);
  const push =
    remote === null
      ? null
      : startHistoryPush({
          ...{ archive, remote: historyRemote(remote), clock, signal, log, pushed },
          random: Math.random,
        });
  const devices = settings.devices.map(({ name }) => name);
  const arrived = (device: string) => push?.arrived(device) ?? null;
  let before = { revisions: 0, binary: 0 };
  const turn = async (now: () => number | null): Promise<void> => {
    await pruneHistory({ archive, binaryBackups, devices, keep, now, arrived, signal, log });
    try {
      let binary = -binaryBackups.grownBytes;
      const revisions = (await archive.bytes()) - archive.grownBytes;
      for (const device of devices) binary += await binaryBackups.bytes(device);
      before = { revisions, binary };
    } catch (error) {
      log('history-not-counted', { error: messageOf(error) });
    }
  };
  return {
    archive,
    binaryBackups,
    push,
    size: () => ({
      revisions: before.revisions + archive.grownBytes,
      binary: before.binary + binaryBackups.grownBytes,
    }),
    async keepWithin(now) {
      await turn(now);
      await every(pruneEveryMs, signal, () => turn(now));
    },
  };
}
