/** A disk that breaks and gets well: what was never answered is cut off, what was durable is proved, and only then goes on. */
import { describe, expect, test } from 'vitest';
import type { AppendFile, JournalStorage } from '../../../src/journal/storage.ts';
import { CrashingDisk } from '../../support/crashing-disk.ts';
import type { TallyJournal } from '../../support/tally-journal.ts';
import { counted, nothingCounted, openTally } from '../../support/tally-journal.ts';

const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
const ioError = Object.assign(new Error('i/o error'), { code: 'EIO' });
const tooBig = Object.assign(new Error('file too large'), { code: 'EFBIG' });

/** What the disk does at the moment; null: it is well. */
class Faulty {
  readonly disk = new CrashingDisk();
  append: ((file: AppendFile, bytes: Uint8Array) => void) | null = null;
  sync: (() => Promise<void>) | null = null;
  freeBytes = Infinity;
  opened = 0;

  readonly storage: JournalStorage = {
    ...this.disk.storage,
    create: async (folder, name) => {
      if (this.disk.names().includes(`${folder}/${name}`)) throw new Error('EEXIST');
      return this.#wrap(await this.disk.storage.create(folder, name));
    },
    openForAppend: async (path) => {
      this.opened++;
      return this.#wrap(await this.disk.storage.openForAppend(path));
    },
    freeBytes: () => Promise.resolve(this.freeBytes),
  };

  #wrap(file: AppendFile): AppendFile {
    return {
      append: (bytes) => (this.append === null ? file.append(bytes) : this.append(file, bytes)),
      sync: () => (this.sync === null ? file.sync() : this.sync()),
      close: () => file.close(),
    };
  }
}

const open = (faulty: Faulty): Promise<TallyJournal> => openTally({ folder: 'j', storage: faulty.storage });
const half = (file: AppendFile, bytes: Uint8Array): never => {
  file.append(bytes.subarray(0, 50));
  throw full;
};

