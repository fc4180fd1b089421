/**
 * A disk in memory that can lose power: what was synced stays, of the rest any part may have arrived, in any
 * order of blocks, with NULs where a block did not. Written from the journal's list of assumptions.
 */
import type { AppendFile, JournalStorage } from '../../src/journal/storage.ts';

interface StoredFile {
  bytes: Buffer;
  synced: number;
  /** Since a sync that failed: what is there from here on is taken for written, and is not; null: there was none. */
  lostFrom: number | null;
}

export interface CrashChoice {
  /** How much of the unsynced bytes the file's size came to cover, in thousandths. */
  readonly kept: number;
  /** Blocks of what was kept that never arrived, by number; a block is 64 bytes here. */
  readonly holes: readonly number[];
}

const block = 64;

export class CrashingDisk {
  readonly #files = new Map<string, StoredFile>();
  /** Writes and syncs go through this many times more; null: for ever. */
  #left: number | null = null;
  /** How the power cut ends the call during which it happens. */
  #cut: 'before' | 'half' = 'before';

  /** Cuts the power after so many more writes and syncs. */
  cutAfter(steps: number, cut: 'before' | 'half'): void {
    this.#left = steps;
    this.#cut = cut;
  }

  /** What is there when the power is back. */
  restart(choice: CrashChoice): void {
    this.#left = null;
    for (const file of this.#files.values()) {
      const unsynced = file.bytes.length - file.synced;
      const bytes = Buffer.from(
        file.bytes.subarray(0, file.synced + Math.floor((unsynced * choice.kept) / 1000)),
      );
      for (const hole of choice.holes) {
        const from = file.synced + hole * block;
        if (from < bytes.length) bytes.fill(0, from, Math.min(from + block, bytes.length));
      }
      file.bytes = bytes;
      file.synced = bytes.length;
      file.lostFrom = null;
    }
  }

  /** Another disk with the same content; what was not synced here is not synced there. */
  copy(): CrashingDisk {
    const other = new CrashingDisk();
    other.restore(this);
    return other;
  }

  /** The content of another disk takes the place of this one's. */
  restore(from: CrashingDisk): void {
    this.#files.clear();
    for (const [name, file] of from.#files) this.#files.set(name, { ...file });
  }

  /** The bytes of a file that no crash can take; none when there is no such file. */
  durable(path: string): Buffer {
    const file = this.#files.get(path);
    return file === undefined ? Buffer.alloc(0) : file.bytes.subarray(0, file.synced);
  }

  /** A sync of it fails: no later one writes what was written before, unless it is written again. */
  failSync(path: string): void {
    const file = this.#file(path);
    file.lostFrom ??= file.synced;
  }

  names(): string[] {
    return [...this.#files.keys()];
  }

  #step(): boolean {
    if (this.#left === null) return true;
    return this.#left-- > 0;
  }

  #appendFile(file: StoredFile): AppendFile {
    const append = (bytes: Uint8Array): void => {
      const whole = this.#step();
      if (!whole && this.#cut === 'before') throw new Error('power');
      const part = whole ? bytes : bytes.subarray(0, Math.floor(bytes.length / 2));
      file.bytes = Buffer.concat([file.bytes, part]);
      if (!whole) throw new Error('power');
    };
    const sync = (): Promise<void> => {
      if (!this.#step()) return Promise.reject(new Error('power'));
      if (file.lostFrom === null) file.synced = file.bytes.length;
      return Promise.resolve();
    };
    return { append, sync, close: () => undefined };
  }

  #file(path: string): StoredFile {
    const file = this.#files.get(path);
    if (file === undefined) throw new Error(`ENOENT: ${path}`);
    return file;
  }

  readonly storage: JournalStorage = {
    makeFolder: () => Promise.resolve(),
    list: (folder) => Promise.resolve(this.names().map((name) => name.slice(folder.length + 1))),
    openForReading: (path) => {
      const { bytes } = this.#file(path);
      const read = (buffer: Uint8Array, position: number) => Promise.resolve(bytes.copy(buffer, 0, position));
      return Promise.resolve({ size: bytes.length, read, close: () => Promise.resolve() });
    },
    create: (folder, name) => {
      if (!this.#step()) return Promise.reject(new Error('power'));
      const file = { bytes: Buffer.alloc(0), synced: 0, lostFrom: null };
      this.#files.set(`${folder}/${name}`, file);
      return Promise.resolve(this.#appendFile(file));
    },
    openForAppend: (path) => Promise.resolve(this.#appendFile(this.#file(path))),
    rewrite: (path, position, bytes) => {
      if (!this.#step()) return Promise.reject(new Error('power'));
      const file = this.#file(path);
      const there = file.bytes.subarray(position, position + bytes.length);
      if (!there.equals(bytes)) return Promise.reject(new Error('other bytes stood there'));
      if (position <= (file.lostFrom ?? 0)) file.lostFrom = null;
      return Promise.resolve();
    },
    truncate: (path, size) => {
      if (!this.#step()) return Promise.reject(new Error('power'));
      const file = this.#file(path);
      file.bytes = file.bytes.subarray(0, size);
      if (file.lostFrom !== null && size <= file.lostFrom) file.lostFrom = null;
      if (file.lostFrom === null) file.synced = size;
      return Promise.resolve();
    },
    remove: (folder, name) => {
      if (!this.#step()) {
        // The name may be gone although nobody was told so.
        if (this.#cut === 'half') this.#files.delete(`${folder}/${name}`);
        return Promise.reject(new Error('power'));
      }
      this.#files.delete(`${folder}/${name}`);
      return Promise.resolve();
    },
    freeBytes: () => Promise.resolve(Infinity),
  };
}
