/**
 * A disk in memory under the history, that can lose power before any of its calls, or fail as a full one does. Bytes
 * are there once synced; a name is there for good once its folder was synced, and may be there or not before that.
 */
import type { HistoryDisk } from '../../src/history/disk.ts';

export class HistoryDiskInMemory {
  /** What a process sees. */
  readonly #seen = new Map<string, Buffer>();
  /** What a power cut leaves. */
  readonly #durable = new Map<string, Buffer>();
  #left: number | null = null;
  #torn = false;
  #full = false;
  calls = 0;

  /** Cuts the power before the call after so many more that change something, or in the middle of its write. */
  cutAfter(calls: number, cut: 'before' | 'half' = 'before'): void {
    this.#left = calls;
    this.#torn = cut === 'half';
  }

  fill(full: boolean): void {
    this.#full = full;
  }

  /** `arrived`: names that nobody synced reached the disk all the same, of those for which it says so. */
  restart(arrived: (path: string) => boolean): void {
    this.#left = null;
    for (const path of new Set([...this.#seen.keys(), ...this.#durable.keys()])) {
      if (!arrived(path)) continue;
      const bytes = this.#seen.get(path);
      if (bytes === undefined) this.#durable.delete(path);
      else this.#durable.set(path, bytes);
    }
    this.#seen.clear();
    for (const [path, bytes] of this.#durable) this.#seen.set(path, bytes);
  }

  files(): ReadonlyMap<string, Buffer> {
    return this.#seen;
  }

  #change(): void {
    this.calls += 1;
    if (this.#left !== null && this.#left-- <= 0) {
      this.#left = 0;
      throw new Error('power');
    }
  }

  readonly disk: HistoryDisk = {
    read: (path) => Promise.resolve(this.#seen.get(path) ?? null),
    sizeOf: (path) => Promise.resolve(this.#seen.get(path)?.length ?? null),
    list: (folder) =>
      Promise.resolve([
        ...new Set(
          [...this.#seen.keys()].flatMap((path) =>
            path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1).split('/')[0] ?? ''] : [],
          ),
        ),
      ]),
    makeFolder: () => Promise.resolve(),
    writeSynced: (path, bytes) => {
      if (this.#left === 0 && this.#torn)
        this.#seen.set(path, Buffer.from(bytes.subarray(0, bytes.length / 2)));
      return this.#try(() => {
        if (this.#full) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
        this.#seen.set(path, Buffer.from(bytes));
      });
    },
    rename: (from, to) =>
      this.#try(() => {
        const bytes = this.#seen.get(from);
        if (bytes === undefined) throw new Error(`ENOENT: ${from}`);
        this.#seen.set(to, bytes);
        this.#seen.delete(from);
      }),
    syncFolder: (folder) =>
      this.#try(() => {
        const inside = (path: string): boolean =>
          path.startsWith(`${folder}/`) && !path.slice(folder.length + 1).includes('/');
        for (const path of [...this.#durable.keys()])
          if (inside(path) && !this.#seen.has(path)) this.#durable.delete(path);
        for (const [path, bytes] of this.#seen) if (inside(path)) this.#durable.set(path, bytes);
      }),
    remove: (path) =>
      this.#try(() => {
        this.#seen.delete(path);
      }),
    freeBytes: () => Promise.resolve(Infinity),
  };

  async #try(change: () => void): Promise<void> {
    await Promise.resolve();
    this.#change();
    change();
  }
}
