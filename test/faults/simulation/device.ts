/**
 * A device reduced to what the rollout protocol rests on: rows of a configuration, named scripts, one scheduler, jobs
 * that outlive their session and interleave step by step, uptime apart from wall time, power, and a cache that loses
 * the newest writes. Its scripts are programs of this file and not text, so it is an oracle apart from the renderer;
 * that the rendered scripts do these steps is shown on the simulator.
 */
import type { Random } from '../../../src/simulator/random.ts';
import { seconds, timeText } from './times.ts';
import { WriteCache } from './write-cache.ts';

/** What a rollout's scripts do: per row of the configuration the line that was there and the line that is wanted. */
export interface Program {
  readonly base: readonly string[];
  readonly target: readonly string[];
}

export interface Script {
  readonly source: string;
  readonly comment: string;
}

export interface Tick {
  readonly name: string;
  readonly intervalMs: number;
  readonly onEvent: string;
  runCount: number;
  nextMs: number;
  enabled: boolean;
}

interface Job {
  readonly script: string;
  readonly steps: Generator<number, void>;
  nextMs: number;
}

/** How this device differs from a sound one; each is a way in which real ones have been seen, or a deliberate defect. */
export interface Habits {
  /** Row whose step fails when apply comes to it; null: none. */
  failsAtRow: number | null;
  /** Row that, once it has its new line, keeps every login out. */
  locksOutAtRow: number | null;
  /** Writes younger than this are lost in a power cut. */
  flushMs: number;
  /** Rows can't be changed for so long after a start. */
  lateMs: number;
  /** How long a step of a job takes at most. */
  stepMs: number;
  uniqueNames: boolean;
  removesTick: 'once-kept' | 'after-clean-pass' | 'first' | 'after-any-pass';
  converges: boolean;
  declinesOnConfirm: boolean;
  judgesByUptime: boolean;
}

export const soundHabits: Habits = {
  failsAtRow: null,
  locksOutAtRow: null,
  flushMs: 0,
  lateMs: 0,
  stepMs: 800,
  uniqueNames: true,
  removesTick: 'once-kept',
  converges: true,
  declinesOnConfirm: true,
  judgesByUptime: true,
};

export interface DeviceImage {
  readonly rows: readonly string[];
  readonly scripts: ReadonlyMap<string, Script>;
  readonly tick: Tick | null;
  readonly elsewhere: number;
}

const rebootMs = 40_000;

export class SimulatedDevice {
  nowMs = 0;
  hostKey = 'SHA256:first';
  rows: string[];
  /** Rows of another section, which no plan touches. */
  elsewhere = 0;
  scripts = new Map<string, Script>();
  tick: Tick | null = null;
  /** Runs of it, all boots together. */
  ticked = 0;
  jobs: Job[] = [];
  readonly programs = new Map<string, Program>();
  /** Counts starts: a session of an earlier one is dead. */
  boot = 1;
  #bootedAtMs: number;
  #downUntilMs = 0;
  readonly habits: Habits;
  readonly #random: Random;
  readonly #say: (what: string) => void;
  readonly #cache: WriteCache;
  /** Per rollout: runs of the rollback that saw `confirm` and declined; and whether apply has ever changed a row. */
  readonly declined = new Map<string, number>();
  readonly applied = new Set<string>();

  constructor(rows: readonly string[], habits: Habits, random: Random, say: (what: string) => void) {
    this.rows = [...rows];
    this.habits = habits;
    this.#random = random;
    this.#say = say;
    this.#cache = new WriteCache(habits.flushMs);
    this.#bootedAtMs = -86_400_000;
  }

  get uptimeMs(): number {
    return this.nowMs - this.#bootedAtMs;
  }

  get isDown(): boolean {
    return this.nowMs < this.#downUntilMs;
  }

  keepsOut(): boolean {
    const { locksOutAtRow } = this.habits;
    if (locksOutAtRow === null) return false;
    for (const { target, base } of this.programs.values()) {
      const line = target[locksOutAtRow];
      if (line !== base[locksOutAtRow] && this.rows[locksOutAtRow] === line) return true;
    }
    return false;
  }

  /** Lets everything happen that the device does by itself until then. */
  advanceTo(nowMs: number): void {
    for (;;) {
      const due = this.#nextDue();
      if (due === null || due.atMs > nowMs) break;
      this.nowMs = Math.max(this.nowMs, due.atMs);
      due.run();
    }
    this.nowMs = Math.max(this.nowMs, nowMs);
  }

