/**
 * One run: a device, a machine with a daemon, a network between them, a person who signs, and the faults that a seed
 * has drawn. The same seed makes the same run. It ends when everything has settled or a promise was broken.
 */
import type { SitewardRecord } from '../../../src/core/rollout/events.ts';
import type { DeviceSettings, Policy } from '../../../src/core/site.ts';
import type { Trust } from '../../../src/core/gate/trust.ts';
import type { Random } from '../../../src/simulator/random.ts';
import { seededRandom } from '../../../src/simulator/random.ts';
import { gatePolicy } from '../../support/gate.ts';
import { deviceSettings } from '../../support/scripted-device.ts';
import { signMessage, type TestKey } from '../../support/ssh-signature.ts';
import { SitewardError } from '../../../src/core/errors.ts';
import type { DesiredText } from '../../../src/reconcile/device-room.ts';
import { Checks, Violation } from './checks.ts';
import { bodyText } from './console.ts';
import { SimulatedDevice, soundHabits, type DeviceImage, type Habits } from './device.ts';
import type { Fault, Moment } from './faults.ts';
import { Host } from './host.ts';
import { connectOver, type Network } from './network.ts';
import { askAround, order } from './people.ts';
import { DaemonProcess, type Seams, type Stage, type Surroundings } from './process.ts';
import { Scheduler } from './scheduler.ts';
import { Strikes, type PlannedFault } from './strikes.ts';
import { brief, describe } from './words.ts';
import { layout, programOf, type Shape } from './shapes.ts';

export interface RunOptions {
  readonly seed: number;
  readonly shape: Shape;
  /** Deliberate defects of the device's side. */
  readonly habits: Partial<Habits>;
  readonly faults: readonly PlannedFault[];
  /** Somebody types what `next:` says of a device that stands still. */
  readonly resolves?: boolean;
  readonly seams: Seams;
  readonly signer: TestKey;
  readonly trust: Trust;
}

export interface Run {
  readonly trace: readonly string[];
  readonly violation: string | null;
  /** `stage fault` of the faults that struck. */
  readonly hits: readonly string[];
  readonly judged: ReadonlyMap<string, number>;
  readonly outcomes: readonly string[];
  /** Every moment of the machine that serves the device: where a fault could have struck. */
  readonly moments: readonly { readonly moment: Moment; readonly stage: Stage }[];
}

const policy: Policy = { ...gatePolicy, removals: { items: 20, share: 0.5 } };

/** Faults strike in the first hour; then everything is mended, and it has to settle. */
const faultyMs = 3_600_000;
const mendedMs = 3 * 3_600_000;

export class World {
  readonly scheduler: Scheduler;
  readonly device: SimulatedDevice;
  readonly network: Network;
  readonly random: Random;
  readonly checks: Checks;
  readonly trace: string[] = [];
  readonly #strikes: Strikes;
  readonly hosts: Host[] = [];
  readonly outcomes: string[] = [];
  /** The device's clock was: its timer stood still for some time. */
  clockSetBack = false;
  readonly #options: RunOptions;
  readonly shape: Shape;
  readonly #settings: DeviceSettings;
  readonly #commits: (readonly string[])[];
  #commit = 0;
  readonly images: DeviceImage[] = [];
  readonly hostImages: Host[] = [];
  #violation: string | null = null;
  #personal = false;
  #appends = 0;
  readonly #begun: DaemonProcess[] = [];
  #mendedAtMs: number | null = null;

