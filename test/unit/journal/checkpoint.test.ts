/** Segments that begin with a checkpoint: what goes, what is read at the next start, and what a crash in between leaves. */
import { readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RecordEnvelope } from '../../../src/core/journal.ts';
import { openJournal } from '../../../src/journal/journal.ts';
import type { JournalOptions } from '../../../src/journal/journal.ts';
import { segmentsToDrop } from '../../../src/journal/segments.ts';
import { CrashingDisk } from '../../support/crashing-disk.ts';
import type { Tally, TallyFolder } from '../../support/tally-journal.ts';
import { counted, nothingCounted, openTally, tallyFolder } from '../../support/tally-journal.ts';

let folder: string;
let open: TallyFolder['open'];
let close: TallyFolder['close'];

beforeEach(() => {
  ({ folder, open, close } = tallyFolder());
});

afterEach(() => close());

async function withNotes(count: number, options: Partial<JournalOptions> = {}): Promise<Tally> {
  const one = await open(options);
  for (let i = 0; i < count; i++) await one.note(`note ${i}`);
  await one.journal.close();
  return one.tally();
}

async function proof(): Promise<{ begin: number; kinds: string[]; damage: unknown; seqs: number[] }> {
  const records: RecordEnvelope[] = [];
  const onRecord = (record: RecordEnvelope): number => records.push(record);
  const { begin, damage } = await openJournal({ folder, clock: Date, onRecord, readOnly: true });
  return {
    begin: begin.seq,
    kinds: records.map((one) => one.kind),
    damage,
    seqs: records.map((one) => one.seq),
  };
}

const segments = (): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort();
const keepTwo = { bytes: null, ageMs: null, segments: 2 };
const firstLine = (name: string): string => readFileSync(join(folder, name), 'utf8').split('\n')[0] ?? '';

describe('a checkpoint', () => {
  test('begins every segment but the first, in the chain', async () => {
    await withNotes(12);
    expect(segments().length).toBeGreaterThan(2);
    for (const name of segments().slice(1)) expect(firstLine(name)).toContain('"kind":"checkpoint"');
    const { damage, seqs } = await proof();
    expect(damage).toBeNull();
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  });

  test('is where a start begins to read, one whole segment before the newest', async () => {
    const tally = await withNotes(20);
    const again = await open();
    expect(again.tally()).toEqual(tally);
    const begins = JSON.parse(firstLine(segments().at(-2) ?? '')) as { seq: number };
    expect(again.read[0]).toBe(begins.seq);
    expect(again.journal.begin.seq).toBe(begins.seq - 1);
    await again.note('on');
    expect(again.tally()).toEqual(counted(tally, 'on'));
  });

  test('is not made of a state that is not folded to the end; segments follow each other without', async () => {
    await withNotes(12, { checkpoint: () => null, retention: keepTwo });
    expect(segments().length).toBeGreaterThan(2);
    expect((await proof()).kinds).not.toContain('checkpoint');
    expect((await open()).tally().count).toBe(12);
  });

  test('of several megabytes is written by groups, and read again', async () => {
    const states = Array.from({ length: 20 }, () => ({ filler: 'x'.repeat(150_000) }));
    const checkpoint = (): object[] => states.map((state, i) => ({ part: i + 1, parts: 20, state }));
    await withNotes(5, { checkpoint });
    expect(statSync(join(folder, '00000002.jsonl')).size).toBeGreaterThan(3_000_000);
    expect((await open()).journal.damage).toBeNull();
  });
});

