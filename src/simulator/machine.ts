/**
 * The running device: its configuration, jobs, scheduler, log and two clocks (uptime, wall time). It is
 * what the console acts on; it knows nothing of SSH.
 */
import { compareVersions } from '../drivers/routeros/menus.ts';
import { Device } from './device/device.ts';
import { hexId, Menu } from './device/menu.ts';
import { clockForm } from './language/duration.ts';
import { Faults } from './faults.ts';
import { runScript } from './language/interpreter.ts';
import { parseScript } from './language/parser.ts';
import { ConsoleError, ParseError } from './language/syntax.ts';
import { Scheduler, SCHEDULER_PATH } from './scheduler.ts';
import { systemMenu } from './system-commands.ts';
import type { LogLine } from './system-commands.ts';
import { Threads } from './threads.ts';
import { deviceVocabulary } from './vocabulary.ts';
import type { SimulatorClock } from './clock.ts';
import type { Row } from './device/menu.ts';
import type { Run, Runtime } from './language/runtime.ts';
import type { Vocabulary } from './language/syntax.ts';
import type { Value } from './language/values.ts';
import type { Random } from './random.ts';
import type { Behaviour } from './behaviour.ts';
import type { Thread } from './threads.ts';

interface MachineOptions {
  readonly exportText: Uint8Array;
  readonly version: string | undefined;
  readonly user: string;
  readonly uptimeMs: number;
  readonly clock: SimulatorClock;
  readonly random: Random;
  readonly behaviour: Behaviour;
}

/** How a console line ended. */
export type Ending = 'done' | 'parse-error' | 'error' | 'stopped';

const SCRIPT_PATH = '/system script';
const JOB_PATH = '/system script job';
const LOG_LINES = 1000;

export class Machine {
  readonly device: Device;
  readonly clock: SimulatorClock;
  readonly random: Random;
  readonly behaviour: Behaviour;
  readonly user: string;
  readonly scheduler: Scheduler;
  readonly vocabulary: Vocabulary;
  readonly faults = new Faults();
  readonly log: LogLine[] = [];
  readonly jobs = new Menu(JOB_PATH, false);
  /** Called when the device goes down, and when it is back. */
  onPower: (up: boolean) => void = () => undefined;
  /** Called after each change of the configuration, with the menu's path. */
  onChange: (path: string) => void = () => undefined;
  private globals = new Map<string, Value>();
  private readonly threads: Threads;
  private readonly jobThreads = new Map<number, Thread>();
  private readonly scriptRuns = new Map<number, { count: number; at: number }>();
  private bootedAt: number;
  private consoleStartedAt: number;
  private wallOffset = 0;
  private up = true;

  constructor(options: MachineOptions) {
    const { clock } = options;
    this.clock = clock;
    this.random = options.random;
    this.behaviour = options.behaviour;
    this.user = options.user;
    this.bootedAt = clock.monotonic() - options.uptimeMs;
    this.consoleStartedAt = this.bootedAt;
    this.device = new Device(options.exportText, {
      version: options.version,
      user: options.user,
      monotonic: () => clock.monotonic(),
      flushMs: options.behaviour.flushMs,
    });
    this.vocabulary = deviceVocabulary(this.device);
    this.threads = new Threads(clock, options.random, () => options.behaviour.commandMs);
    this.scheduler = new Scheduler({
      device: this.device,
      clock,
      consoleStart: () => this.consoleStartedAt,
      wall: () => this.wallMs(),
      run: (row) => this.runScheduled(row),
      startupCountsFrom: options.behaviour.startupCountsFrom,
    });
    this.device.computed = (path, row, name) => this.computed(path, row, name);
    this.device.onChange = (path) => {
      if (path === SCHEDULER_PATH && this.up) this.scheduler.sync();
      this.onChange(path);
    };
    this.scheduler.start(true);
  }

  uptimeMs(): number {
    return this.clock.monotonic() - this.bootedAt;
  }

  /** Hardware interfaces come late after a boot. */
  interfacesMissing(): boolean {
    return this.uptimeMs() < this.behaviour.lateInterfacesMs;
  }

