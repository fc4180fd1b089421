/**
 * The disk as the history sees it: a few calls, so that a test can hand in a disk that loses power. Bytes are durable
 * when `writeSynced` resolves, a name when the folder it is in was synced after that. Never retries.
 */
import { mkdir, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { sync, writeSynced } from '../durable.ts';

export interface HistoryDisk {
  /** Null when there is no such file. */
  read(path: string): Promise<Buffer | null>;
  /** Null when there is no such file. */
  sizeOf(path: string): Promise<number | null>;
  /** Names in the folder; none when it is not there. */
  list(folder: string): Promise<readonly string[]>;
  /** With all folders above it (0700); their names are durable when it resolves. */
  makeFolder(folder: string): Promise<void>;
  /** The bytes are durable; the name is not yet. What was there under it is overwritten. */
  writeSynced(path: string, bytes: Uint8Array): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  syncFolder(folder: string): Promise<void>;
  remove(path: string): Promise<void>;
  freeBytes(folder: string): Promise<number>;
}

export const fileDisk: HistoryDisk = {
  read: (path) => readFile(path).catch(nullIfMissing),
  sizeOf: (path) => stat(path).then(({ size }) => size, nullIfMissing),
  list: async (folder) => (await readdir(folder).catch(nullIfMissing)) ?? [],
  async makeFolder(folder) {
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    if (made !== undefined) await sync(`${made}/..`);
  },
  writeSynced,
  rename,
  syncFolder: sync,
  remove: (path) => rm(path, { force: true }),
  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};

function nullIfMissing(error: unknown): null {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return null;
  throw error;
}