describe('retention', () => {
  test('drops the oldest segments, and the rest is a chain that says where it begins', async () => {
    const tally = await withNotes(30, { retention: keepTwo });
    expect(segments().length).toBe(2);
    const { begin, damage, kinds } = await proof();
    expect(damage).toBeNull();
    expect(begin).toBeGreaterThan(10);
    expect(kinds[0]).toBe('checkpoint');
    const again = await open({ retention: keepTwo });
    expect(again.tally()).toEqual(tally);
    expect((await again.note('on')).seq).toBe(again.journal.head.seq);
  });

  test('with nothing kept leaves the newest segment alone, and nothing of the state is lost', async () => {
    const tally = await withNotes(30, { retention: { bytes: 0, ageMs: null, segments: null } });
    expect(segments().length).toBe(1);
    expect((await open()).tally()).toEqual(tally);
  });

  test('goes on when a segment can’t be removed, and tries again behind the next checkpoint', async () => {
    const disk = new CrashingDisk();
    let refusals = 3;
    const storage = {
      ...disk.storage,
      remove: (inside: string, name: string): Promise<void> =>
        refusals-- > 0 ? Promise.reject(new Error('EPERM')) : disk.storage.remove(inside, name),
    };
    const one = await openTally({ folder: 'j', storage, retention: keepTwo });
    for (let i = 0; i < 30; i++) await one.note(`${i}`);
    expect(one.journal.broken).toBeNull();
    expect(disk.names().length).toBe(2);
  });

  const facts = [1, 2, 3, 4].map((number) => ({ number, bytes: 100, endedAtMs: number * 1000 }));
  test.each([
    ['no limit', { bytes: null, ageMs: null, segments: null }, []],
    ['size', { bytes: 350, ageMs: null, segments: null }, [1, 2]],
    ['count, the newest included', { bytes: null, ageMs: null, segments: 2 }, [1, 2, 3]],
    ['whichever is reached first', { bytes: 450, ageMs: 4000, segments: 4 }, [1]],
  ])('by %s', (_, limits, dropped) => {
    expect(segmentsToDrop(facts, 100, limits, 5000)).toEqual(dropped);
  });

  const dayMs = 86_400_000;
  const byAge = { bytes: null, ageMs: 10 * dayMs, segments: null };
  const endedAt = (...days: number[]) =>
    days.map((day, index) => ({ number: index + 1, bytes: 100, endedAtMs: day * dayMs }));

  test.each([
    ['over the limit as of the last segment that is a day old', [1, 5, 12, 18], 18, [1]],
    ['a day is not over yet', [1, 5, 12, 12.9], 12.9, []],
    ['a clock that jumped a year ahead, now', [1, 5, 9, 374], 374, []],
    ['a clock that jumped for hours, through several segments', [1, 5, 374, 374.2, 374.4], 374.4, []],
    ['the same, when it is right again', [1, 5, 374, 374.2, 374.4], 9.6, []],
    ['some that were begun with a clock ahead are kept longer', [1, 374, 374, 374, 374], 30, []],
  ])('by age: %s', (_, ends, now, dropped) => {
    expect(segmentsToDrop(endedAt(...ends), 100, byAge, now * dayMs)).toEqual(dropped);
  });

  test('a clock that jumps ahead or back for a few segments drops none that are young', async () => {
    const start = Date.parse('2026-11-21T10:00:00.000Z');
    const disk = new CrashingDisk();
    let nowMs = start;
    const retention = { bytes: null, ageMs: 10 * dayMs, segments: null };
    const one = await openTally({
      folder: 'j',
      storage: disk.storage,
      clock: { now: () => nowMs },
      retention,
    });
    const noteFor = async (fromMs: number, days: number): Promise<void> => {
      for (let i = 0; i < days * 8; i++) {
        nowMs = fromMs + (i * dayMs) / 8;
        await one.note(`${i}`);
      }
    };
    await one.note('before the next segment');
    await noteFor(0, 1);
    await noteFor(start + dayMs, 4);
    await noteFor(start + 365 * dayMs, 0.75);
    await noteFor(start + 6 * dayMs, 2);
    expect(disk.names()).toContain('j/00000001.jsonl');
    const many = disk.names().length;
    await noteFor(start + 400 * dayMs, 3);
    expect(disk.names()).not.toContain('j/00000001.jsonl');
    expect(disk.names().length).toBeLessThan(many);
  });
});

