/**
 * A disk as Linux has it: a sync that fails leaves what was written in memory, taken for clean, and later syncs succeed
 * without it. Whatever a start reads from there must be on the disk before anything is answered behind it.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AppendFile, JournalStorage } from '../../../src/journal/storage.ts';
import { fileStorage } from '../../../src/journal/storage.ts';
import type { TallyJournal } from '../../support/tally-journal.ts';
import { counted, nothingCounted, openTally } from '../../support/tally-journal.ts';

interface Pages {
  memory: Buffer;
  disk: Buffer;
  /** What a sync would write. */
  dirty: { from: number; to: number }[];
}

class LinuxDisk {
  failing = 0;
  /** Bytes that were written over others. */
  rewritten = 0;
  readonly #files = new Map<string, Pages>();

  powerCut(): void {
    for (const file of this.#files.values()) this.#readAgain(file);
  }

  /** What is clean goes from memory, as when it gets scarce. */
  forget(path: string): void {
    this.#readAgain(this.#file(path));
  }

  #readAgain(file: Pages): void {
    file.memory = Buffer.from(file.disk);
    file.dirty = [];
  }

  #file(path: string): Pages {
    const file = this.#files.get(path);
    if (file === undefined) throw new Error(`ENOENT: ${path}`);
    return file;
  }

  #write(file: Pages, bytes: Uint8Array, from: number): void {
    const to = from + bytes.length;
    const memory = Buffer.alloc(Math.max(file.memory.length, to));
    file.memory.copy(memory);
    memory.set(bytes, from);
    file.memory = memory;
    file.dirty.push({ from, to });
  }

  #sync(file: Pages): Promise<void> {
    const { dirty } = file;
    file.dirty = [];
    if (this.failing > 0) {
      this.failing--;
      return Promise.reject(Object.assign(new Error('i/o error'), { code: 'EIO' }));
    }
    for (const { from, to } of dirty) {
      const disk = Buffer.alloc(Math.max(file.disk.length, to));
      file.disk.copy(disk);
      file.memory.copy(disk, from, from, to);
      file.disk = disk;
    }
    return Promise.resolve();
  }

  #open(path: string): Promise<AppendFile> {
    const file = this.#file(path);
    return Promise.resolve({
      append: (bytes) => this.#write(file, bytes, file.memory.length),
      sync: () => this.#sync(file),
      close: () => undefined,
    });
  }

  readonly storage: JournalStorage = {
    makeFolder: () => Promise.resolve(),
    list: (folder) => Promise.resolve([...this.#files.keys()].map((path) => path.slice(folder.length + 1))),
    openForReading: (path) => {
      const { memory } = this.#file(path);
      const read = (buffer: Uint8Array, at: number) => Promise.resolve(memory.copy(buffer, 0, at));
      return Promise.resolve({ size: memory.length, read, close: () => Promise.resolve() });
    },
    create: (folder, name) => {
      const path = `${folder}/${name}`;
      this.#files.set(path, { memory: Buffer.alloc(0), disk: Buffer.alloc(0), dirty: [] });
      return this.#open(path);
    },
    openForAppend: (path) => this.#open(path),
    rewrite: (path, position, bytes) => {
      this.rewritten += bytes.length;
      this.#write(this.#file(path), bytes, position);
      return Promise.resolve();
    },
    truncate: (path, size) => {
      const file = this.#file(path);
      file.memory = file.memory.subarray(0, size);
      file.disk = file.disk.subarray(0, size);
      return Promise.resolve();
    },
    remove: (folder, name) => {
      this.#files.delete(`${folder}/${name}`);
      return Promise.resolve();
    },
    freeBytes: () => Promise.resolve(Infinity),
  };
}

const open = (disk: LinuxDisk, storage: Partial<JournalStorage> = {}): Promise<TallyJournal> =>
  openTally({ folder: 'j', storage: { ...disk.storage, ...storage }, segmentBytes: 1e9 });

/** A life that ends with a record that was written and never reached the disk. */
async function failedLife(disk: LinuxDisk, kept: readonly string[]): Promise<void> {
  const one = await open(disk);
  for (const text of kept) await one.note(text);
  disk.failing = 1;
  await expect(one.note('never answered')).rejects.toThrow('i/o error');
  await one.journal.close();
}

test('a failed sync, a new start, a power cut: nothing that was answered is gone', async () => {
  const disk = new LinuxDisk();
  await failedLife(disk, ['kept']);
  const again = await open(disk);
  for (const text of ['a', 'b', 'c']) await again.note(text);
  disk.powerCut();
  const third = await open(disk);
  expect([third.journal.damage, third.journal.torn]).toEqual([null, null]);
  expect(third.tally()).toEqual(['kept', 'never answered', 'a', 'b', 'c'].reduce(counted, nothingCounted));
});

test('a sync that goes on failing after the start is no sync either', async () => {
  const disk = new LinuxDisk();
  await failedLife(disk, ['kept']);
  disk.failing = 2;
  const again = await open(disk);
  expect(again.journal.broken?.message).toContain('i/o error');
  expect(await again.journal.recover()).toBeNull();
  expect(await again.journal.recover()).not.toBeNull();
  await again.note('on');
  disk.powerCut();
  const third = await open(disk);
  expect(third.journal.damage).toBeNull();
  expect(third.tally()).toEqual(['kept', 'never answered', 'on'].reduce(counted, nothingCounted));
});

test('no more than one group is written again, however large the segment is', async () => {
  const disk = new LinuxDisk();
  await failedLife(
    disk,
    Array.from({ length: 8 }, (_, i) => String(i).repeat(200_000)),
  );
  disk.rewritten = 0;
  const again = await open(disk);
  expect(disk.rewritten).toBe(1024 * 1024);
  await again.note('on');
  disk.powerCut();
  expect((await open(disk)).journal.head).toEqual(again.journal.head);
});

test('what memory gave up after it was read is missed, and not written over with something else', async () => {
  const disk = new LinuxDisk();
  await failedLife(disk, ['kept']);
  const again = await open(disk, {
    openForAppend: (path) => {
      disk.forget(path);
      return disk.storage.openForAppend(path);
    },
  });
  expect(again.journal.broken).toMatchObject({ code: 'journal-unwritable' });
  expect(again.journal.broken?.message).toContain('00000001.jsonl is not what was read before');
  expect((await open(disk)).tally()).toEqual(counted(nothingCounted, 'kept'));
});

test('on a real file the bytes are written where they stand, never behind the others', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'siteward-journal-'));
  try {
    const path = join(folder, 'file');
    writeFileSync(path, 'one two three');
    await fileStorage.rewrite(path, 4, Buffer.from('TWO'));
    expect(readFileSync(path, 'utf8')).toBe('one TWO three');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