  wallMs(): number {
    return this.clock.now() + this.wallOffset;
  }

  /** Moves wall time alone, as NTP or a person would. */
  jumpClock(ms: number): void {
    this.wallOffset += ms;
    if (this.behaviour.recomputeAfterJump) this.scheduler.clockChanged();
  }

  writeLog(topics: string, message: string): void {
    this.log.push({ at: this.wallMs(), topics, message });
    if (this.log.length > LOG_LINES) this.log.shift();
  }

  /** Runs one console line or script; `print` gets each line of output, errors too. */
  console(text: string, print: (line: string) => void, ended: (how: Ending) => void): Thread | undefined {
    let block;
    try {
      block = parseScript(text, this.vocabulary);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      print(error.message);
      ended('parse-error');
      return undefined;
    }
    return this.threads.start(runScript(block, this.runtime(print)), ({ error, stopped }) => {
      if (error !== undefined) print(messageOf(error));
      ended(stopped === true ? 'stopped' : error === undefined ? 'done' : 'error');
    });
  }

  stopThread(thread: Thread): void {
    this.threads.stop(thread);
  }

  private runtime(print: (line: string) => void): Runtime {
    const runtime: Runtime = {
      globals: this.globals,
      errorsSayWhere: this.device.major === 7 && compareVersions(this.device.version, '7.20') >= 0,
      print,
      log: (topics, message) => this.writeLog(topics, message),
      menu: (call) => systemMenu(this, call, runtime),
      execute: (source) => this.startJob(source, undefined),
      check: (source) => void parseScript(source, this.vocabulary),
    };
    return runtime;
  }

  /** Starts a job of its own; its output goes nowhere, its errors to the log. */
  startJob(source: string, scheduled: Row | undefined): Value {
    const runtime = this.runtime(() => undefined);
    const vocabulary = this.vocabulary;
    const run = function* (): Run<Value> {
      return yield* runScript(parseScript(source, vocabulary), runtime);
    };
    const name = scheduled === undefined ? undefined : this.device.text(SCHEDULER_PATH, scheduled, 'name');
    const job = this.addJob('');
    const thread = this.threads.start(run(), ({ error }) => {
      this.endJob(job);
      if (error === undefined) return;
      const what =
        name === undefined ? 'executing script failed' : `executing script ${name} from scheduler failed`;
      this.writeLog('script,error', `${what}, please check it manually`);
      this.writeLog('script,error,debug', messageOf(error));
    });
    this.jobThreads.set(job.id, thread);
    return { type: 'id', text: hexId(job) };
  }

  private runScheduled(row: Row): void {
    if (this.up) this.startJob(this.device.text(SCHEDULER_PATH, row, 'on-event') ?? '', row);
  }

  addJob(script: string): Row {
    const given = new Map([
      ['script', script],
      ['owner', this.user],
      ['type', 'command'],
      ['started', this.stamp(this.wallMs())],
    ]);
    const job = this.jobs.makeRow({ selector: 'job', given });
    this.jobs.rows = [...this.jobs.rows, job];
    return job;
  }

  endJob(job: Row): void {
    this.jobs.rows = this.jobs.rows.filter((row) => row.id !== job.id);
    this.jobThreads.delete(job.id);
  }

  /** `/system script run NAME`: in the thread of whoever asks, visible as a job of that script. */
  *runNamed(row: Row, runtime: Runtime): Run<Value> {
    const job = this.addJob(this.device.text(SCRIPT_PATH, row, 'name') ?? '');
    const thread = this.threads.running();
    if (thread !== undefined) this.jobThreads.set(job.id, thread);
    const runs = this.scriptRuns.get(row.id);
    this.scriptRuns.set(row.id, { count: (runs?.count ?? 0) + 1, at: this.wallMs() });
    try {
      const source = this.device.text(SCRIPT_PATH, row, 'source') ?? '';
      return yield* runScript(parseScript(source, this.vocabulary), runtime);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      throw new ConsoleError(error.message);
    } finally {
      this.endJob(job);
    }
  }

