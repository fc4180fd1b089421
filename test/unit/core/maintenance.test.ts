import { describe, expect, test } from 'vitest';
import { isTimeZone, openingAt, parseWeeklyTime } from '../../../src/core/maintenance.ts';
import type { MaintenanceTimes, WeeklyTime } from '../../../src/core/maintenance.ts';

const ms = (text: string): number => Date.parse(text);
const times = (zone: string, ...texts: string[]): MaintenanceTimes => ({
  zone,
  times: texts.map((text) => parseWeeklyTime(text) as WeeklyTime),
});
const shown = (given: MaintenanceTimes, now: string): string[] => {
  const opening = openingAt(given, ms(now));
  return opening === null
    ? []
    : [opening.from, opening.to].map((at) => new Date(at).toISOString().slice(0, 16));
};

describe('times of the week', () => {
  test.each([
    ['Sat 02:00-04:00', [6], 120, 240],
    ['Mon-Fri 22:00-05:00', [1, 2, 3, 4, 5], 1320, 300],
    ['Fri-Mon 00:00-24:00', [0, 1, 5, 6], 0, 1440],
    ['Tue,Thu 01:30-02:00', [2, 4], 90, 120],
    ['daily 03:00-04:00', [0, 1, 2, 3, 4, 5, 6], 180, 240],
  ])('%s', (text, days, from, to) => {
    expect(parseWeeklyTime(text)).toEqual({ days, from, to });
  });

  test.each([
    '',
    'Sat',
    'sat 02:00-04:00',
    'Sat 2:00-4:00',
    'Sat 24:00-25:00',
    'Sat 02:00-02:00',
    'Sat-Sun-Mon 01:00-02:00',
  ])('%j is none', (text) => {
    expect(parseWeeklyTime(text)).toBeNull();
  });

  test('zones are those of the table', () => {
    expect(['UTC', 'Europe/Budapest', 'Europe/Nowhere', ''].map(isTimeZone)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('the window that is open, else the next one', () => {
  // 2026-11-21 is a Saturday.
  test.each([
    ['UTC', 'Sat 02:00-04:00', '2026-11-21T01:00Z', '2026-11-21T02:00', '2026-11-21T04:00'],
    ['UTC', 'Sat 02:00-04:00', '2026-11-21T03:59Z', '2026-11-21T02:00', '2026-11-21T04:00'],
    ['UTC', 'Sat 02:00-04:00', '2026-11-21T04:00Z', '2026-11-28T02:00', '2026-11-28T04:00'],
    ['UTC', 'Fri 22:00-05:00', '2026-11-21T04:30Z', '2026-11-20T22:00', '2026-11-21T05:00'],
    ['UTC', 'Fri 22:00-05:00', '2026-11-21T05:30Z', '2026-11-27T22:00', '2026-11-28T05:00'],
    ['Europe/Budapest', 'Sat 02:00-04:00', '2026-11-21T00:30Z', '2026-11-21T01:00', '2026-11-21T03:00'],
    // There the day is another one already, and another still.
    ['Asia/Tokyo', 'Sun 00:30-01:00', '2026-11-21T15:00Z', '2026-11-21T15:30', '2026-11-21T16:00'],
    ['America/Los_Angeles', 'Fri 17:00-18:00', '2026-11-21T00:30Z', '2026-11-21T01:00', '2026-11-21T02:00'],
    // The night in which clocks go back, and the one in which 02:30 does not exist.
    ['Europe/Budapest', 'Sun 01:00-04:00', '2026-10-24T12:00Z', '2026-10-24T23:00', '2026-10-25T03:00'],
    ['Europe/Budapest', 'Sun 02:30-04:00', '2026-03-28T12:00Z', '2026-03-29T01:30', '2026-03-29T02:00'],
  ])('%s %s at %s', (zone, text, now, from, to) => {
    expect(shown(times(zone, text), now)).toEqual([from, to]);
  });

  test('of several, the one that comes first', () => {
    const given = times('UTC', 'Sat 02:00-04:00', 'daily 23:00-23:30');
    expect(shown(given, '2026-11-20T22:00Z')[0]).toBe('2026-11-20T23:00');
    expect(shown(given, '2026-11-20T23:30Z')[0]).toBe('2026-11-21T02:00');
  });
});
