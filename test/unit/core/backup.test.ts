import { expect, test } from 'vitest';
import { backupDueAt } from '../../../src/core/backup.ts';

const at = (text: string): number => Date.parse(text);
const nightly = { at: 2 * 60 + 30, zone: 'Europe/Budapest' };

test('without a schedule none is due; without one before, one is', () => {
  expect(backupDueAt(null, null)).toBe(null);
  expect(backupDueAt(null, 5)).toBe(null);
  expect(backupDueAt({ everyMs: 1000 }, null)).toBe(-Infinity);
  expect(backupDueAt(nightly, null)).toBe(-Infinity);
});

test('one comes so long after the last', () => {
  expect(backupDueAt({ everyMs: 1000 }, 5)).toBe(1005);
});

test.each([
  ['the day before', '2026-11-20T12:00:00Z', '2026-11-21T01:30:00Z'],
  ['a minute before', '2026-11-21T01:29:00Z', '2026-11-21T01:30:00Z'],
  ['at that very moment', '2026-11-21T01:30:00Z', '2026-11-22T01:30:00Z'],
  ['within its minute', '2026-11-21T01:30:59Z', '2026-11-22T01:30:00Z'],
  ['later that day', '2026-11-21T09:00:00Z', '2026-11-22T01:30:00Z'],
  // On 2026-03-29 the clock goes from 02:00 to 03:00: 02:30 is when it shows 03:30.
  ['before a time that the clock skips', '2026-03-28T12:00:00Z', '2026-03-29T01:30:00Z'],
])('at a time of day: the last one %s', (_, last, due) => {
  expect(new Date(backupDueAt(nightly, at(last)) ?? 0).toISOString()).toBe(new Date(at(due)).toISOString());
});

test('the last minute of a day is one, too', () => {
  const late = { at: 24 * 60 - 1, zone: 'UTC' };
  expect(backupDueAt(late, at('2026-11-21T23:59:00Z'))).toBe(at('2026-11-22T23:59:00Z'));
});
