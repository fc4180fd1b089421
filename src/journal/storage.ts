/**
 * The disk as the journal sees it: a few calls, so that a test can hand in a disk that breaks.
 * A write is whole or throws; nothing counts as durable before `sync` has resolved. Never retries.
 */
import { closeSync, fdatasync, fstatSync, fsyncSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { mkdir, open, readdir, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

export interface ReadableFile {
  readonly size: number;
  /** Bytes read into `buffer` from its start; 0 at the end of the file. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

export interface AppendFile {
  /** Appends all of it before returning, or throws; how much arrived is then unknown. */
  append(bytes: Uint8Array): void;
  /** Resolves when everything appended is on the disk. An error is final: the pages may be gone. */
  sync(): Promise<void>;
  close(): void;
}

export interface JournalStorage {
  /** Makes the folder (0700) and its parents where they are missing, and syncs its parent. */
  makeFolder(folder: string): Promise<void>;
  list(folder: string): Promise<readonly string[]>;
  openForReading(path: string): Promise<ReadableFile>;
  /** The file must not exist (0600); its name is durable when this resolves. */
  create(folder: string, name: string): Promise<AppendFile>;
  /** The file must exist; its name is durable when this resolves. */
  openForAppend(path: string): Promise<AppendFile>;
  /** Writes the same bytes once more where they stand: a sync of the file that comes after makes them durable. */
  rewrite(path: string, position: number, bytes: Uint8Array): Promise<void>;
  /** Cuts the file and syncs. */
  truncate(path: string, size: number): Promise<void>;
  /** The file is gone for good when this resolves. */
  remove(folder: string, name: string): Promise<void>;
  /** What this user may still write there. */
  freeBytes(folder: string): Promise<number>;
}

/** Less is no room: a rollout could begin and not be recorded to its end. */
export const leastFreeBytes = 4 * 1024 * 1024;

const fdatasyncAsync = promisify(fdatasync);

function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function appendFile(fd: number): AppendFile {
  let open = true;
  return {
    append(bytes) {
      let written = 0;
      while (written < bytes.length) written += writeSync(fd, bytes, written, bytes.length - written);
    },
    sync: () => fdatasyncAsync(fd),
    close() {
      if (open) closeSync(fd);
      open = false;
    },
  };
}

export const fileStorage: JournalStorage = {
  async makeFolder(folder) {
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    if (made !== undefined) syncFolder(`${made}/..`);
  },

  list: (folder) => readdir(folder),

  async openForReading(path) {
    const handle = await open(path, 'r');
    const { size } = await handle.stat();
    return {
      size,
      async read(buffer, position) {
        return (await handle.read(buffer, 0, buffer.length, position)).bytesRead;
      },
      close: () => handle.close(),
    };
  },

  // Node's promises module has no synchronous write, and a group is written synchronously: it lands in the
  // page cache in microseconds, while a trip through the thread pool costs more than that.
  create(folder, name) {
    const fd = openSync(`${folder}/${name}`, 'ax', 0o600);
    try {
      syncFolder(folder);
    } catch (error) {
      // A name that may not be durable is none: the next attempt has to be able to make it.
      closeSync(fd);
      unlinkSync(`${folder}/${name}`);
      throw error;
    }
    return Promise.resolve(appendFile(fd));
  },

  openForAppend(path) {
    const fd = openSync(path, 'a', 0o600);
    if (!fstatSync(fd).isFile()) {
      closeSync(fd);
      throw new Error('not a regular file');
    }
    try {
      syncFolder(dirname(path));
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    return Promise.resolve(appendFile(fd));
  },

  async rewrite(path, position, bytes) {
    const handle = await open(path, 'r+');
    try {
      let written = 0;
      while (written < bytes.length)
        written += (await handle.write(bytes, written, bytes.length - written, position + written))
          .bytesWritten;
    } finally {
      await handle.close();
    }
  },

  async truncate(path, size) {
    const handle = await open(path, 'r+');
    try {
      await handle.truncate(size);
      await handle.sync();
    } finally {
      await handle.close();
    }
  },

  remove(folder, name) {
    unlinkSync(`${folder}/${name}`);
    syncFolder(folder);
    return Promise.resolve();
  },

  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};
