/** The journal on a real disk: chain, groups, segments, torn tails, damage, and disks that break. */
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { JournalError } from '../../../src/core/errors.ts';
import type { RecordEnvelope } from '../../../src/core/journal.ts';
import { openJournal } from '../../../src/journal/journal.ts';
import type { Journal, JournalOptions } from '../../../src/journal/journal.ts';
import { fileStorage } from '../../../src/journal/storage.ts';
import type { AppendFile, JournalStorage } from '../../../src/journal/storage.ts';

const clock = { now: () => Date.parse('2026-11-21T10:00:00.000Z') };
let folder: string;
let opened: Journal[];

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'siteward-journal-')), 'journal');
  opened = [];
});

afterEach(async () => {
  for (const journal of opened) await journal.close();
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

async function open(
  options: Partial<JournalOptions> = {},
): Promise<{ journal: Journal; records: RecordEnvelope[] }> {
  const records: RecordEnvelope[] = [];
  const journal = await openJournal({
    folder,
    clock,
    onRecord: (record) => records.push(record),
    ...options,
  });
  opened.push(journal);
  return { journal, records };
}

const note = (text: string) => ({ kind: 'noted', actor: 'daemon', text });
const segment = (number = 1) => join(folder, `0000000${number}.jsonl`);

async function withRecords(count: number): Promise<void> {
  const { journal } = await open();
  for (let i = 1; i <= count; i++) await journal.append(note(`record ${i}`));
  await journal.close();
}

describe('a journal that is well', () => {
  test('a new one is empty, its folder and file are the owner’s alone', async () => {
    const { journal, records } = await open();
    expect(records).toEqual([]);
    expect(journal.head).toEqual({ seq: 0, hash: '0'.repeat(64) });
    expect([journal.broken, journal.torn, journal.damage]).toEqual([null, null, null]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(segment()).mode & 0o777).toBe(0o600);
  });

  test('what was appended is what a later open replays, in order, and the chain goes on', async () => {
    const first = await open();
    const appended = await Promise.all([1, 2, 3].map((i) => first.journal.append(note(`record ${i}`))));
    const { head } = first.journal;
    await first.journal.close();
    const second = await open();
    expect(second.records).toEqual(appended);
    expect(second.journal.head).toEqual(head);
    const next = await second.journal.append(note('record 4'));
    expect(next).toMatchObject({ v: 1, seq: 4, prev: head.hash, at: '2026-11-21T10:00:00.000Z' });
  });

  test('the head shown is what is durable, never what is queued', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { journal } = await open({
      storage: breaking({ sync: (file) => held.then(() => file.sync()) }, 1),
    });
    const appended = journal.append(note('queued'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(journal.head.seq).toBe(0);
    release();
    await appended;
    expect(journal.head.seq).toBe(1);
  });

  test('records that arrive together share one write and one sync', async () => {
    let syncs = 0;
    const { journal } = await open({
      storage: breaking({
        sync: (file) => {
          syncs++;
          return file.sync();
        },
      }),
    });
    await Promise.all(Array.from({ length: 64 }, (_, i) => journal.append(note(`${i}`))));
    expect(journal.head.seq).toBe(64);
    expect(syncs).toBe(1);
  });

  test('a segment that is full is followed by one that chains on', async () => {
    const { journal } = await open({ segmentBytes: 500 });
    for (let i = 0; i < 12; i++) await journal.append(note(`record ${i}`));
    await journal.close();
    expect(readdirSync(folder).length).toBeGreaterThan(2);
    const again = await open();
    expect(again.records.map((record) => record.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(again.journal.damage).toBeNull();
  });

  test('two megabytes of records arrive at once and none is lost', async () => {
    const { journal } = await open();
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => journal.append(note(`${i}`.padEnd(100_000, 'x')))),
    );
    await journal.close();
    expect((await open()).records.length).toBe(20);
  });

  test('no group is larger than what may be taken for torn', async () => {
    const sizes: number[] = [];
    const append = (file: AppendFile, bytes: Uint8Array): void => {
      sizes.push(bytes.length);
      file.append(bytes);
    };
    const { journal } = await open({ storage: breaking({ append }) });
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => journal.append(note(`${i}`.padEnd(100_000, 'x')))),
    );
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1024 * 1024);
  });

  test('what a killed process wrote without syncing is synced before it counts', async () => {
    await withRecords(2);
    let syncs = 0;
    const sync = (file: AppendFile): Promise<void> => (syncs++, file.sync());
    await open({ storage: breaking({ sync }) });
    expect(syncs).toBe(1);
  });

  test('a reader beside it changes nothing and can’t append', async () => {
    await withRecords(2);
    appendFileSync(segment(), '{"v":1,"seq":3');
    const before = readFileSync(segment());
    const { journal, records } = await open({ readOnly: true });
    expect(records.length).toBe(2);
    expect(journal.torn).toEqual({ bytes: 14, file: segment() });
    await expect(journal.append(note('no'))).rejects.toMatchObject({ code: 'journal-unwritable' });
    expect(readFileSync(segment())).toEqual(before);
    expect(readdirSync(folder)).toEqual(['00000001.jsonl']);
  });
});

