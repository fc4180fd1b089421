/** The segments that a start does not read: proved while records are written; what is damaged there stops them, too. */
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSiteJournal } from '../../../src/daemon/site-journal.ts';
import { systemClock } from '../../../src/daemon/system-clock.ts';
import type { JournalOptions } from '../../../src/journal/journal.ts';
import { fileStorage } from '../../../src/journal/storage.ts';
import type { JournalStorage } from '../../../src/journal/storage.ts';
import type { TallyFolder, TallyJournal } from '../../support/tally-journal.ts';
import { tallyFolder } from '../../support/tally-journal.ts';

let folder: string;
let open: TallyFolder['open'];
let close: TallyFolder['close'];

beforeEach(() => {
  ({ folder, open, close } = tallyFolder());
});

afterEach(() => close());

async function withNotes(count: number, options: Partial<JournalOptions> = {}): Promise<void> {
  const one = await open(options);
  for (let i = 0; i < count; i++) await one.note(`note ${i}`);
  await one.journal.close();
}

const segments = (): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort();
const keepFour = { bytes: null, ageMs: null, segments: 4 };

function change(name: string, from: string | RegExp, to: string): void {
  const path = join(folder, name);
  const text = readFileSync(path, 'utf8');
  expect(text).toMatch(from);
  writeFileSync(path, text.replace(from, to));
}

const prove = (
  { journal }: TallyJournal,
  pause: () => Promise<void> = turn,
  signal = new AbortController().signal,
): Promise<void> => journal.proveOlder({ signal, pause });

