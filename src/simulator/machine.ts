/**
 * The running device: its configuration, jobs, scheduler, files, log and two clocks (uptime, wall time). It is
 * what the console acts on; it knows nothing of SSH.
 */
import { runCommand } from './commands/dispatch.ts';
import { refreshConnectedRoutes, ROUTE_SOURCES } from './device/connected-routes.ts';
import { Device } from './device/device.ts';
import { Faults } from './faults.ts';
import { FileStore } from './files/store.ts';
import { History } from './history.ts';
import { HostKeys } from './host-keys.ts';
import { Jobs } from './jobs.ts';
import { ImportError } from './language/import-error.ts';
import { runScript } from './language/interpreter.ts';
import { parsePiece, parseScript } from './language/parser.ts';
import { ConsoleError, ParseError } from './language/syntax.ts';
import { Logbook } from './logbook.ts';
import { factOf, stamp } from './machine-facts.ts';
import { addViews } from './machine-views.ts';
import { Scheduler, SCHEDULER_PATH } from './scheduler.ts';
import { Sessions } from './sessions.ts';
import { Threads } from './threads.ts';
import { deviceVocabulary } from './vocabulary.ts';
import type { Behaviour } from './behaviour.ts';
import type { SimulatorClock } from './clock.ts';
import type { DeviceState } from './device/device.ts';
import type { DeviceImage } from './device/image.ts';
import type { Menu, Row } from './device/menu.ts';
import type { Caller, Host } from './host.ts';
import type { Run, Runtime } from './language/runtime.ts';
import type { Vocabulary } from './language/syntax.ts';
import type { Value } from './language/values.ts';
import type { LogLine } from './logbook.ts';
import type { Random } from './random.ts';
import type { Session } from './sessions.ts';
import type { Thread } from './threads.ts';

interface MachineOptions {
  readonly from: Uint8Array | DeviceImage;
  readonly version: string | undefined;
  readonly user: string;
  readonly uptimeMs: number;
  readonly clock: SimulatorClock;
  readonly random: Random;
  readonly behaviour: Behaviour;
  /** A private host key to keep from one start to the next. */
  readonly hostKey?: string | undefined;
}

/** How a console line ended. */
export type Ending = 'done' | 'parse-error' | 'error' | 'import-error' | 'stopped';

const SCRIPT_PATH = '/system script';
/** With less room than that, changes of the configuration are not written. */
const ROOM_FOR_WRITING = 4096;
/** Where wall time begins on a device whose clock nobody set. */
const UNSET_CLOCK_MS = Date.UTC(1970, 0, 2);
const AFTER_BOOT_MS = 3000;

export class Machine implements Host {
  readonly device: Device;
  readonly clock: SimulatorClock;
  readonly random: Random;
  readonly behaviour: Behaviour;
  readonly user: string;
  readonly scheduler: Scheduler;
  readonly vocabulary: Vocabulary;
  readonly faults = new Faults();
  readonly files: FileStore;
  readonly history: History;
  readonly hostKeys: HostKeys;
  readonly sessions: Sessions;
  /** Called when the device goes down, and when it is back. */
  onPower: (up: boolean) => void = () => undefined;
  /** Called after each change of the configuration, with the menu's path. */
  onChange: (path: string) => void = () => undefined;
  private readonly logbook = new Logbook();
  private globals = new Map<string, Value>();
  private readonly threads: Threads;
  private readonly runningJobs: Jobs;
  private readonly scriptRuns = new Map<number, { count: number; at: number }>();
  /** Whoever works on the device from outside, not over the network. */
  private readonly ownSession: Session;
  /** What a device with a full disk goes back to at the next boot. */
  private lastWritten: DeviceState | undefined;
  private bootedAt: number;
  private consoleStartedAt: number;
  private wallOffset = 0;
  private bootScript: string | undefined;
  private cancelBootScript: () => void = () => undefined;
  private up = true;