describe('a torn tail', () => {
  const tails: [string, string][] = [
    ['a line that was cut', '{"v":1,"seq":4,"at":"2026-'],
    ['NULs', '\0'.repeat(5000)],
    ['a cut line and NULs behind it', `{"v":1,"seq":4${'\0'.repeat(4096)}`],
    ['garbage with an end', 'garbage\nmore garbage\n'],
  ];
  test.each(tails)('%s is set aside, cut off, and the chain goes on', async (_, tail) => {
    await withRecords(3);
    const whole = readFileSync(segment());
    appendFileSync(segment(), tail);
    const { journal, records } = await open();
    expect(records.length).toBe(3);
    expect(journal.damage).toBeNull();
    const torn = journal.torn;
    expect(torn?.bytes).toBe(tail.length);
    expect(readFileSync(torn?.file ?? '', 'latin1')).toBe(tail);
    expect(readFileSync(segment())).toEqual(whole);
    expect((await journal.append(note('on'))).seq).toBe(4);
  });

  test('a hole of NULs with records of the same group behind it is torn, too', async () => {
    await withRecords(3);
    const bytes = readFileSync(segment());
    const third = bytes.lastIndexOf(10, bytes.length - 2) + 1;
    const second = bytes.lastIndexOf(10, third - 2) + 1;
    writeFileSync(segment(), bytes.fill(0, second, third - 30));
    const { journal, records } = await open();
    expect(records.map((record) => record.seq)).toEqual([1]);
    expect(journal.torn).not.toBeNull();
  });

  test('a file cut at any byte keeps every whole line before the cut', async () => {
    await withRecords(3);
    const bytes = readFileSync(segment());
    const lines = bytes.toString('utf8').split('\n');
    for (let size = 0; size <= bytes.length; size += 7) {
      writeFileSync(segment(), bytes);
      truncateSync(segment(), size);
      const { journal, records } = await open();
      const whole = lines.filter((_, i) => lines.slice(0, i + 1).join('\n').length + 1 <= size).length;
      expect(records.length, `cut at ${size}`).toBe(whole);
      expect(journal.broken).toBeNull();
      await journal.close();
    }
  });
});

describe('damage', () => {
  const damaged: [string, (text: string) => string, number, number][] = [
    ['a changed text', (text) => text.replace('record 2', 'record X'), 2, 1],
    ['a changed text right before the end', (text) => text.replace('record 3', 'record X'), 3, 2],
    ['a changed prev', (text) => text.replace(/(seq":3,.*?"prev":")[0-9a-f]{8}/, '$100000000'), 3, 2],
    ['a line that is no record', (text) => text.replace(/^.*record 2.*$/m, 'hello'), 2, 1],
    ['a line taken out', (text) => text.replace(/^.*record 2.*\n/m, ''), 2, 1],
    ['a line there twice', (text) => text.replace(/^(.*record 2.*\n)/m, '$1$1'), 3, 2],
    ['lines swapped', (text) => text.replace(/^(.*record 2.*\n)(.*record 3.*\n)/m, '$2$1'), 2, 1],
    ['another version', (text) => text.replace('{"v":1,"seq":2', '{"v":2,"seq":2'), 2, 1],
  ];
  test.each(damaged)(
    '%s is named, what is before it is replayed, nothing more is written',
    async (_, change, line, replayed) => {
      await withRecords(4);
      const changed = change(readFileSync(segment(), 'utf8'));
      writeFileSync(segment(), changed);
      const { journal, records } = await open();
      expect(journal.damage).toMatchObject({ file: '00000001.jsonl', line });
      expect(records.length).toBe(replayed);
      expect(journal.head.seq).toBe(replayed);
      expect(journal.broken?.code).toBe('journal-damaged');
      await expect(journal.append(note('no'))).rejects.toMatchObject({ code: 'journal-damaged' });
      expect(readFileSync(segment(), 'utf8')).toBe(changed);
    },
  );

  test('what would be a torn tail is damage in a segment that is not the last', async () => {
    const { journal } = await open({ segmentBytes: 300 });
    for (let i = 0; i < 6; i++) await journal.append(note(`record ${i}`));
    await journal.close();
    truncateSync(segment(1), statSync(segment(1)).size - 10);
    expect((await open()).journal.damage).toMatchObject({
      file: '00000001.jsonl',
      reason: 'the line has no end',
    });
  });

  test('a missing segment is named', async () => {
    const { journal } = await open({ segmentBytes: 300 });
    for (let i = 0; i < 8; i++) await journal.append(note(`record ${i}`));
    await journal.close();
    rmSync(segment(2));
    expect((await open()).journal.damage).toMatchObject({ file: '00000002.jsonl', line: 0 });
  });

  test('a tail larger than any group is not taken for torn', async () => {
    await withRecords(1);
    appendFileSync(segment(), '\0'.repeat(1024 * 1024 + 1));
    expect((await open()).journal.damage).toMatchObject({ line: 2 });
  });
});

