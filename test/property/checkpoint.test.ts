/** Whatever was recorded and wherever it is cut: the fold of everything is the checkpoint and the fold of the rest. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SitewardRecord } from '../../src/core/rollout/events.ts';
import { checkpointOf, restoreCheckpoint } from '../../src/core/site-checkpoint.ts';
import type { SiteState } from '../../src/core/site-state.ts';
import { foldRecord } from '../../src/core/site-fold.ts';
import { deviceState, emptySiteState } from '../../src/core/site-state.ts';
import { CrashingDisk } from '../support/crashing-disk.ts';
import { sampleJournals } from '../support/sample-journals.ts';
import { counted, nothingCounted, openTally } from '../support/tally-journal.ts';

const samples = ['confirmed.jsonl', 'rolled-back.jsonl', 'crash-while-applying.jsonl'];
/** Records of the samples that are about the site and come first in each. */
const shared = 2;

function recordsOf(sample: string, device: string, rollout: string): SitewardRecord[] {
  const text = sampleJournals().get(sample)?.toString('utf8') ?? '';
  const lines = text.trimEnd().split('\n').slice(shared);
  return lines.map(
    (line) =>
      JSON.parse(
        line.replaceAll('gw1', device).replaceAll('3f9ac0de5511', rollout).replaceAll('-1"', `-${rollout}"`),
      ) as SitewardRecord,
  );
}

const note = (kind: string, fields: object): SitewardRecord =>
  ({
    kind,
    seq: 0,
    at: '2026-11-21T10:00:00.000Z',
    actor: 'uid:1000',
    ...fields,
  }) as unknown as SitewardRecord;

const orders = fc.constantFrom(
  note('held', { device: null, reason: 'storm', until: null }),
  note('held', { device: 'gw1', reason: 'antenna', until: '2026-11-21T14:00:00Z' }),
  note('released', { device: null }),
  note('retry', { device: 'gw2' }),
  note('quarantined', { device: 'gw2', reason: 'rejected', plan: 'p', base: 'b' }),
  note('commit-refused', { commit: 'c', code: 'history-rewound', message: 'no' }),
  note('journal-recovered', { code: 'journal-unwritable', message: 'full', bytes: 0, file: null }),
  note('daemon-started', { nonce: 'n', version: '1', trust: {} }),
);

/** One device's rollouts after each other, the last one perhaps cut off; no device shares a record with another. */
const deviceStory = (device: string) =>
  fc
    .tuple(
      fc.array(fc.constantFrom(...samples.slice(0, 2)), { maxLength: 3 }),
      fc.constantFrom(...samples),
      fc.nat(30),
    )
    .map(([whole, last, length]) => [
      ...whole.flatMap((sample, i) => recordsOf(sample, device, `${device}-${i}`)),
      ...recordsOf(last, device, `${device}-last`).slice(0, length),
    ]);

const story = fc
  .tuple(deviceStory('gw1'), deviceStory('gw2'), deviceStory('ap-3'), fc.array(orders, { maxLength: 8 }))
  .chain((lanes) =>
    fc.array(fc.nat(lanes.length - 1), { minLength: 20, maxLength: 160 }).map((order) => {
      const left = lanes.map((lane) => [...lane]);
      return order.flatMap((lane) => left[lane]?.shift() ?? []);
    }),
  );

function folded(records: readonly SitewardRecord[], state = emptySiteState()): SiteState {
  for (const record of records) foldRecord(state, record);
  return state;
}

function restored(state: SiteState): SiteState {
  const fresh = emptySiteState();
  // As it stands in the journal.
  const parts = JSON.parse(JSON.stringify(checkpointOf(state))) as ReturnType<typeof checkpointOf>;
  restoreCheckpoint(fresh, parts);
  return fresh;
}

