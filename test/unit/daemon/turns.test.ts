import { expect, test } from 'vitest';
import { isWithoutNews } from '../../../src/daemon/site-metrics.ts';
import { pollWaitMs } from '../../../src/daemon/turns.ts';

test('the branch is looked at a little apart, less and less often while looking fails, and never less than each quarter of an hour', () => {
  const minute = 60_000;
  expect([0, 0.5, 1].map((random) => pollWaitMs(minute, 0, random))).toEqual([54_000, 60_000, 66_000]);
  expect([0, 1, 2, 3, 4, 5, 500].map((failures) => pollWaitMs(minute, failures, 0.5) / minute)).toEqual([
    1, 2, 4, 8, 15, 15, 15,
  ]);
  // Who asks less often than that goes on as told.
  expect(pollWaitMs(60 * minute, 3, 0.5)).toBe(60 * minute);
});

test('no news is told once the time is over, and never where none was set', () => {
  const day = 86_400_000;
  expect([30 * day, 30 * day + 1].map((now) => isWithoutNews(30 * day, 0, now))).toEqual([false, true]);
  expect(isWithoutNews(null, 0, 9_000 * day)).toBe(false);
});