/** The real disk, but for what the test replaces; `after` opens of the file go well first. */
function breaking(
  faults: {
    sync?: (file: AppendFile) => Promise<void>;
    append?: (file: AppendFile, bytes: Uint8Array) => void;
  },
  skip = 0,
): JournalStorage {
  let syncs = 0;
  const wrap = (file: AppendFile): AppendFile => ({
    append: (bytes) => (faults.append === undefined ? file.append(bytes) : faults.append(file, bytes)),
    sync: () => (faults.sync === undefined || syncs++ < skip - 1 ? file.sync() : faults.sync(file)),
    close: () => file.close(),
  });
  return {
    ...fileStorage,
    create: async (inside, name) => wrap(await fileStorage.create(inside, name)),
    openForAppend: async (path) => wrap(await fileStorage.openForAppend(path)),
  };
}

describe('a disk that breaks', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  test('an error of the write is final: every waiter is refused, and later ones too', async () => {
    const { journal } = await open({
      storage: breaking({
        append: () => {
          throw full;
        },
      }),
    });
    const results = await Promise.allSettled([1, 2, 3].map((i) => journal.append(note(`${i}`))));
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'journal-unwritable' } });
      expect((result as PromiseRejectedResult).reason).toBeInstanceOf(JournalError);
    }
    expect(journal.broken).toMatchObject({ code: 'journal-unwritable' });
    expect(journal.head.seq).toBe(0);
    await expect(journal.append(note('later'))).rejects.toMatchObject({ code: 'journal-unwritable' });
  });

  test('an error of the sync is final, although the disk is well again', async () => {
    let failed = false;
    const { journal } = await open({
      storage: breaking({
        sync: (file) => {
          if (failed) return file.sync();
          failed = true;
          return Promise.reject(new Error('EIO: i/o error'));
        },
      }),
    });
    await expect(journal.append(note('lost'))).rejects.toMatchObject({ code: 'journal-unwritable' });
    await expect(journal.append(note('later'))).rejects.toMatchObject({ code: 'journal-unwritable' });
    expect(journal.head.seq).toBe(0);
  });

  test('half a line written before the error is a torn tail for the next open', async () => {
    await withRecords(2);
    const { journal } = await open({
      storage: breaking({
        append: (file, bytes) => {
          file.append(bytes.subarray(0, 40));
          throw full;
        },
      }),
    });
    await expect(journal.append(note('half'))).rejects.toThrow('no space left');
    const again = await open();
    expect(again.records.length).toBe(2);
    expect(again.journal.torn?.bytes).toBe(40);
    expect((await again.journal.append(note('on'))).seq).toBe(3);
  });

  test('a folder that can’t be written is still read', async () => {
    await withRecords(2);
    const { journal, records } = await open({
      storage: {
        ...fileStorage,
        openForAppend: () => Promise.reject(new Error('EROFS: read-only file system')),
      },
    });
    expect(records.length).toBe(2);
    expect(journal.broken?.code).toBe('journal-unwritable');
  });

  test('a folder that can’t be made is an error that names it', async () => {
    writeFileSync(join(folder, '..', 'file'), '');
    await expect(open({ folder: join(folder, '..', 'file', 'journal') })).rejects.toMatchObject({
      code: 'journal-damaged',
    });
  });
});

describe('a record that has no faithful line', () => {
  test.each([
    [{ kind: 'Noted', actor: 'daemon' }],
    [{ kind: 'noted', actor: 'daemon', seq: 7 }],
    [{ kind: 'noted', actor: 'daemon', '1': 'first' }],
    [{ kind: 'noted', actor: 'daemon', text: 'x'.repeat(300_000) }],
  ])('is a defect, and the journal goes on without it: %#', async (record) => {
    const { journal } = await open();
    await expect(journal.append(record)).rejects.toMatchObject({ code: 'assertion-failed' });
    expect((await journal.append(note('next'))).seq).toBe(1);
  });
});
