/**
 * When rollouts may begin on a device that waits for its maintenance window: times of the week on a wall clock. Pure; what
 * a wall clock shows, and when it is put forward or back, comes from the table of time zones. A time that a clock put
 * forward skips begins with the next one that exists.
 */

const dayMs = 24 * 60 * 60 * 1000;
const minuteMs = 60_000;
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

export interface WeeklyTime {
  /** 0 is Sunday; the day it begins on. */
  readonly days: readonly number[];
  /** Minutes after midnight; where the end is not after the beginning, it is on the next day. */
  readonly from: number;
  readonly to: number;
}

export interface MaintenanceTimes {
  /** As in the table of time zones, such as Europe/Budapest. */
  readonly zone: string;
  readonly times: readonly WeeklyTime[];
}

/** From the first moment to the one when it is over; milliseconds since the epoch. */
export interface Opening {
  readonly from: number;
  readonly to: number;
}

const pattern = /^(daily|[A-Z][a-z]{2}(?:[-,][A-Z][a-z]{2})*) (\d\d):(\d\d)-(\d\d):(\d\d)$/;

/** `Sat 02:00-04:00`, `Mon-Fri 22:00-05:00`, `Tue,Thu 01:00-02:00`, `daily 03:00-04:00`; null when it is none. */
export function parseWeeklyTime(text: string): WeeklyTime | null {
  const found = pattern.exec(text);
  const on = daysOf(found?.[1] ?? '');
  const [hour, minute, toHour, toMinute] = (found ?? []).slice(2).map(Number);
  if (on === null || hour === undefined || minute === undefined) return null;
  if (toHour === undefined || toMinute === undefined || hour > 23 || minute > 59 || toMinute > 59)
    return null;
  const [from, to] = [hour * 60 + minute, toHour * 60 + toMinute];
  return to > 24 * 60 || from === to ? null : { days: on, from, to };
}

function daysOf(text: string): readonly number[] | null {
  if (text === 'daily') return [0, 1, 2, 3, 4, 5, 6];
  const on = new Set<number>();
  for (const part of text.split(',')) {
    const [first = -1, last = first, ...more] = part
      .split('-')
      .map((name) => days.findIndex((day) => day === name));
    if (first < 0 || last < 0 || more.length > 0) return null;
    for (let day = first; ; day = (day + 1) % 7) {
      on.add(day);
      if (day === last) break;
    }
  }
  return [...on].sort();
}

export function isTimeZone(zone: string): boolean {
  try {
    wallClock(zone);
    return true;
  } catch {
    return false;
  }
}

/** The one that is open at this moment, else the next one. */
export function openingAt({ zone, times }: MaintenanceTimes, nowMs: number): Opening | null {
  const clock = wallClock(zone);
  const today = Math.floor((nowMs + offsetAt(clock, nowMs)) / dayMs);
  const openings = times.flatMap((time) =>
    // One that began yesterday may still be open; a week later each has come once.
    Array.from({ length: 9 }, (_, index) => today - 1 + index)
      .filter((day) => time.days.includes(weekday(day)))
      .map((day) => ({
        from: momentOf(clock, day * dayMs + time.from * minuteMs),
        to: momentOf(clock, (time.to > time.from ? day : day + 1) * dayMs + time.to * minuteMs),
      })),
  );
  const coming = openings.filter(({ from, to }) => to > nowMs && to > from).sort((a, b) => a.from - b.from);
  return coming[0] ?? null;
}

/** Of a day counted from 1970-01-01, a Thursday. */
function weekday(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

function wallClock(zone: string): Intl.DateTimeFormat {
  const two = '2-digit';
  const parts = { year: 'numeric', month: two, day: two, hour: two, minute: two, second: two } as const;
  return new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', ...parts });
}

/** What the wall clock is ahead of UTC. */
function offsetAt(clock: Intl.DateTimeFormat, ms: number): number {
  const shown = new Map(clock.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = (
    ['year', 'month', 'day', 'hour', 'minute', 'second'] as const
  ).map((type) => shown.get(type));
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000;
}

/** When the wall clock shows this, given as if it showed UTC. */
function momentOf(clock: Intl.DateTimeFormat, shownMs: number): number {
  const before = shownMs - offsetAt(clock, shownMs - dayMs);
  if (before + offsetAt(clock, before) === shownMs) return before;
  const after = shownMs - offsetAt(clock, shownMs + dayMs);
  return after + offsetAt(clock, after) === shownMs ? after : before;
}
