import { describe, expect, test } from 'vitest';
import {
  armingAllowanceS,
  deadlineFrom,
  formatTime,
  parseTime,
} from '../../../../src/drivers/routeros/times.ts';

const times = { windowMs: 120_000, tickMs: 10_000, flushMs: 45_000, minUptimeMs: 0, soakMs: 0 };

describe('times as the console writes them', () => {
  test.each([
    ['00:00:07', 7],
    ['1d00:01:40', 86_500],
    ['1w2d03:04:05', 604_800 + 2 * 86_400 + 3 * 3600 + 4 * 60 + 5],
    ['00:00:01.500', 1],
    ['2m30s', 150],
    ['1d', 86_400],
    ['10s', 10],
    ['3w6d23h59m59s', 3 * 604_800 + 6 * 86_400 + 23 * 3600 + 59 * 60 + 59],
  ])('%s is read as %i s', (text, seconds) => expect(parseTime(text)).toBe(seconds));

  test.each(['', 'never', '-00:00:01', '1:2', '00:00:07 ', 'startup'])('%j is no time', (text) =>
    expect(parseTime(text)).toBeNull(),
  );

  test.each([
    [0, '00:00:00'],
    [100, '00:01:40'],
    [86_500, '1d00:01:40'],
    [9 * 86_400 + 3_723, '9d01:02:03'],
  ])('%i s is written %s and read back', (seconds, text) => {
    expect(formatTime(seconds)).toBe(text);
    expect(parseTime(text)).toBe(seconds);
  });
});

describe('the deadline', () => {
  test('leaves the whole window after arming and flushing, and the logins on top', () => {
    const { armedUptimeS, deadlineUptimeS } = deadlineFrom(1000, times, 3.2);
    expect(armedUptimeS).toBe(1000);
    expect(deadlineUptimeS - 1000).toBe(armingAllowanceS(times, 3.2) + 45 + 120 + 2 * 4);
    expect(armingAllowanceS(times, 3.2)).toBeGreaterThan(2 * 10 + 3.2);
  });
  test('a slow device gets longer for arming', () => {
    expect(armingAllowanceS(times, 30)).toBeGreaterThanOrEqual(armingAllowanceS(times, 3) + 54);
  });
});