describe('after an error of the disk', () => {
  test('what was never answered is set aside, the file opened anew, and the chain goes on', async () => {
    const faulty = new Faulty();
    const one = await open(faulty);
    await one.note('kept');
    faulty.append = half;
    await expect(one.note('lost')).rejects.toMatchObject({ code: 'journal-unwritable' });
    faulty.append = null;
    const before = faulty.opened;
    const aside = await one.journal.recover();
    expect(aside?.bytes).toBe(50);
    expect(faulty.disk.names()).toContain(aside?.file);
    expect(faulty.opened).toBe(before + 1);
    expect(one.journal.broken).toBeNull();
    expect(await one.note('on')).toMatchObject({ seq: 2 });
    const again = await open(faulty);
    expect(again.tally()).toEqual(counted(counted(nothingCounted, 'kept'), 'on'));
  });

  test('a failed sync is never taken for well: whole records behind it are cut off, too', async () => {
    const faulty = new Faulty();
    const one = await open(faulty);
    await one.note('kept');
    faulty.sync = () => Promise.reject(ioError);
    const results = await Promise.allSettled(['a', 'b'].map((text) => one.note(text)));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    faulty.sync = null;
    expect(one.journal.head.seq).toBe(1);
    expect((await one.journal.recover())?.bytes).toBeGreaterThan(300);
    expect(await one.note('c')).toMatchObject({ seq: 2 });
  });

  test('records that come while it is broken are refused, and nothing of them is left', async () => {
    const faulty = new Faulty();
    const one = await open(faulty);
    faulty.append = half;
    await expect(one.note('first')).rejects.toThrow('no space left');
    await expect(one.note('second')).rejects.toThrow('no space left');
    faulty.append = null;
    await one.journal.recover();
    expect(await one.note('third')).toMatchObject({ seq: 1 });
  });

  test('it stays broken while the disk is: no room, no new file, no sync', async () => {
    const faulty = new Faulty();
    const one = await open(faulty);
    await one.note('kept');
    faulty.append = half;
    await expect(one.note('lost')).rejects.toThrow();
    expect(await one.journal.recover()).toBeNull();
    faulty.append = null;
    faulty.freeBytes = 1000;
    expect(await one.journal.recover()).toBeNull();
    faulty.freeBytes = Infinity;
    faulty.sync = () => Promise.reject(ioError);
    expect(await one.journal.recover()).toBeNull();
    expect(one.journal.broken?.message).toContain('no space left');
    faulty.sync = null;
    expect(await one.journal.recover()).not.toBeNull();
  });

  test('a durable record that is not there any more is damage, for good', async () => {
    const faulty = new Faulty();
    const one = await open(faulty);
    for (const text of ['a', 'b', 'c']) await one.note(text);
    faulty.sync = () => Promise.reject(ioError);
    await expect(one.note('d')).rejects.toThrow('i/o error');
    faulty.sync = null;
    await faulty.disk.storage.truncate('j/00000001.jsonl', 300);
    expect(await one.journal.recover()).toBeNull();
    expect(one.journal.broken).toMatchObject({ code: 'journal-damaged' });
    expect(one.journal.broken?.message).toContain('00000001.jsonl line 2 was durable');
    expect(await one.journal.recover()).toBeNull();
  });

  test('a file that may not grow further is followed by a new one', async () => {
    const faulty = new Faulty();
    const one = await openTally({ folder: 'j', storage: faulty.storage, segmentBytes: 1e6 });
    await one.note('kept');
    faulty.append = () => {
      throw tooBig;
    };
    await expect(one.note('lost')).rejects.toThrow('file too large');
    faulty.append = null;
    await one.journal.recover();
    await one.note('on');
    expect(faulty.disk.names()).toEqual(['j/00000001.jsonl', 'j/00000002.jsonl']);
    expect((await open(faulty)).journal.damage).toBeNull();
  });

  test('one that could not be opened for writing at the start is opened when it can be', async () => {
    const faulty = new Faulty();
    const first = await open(faulty);
    await first.note('kept');
    await first.journal.close();
    let readOnly = true;
    const storage: JournalStorage = {
      ...faulty.storage,
      openForAppend: (path) =>
        readOnly ? Promise.reject(new Error('EROFS: read-only')) : faulty.storage.openForAppend(path),
    };
    const one = await openTally({ folder: 'j', storage });
    expect(one.journal.broken?.message).toContain('EROFS');
    expect(await one.journal.recover()).toBeNull();
    readOnly = false;
    expect(await one.journal.recover()).toEqual({ bytes: 0, file: null });
    expect(await one.note('on')).toMatchObject({ seq: 2 });
  });

  test('a disk that stays broken is left with one copy of what was set aside, whole in the end', async () => {
    const faulty = new Faulty();
    const one = await open(faulty);
    await one.note('kept');
    faulty.append = half;
    await expect(one.note('lost')).rejects.toThrow();
    faulty.append = null;
    faulty.sync = () => Promise.reject(ioError);
    for (let i = 0; i < 5; i++) expect(await one.journal.recover()).toBeNull();
    faulty.sync = null;
    const aside = await one.journal.recover();
    expect(faulty.disk.names()).toEqual(['j/00000001.jsonl', aside?.file]);
    expect(faulty.disk.durable(aside?.file ?? '').length).toBe(50);
  });

  test('two things that were set aside at the same place are two files', async () => {
    const faulty = new Faulty();
    const one = await open(faulty);
    const files: (string | null | undefined)[] = [];
    for (const kind of ['first', 'second']) {
      faulty.append = (file, bytes) => {
        file.append(Buffer.from(kind));
        return half(file, bytes);
      };
      await expect(one.note('lost')).rejects.toThrow();
      faulty.append = null;
      files.push((await one.journal.recover())?.file);
    }
    expect(new Set(files).size).toBe(2);
    expect(faulty.disk.names()).toEqual(['j/00000001.jsonl', ...files]);
  });

  /** The next segment's name can't be made durable, nor taken away again. */
  async function leavingName(faulty: Faulty): Promise<{ one: TallyJournal; well: () => void }> {
    let isWell = false;
    const readOnly = (): Promise<never> => Promise.reject(new Error('EROFS: read-only'));
    const storage: JournalStorage = {
      ...faulty.storage,
      create: async (folder, name) => {
        const file = await faulty.storage.create(folder, name);
        return isWell || name === '00000001.jsonl' ? file : readOnly();
      },
      remove: (folder, name) => (isWell ? faulty.storage.remove(folder, name) : readOnly()),
    };
    const one = await openTally({ folder: 'j', storage, segmentBytes: 1 });
    await one.note('kept');
    await expect(one.note('lost')).rejects.toThrow('EROFS');
    expect(faulty.disk.names()).toContain('j/00000002.jsonl');
    return { one, well: () => (isWell = true) };
  }

  test('the name of a segment that could not be begun is no obstacle', async () => {
    const faulty = new Faulty();
    const { one, well } = await leavingName(faulty);
    expect(await one.journal.recover()).toBeNull();
    well();
    expect(await one.journal.recover()).not.toBeNull();
    expect(await one.note('on')).toMatchObject({ kind: 'noted' });
    const again = await open(faulty);
    expect(again.journal.damage).toBeNull();
    expect(again.tally()).toEqual(counted(counted(nothingCounted, 'kept'), 'on'));
  });

  test('a segment that another process wrote is not removed, and it is said what to do', async () => {
    const faulty = new Faulty();
    const { one, well } = await leavingName(faulty);
    well();
    (await faulty.disk.storage.openForAppend('j/00000002.jsonl')).append(Buffer.from('x'));
    expect(await one.journal.recover()).toBeNull();
    expect(one.journal.broken?.message).toBe(
      'journal: j/00000002.jsonl was written by another process; restart the daemon',
    );
    expect(faulty.disk.names()).toContain('j/00000002.jsonl');
  });

  test('a closed or damaged journal is never opened again by itself', async () => {
    const faulty = new Faulty();
    const one = await open(faulty);
    await one.journal.close();
    expect(await one.journal.recover()).toBeNull();
  });

  test.each(['append', 'sync'] as const)(
    'at every %s, also of a checkpoint: broken, well again, and every answered record counts once',
    async (call) => {
      for (let failing = 1; failing < 45; failing++) {
        const faulty = new Faulty();
        let calls = 0;
        let expected = nothingCounted;
        const one = await openTally({ folder: 'j', storage: faulty.storage, retention: keepTwo }, 3);
        faulty.append = (file, bytes) => {
          if (call === 'append' && ++calls === failing) half(file, bytes);
          file.append(bytes);
        };
        if (call === 'sync')
          faulty.sync = () => (++calls === failing ? Promise.reject(ioError) : Promise.resolve());
        for (let i = 0; i < 20; i++) {
          const text = `note ${i}`;
          const written = await one.note(text).then(
            () => true,
            () => false,
          );
          if (written) expected = counted(expected, text);
          else expect(await one.journal.recover(), `${call} ${failing}`).not.toBeNull();
        }
        expect(one.tally()).toEqual(expected);
        const again = await open(faulty);
        expect(again.journal.damage, `${call} ${failing}`).toBeNull();
        expect(again.tally(), `${call} ${failing}`).toEqual(expected);
      }
    },
  );
});

const keepTwo = { bytes: null, ageMs: null, segments: 2 };
