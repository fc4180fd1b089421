/** What the history leaves of the disk: the journal needs it to finish what is in flight. */
import { SitewardError } from '../core/errors.ts';

const leastFreeBytes = 32 * 1024 * 1024;

/** Throws `SitewardError` history-unwritable when so many bytes more would take it. */
export function requireRoom(freeBytes: number, bytes: number): void {
  if (freeBytes >= leastFreeBytes + bytes) return;
  throw new SitewardError(
    'history-unwritable',
    `history: ${Math.floor(freeBytes / 2 ** 20)} MiB are free and ${leastFreeBytes / 2 ** 20} MiB are left to the journal; ` +
      'make room: rollouts go on, and what devices have is kept again then',
  );
}