describe('the state of a site', () => {
  test('is the same from all records as from a checkpoint and the rest, for any cut', () => {
    fc.assert(
      fc.property(story, fc.nat(1000), (records, permille) => {
        const cut = Math.floor((records.length * permille) / 1000);
        const whole = folded(records);
        const resumed = folded(records.slice(cut), restored(folded(records.slice(0, cut))));
        expect(resumed).toEqual(whole);
        expect(checkpointOf(resumed)).toEqual(checkpointOf(whole));
      }),
      { numRuns: 300 },
    );
  });

  test('keeps provenance, marks and challenges of thousands of items, none in a line that is too long', () => {
    const state = folded(recordsOf('crash-while-applying.jsonl', 'gw1', 'a'));
    const { own } = deviceState(state, 'gw1');
    for (let i = 0; i < 5000; i++) own.set(`/ip firewall address-list 192.0.2.${i}`, 'd'.repeat(64));
    const parts = checkpointOf(state);
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) expect(Buffer.byteLength(JSON.stringify(part))).toBeLessThan(200_000);
    expect(restored(state)).toEqual(state);
  });

  test('a checkpoint with a field that this version does not know is refused, not cut down', () => {
    const parts = [{ part: 1, parts: 1, state: [{ at: ['devices', 'gw1'], put: { mood: 'good' } }] }];
    expect(() => restoreCheckpoint(emptySiteState(), parts)).toThrow(/devices\.gw1\.mood.*start the version/);
    const deep = [{ part: 1, parts: 1, state: [{ at: ['moods', 'gw1'], put: { a: 1 } }] }];
    expect(() => restoreCheckpoint(emptySiteState(), deep)).toThrow(/moods/);
  });

  test('what JSON would lose is no state: a defect, not a checkpoint', () => {
    const state = { ...emptySiteState(), accepted: new Set(['c']) } as unknown as SiteState;
    expect(() => checkpointOf(state)).toThrow(/accepted can't be kept/);
  });
});

describe('a journal with checkpoints and retention that loses power again and again', () => {
  const life = fc.record({
    groups: fc.array(fc.array(fc.nat(200), { minLength: 1, maxLength: 5 }), { maxLength: 8 }),
    steps: fc.nat(40),
    cut: fc.constantFrom('before' as const, 'half' as const),
    kept: fc.nat(1000),
    holes: fc.array(fc.nat(40), { maxLength: 4 }),
  });

  test('counts every answered record once, whatever segments are left', async () => {
    const property = fc.asyncProperty(
      fc.array(life, { minLength: 1, maxLength: 6 }),
      fc.constantFrom(1, 2, 5),
      fc.integer({ min: 1, max: 3 }),
      async (lives, segments, parts) => {
        const disk = new CrashingDisk();
        const retention = { bytes: null, ageMs: null, segments };
        const open = () =>
          openTally({ folder: 'j', storage: disk.storage, retention, segmentBytes: 700 }, parts);
        /** What may be there: everything answered, and of what was in flight any number from the front. */
        let possible = [nothingCounted];
        for (const { groups, steps, cut, kept, holes } of lives) {
          disk.cutAfter(steps, cut);
          const one = await open();
          expect(one.journal.damage).toBeNull();
          expect(possible).toContainEqual(one.tally());
          if (one.journal.broken === null) possible = [one.tally()];
          for (const group of groups) {
            const texts = group.map((length, i) => `${i}`.repeat(length));
            const results = await Promise.allSettled(texts.map((text) => one.note(text)));
            const failed = results.findIndex((result) => result.status === 'rejected');
            if (failed < 0) {
              possible = [one.tally()];
              continue;
            }
            let tally = one.tally();
            if (one.journal.broken !== null && possible.length === 1)
              possible = [tally, ...texts.slice(failed).map((text) => (tally = counted(tally, text)))];
          }
          await one.journal.close();
          disk.restart({ kept, holes });
        }
        const last = await open();
        expect(last.journal.damage).toBeNull();
        expect(possible).toContainEqual(last.tally());
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });
});