  #nextDue(): { atMs: number; run: () => void } | null {
    let best: { atMs: number; run: () => void } | null = null;
    const { tick } = this;
    if (tick?.enabled === true) best = { atMs: tick.nextMs, run: () => this.#runTick(tick) };
    for (const job of this.jobs) {
      if (best === null || job.nextMs < best.atMs) best = { atMs: job.nextMs, run: () => this.#runJob(job) };
    }
    if (best !== null && best.atMs < this.#downUntilMs) best.atMs = this.#downUntilMs;
    return best;
  }

  #runTick(tick: Tick): void {
    tick.runCount += 1;
    this.ticked += 1;
    tick.nextMs = this.nowMs + tick.intervalMs;
    this.execute(tick.onEvent.replace('/system script run ', ''));
  }

  #runJob(job: Job): void {
    const { value, done } = job.steps.next();
    if (done === true) this.jobs = this.jobs.filter((other) => other !== job);
    else job.nextMs = this.nowMs + value;
  }

  /** A script as a job of its own. */
  execute(script: string): void {
    if (!this.scripts.has(script)) return;
    const match = /^sw-([0-9a-f]{12})-(apply|back)$/.exec(script);
    const program = this.programs.get(match?.[1] ?? '');
    if (match === null || program === undefined) return;
    const id = match[1] ?? '';
    const steps = match[2] === 'apply' ? this.#apply(id, program) : this.#back(id, program);
    this.jobs.push({ script, steps, nextMs: this.nowMs });
    // Its first step is taken at once.
    this.#runJob(this.jobs[this.jobs.length - 1] as Job);
  }