  /** `/system script job remove`: whatever runs in that job never does another command. */
  stopJob(job: Row): void {
    const thread = this.jobThreads.get(job.id);
    this.endJob(job);
    if (thread !== undefined) this.threads.stop(thread);
  }

  /** Everything that ran is gone, counters and global variables too; the configuration stays. */
  reboot(): void {
    this.goDown();
    this.comeUp();
  }

  /** As a reboot, but changes that were not yet written may be lost, menu by menu. */
  powerCut(): void {
    this.goDown();
    this.device.losePower((limit) => this.random.below(limit));
    this.comeUp();
  }

  /** The console starts again without a reboot: jobs and globals are gone, uptime goes on. */
  consoleCrash(): void {
    this.killAll();
    this.consoleStartedAt = this.clock.monotonic();
    this.scheduler.start(false);
  }

  private goDown(): void {
    this.up = false;
    // Sessions first: nobody gets to hear of what ends now.
    this.onPower(false);
    this.scheduler.stop();
    this.killAll();
  }

  private comeUp(): void {
    this.scriptRuns.clear();
    this.log.length = 0;
    this.bootedAt = this.clock.monotonic();
    this.consoleStartedAt = this.bootedAt;
    this.up = true;
    this.scheduler.start(true);
    this.onPower(true);
  }

  private killAll(): void {
    this.threads.stopAll();
    this.jobs.rows = [];
    this.jobThreads.clear();
    this.globals = new Map();
  }

  /** Ends all timers; the machine is of no use afterwards. */
  close(): void {
    this.up = false;
    this.scheduler.stop();
    this.killAll();
  }

  private stamp(ms: number): string {
    return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
  }

  private computed(path: string, row: Row, name: string): string | undefined {
    switch (`${path} ${name}`) {
      case '/system scheduler run-count':
        return String(this.scheduler.runCount(row));
      case '/system scheduler next-run': {
        const next = this.scheduler.nextRun(row);
        return next === undefined ? '' : this.stamp(next);
      }
      case '/system script run-count':
        return String(this.scriptRuns.get(row.id)?.count ?? 0);
      case '/system script last-started': {
        const runs = this.scriptRuns.get(row.id);
        return runs === undefined ? '' : this.stamp(runs.at);
      }
      case '/system scheduler owner':
      case '/system script owner':
        return this.user;
      case '/system resource uptime':
        return clockForm(Math.floor(this.uptimeMs() / 1000) * 1000);
      case '/system resource version':
        return `${this.device.version} (stable)`;
      case '/system resource board-name':
        return this.model();
      case '/system resource architecture-name':
        return this.isVirtual() ? 'x86_64' : 'arm';
      case '/system resource platform':
        return 'MikroTik';
      case '/system resource free-hdd-space':
      case '/system resource free-memory':
        return '100000000';
      case '/system resource cpu-load':
        return '1';
      case '/system clock time':
        return new Date(this.wallMs()).toISOString().slice(11, 19);
      case '/system clock date':
        return new Date(this.wallMs()).toISOString().slice(0, 10);
      case '/system routerboard serial-number':
        return this.headerFact('serial number');
      case '/system routerboard model':
        return this.headerFact('model');
      case '/system routerboard routerboard':
        return this.isVirtual() ? 'no' : 'yes';
      case '/system license software-id':
        return this.headerFact('software id');
      default:
        return undefined;
    }
  }

  private headerFact(name: string): string {
    for (const line of this.device.header)
      if (line.startsWith(`# ${name} = `)) return line.slice(name.length + 5).trim();
    return '';
  }

  private isVirtual(): boolean {
    return this.headerFact('model') === '';
  }

  private model(): string {
    return this.isVirtual() ? 'CHR QEMU Standard PC' : this.headerFact('model');
  }
}

function messageOf(error: unknown): string {
  if (error instanceof ConsoleError || error instanceof ParseError) return error.message;
  // A script that runs itself without end.
  if (error instanceof RangeError) return 'failure: scripts are nested too deeply';
  throw error;
}