  constructor(options: RunOptions) {
    this.#options = options;
    this.shape = options.shape;
    const { shape, seed } = options;
    this.random = seededRandom(seed);
    this.scheduler = new Scheduler((nowMs) => this.device.advanceTo(nowMs));
    const habits = {
      ...soundHabits,
      ...shape.habits,
      ...options.habits,
      stepMs: 50 + this.random.below(1_500),
    };
    if (this.random.below(4) === 0) habits.flushMs = 45_000;
    if (this.random.below(4) === 0) habits.lateMs = 60_000;
    this.device = new SimulatedDevice(shape.base, habits, this.random, (what) => this.say(`device: ${what}`));
    this.checks = new Checks(this.device);
    this.#settings = deviceSettings({
      port: 22,
      hostKey: this.device.hostKey,
      windowMs: 60_000 + 1_000 * this.random.below(60),
      tickMs: 2_000 + 1_000 * this.random.below(9),
      flushMs: habits.flushMs,
      soakMs: this.random.below(4) === 0 ? 30_000 : 0,
      minUptimeMs: this.random.below(2) === 0 ? 300_000 : 0,
      readMs: 300_000,
      address: '192.0.2.1',
    });
    this.#commits = [shape.base, shape.target];
    this.#strikes = new Strikes(options.faults);
    this.network = {
      scheduler: this.scheduler,
      device: this.device,
      layout,
      random: this.random,
      cutUntilMs: -1,
      slowMs: 0,
      slowUntilMs: -1,
      sessions: 0,
      onLate: () => this.isPersonal(),
      onSend: (process, command, changing, session) => {
        if (changing) this.#guarded(() => this.checks.onSend(process.host, command, session));
        const verdict = this.#moment(process, 'send', command);
        return verdict === 'error' ? 'lost' : verdict;
      },
      onAnswer: (process, command, session) => {
        this.#guarded(() => this.checks.onRead(process.host, command, session));
        const verdict = this.#moment(process, 'answer', command);
        return verdict === 'error' ? 'lost' : verdict;
      },
    };
  }

  get resolves(): boolean {
    return this.#options.resolves === true;
  }

  /** Faults strike at the very moment that was asked for, not around it. */
  get isExact(): boolean {
    return this.#strikes.isExact;
  }

  /** Somebody else had a hand in it: what the device ends with is for people to judge. */
  isPersonal(): void {
    this.#personal = true;
  }

  say(what: string): void {
    this.trace.push(`${(this.scheduler.nowMs / 1000).toFixed(2).padStart(9)}  ${what}`);
  }

  #guarded(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#violation ??= error.message;
      this.say(`VIOLATION ${error.message}`);
    }
  }

  fail(what: string): void {
    this.#guarded(() => {
      throw new Violation(what);
    });
  }

  async run(): Promise<Run> {
    const settle = async (): Promise<void> => {
      this.#guarded(() => this.checks.onDevice());
      await immediate();
      // A journal that was appended to takes one more turn until it writes.
      for (; this.#appends > 0; this.#appends -= 1) await immediate();
    };
    const over = (): boolean => this.#violation !== null || this.#isQuiet();
    this.images.push(this.device.image());
    this.begin(this.addHost(this.newHost('host')), 0);
    askAround(this);
    this.scheduler.after(20_000, () => this.newCommit());
    await this.scheduler.run(faultyMs, over, settle);
    if (this.#violation === null) this.#mend();
    await this.scheduler.run(this.scheduler.nowMs + mendedMs, over, settle);
    if (this.#violation === null) this.#judgeEnd();
    for (const host of this.hosts) host.process?.kill();
    for (const process of this.#begun) process.release();
    const { trace, outcomes } = this;
    const { hits, moments } = this.#strikes;
    return { trace, violation: this.#violation, hits, judged: this.checks.judged, outcomes, moments };
  }

  /** The one machine that is meant to serve the device. */
  get main(): Host {
    return this.hosts[0] as Host;
  }

  newHost(name: string): Host {
    return new Host(
      name,
      (process, at, text) => this.#onDisk(process, at, text),
      (from, record) => this.#onRecord(from, record),
    );
  }

  addHost(host: Host): Host {
    this.hosts.push(host);
    return host;
  }

  begin(host: Host, afterMs: number): void {
    this.scheduler.after(afterMs, () => {
      if (host.process !== null || host.isGone) return;
      const name = `${host.name}#${this.#begun.length + 1}`;
      const process = new DaemonProcess(name, host, this.#surroundings());
      this.#begun.push(process);
      host.process = process;
      this.say(`${process.name} starts`);
      process.start();
    });
  }

  #surroundings(): Surroundings {
    const { seams, trust } = this.#options;
    return {
      scheduler: this.scheduler,
      device: this.#settings,
      policy,
      trust,
      seams,
      random: (bytes) => Buffer.from(Array.from({ length: bytes }, () => this.random.below(256))),
      newestCommit: () => commitName(this.#commit),
      textAt: (commit) => this.#textAt(commit),
      connect: (process) => connectOver(this.network, process),
      onRendered: (rollout, plan) => {
        const wanted = this.#commits[this.#commit] ?? [];
        this.device.programs.set(rollout, programOf(plan, this.device.rows, wanted));
      },
      onAppend: () => (this.#appends += 1),
      say: (what) => this.say(what),
      onEnded: (process) => this.kill(process, 30_000),
      onDefect: (what) => this.fail(what),
    };
  }

  #textAt(commit: string): DesiredText {
    const rows = this.#commits[Number(commit.slice(-4))] ?? [];
    const text = Buffer.from(bodyText(layout, rows, 0), 'latin1');
    return { commit, file: 'devices/gw1/config.rsc', text, owns: 'sections', ignore: [] };
  }

  #onRecord(host: Host, record: SitewardRecord): void {
    this.say(`${host.name}: ${describe(record)}`);
    if (record.kind === 'settled') this.outcomes.push(record.outcome);
    // Who has ended a rollout by hand puts right what it failed by.
    if (record.kind === 'settled' && record.outcome === 'resolved')
      Object.assign(this.device.habits, { failsAtRow: null, lateMs: 0 });
    if (record.kind === 'arm-finished' && this.random.below(2) === 0) this.images.push(this.device.image());
    if (record.kind === 'settled' || record.kind === 'lock-started') this.hostImages.push(host.copy('image'));
    this.#guarded(() => this.checks.onRecord(host, record));
  }

  #onDisk(process: DaemonProcess, at: 'append' | 'sync' | 'synced', text: string): 'go' | 'error' {
    const stage = text.includes('"kind":"rollout-planned"') ? 'planned' : process.stage();
    const verdict = this.#moment(process, at, text.slice(0, 0), stage);
    return verdict === 'error' ? 'error' : 'go';
  }

  /** Something is about to happen, or has: the faults that wait for such a moment strike. */
  #moment(
    process: DaemonProcess,
    moment: Moment,
    what: string,
    stage = process.stage(),
  ): ReturnType<Fault['strike']> {
    if (what !== '' && moment === 'send') this.say(`${process.name} > ${brief(what)}`);
    if (this.scheduler.nowMs < this.network.cutUntilMs && (moment === 'send' || moment === 'answer'))
      return 'lost';
    if (process.host !== this.main) return 'go';
    // Afterwards nothing more goes wrong.
    if (this.#mendedAtMs !== null) return 'go';
    this.#strikes.count(moment, stage);
    const fault = this.#strikes.due(moment, stage, this.scheduler.nowMs);
    if (fault === null) return 'go';
    this.#personal ||= fault.personal;
    this.say(`--- ${fault.name}, at ${moment} while ${stage} ---`);
    return fault.strike(this, process);
  }

  /** Nothing more will happen by itself, as far as can be seen. */
  #isQuiet(): boolean {
    const { nowMs } = this.scheduler;
    if (nowMs < Math.max(this.#mendedAtMs ?? 400_000, this.#strikes.lastMs + 150_000)) return false;
    if (this.#strikes.waitForIdle) return false;
    const { process } = this.main;
    if (process === null || process.readOnlyReason() !== null) return false;
    const standing = process.standing();
    if (standing?.state === 'in-sync' || standing?.state === 'quarantined') return process.stage() === 'idle';
    const patienceMs = 600_000;
    return (
      this.#personal &&
      this.#mendedAtMs !== null &&
      nowMs > this.#mendedAtMs + patienceMs &&
      standing?.next != null
    );
  }

  /** Whatever was broken is mended: what is left to do must now be done by the daemon, or be said. */
  #mend(): void {
    this.say('--- everything is mended ---');
    this.#mendedAtMs = this.scheduler.nowMs + 60_000;
    this.network.cutUntilMs = -1;
    this.network.slowUntilMs = -1;
    for (const host of this.hosts.slice(1)) this.#retire(host);
    const { process } = this.main;
    if (process?.readOnlyReason() !== null) process?.kill();
    else order(this, process, 'release');
    this.begin(this.main, 1_000);
  }

  #retire(host: Host): void {
    host.process?.kill();
    host.isGone = true;
  }

  #judgeEnd(): void {
    const { process } = this.main;
    const standing = process?.standing() ?? null;
    if (process === null || standing === null) return this.fail('end: the daemon does not run');
    const state = `${standing.state} (${standing.reason ?? ''})`;
    this.say(`end: ${state} ${standing.message ?? ''} next: ${standing.next ?? '-'}`);
    const waits = !['in-sync', 'behind', 'drifted'].includes(standing.state);
    if (waits && standing.next === null) this.fail(`end: ${state} waits for a person and names no command`);
    if (this.#personal) return;
    // Nobody can reach it any more, and its timer waits for a time of day that is far away: until then, or a reboot.
    if (this.clockSetBack && this.device.keepsOut()) return;
    if (
      this.#strikes.hits.length === 0 &&
      this.shape.undisturbed !== 'either' &&
      this.outcomes.join() !== this.shape.undisturbed
    )
      return this.fail(`end: nothing went wrong, and it ended ${this.outcomes.join()}`);
    if (standing.state === 'diverged' && this.#keepsTarget()) return;
    if (!['in-sync', 'quarantined'].includes(standing.state))
      return this.fail(`end: it does not settle: ${state}`);
    const left = [...this.device.scripts.keys()].filter(
      (one) => one.startsWith('sw-') && one !== 'sw-witness',
    );
    if (left.length > 0 || this.device.tick !== null)
      return this.fail(`I8: left on the device: ${left.join(' ')} tick`);
    const rows = JSON.stringify(this.device.rows);
    const known = this.#commits.some((commit) => JSON.stringify(commit) === rows);
    if (!known) return this.fail(`I3: the device has what no commit meant: ${rows}`);
    const wanted = rows === JSON.stringify(this.#commits[this.#commit]);
    if (wanted !== (standing.state === 'in-sync')) this.fail(`I4: ${state}, and the device has ${rows}`);
  }

  /** It keeps the target, and the timer that has to be seen to decline stood still: people say that it is well. */
  #keepsTarget(): boolean {
    const { tick, rows } = this.device;
    const id = tick?.name.slice(3, 15) ?? '';
    const isTarget = this.#commits.some((commit) => JSON.stringify(commit) === JSON.stringify(rows));
    return this.clockSetBack && isTarget && this.device.decision(id) === 'confirm';
  }

  newCommit(): void {
    if (this.#commit === 0) this.#commit = 1;
    else this.#commits.push(nextWish(this.#commits[this.#commit] ?? [], this.#commits.length));
    this.#commit = this.#commits.length - 1;
    this.say(`git: commit ${this.#commit}`);
    for (const { process } of this.hosts)
      if (process !== null) this.background(process, () => process.refresh());
  }

  /** Work of a daemon that nobody waits for; it may end with the daemon. */
  background(process: DaemonProcess, work: () => Promise<unknown>): void {
    work().catch((error: unknown) => {
      const expected = error instanceof SitewardError || process.dead;
      if (!expected)
        this.fail(`defect: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    });
  }

  kill(process: DaemonProcess, restartAfterMs: number): void {
    process.kill();
    this.begin(process.host, restartAfterMs);
  }

  sign(text: string): string {
    return signMessage(this.#options.signer, 'siteward-operational-v1@example.org', text);
  }
}

function commitName(n: number): string {
  return `${'c'.repeat(36)}${String(n).padStart(4, '0')}`;
}

/** Another wish than the one before: one more name, or one less. */
function nextWish(rows: readonly string[], n: number): readonly string[] {
  return rows.map((row, i) => (i === 1 ? `add address=192.0.2.${100 + n} name=host2.example.org` : row));
}

function immediate(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