describe('what is wrong with a journal that was cut at its beginning', () => {
  test('a first segment that begins with no checkpoint is named', async () => {
    await withNotes(12, { checkpoint: () => null });
    rmSync(join(folder, '00000001.jsonl'));
    const again = await open();
    expect(again.journal.damage).toMatchObject({ file: '00000002.jsonl', line: 1 });
    expect(again.journal.broken?.code).toBe('journal-damaged');
  });

  test('half a checkpoint is none', async () => {
    await withNotes(8);
    const name = segments().at(-1) ?? '';
    for (const other of segments().slice(0, -1)) rmSync(join(folder, other));
    const [line = ''] = readFileSync(join(folder, name), 'utf8').split('\n');
    writeFileSync(join(folder, name), `${line}\n`);
    expect((await open()).journal.damage).toMatchObject({ file: name, line: 1 });
  });

  test('a changed checkpoint is found by who reads over it', async () => {
    const tally = await withNotes(12);
    const name = segments().at(-2) ?? '';
    const text = readFileSync(join(folder, name), 'utf8');
    writeFileSync(join(folder, name), text.replace('"count":', '"count":1'));
    const again = await open();
    expect(again.tally()).not.toEqual(tally);
    expect(again.journal.damage).toMatchObject({ file: name, line: 1 });
  });

  test('a checkpoint whose writing was cut off leaves the one before to begin with', async () => {
    const tally = await withNotes(12);
    const name = segments().at(-1) ?? '';
    truncateSync(join(folder, name), firstLine(name).length + 20);
    const again = await open();
    expect(again.journal.damage).toBeNull();
    expect(again.journal.torn?.bytes).toBe(19);
    expect(again.tally().count).toBeLessThan(tally.count + 1);
    await again.note('on');
    await again.journal.close();
    expect((await proof()).damage).toBeNull();
  });
});

describe('the power goes at each write, sync, creation and removal', () => {
  const notes = Array.from({ length: 18 }, (_, i) => `note ${i}`);
  const talliesOf = (): Tally[] => {
    const all = [nothingCounted];
    for (const text of notes) all.push(counted(all.at(-1) ?? nothingCounted, text));
    return all;
  };

  /** One life that ends after `steps`; null: it went to its end. Returns how much was answered. */
  async function life(disk: CrashingDisk, steps: number, cut: 'before' | 'half'): Promise<number | null> {
    disk.cutAfter(steps, cut);
    const one = await openTally({ folder: 'j', storage: disk.storage, retention: keepTwo }, 3);
    for (const [index, text] of notes.entries()) {
      try {
        await one.note(text);
      } catch {
        return index;
      }
    }
    return null;
  }

  test.each([
    ['before', 0],
    ['before', 1000],
    ['half', 0],
    ['half', 500],
    ['half', 1000],
  ] as const)('%s the call, %i thousandths kept: every answered record counts once', async (cut, kept) => {
    const tallies = talliesOf();
    let points = 0;
    for (let steps = 0; ; steps++) {
      const disk = new CrashingDisk();
      const answered = await life(disk, steps, cut);
      if (answered === null) break;
      points++;
      disk.restart({ kept, holes: [] });
      const again = await openTally({ folder: 'j', storage: disk.storage, retention: keepTwo }, 3);
      const where = `after ${steps} steps, with ${disk.names().join(' ')}`;
      expect([again.journal.damage, again.journal.broken], where).toEqual([null, null]);
      // The one in flight may have reached the disk; nothing else may be there, and nothing be gone.
      expect(tallies.slice(answered, answered + 2), where).toContainEqual(again.tally());
      for (let i = 0; i < 6; i++) await again.note(`later ${i}`);
      const third = await openTally({ folder: 'j', storage: disk.storage });
      expect(third.tally(), where).toEqual(again.tally());
    }
    expect(points).toBeGreaterThan(40);
  });
});