describe('older segments', () => {
  test('that are whole change nothing, from the very first or from a checkpoint on', async () => {
    await withNotes(20);
    const all = await open();
    await prove(all);
    expect(all.journal.broken).toBeNull();
    await withNotes(20, { retention: keepFour });
    expect(segments()).not.toContain('00000001.jsonl');
    const kept = await open();
    await prove(kept);
    expect(kept.journal.broken).toBeNull();
    expect(await kept.note('on')).toMatchObject({ kind: 'noted' });
  });

  test('that were changed end all appends, and the line is named', async () => {
    await withNotes(20);
    change('00000002.jsonl', /"text":"note \d"/, '"text":"other"');
    const one = await open();
    expect(one.journal.broken).toBeNull();
    await prove(one);
    expect(one.journal.broken).toMatchObject({ code: 'journal-damaged' });
    expect(one.journal.broken?.message).toMatch(
      /^journal: 00000002\.jsonl line \d: changed: .*; run: siteward journal verify$/,
    );
    await expect(one.note('on')).rejects.toMatchObject({ code: 'journal-damaged' });
    expect(await one.journal.recover()).toBeNull();
  });

  test('whose last line was changed are damage at that line', async () => {
    await withNotes(20);
    const before = segments().at(-3) ?? '';
    const lines = readFileSync(join(folder, before), 'utf8').split('\n').length - 1;
    change(before, /"text":"note \d+"(?=\}\n$)/, '"text":"other"');
    const one = await open();
    await prove(one);
    expect(one.journal.broken?.message).toContain(`journal: ${before} line ${lines}: changed`);
  });

  test.each([
    ['"count":', '"count":1', 4],
    ['"v":1', '"v":7', 4],
    ['"count":', '"count":1', 2],
  ])(
    'whose first one begins with a changed checkpoint are no remains: %s, %s, of %i',
    async (from, to, kept) => {
      await withNotes(30, { retention: { ...keepFour, segments: kept } });
      const [first = ''] = segments();
      change(first, from, to);
      const one = await open();
      expect(one.tally().count).toBe(30);
      await prove(one);
      expect(one.journal.broken?.message).toContain(`journal: ${first} line 1`);
    },
  );

  test('of which one is missing are found at the start, by the names alone', async () => {
    await withNotes(30);
    rmSync(join(folder, '00000003.jsonl'));
    const one = await open();
    expect(one.journal.damage).toEqual({
      file: '00000003.jsonl',
      line: 0,
      reason: 'the segment is missing',
    });
    // What the newest checkpoints say is known all the same.
    expect(one.tally().count).toBe(30);
    await expect(one.note('on')).rejects.toMatchObject({ code: 'journal-damaged' });
  });

  test('that go while they are read are no damage, and the rest is proved', async () => {
    await withNotes(30);
    const damaged = segments().at(-4) ?? '';
    change(damaged, /"text":"note \d+"/, '"text":"other"');
    for (const drop of [3, segments().length - 2]) {
      const one = await open();
      let blocks = 0;
      await prove(one, async () => {
        if (++blocks === 2)
          for (const name of segments().slice(0, drop)) await fileStorage.remove(folder, name);
      });
      expect(one.journal.broken === null).toBe(drop > 3);
      await one.journal.close();
    }
  });

  test('are not read on when the daemon ends', async () => {
    await withNotes(30);
    change('00000004.jsonl', /"text":"note \d+"/, '"text":"other"');
    let reads = 0;
    const storage: JournalStorage = {
      ...fileStorage,
      openForReading: (path) => {
        reads++;
        return fileStorage.openForReading(path);
      },
    };
    const one = await open({ storage });
    const ending = new AbortController();
    reads = 0;
    await prove(one, () => Promise.resolve(ending.abort()), ending.signal);
    expect(reads).toBeLessThan(4);
    expect(one.journal.broken).toBeNull();
  });

  test('found damaged while the disk is tried again: it stays at that', async () => {
    await withNotes(20);
    change('00000002.jsonl', /"text":"note \d"/, '"text":"other"');
    let isBroken = false;
    let proving: Promise<void> | null = null;
    const storage: JournalStorage = {
      ...fileStorage,
      openForAppend: async (path) => {
        if (isBroken) await (proving ??= prove(one));
        const file = await fileStorage.openForAppend(path);
        const append = (bytes: Uint8Array): void => {
          if (isBroken) throw new Error('no space left');
          file.append(bytes);
        };
        return { append, sync: () => file.sync(), close: () => file.close() };
      },
    };
    const one = await open({ storage, segmentBytes: 1e6 });
    isBroken = true;
    await expect(one.note('lost')).rejects.toThrow('no space left');
    expect(await one.journal.recover()).toBeNull();
    expect(one.journal.broken).toMatchObject({ code: 'journal-damaged' });
    await expect(one.note('on')).rejects.toMatchObject({ code: 'journal-damaged' });
  });

  test('found damaged while a record is on its way: it ends as it does, the one behind it is refused', async () => {
    await withNotes(20);
    change('00000002.jsonl', /"text":"note \d"/, '"text":"other"');
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let isHolding = false;
    const storage: JournalStorage = {
      ...fileStorage,
      openForAppend: async (path) => {
        const file = await fileStorage.openForAppend(path);
        const sync = (): Promise<void> => (isHolding ? held.then(() => file.sync()) : file.sync());
        return { append: (bytes) => file.append(bytes), sync, close: () => file.close() };
      },
    };
    const one = await open({ storage, segmentBytes: 1e6 });
    isHolding = true;
    const first = one.note('on its way');
    await turn();
    await turn();
    const second = one.note('behind it');
    const proving = prove(one);
    const refused = expect(second).rejects.toMatchObject({ code: 'journal-damaged' });
    while (one.journal.broken === null) await turn();
    release();
    expect(await first).toMatchObject({ text: 'on its way' });
    await refused;
    await proving;
    expect((await open()).journal.head).toEqual(one.journal.head);
  });
});

test('a running site proves them by itself, and ends at once', async () => {
  const settings = {
    site: 'bud-01',
    state: join(folder, '..'),
    journal: { segmentBytes: 2_000, keep: { bytes: null, ageMs: null, segments: null } },
  };
  const started = { kind: 'daemon-started', nonce: 'n', version: '1', trust: {} } as const;
  const openSite = async () => {
    const site = await openSiteJournal(settings, systemClock, (error) => {
      throw error;
    });
    await site.begin('d'.repeat(32), started);
    return site;
  };
  const first = await openSite();
  for (let i = 0; i < 60; i++) await first.ledger.append({ kind: 'daemon-stopped' });
  await first.journal.close();
  expect(segments().length).toBeGreaterThan(4);
  change('00000002.jsonl', '"daemon-stopped"', '"daemon-stepped"');
  const again = await openSite();
  expect(again.journal.broken).toBeNull();
  const ending = new AbortController();
  const log = (): void => undefined;
  const keeping = again.keep({ signal: ending.signal, log, onRecovered: log });
  while (again.journal.broken === null) await turn();
  expect(again.journal.broken.message).toMatch(/00000002\.jsonl line \d+: changed/);
  await expect(again.ledger.append({ kind: 'daemon-stopped' })).rejects.toMatchObject({
    code: 'journal-damaged',
  });
  ending.abort();
  await keeping;
  await again.journal.close();
});
