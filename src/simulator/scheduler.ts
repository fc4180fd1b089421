/**
 * `/system scheduler` that really ticks. Entries with `start-time=startup` count from console start or
 * from when they were added; those with a date and time count in wall time; runs may overlap.
 */
import { parseDuration } from './language/duration.ts';
import type { SimulatorClock } from './clock.ts';
import type { Device } from './device/device.ts';
import type { Row } from './device/menu.ts';

interface SchedulerHost {
  readonly device: Device;
  readonly clock: SimulatorClock;
  /** Monotonic milliseconds at which the console started. */
  consoleStart(): number;
  /** The device's own wall time. */
  wall(): number;
  run(row: Row): void;
  /** Where the first run of `startup` entries added later is counted from; not known for real devices. */
  readonly startupCountsFrom: 'added' | 'boot';
}

interface Entry {
  readonly settings: string;
  base: number;
  runCount: number;
  /** Monotonic time of the next run. */
  next: number | undefined;
  cancel: () => void;
}

export const SCHEDULER_PATH = '/system scheduler';
/** Entries without an interval run this long after console start. */
const STARTUP_DELAY_MS = 3000;

export class Scheduler {
  private readonly host: SchedulerHost;
  private readonly entries = new Map<number, Entry>();

  constructor(host: SchedulerHost) {
    this.host = host;
  }

  runCount(row: Row): number {
    return this.entries.get(row.id)?.runCount ?? 0;
  }

  /** Wall time of the next run. */
  nextRun(row: Row): number | undefined {
    const next = this.entries.get(row.id)?.next;
    return next === undefined ? undefined : this.host.wall() + next - this.host.clock.monotonic();
  }

  /** The console started: every entry begins anew; a reboot also forgets how often they ran. */
  start(rebooted: boolean): void {
    const counts = new Map([...this.entries].map(([id, entry]) => [id, entry.runCount]));
    this.stop();
    this.sync(true);
    if (!rebooted) for (const [id, entry] of this.entries) entry.runCount = counts.get(id) ?? 0;
  }

  stop(): void {
    for (const entry of this.entries.values()) entry.cancel();
    this.entries.clear();
  }

  /** Takes over what was added, changed or removed. */
  sync(starting = false): void {
    const rows = this.host.device.menu(SCHEDULER_PATH).rows;
    for (const [id, entry] of this.entries) {
      if (rows.some((row) => row.id === id)) continue;
      entry.cancel();
      this.entries.delete(id);
    }
    for (const row of rows) {
      const settings = JSON.stringify(
        ['disabled', 'interval', 'start-time', 'start-date'].map((name) => this.text(row, name)),
      );
      const known = this.entries.get(row.id);
      if (known?.settings === settings) continue;
      known?.cancel();
      const fromBoot = starting || this.host.startupCountsFrom === 'boot';
      const base = fromBoot ? this.host.consoleStart() : this.host.clock.monotonic();
      const entry: Entry = {
        settings,
        base,
        runCount: known?.runCount ?? 0,
        next: undefined,
        cancel: () => undefined,
      };
      this.entries.set(row.id, entry);
      this.plan(row, entry, this.nextTime(row, entry, starting));
    }
  }

  /** Wall time jumped: entries with a date and time are counted anew. */
  clockChanged(): void {
    for (const row of this.host.device.menu(SCHEDULER_PATH).rows) {
      const entry = this.entries.get(row.id);
      if (entry === undefined || this.text(row, 'start-time') === 'startup') continue;
      entry.cancel();
      this.plan(row, entry, this.nextTime(row, entry, false));
    }
  }

  /**
   * Wall time jumped by so much, and the next run of a `startup` entry with an interval was kept as wall time: set back,
   * the entry stands still for as long; set forward beyond its time, it runs at once.
   */
  startupMoved(ms: number): void {
    for (const row of this.host.device.menu(SCHEDULER_PATH).rows) {
      const entry = this.entries.get(row.id);
      if (entry?.next === undefined || this.text(row, 'start-time') !== 'startup') continue;
      if (this.interval(row) === 0) continue;
      entry.cancel();
      entry.base -= ms;
      this.plan(row, entry, Math.max(this.host.clock.monotonic(), entry.next - ms));
    }
  }

  private text(row: Row, name: string): string {
    return this.host.device.text(SCHEDULER_PATH, row, name) ?? '';
  }

  private interval(row: Row): number {
    return parseDuration(this.text(row, 'interval')) ?? 0;
  }

  private plan(row: Row, entry: Entry, next: number | undefined): void {
    entry.next = this.text(row, 'disabled') === 'yes' ? undefined : next;
    if (entry.next === undefined) return;
    entry.cancel = this.host.clock.after(entry.next - this.host.clock.monotonic(), () => {
      entry.runCount++;
      if (this.interval(row) > 0) this.plan(row, entry, this.nextTime(row, entry, false));
      else entry.next = undefined;
      // The row may have been changed since; what runs is what it says now.
      const current = this.host.device.menu(SCHEDULER_PATH).rows.find((other) => other.id === row.id);
      if (current !== undefined) this.host.run(current);
    });
  }

  private nextTime(row: Row, entry: Entry, starting: boolean): number | undefined {
    const interval = this.interval(row);
    const now = this.host.clock.monotonic();
    const startTime = this.text(row, 'start-time');
    if (startTime === 'startup' || startTime === '') {
      if (interval === 0) return startTime !== '' && starting ? entry.base + STARTUP_DELAY_MS : undefined;
      return entry.base + (Math.floor((now - entry.base) / interval) + 1) * interval;
    }
    const wall = this.host.wall();
    const start = wallStart(this.text(row, 'start-date'), startTime, wall);
    if (start === undefined) return undefined;
    if (start > wall) return now + start - wall;
    return interval === 0
      ? undefined
      : now + start + (Math.floor((wall - start) / interval) + 1) * interval - wall;
  }
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Milliseconds of `2026-01-31` or `jan/31/2026` and `hh:mm:ss`, UTC; without a date that of `today`. */
function wallStart(date: string, time: string, today: number): number | undefined {
  const ofDay = parseDuration(time);
  if (ofDay === undefined) return undefined;
  const old = /^([a-z]{3})\/(\d{2})\/(\d{4})$/.exec(date);
  const day =
    old === null ? date : `${old[3]}-${String(MONTHS.indexOf(old[1] ?? '') + 1).padStart(2, '0')}-${old[2]}`;
  const midnight = Date.parse(`${day === '' ? new Date(today).toISOString().slice(0, 10) : day}T00:00:00Z`);
  return Number.isNaN(midnight) ? undefined : midnight + ofDay;
}
