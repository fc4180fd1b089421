/** The latest time seen, across restarts of the daemon: a clock that goes back is noticed, whoever set it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clockMarkFile, openClockMark } from '../../../src/daemon/clock-mark.ts';
import type { ClockMark } from '../../../src/daemon/clock-mark.ts';

const start = Date.parse('2026-11-21T10:00:00Z');
const minuteMs = 60_000;
let folder = '';
let now = start;
let heard: (string | null)[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'siteward-mark-'));
  now = start;
  heard = [];
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const opened = (fallbackMs: number | null = null): Promise<ClockMark> => {
  const clock = { now: () => now, monotonic: () => 0, sleep: () => Promise.resolve() };
  return openClockMark(folder, clock, fallbackMs, (distrust) => heard.push(distrust));
};
const onDisk = (): string => readFileSync(clockMarkFile(folder), 'latin1');

describe('the mark', () => {
  test('rises with the clock, and is on disk once it was saved', async () => {
    const mark = await opened();
    expect(mark.distrust()).toBeNull();
    await mark.save();
    expect(onDisk()).toBe('2026-11-21T10:00:00Z\n');
    now += 5 * minuteMs;
    await mark.save();
    expect(onDisk()).toBe('2026-11-21T10:05:00Z\n');
    expect(heard).toEqual([]);
  });

  test('stays when the clock goes back, in this process and in the next one, and says so once', async () => {
    const mark = await opened();
    now += 10 * minuteMs;
    await mark.save();
    now = start;
    expect(mark.distrust()).toMatch('went back');
    expect(mark.distrust()).toMatch('went back');
    expect(heard).toHaveLength(1);
    await mark.save();
    expect(onDisk()).toBe('2026-11-21T10:10:00Z\n');
    expect(mark.latest()).toBe(start + 10 * minuteMs);
    const next = await opened(start);
    expect(next.distrust()).toMatch('2026-11-21T10:10:00Z was seen before');
    now = start + 10 * minuteMs;
    expect(mark.distrust()).toBeNull();
    expect(heard.at(-1)).toBeNull();
  });

  test('is the newest record’s time where there is no file yet', async () => {
    expect((await opened(start + 10 * minuteMs)).distrust()).toMatch('went back');
    expect((await opened(start - 10 * minuteMs)).distrust()).toBeNull();
  });

  test('that can’t be read makes no clock right', async () => {
    writeFileSync(clockMarkFile(folder), 'yesterday\n');
    const mark = await opened(start);
    expect(mark.distrust()).toMatch('a later time was seen');
    await mark.save();
    expect(onDisk()).toBe('yesterday\n');
  });

  test('may be corrected by hand when the clock had run ahead', async () => {
    writeFileSync(clockMarkFile(folder), '2035-01-01T00:00:00Z\n');
    const mark = await opened(start);
    expect(mark.distrust()).toMatch('2035-01-01');
    writeFileSync(clockMarkFile(folder), '2026-11-21T10:00:00Z\n');
    await mark.reload();
    expect(mark.distrust()).toBeNull();
    expect(mark.latest()).toBe(start);
  });

  test('gone while the daemon runs stays what it was', async () => {
    const mark = await opened();
    await mark.save();
    rmSync(clockMarkFile(folder));
    await mark.reload();
    now -= 10 * minuteMs;
    expect(mark.distrust()).toMatch('went back');
  });

  test('is not begun by a clock that was never set', async () => {
    now = 0;
    const mark = await opened();
    expect(mark.distrust()).toMatch('never set');
    await mark.save();
    expect(() => onDisk()).toThrow();
    expect(mark.latest()).toBeGreaterThan(start - 365 * 24 * 60 * minuteMs);
  });
});
