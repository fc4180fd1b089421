/** A line of the journal counts as a record only when every field of its kind is what it has to be. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { AssertionFailed, JournalError } from '../../../../src/core/errors.ts';
import type { RecordEnvelope } from '../../../../src/core/journal.ts';
import type { SitewardEvent } from '../../../../src/core/rollout/events.ts';
import { assertReadable, knownRecord } from '../../../../src/core/rollout/record.ts';
import { emptySiteState } from '../../../../src/core/site-state.ts';
import { openLedger } from '../../../../src/reconcile/ledger.ts';
import { sampleJournals } from '../../../support/sample-journals.ts';

const envelope = {
  v: 1,
  seq: 7,
  at: '2026-11-21T10:00:00.000Z',
  prev: '0'.repeat(64),
  actor: 'daemon',
} as const;
const line = (kind: string, fields: object): RecordEnvelope => ({ ...envelope, kind, ...fields });
const ids = { rollout: '3f9ac0de5511', device: 'gw1' };
const evidence = {
  decision: null,
  uptimeS: 1.5,
  runCount: 2,
  net: true,
  footprint: 'base',
  items: [],
  applyNote: '',
  rollbackNote: '',
  foreignChanges: 0,
};

const samples = [...sampleJournals()].flatMap(([, bytes]) =>
  bytes
    .toString('utf8')
    .split('\n')
    .filter((text) => text.endsWith('}'))
    .map((text) => JSON.parse(text) as RecordEnvelope),
);

test('what is known is handed out as it is', () => {
  const record = line('held', { device: null, reason: 'storm', until: null });
  expect(knownRecord(record)).toBe(record);
  for (const sample of samples) expect(knownRecord(sample)).toBe(sample);
});

test.each([
  [
    'of a newer kind',
    line('teleported', {}),
    /record 7 is of kind "teleported", which this version does not know; start the/,
  ],
  ['of a kind that objects have', line('constructor', {}), /record 7 is of kind "constructor"/],
  [
    'without a field',
    line('held', { device: null, reason: 'storm' }),
    /record 7 \(held\) has no field "until"/,
  ],
  [
    'with null where there is something',
    line('commit-refused', { commit: null, code: 'c', message: 'm' }),
    /"commit" that is not/,
  ],
  [
    'with a newer field',
    line('retry', { device: 'gw1', soon: true }),
    /"soon", which this version does not know; start the version/,
  ],
  [
    'with a newer field inside',
    line('confirmed', { ...ids, evidence: { ...evidence, mood: 'good' } }),
    /"evidence" that is not/,
  ],
  [
    'without a field inside',
    line('confirmed', { ...ids, evidence: { ...evidence, net: undefined } }),
    /"evidence" that is not/,
  ],
  [
    'with a word that is none of the words',
    line('settled', { ...ids, outcome: 'fine' }),
    /"outcome" that is not/,
  ],
  [
    'with a number that is no count',
    line('arm-finished', { ...ids, result: 'ok', runCount: 1.5 }),
    /"runCount" that is not/,
  ],
  ['with a list that is none', line('rollout-planned', { ...ids, items: {} }), /"items" that is not/],
  ['with a version that is no number', line('trust-loaded', { trust: {}, krl: 'ten' }), /"krl" that is not/],
])('a record %s is damage, and says why', (_, record, reason) => {
  expect(() => knownRecord(record)).toThrow(JournalError);
  expect(() => knownRecord(record)).toThrow(reason);
});

test('any field of any sample that is gone or of another type is noticed', () => {
  const optional = new Set([
    'krl',
    'authors',
    'trust',
    'cause',
    'way',
    'claimed',
    'counter',
    'code',
    'message',
    'witness',
  ]);
  for (const field of ['deadline', 'runCount']) optional.add(field);
  for (const sample of samples) {
    for (const name of Object.keys(sample).slice(6)) {
      const { [name]: content, ...rest } = sample;
      if (!optional.has(name))
        expect(() => knownRecord(rest as RecordEnvelope), `${sample.kind} ${name}`).toThrow(name);
      const other = typeof content === 'boolean' ? 'true' : true;
      expect(() => knownRecord({ ...sample, [name]: other }), `${sample.kind} ${name}`).toThrow(name);
    }
  }
});

describe('what could not be read again', () => {
  const broken = { kind: 'torn-tail-set-aside', bytes: NaN, file: 'torn-1' } as const satisfies SitewardEvent;

  test('is a defect', () => {
    expect(() => assertReadable(broken)).toThrow(AssertionFailed);
  });

  test('is never written', async () => {
    const written: string[] = [];
    const journal = {
      head: { seq: 0, hash: '' },
      broken: null,
      append: ({ kind }: { readonly kind: string }): Promise<RecordEnvelope> => {
        written.push(kind);
        return Promise.resolve(line(kind, {}));
      },
    };
    const ledger = openLedger(journal, emptySiteState());
    await expect(ledger.append(broken)).rejects.toThrow('has a field "bytes"');
    await ledger.append({ kind: 'daemon-stopped' });
    expect(written).toEqual(['daemon-stopped']);
  });
});

test('the specification names every field of every kind', () => {
  const specification = readFileSync(new URL('../../../../journal/README.md', import.meta.url), 'utf8');
  const fields = new Set(samples.flatMap((sample) => Object.keys(sample).slice(6)));
  expect([...fields].filter((name) => !specification.includes(`\`${name}\``))).toEqual([]);
});
