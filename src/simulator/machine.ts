/**
 * The running device: its configuration, jobs, scheduler, files, log and two clocks (uptime, wall time). It is
 * what the console acts on; it knows nothing of SSH.
 */
import { refreshConnectedRoutes, ROUTE_SOURCES } from './device/connected-routes.ts';
import { DeviceClocks } from './device-clocks.ts';
import { Device } from './device/device.ts';
import { Faults } from './faults.ts';
import { FileStore } from './files/store.ts';
import { History } from './history.ts';
import { HostKeys } from './host-keys.ts';
import { Logbook } from './logbook.ts';
import { factOf } from './machine-facts.ts';
import { addViews } from './machine-views.ts';
import { Scheduler, SCHEDULER_PATH } from './scheduler.ts';
import { ScriptRunner } from './script-runner.ts';
import { Sessions } from './sessions.ts';
import { Threads } from './threads.ts';
import { deviceVocabulary } from './vocabulary.ts';
import type { Behaviour } from './behaviour.ts';
import type { SimulatorClock } from './clock.ts';
import type { DeviceState } from './device/device.ts';
import type { DeviceImage } from './device/image.ts';
import type { Menu, Row } from './device/menu.ts';
import type { Caller, Host } from './host.ts';
import type { Run } from './language/runtime.ts';
import type { Vocabulary } from './language/syntax.ts';
import type { Value } from './language/values.ts';
import type { LogLine } from './logbook.ts';
import type { Random } from './random.ts';
import type { Ending } from './script-runner.ts';
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

/** With less room than that, changes of the configuration are not written. */
const ROOM_FOR_WRITING = 4096;
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
  private readonly runner: ScriptRunner;
  /** Whoever works on the device from outside, not over the network. */
  private readonly ownSession: Session;
  /** What a device with a full disk goes back to at the next boot. */
  private lastWritten: DeviceState | undefined;
  private readonly clocks: DeviceClocks;
  private bootScript: string | undefined;
  private cancelBootScript: () => void = () => undefined;
  private up = true;

  constructor(options: MachineOptions) {
    const { clock, behaviour } = options;
    this.clock = clock;
    this.random = options.random;
    this.behaviour = behaviour;
    this.user = options.user;
    this.clocks = new DeviceClocks(clock, options.uptimeMs, behaviour.clock === 'unset');
    this.device = new Device(options.from, {
      version: options.version,
      user: options.user,
      monotonic: () => clock.monotonic(),
      flushMs: behaviour.flushMs,
      versionGates: behaviour.versionGates,
      findCompares: behaviour.findCompares,
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
    addViews(this);
    this.runner = new ScriptRunner(this, new Threads(clock, options.random, () => behaviour.commandMs));
    this.vocabulary = deviceVocabulary(this.device);
    this.ownSession = this.sessions.make(options.user, 'local', '', this.wallMs());
    this.scheduler = new Scheduler({
      device: this.device,
      clock,
      consoleStart: () => this.clocks.consoleStartedAt,
      wall: () => this.wallMs(),
      run: (row) => {
        if (this.up) this.runner.runScheduled(row, this.user);
      },
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
    return this.runner.jobs.menu;
  }

  scriptRunsOf(row: Row): { readonly count: number; readonly at: number } | undefined {
    return this.runner.runsOf(row);
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
    return this.clocks.uptimeMs();
  }

  /** Hardware interfaces come late after a boot. */
  interfacesMissing(): boolean {
    return this.uptimeMs() < this.behaviour.lateInterfacesMs;
  }

  wallMs(): number {
    return this.clocks.wallMs();
  }

  /** Moves wall time alone, as NTP or a person would. */
  jumpClock(ms: number): void {
    this.clocks.jump(ms);
    if (this.behaviour.recomputeAfterJump) this.scheduler.clockChanged();
    if (this.behaviour.startupFollowsWallClock) this.scheduler.startupMoved(ms);
  }

  writeLog(topics: string, message: string): void {
    this.logbook.write(this.wallMs(), topics, message);
  }

  /** See ScriptRunner; without `who` it is whoever works on the device from outside. */
  console(
    text: string,
    print: (line: string) => void,
    ended: (how: Ending, menu: readonly string[]) => void,
    who: { readonly session?: Session; readonly menu?: readonly string[] } = {},
  ): Thread | undefined {
    return this.runner.console(text, print, ended, { session: this.ownSession, ...who });
  }

  stopThread(thread: Thread): void {
    this.runner.stopThread(thread);
  }

  startJob(source: string, session: Session = this.ownSession): Value {
    return this.runner.startJob(source, session);
  }

  runNamed(row: Row, caller: Caller): Run<Value> {
    return this.runner.runNamed(row, caller);
  }

  stopJob(job: Row): void {
    this.runner.jobs.stop(job);
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
    this.runner.stopAll();
    this.clocks.restartConsole();
    this.scheduler.start(false);
  }

  private goDown(): void {
    this.up = false;
    // Sessions first: nobody gets to hear of what ends now.
    this.onPower(false);
    this.scheduler.stop();
    this.runner.stopAll();
    this.cancelBootScript();
  }

  private comeUp(): void {
    if (this.lastWritten !== undefined) this.device.restore(this.lastWritten);
    this.lastWritten = undefined;
    this.history.clear();
    this.sessions.endAll();
    this.runner.forgetCounts();
    this.logbook.clear();
    this.clocks.boot();
    this.up = true;
    this.scheduler.start(true);
    const script = this.bootScript;
    this.bootScript = undefined;
    if (script !== undefined)
      this.cancelBootScript = this.clock.after(AFTER_BOOT_MS, () => void this.startJob(script));
    this.onPower(true);
  }

  /** Ends all timers; the machine is of no use afterwards. */
  close(): void {
    this.up = false;
    this.scheduler.stop();
    this.cancelBootScript();
    this.runner.stopAll();
  }
}
