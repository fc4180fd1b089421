import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isOver, recordWords } from '../../../src/cli/record-words.ts';
import { effectNames } from '../../../src/core/rollout/event-fields.ts';
import { journalRecord } from '../../support/fake-operations.ts';

const events = readFileSync(new URL('../../../src/core/rollout/events.ts', import.meta.url), 'utf8');
const kinds = [...events.matchAll(/kind: '([a-z-]+)'/g)].map(([, kind]) => kind ?? '');

test('every kind of record has words of its own', () => {
  expect(kinds.length).toBeGreaterThan(15);
  const all = [...kinds, ...effectNames.flatMap((effect) => [`${effect}-started`, `${effect}-finished`])];
  const wordless = all.filter((kind) => recordWords(journalRecord(1, kind, { result: 'ok' })) === kind);
  expect(wordless).toEqual([]);
});

test('a kind that only a newer daemon knows is shown by its name', () => {
  expect(recordWords(journalRecord(1, 'something-new'))).toBe('something-new');
});

test('a failed step says why, an unanswered one that the device is asked', () => {
  const failed = journalRecord(1, 'stage-finished', {
    result: 'failed',
    code: 'rejected',
    message: 'no space',
  });
  expect(recordWords(failed)).toBe('stage failed: rejected: no space');
  expect(recordWords(journalRecord(1, 'apply-finished', { result: 'unknown' }))).toContain(
    'asking the device',
  );
});

test('a plan of one item is one item, and what drifted is not called in sync', () => {
  const planned = { rollout: '2e61b805ee8f', commit: 'cec4cd902ce5', class: 'benign', items: [{}] };
  expect(recordWords(journalRecord(1, 'rollout-planned', planned))).toMatch(/, benign, 1 item$/);
  const read = journalRecord(2, 'read-confirmed', { commit: 'cec4cd902ce5' });
  expect(recordWords(read)).toBe('nothing to roll out for commit cec4cd9');
});

test('only the last record of a rollout says that it is over', () => {
  expect(isOver(journalRecord(1, 'confirmed'))).toBeNull();
  expect(isOver(journalRecord(1, 'settled', { outcome: 'rolled-back' }))).toBe('rolled-back');
  expect(isOver(journalRecord(1, 'not-started'))).toBe('not-started');
});