  constructor(options: MachineOptions) {
    const { clock, behaviour } = options;
    this.clock = clock;
    this.random = options.random;
    this.behaviour = behaviour;
    this.user = options.user;
    this.bootedAt = clock.monotonic() - options.uptimeMs;
    this.consoleStartedAt = this.bootedAt;
    this.forgetClock();
    this.device = new Device(options.from, {
      version: options.version,
      user: options.user,
      monotonic: () => clock.monotonic(),
      flushMs: behaviour.flushMs,
      versionGates: behaviour.versionGates,
    });
    this.hostKeys = new HostKeys(options.hostKey, behaviour.hostKeyType);
    this.history = new History(this.device);
    this.files = new FileStore({
      disk: behaviour.disk,
      capacity: behaviour.diskBytes,
      flushMs: behaviour.flushMs,
      monotonic: () => clock.monotonic(),
      wall: () => this.wallMs(),
    });
    this.sessions = new Sessions(this.device, () => behaviour.withoutPolicies);
    this.threads = new Threads(clock, options.random, () => behaviour.commandMs);
    addViews(this);
    this.runningJobs = new Jobs(this.threads, (rows) => this.device.addView('/system script job', rows));
    this.vocabulary = deviceVocabulary(this.device);
    this.ownSession = this.sessions.make(options.user, 'local', '', this.wallMs());
    this.scheduler = new Scheduler({
      device: this.device,
      clock,
      consoleStart: () => this.consoleStartedAt,
      wall: () => this.wallMs(),
      run: (row) => this.runScheduled(row),
      startupCountsFrom: behaviour.startupCountsFrom,
    });
    this.device.computed = (path, row, name) => factOf(this, path, row, name);
    this.device.onChange = (path, before) => this.changed(path, before);
    if (behaviour.dynamicRows) refreshConnectedRoutes(this.device);
    this.scheduler.start(true);
  }

  get log(): readonly LogLine[] {
    return this.logbook.lines;
  }

  get jobs(): Menu {
    return this.runningJobs.menu;
  }

  scriptRunsOf(row: Row): { readonly count: number; readonly at: number } | undefined {
    return this.scriptRuns.get(row.id);
  }

