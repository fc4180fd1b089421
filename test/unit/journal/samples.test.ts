/** The kept samples: this version still writes them byte for byte, proves their chain, and folds them. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CheckpointPart } from '../../../src/core/journal.ts';
import { checkpointOf } from '../../../src/core/site-checkpoint.ts';
import { replayInto } from '../../../src/core/site-replay.ts';
import { emptySiteState } from '../../../src/core/site-state.ts';
import type { SiteState } from '../../../src/core/site-state.ts';
import { openJournal } from '../../../src/journal/journal.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { sampleJournals } from '../../support/sample-journals.ts';

const folder = new URL('../../../journal/samples/v1/', import.meta.url);

// With UPDATE_SAMPLES=1 they are written anew; only before the first release.
if (process.env['UPDATE_SAMPLES'] === '1') {
  for (const [name, bytes] of sampleJournals()) writeFileSync(new URL(name, folder), bytes);
}

async function replay(name: string): Promise<{ journal: Journal; state: SiteState }> {
  const temporary = mkdtempSync(join(tmpdir(), 'siteward-sample-'));
  try {
    const inside = join(temporary, 'journal');
    mkdirSync(inside);
    const number = name === 'retained.jsonl' ? 2 : 1;
    copyFileSync(new URL(name, folder), join(inside, `0000000${number}.jsonl`));
    const state = emptySiteState();
    const journal = await openJournal({
      folder: inside,
      clock: Date,
      readOnly: true,
      ...replayInto(state),
    });
    await journal.close();
    return { journal, state };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** By the path of each. */
function valuesOf(parts: readonly CheckpointPart[]): ReadonlyMap<string, unknown> {
  const entries = parts.flatMap((part) => part.state);
  return new Map(
    entries.flatMap(({ at, put }) =>
      Object.entries(put).map(([key, value]): [string, unknown] => [[...at, key].join(' > '), value]),
    ),
  );
}

describe('the sample', () => {
  // What a checkpoint holds grows with the state: an old one is read for ever, but never written again.
  test.each([...sampleJournals()].filter(([name]) => name !== 'retained.jsonl'))(
    '%s is what this version writes',
    (name, bytes) => {
      expect(readFileSync(new URL(name, folder)).equals(bytes)).toBe(true);
    },
  );

  test.each([
    ['confirmed.jsonl', 29],
    ['rolled-back.jsonl', 26],
    ['crash-while-applying.jsonl', 17],
    ['torn-tail.jsonl', 14],
    ['retained.jsonl', 34],
  ])('%s has a whole chain of %i records', async (name, records) => {
    const { journal } = await replay(name);
    expect(journal.damage).toBeNull();
    expect(journal.head.seq).toBe(records);
    expect(journal.torn !== null).toBe(name === 'torn-tail.jsonl');
  });

  test('confirmed ends with nothing in flight, at the new commit, and the item is its own', async () => {
    const { state } = await replay('confirmed.jsonl');
    const gw1 = state.devices.get('gw1');
    expect(gw1).toMatchObject({
      rollout: null,
      quarantine: null,
      confirmed: { commit: state.accepted?.commit },
    });
    expect(gw1?.own.size).toBe(1);
  });

  test('rolled-back ends with nothing in flight, the old commit, and is not tried again', async () => {
    const { state } = await replay('rolled-back.jsonl');
    const gw1 = state.devices.get('gw1');
    expect(gw1).toMatchObject({
      rollout: null,
      quarantine: { reason: 'rolled-back' },
      lastRollout: { outcome: 'rolled-back' },
    });
    expect(gw1?.confirmed?.commit).not.toBe(state.accepted?.commit);
    expect(gw1?.own.size).toBe(0);
  });

  test('crash-while-applying has an effect without its end: the device has to be asked', async () => {
    const { state } = await replay('crash-while-applying.jsonl');
    expect(state.devices.get('gw1')?.rollout).toMatchObject({
      phase: 'applying',
      inFlight: 'apply',
      interrupted: true,
    });
  });

  test('retained gives what confirmed says, without one of its records', async () => {
    const [{ state }, { state: before }] = [await replay('retained.jsonl'), await replay('confirmed.jsonl')];
    const [line = ''] = readFileSync(new URL('retained.jsonl', folder), 'utf8').split('\n');
    const kept = valuesOf([JSON.parse(line) as CheckpointPart]);
    expect(kept.size).toBeGreaterThan(15);
    for (const [key, value] of kept) {
      expect(valuesOf(checkpointOf(state)).get(key), key).toEqual(value);
      expect(valuesOf(checkpointOf(before)).get(key), key).toEqual(value);
    }
  });

  test('torn-tail ends before the effect whose record was cut', async () => {
    const { state } = await replay('torn-tail.jsonl');
    expect(state.devices.get('gw1')?.rollout).toMatchObject({ phase: 'staged', inFlight: 'arm' });
  });
});

test('the specification names every kind of record', () => {
  const specification = readFileSync(new URL('../../../journal/README.md', import.meta.url), 'utf8');
  const events = readFileSync(new URL('../../../src/core/rollout/events.ts', import.meta.url), 'utf8');
  const kinds = [...events.matchAll(/readonly kind: '([a-z-]+)'/g)].map((match) => match[1]);
  expect(kinds.length).toBeGreaterThan(20);
  expect(kinds.filter((kind) => !specification.includes(`\`${kind}\``))).toEqual([]);
});
