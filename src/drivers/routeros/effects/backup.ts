/**
 * RouterOS's own backup (`/system backup save`): made on the device, found under the name that it got there, fetched over
 * SFTP, taken off. Each step over a session of its own.
 */
import { DeviceError } from '../../../core/errors.ts';
import { connect } from '../../ssh-session.ts';
import type { SshTarget } from '../../ssh-session.ts';
import type { DeviceBackup, Observation, Stop } from '../../driver.ts';
import { findBackupCommand, removeBackupCommand, saveBackupCommand } from '../commands.ts';
import { linesOf } from '../console.ts';
import { backupPolicies } from '../rights.ts';
import type { Reach } from './device-console.ts';
import { targetOf, withConsole } from './device-console.ts';

/** Large configurations take a while on slow flash. */
const saveTimeoutMs = 120_000;
const fetchTimeoutMs = 300_000;
const mostBytes = 64 * 1024 * 1024;
/** Backups of common sizes are below it; one that finds too little room fails there, and is taken off. */
const leastFreeBytes = 1024 * 1024;

export function deviceBackup(reach: Reach): DeviceBackup {
  const { name: device, user } = reach.device;
  return {
    obstacle: (observation) => obstacleTo(observation, user),
    make: (name, signal) =>
      withConsole(reach, 'make-backup', signal, (console) =>
        console.modify(saveBackupCommand(name), saveTimeoutMs),
      ),
    async fetch(name, signal) {
      const [line] = await withConsole(reach, 'find-backup', signal, async (console) =>
        linesOf(await console.read(findBackupCommand(name))),
      );
      const path = /^file=((?:flash\/)?[A-Za-z0-9._-]{1,100})$/.exec(line ?? '')?.[1];
      if (path === undefined)
        throw new DeviceError(
          'rejected',
          `${device}: the backup was saved, and no file of its name is there: look at /file print and /log print`,
        );
      const bytes = await fetchFile(await targetOf(reach), path, signal);
      if (bytes.length > 0) return bytes;
      throw new DeviceError(
        'rejected',
        `${device}: the backup is an empty file; is the disk of the device full?`,
      );
    },
    remove: (name, signal) =>
      withConsole(reach, 'remove-backup', signal, (console) => console.modify(removeBackupCommand(name))),
  };
}

function obstacleTo({ facts: { policies, freeBytes } }: Observation, user: string): Stop | null {
  const missing = policies === undefined ? [] : backupPolicies.filter((one) => !policies.includes(one));
  if (missing.length > 0)
    return {
      code: 'rights-missing',
      message:
        `user ${user} may not ${missing.join(', ')} there, which a backup needs (it makes a file and fetches it): ` +
        'siteward check prints the command that gives it; or take `binary` out of `backup:`',
    };
  if (freeBytes === undefined || freeBytes >= leastFreeBytes) return null;
  return {
    code: 'disk-full',
    message:
      `${Math.floor(freeBytes / 1024)} KiB are free on its disk and a backup needs ${leastFreeBytes / 1024} KiB: ` +
      'remove files there (/file print)',
  };
}

async function fetchFile(target: SshTarget, path: string, signal: AbortSignal): Promise<Buffer> {
  const session = await connect(target, signal);
  try {
    return await session.readFile(path, { timeoutMs: fetchTimeoutMs, maxBytes: mostBytes }, signal);
  } finally {
    await session.close();
  }
}