  #pause(): number {
    return this.#random.below(this.habits.stepMs) + 1;
  }

  decision(id: string): string | null {
    return this.scripts.get(`sw-${id}-decision`)?.source ?? null;
  }

  #guard(id: string): boolean {
    return (
      this.tick !== null &&
      this.tick.name === `sw-${id}-tick` &&
      this.tick.enabled &&
      this.decision(id) === null
    );
  }

  *#apply(id: string, { base, target }: Program): Generator<number, void> {
    const name = `sw-${id}-apply`;
    const give = (note: string): void => {
      if (!this.scripts.has(`sw-${id}-decision`)) this.addScript(`sw-${id}-decision`, 'rollback');
      this.comment(name, note);
      this.#say(`apply: ${note}`);
    };
    const touched = base.flatMap((line, i) => (line === target[i] ? [] : [i]));
    for (const i of touched) {
      if (this.rows[i] !== base[i]) return give('failed at check');
    }
    yield this.#pause();
    for (const i of touched) {
      if (!this.#guard(id) || i === this.habits.failsAtRow) return give(`failed at step ${i + 1}`);
      if (this.rows[i] === base[i]) {
        this.applied.add(id);
        this.setRow(i, target[i] ?? '');
        this.#say(`apply: row ${i + 1}`);
      } else if (this.rows[i] !== target[i]) return give(`failed at step ${i + 1}`);
      yield this.#pause();
    }
    if (!this.#guard(id)) return give('failed at end');
    this.comment(name, 'applied');
    this.#say('apply: applied');
  }

  *#back(id: string, { base, target }: Program): Generator<number, void> {
    const name = `sw-${id}-back`;
    const decision = `sw-${id}-decision`;
    let dec = this.decision(id);
    if (dec === 'confirm' && this.habits.declinesOnConfirm) {
      this.declined.set(id, (this.declined.get(id) ?? 0) + 1);
      return;
    }
    if (dec === null || dec === '') {
      const { fromS, untilS } = deadlineIn(this.scripts.get(name)?.source ?? '');
      const up = Math.floor(this.uptimeMs / 1000);
      const early = this.habits.judgesByUptime ? up >= fromS && up < untilS : up < untilS;
      if (early) return;
      this.addScript(decision, 'rollback');
      this.#say('tick: time is up, decided rollback');
      dec = this.decision(id);
      if (dec !== 'rollback' && this.habits.declinesOnConfirm) return;
    }
    const apply = `sw-${id}-apply`;
    // Removing a job is now and then only a request.
    const stays = this.#random.below(10) === 0;
    if (!stays) this.jobs = this.jobs.filter((job) => job.script !== apply);
    if (this.jobs.some((job) => job.script === apply)) return;
    if (this.jobs.filter((job) => job.script === name).length > 1) return;
    if (this.habits.removesTick === 'first') this.removeTick(`sw-${id}-tick`);
    const up = Math.floor(this.uptimeMs / 1000);
    const counts = { changed: 0, failed: 0 };
    for (const [i, line] of base.entries()) {
      if (line === target[i]) continue;
      if (!this.habits.converges && this.rows[i] !== target[i]) return;
      if (this.rows[i] === line) continue;
      if (this.uptimeMs < this.habits.lateMs) counts.failed += 1;
      else {
        this.setRow(i, line);
        this.#say(`back: row ${i + 1}`);
        counts.changed += 1;
      }
      yield this.#pause();
    }
    const clean = counts.changed + counts.failed === 0;
    if (!clean && this.habits.removesTick !== 'after-any-pass') {
      this.comment(name, `changed ${counts.changed} failed ${counts.failed}`);
      return;
    }
    const { source = '', comment = '' } = this.scripts.get(name) ?? {};
    const noted = seconds(/^clean since (.*)$/.exec(comment)?.[1] ?? '') ?? up;
    const since = noted <= up ? noted : up;
    if (this.habits.removesTick === 'once-kept' && up < since + keptAfterS(source)) {
      if (since === up) this.comment(name, `clean since ${timeText(up)}`);
      return;
    }
    this.comment(name, 'rolled back');
    this.#say('back: rolled back');
    this.removeTick(`sw-${id}-tick`);
  }

  addScript(name: string, source: string): boolean {
    if (this.scripts.has(name) && this.habits.uniqueNames) return false;
    this.#setScript(name, { source, comment: '' });
    return true;
  }

  setSource(name: string, source: string): void {
    this.#setScript(name, { comment: '', ...this.scripts.get(name), source });
  }

  comment(name: string, comment: string): void {
    const script = this.scripts.get(name);
    if (script !== undefined) this.#setScript(name, { ...script, comment });
  }

  removeScript(name: string): void {
    if (this.scripts.has(name)) this.#setScript(name, null);
  }

  #setScript(name: string, script: Script | null): void {
    const was = this.scripts.get(name) ?? null;
    const put = (value: Script | null): void => {
      if (value === null) this.scripts.delete(name);
      else this.scripts.set(name, value);
    };
    put(script);
    this.#written('script', name, () => put(was));
  }

  setRow(i: number, line: string): void {
    const was = this.rows[i] ?? '';
    this.rows[i] = line;
    this.#written(`row ${i % 2}`, `row ${i}`, () => (this.rows[i] = was));
  }

  addTick(tick: Tick): void {
    const was = this.tick;
    this.tick = tick;
    this.#written('scheduler', 'tick', () => (this.tick = was));
  }

  removeTick(name: string): void {
    const was = this.tick;
    if (was?.name !== name) return;
    this.tick = null;
    this.#written('scheduler', 'tick', () => (this.tick = was));
  }

  #written(menu: string, object: string, takeBack: () => void): void {
    this.#cache.note({ atMs: this.nowMs, menu, object, takeBack });
  }

  powerCut(): void {
    this.#cache.powerCut(this.nowMs, this.#random);
    this.#restart();
  }

  #restart(): void {
    this.#cache.forget();
    this.jobs = [];
    this.boot += 1;
    this.#downUntilMs = this.nowMs + rebootMs;
    this.#bootedAtMs = this.#downUntilMs;
    if (this.tick !== null) {
      this.tick.runCount = 0;
      this.tick.nextMs = this.#downUntilMs + this.tick.intervalMs;
    }
  }

  /** The console dies and comes back: jobs are gone, uptime is not. */
  consoleCrash(): void {
    this.jobs = [];
    this.boot += 1;
    if (this.tick !== null) this.tick.nextMs = this.nowMs + this.tick.intervalMs;
  }

  image(): DeviceImage {
    const tick = this.tick === null ? null : { ...this.tick };
    return { rows: [...this.rows], scripts: new Map(this.scripts), tick, elsewhere: this.elsewhere };
  }

  /** A backup is loaded, or (without one) the device is as it came from the factory. */
  load(image: DeviceImage | null): void {
    this.rows = image === null ? this.rows.map(() => '') : [...image.rows];
    this.scripts = new Map(image?.scripts ?? []);
    this.tick = image?.tick == null ? null : { ...image.tick };
    this.elsewhere = image?.elsewhere ?? 0;
    this.#restart();
  }
}

/** The uptimes in the rollback script as it stands on the device. */
function deadlineIn(source: string): { fromS: number; untilS: number } {
  const match = /\$up < (\S+) \|\| \$up >= ([^\s)]+)\)/.exec(source);
  return { fromS: seconds(match?.[1] ?? '') ?? 0, untilS: seconds(match?.[2] ?? '') ?? 0 };
}

/** How long it has to have been clean before the timer goes. */
function keptAfterS(source: string): number {
  return seconds(/\(\$since \+ ([^\s)]+)\)/.exec(source)?.[1] ?? '') ?? 0;
}