  private changed(path: string, before: readonly Row[]): void {
    this.history.changed(path, before);
    const full = this.files.free() < ROOM_FOR_WRITING;
    if (!full) this.lastWritten = undefined;
    else this.lastWritten ??= new Map([...this.device.state(), [path, before]]);
    if (this.behaviour.dynamicRows && ROUTE_SOURCES.has(path)) refreshConnectedRoutes(this.device);
    if (path === SCHEDULER_PATH && this.up) this.scheduler.sync();
    this.onChange(path);
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

  private forgetClock(): void {
    if (this.behaviour.clock === 'unset') this.wallOffset = UNSET_CLOCK_MS - this.clock.now();
  }

  writeLog(topics: string, message: string): void {
    this.logbook.write(this.wallMs(), topics, message);
  }

  /** Runs one console line or script; `print` gets each line of output, errors too; `ended` the menu it ends in. */
  console(
    text: string,
    print: (line: string) => void,
    ended: (how: Ending, menu: readonly string[]) => void,
    who: { readonly session?: Session; readonly menu?: readonly string[] } = {},
  ): Thread | undefined {
    const { session = this.ownSession, menu = [] } = who;
    let block;
    let next = menu;
    try {
      const piece = parsePiece(text, this.vocabulary, menu);
      if (piece === 'unfinished') block = parseScript(text, this.vocabulary, menu);
      else ({ block, menu: next } = piece);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      print(error.message);
      ended('parse-error', menu);
      return undefined;
    }
    return this.threads.start(runScript(block, this.caller(session, print).runtime), (how) => {
      if (how.error !== undefined) print(messageOf(how.error));
      ended(how.stopped === true ? 'stopped' : endingOf(how.error), next);
    });
  }

  stopThread(thread: Thread): void {
    this.threads.stop(thread);
  }

  private caller(session: Session, print: (line: string) => void): Caller {
    const runtime: Runtime = {
      globals: this.globals,
      errorsSayWhere: this.device.major === 7 && this.device.isSince('7.20'),
      print,
      log: (topics, message) => this.writeLog(topics, message),
      menu: (call) => runCommand(this, call, caller),
      execute: (source) => this.startJob(source, session, undefined),
      check: (source) => void parseScript(source, this.vocabulary),
    };
    const caller: Caller = { session, runtime };
    return caller;
  }

  /** Starts a job of its own; its output goes nowhere, its errors to the log. */
  startJob(source: string, session: Session = this.ownSession, name: string | undefined = undefined): Value {
    const { runtime } = this.caller(session, () => undefined);
    const vocabulary = this.vocabulary;
    const run = function* (): Run<Value> {
      return yield* runScript(parseScript(source, vocabulary), runtime);
    };
    const job = this.runningJobs.add('', session.user, stamp(this.wallMs()));
    const thread = this.threads.start(run(), ({ error }) => {
      this.runningJobs.end(job);
      if (error === undefined) return;
      const what =
        name === undefined ? 'executing script failed' : `executing script ${name} from scheduler failed`;
      this.writeLog('script,error', `${what}, please check it manually`);
      this.writeLog('script,error,debug', messageOf(error));
    });
    return this.runningJobs.runsIn(job, thread);
  }

  private runScheduled(row: Row): void {
    if (!this.up) return;
    const text = (name: string): string => this.device.text(SCHEDULER_PATH, row, name) ?? '';
    const policies = text('policy').split(',');
    const session = this.sessions.make(this.user, 'local', '', this.wallMs(), policies);
    this.startJob(text('on-event'), session, text('name'));
  }

  /** `/system script run NAME`: in the thread of whoever asks, visible as a job of that script. */
  *runNamed(row: Row, { session, runtime }: Caller): Run<Value> {
    const name = this.device.text(SCRIPT_PATH, row, 'name') ?? '';
    const job = this.runningJobs.add(name, session.user, stamp(this.wallMs()));
    this.runningJobs.runsIn(job, this.threads.running());
    const count = this.scriptRuns.get(row.id)?.count ?? 0;
    this.scriptRuns.set(row.id, { count: count + 1, at: this.wallMs() });
    try {
      const source = this.device.text(SCRIPT_PATH, row, 'source') ?? '';
      return yield* runScript(parseScript(source, this.vocabulary), runtime);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      throw new ConsoleError(error.message);
    } finally {
      this.runningJobs.end(job);
    }
  }

  stopJob(job: Row): void {
    this.runningJobs.stop(job);
  }

  /** A login is over; `lost`: the device does not know yet. Safe mode of that login takes everything back. */
  endSession(session: Session, lost: boolean): void {
    this.sessions.end(session);
    if (this.history.safeModeOf() !== session) return;
    const unroll = (): void => {
      if (this.history.safeModeOf() === session) this.history.unrollSafeMode();
    };
    if (lost) this.clock.after(this.behaviour.safeModeTimeoutMs, unroll);
    else unroll();
  }

  afterBoot(script: string): void {
    this.bootScript = script;
  }

  /** Everything that ran is gone, counters and global variables too; the configuration stays. */
  reboot(): void {
    this.goDown();
    this.files.reboot();
    this.comeUp();
  }

  /** As a reboot, but changes that were not yet written may be lost. */
  powerCut(): void {
    this.goDown();
    const all = this.faults.loseAllUnwritten;
    const pick = (limit: number): number => (all ? limit - 1 : this.random.below(limit));
    this.device.losePower(pick, all ? 'per-menu' : this.behaviour.lossOrder);
    this.files.losePower(this.random);
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
    this.cancelBootScript();
  }

  private comeUp(): void {
    if (this.lastWritten !== undefined) this.device.restore(this.lastWritten);
    this.lastWritten = undefined;
    this.history.clear();
    this.sessions.endAll();
    this.scriptRuns.clear();
    this.logbook.clear();
    this.forgetClock();
    this.bootedAt = this.clock.monotonic();
    this.consoleStartedAt = this.bootedAt;
    this.up = true;
    this.scheduler.start(true);
    const script = this.bootScript;
    this.bootScript = undefined;
    if (script !== undefined)
      this.cancelBootScript = this.clock.after(AFTER_BOOT_MS, () => void this.startJob(script));
    this.onPower(true);
  }

  private killAll(): void {
    this.threads.stopAll();
    this.runningJobs.clear();
    this.globals = new Map();
  }

  /** Ends all timers; the machine is of no use afterwards. */
  close(): void {
    this.up = false;
    this.scheduler.stop();
    this.cancelBootScript();
    this.killAll();
  }
}

function endingOf(error: unknown): Ending {
  if (error === undefined) return 'done';
  return error instanceof ImportError ? 'import-error' : 'error';
}

function messageOf(error: unknown): string {
  if (error instanceof ConsoleError || error instanceof ParseError) return error.message;
  // A script that runs itself without end.
  if (error instanceof RangeError) return 'failure: scripts are nested too deeply';
  throw error;
}
