/** When this machine's clock is believed, and in which words it is not. */
import { describe, expect, test } from 'vitest';
import { clockDistrust, clockSkewMs, earliestMs } from '../../../../src/core/gate/clock-trust.ts';

const now = Date.parse('2026-11-21T10:00:00Z');

describe('a clock is believed', () => {
  test.each([
    ['at a first start', now, null],
    ['that goes on', now, now - 1],
    ['that stands', now, now],
    ['that went back as little as a time server may set it', now, now + clockSkewMs],
    ['on the first day that this program can know', earliestMs, null],
  ])('%s', (_, nowMs, markMs) => {
    expect(clockDistrust(nowMs, markMs)).toBeNull();
  });
});

describe('a clock is not believed', () => {
  test.each([
    ['that was never set', 0, null, /never set/],
    ['that shows a time before this program was made', earliestMs - 1, null, /never set/],
    ['that is no number', NaN, null, /never set/],
    ['beyond what a date can show', 8.64e15 + 1, null, /never set/],
    ['that went back', now, now + clockSkewMs + 1, /2026-11-21T10:00:00Z, but 2026-11-21T10:01:00Z was seen/],
    ['where the latest time seen can’t be known', now, NaN, /a later time was seen/],
    ['where the latest time seen is beyond what a date can show', now, 1e18, /a later time was seen/],
    ['where the latest time seen is infinite', now, Infinity, /a later time was seen/],
  ])('%s', (_, nowMs, markMs, words) => {
    expect(clockDistrust(nowMs, markMs)).toMatch(words);
  });

  test('and says nothing that the machine could not show', () => {
    expect(clockDistrust(earliestMs, 8.64e15)).toContain('+275760-09-13');
  });
});
