/**
 * A daemon as a process of the simulation: the real passes, gate, runner, driver and journal on a clock, a disk and a
 * network that the world owns. When it is killed it is never called again and nothing of it is cleaned up, as with
 * SIGKILL; what it still tries to do from a pending promise reaches nobody.
 */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../../../src/core/clock.ts';
import { sha256 } from '../../../src/core/digest.ts';
import { JournalError } from '../../../src/core/errors.ts';
import type { NewRecord } from '../../../src/core/journal.ts';
import type { SitewardRecord } from '../../../src/core/rollout/events.ts';
import type { RolloutPhase } from '../../../src/core/rollout/state.ts';
import { foldRecord } from '../../../src/core/site-fold.ts';
import { deviceState, emptySiteState } from '../../../src/core/site-state.ts';
import type { DeviceSettings, Policy } from '../../../src/core/site.ts';
import type { Trust } from '../../../src/core/gate/trust.ts';
import { buildOperations } from '../../../src/daemon/operations.ts';
import { standingFor } from '../../../src/daemon/answers.ts';
import type { RunningDevice, RunningSite } from '../../../src/daemon/running-site.ts';
import type { Plan } from '../../../src/core/plan/action.ts';
import type { Driver } from '../../../src/drivers/driver.ts';
import type { Reach } from '../../../src/drivers/routeros/effects/device-console.ts';
import { createRouterosDriver } from '../../../src/drivers/routeros/driver.ts';
import { openJournal } from '../../../src/journal/journal.ts';
import type { JournalStorage } from '../../../src/journal/storage.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { startDeviceLoop } from '../../../src/reconcile/device-loop.ts';
import { reportCell } from '../../../src/reconcile/device-report.ts';
import type { DesiredText, DeviceRoom } from '../../../src/reconcile/device-room.ts';
import { emptyArchive } from '../../support/empty-archive.ts';
import { openLedger } from '../../../src/reconcile/ledger.ts';
import type { Ledger } from '../../../src/reconcile/ledger.ts';
import { reconcileDevice } from '../../../src/reconcile/reconcile-device.ts';
import type { StateFiles } from '../../../src/reconcile/state-files.ts';
import type { Host } from './host.ts';
import type { Scheduler } from './scheduler.ts';
import { siteSettings } from '../../support/site-settings.ts';

/** Where a device stands for the table of states and faults. */
export type Stage = RolloutPhase | 'idle' | 'waiting';

/** Deliberate defects are handed in here; a sound daemon has none. */
export interface Seams {
  readonly driver: (driver: Driver, reach: Reach) => Driver;
  readonly ledger: (ledger: Ledger) => Ledger;
  readonly connect: (connect: Reach['connect']) => Reach['connect'];
  readonly storage: (storage: JournalStorage) => JournalStorage;
}

export const soundSeams: Seams = {
  driver: (driver) => driver,
  ledger: (ledger) => ledger,
  connect: (connect) => connect,
  storage: (storage) => storage,
};

/** What a process needs of the world around it. */
export interface Surroundings {
  readonly scheduler: Scheduler;
  readonly device: DeviceSettings;
  readonly policy: Policy;
  readonly trust: Trust;
  readonly seams: Seams;
  readonly random: (bytes: number) => Buffer;
  readonly newestCommit: () => string;
  readonly textAt: (commit: string) => DesiredText;
  readonly connect: (process: DaemonProcess) => Reach['connect'];
  readonly onRendered: (rollout: string, plan: Plan) => void;
  /** A record is on its way to the disk. */
  readonly onAppend: () => void;
  readonly say: (what: string) => void;
  /** It could not start, and is started again later. */
  readonly onEnded: (process: DaemonProcess) => void;
  /** Something that must never happen happened inside the daemon. */
  readonly onDefect: (what: string) => void;
}

const startMs = Date.UTC(2026, 10, 21);
const site = 'bud-01';

export class DaemonProcess {
  readonly host: Host;
  readonly name: string;
  readonly #around: Surroundings;
  readonly #ending = new AbortController();
  dead = false;
  /** The machine stands still until then. */
  pausedUntilMs = 0;
  #lostMs = 0;
  /** The wall clock is off by so much. */
  clockOffMs = 0;
  running: RunningSite | null = null;
  #device: RunningDevice | null = null;
  #journal: Journal | null = null;

  constructor(name: string, host: Host, around: Surroundings) {
    this.name = name;
    this.host = host;
    this.#around = around;
    setMaxListeners(0, this.#ending.signal);
  }

  readonly clock: Clock = {
    now: () => startMs + this.#around.scheduler.nowMs + this.clockOffMs,
    monotonic: () => this.#around.scheduler.nowMs - this.#lostMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const onAbort = (): void => reject(signal?.reason as Error);
        signal?.addEventListener('abort', onAbort, { once: true });
        this.wakeAfter(ms, () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
      }),
  };

  /** Calls back in the daemon's own time: never when it is dead, later when it stands still. */
  wakeAfter(ms: number, callBack: () => void): void {
    const { scheduler } = this.#around;
    scheduler.after(ms, () => {
      if (this.dead) return;
      if (this.pausedUntilMs > scheduler.nowMs)
        this.wakeAfter(this.pausedUntilMs - scheduler.nowMs, callBack);
      else callBack();
    });
  }

  pause(ms: number, clockStops: boolean): void {
    this.pausedUntilMs = this.#around.scheduler.nowMs + ms;
    if (clockStops) this.#lostMs += ms;
  }

  start(): void {
    this.#run().catch((error: unknown) => {
      if (this.dead || this.#ending.signal.aborted) return;
      if (error instanceof JournalError) this.#around.onEnded(this);
      else
        this.#around.onDefect(
          `${this.name} ended: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
        );
    });
  }

  kill(): void {
    this.dead = true;
    this.host.process = null;
  }

  /** After the run: what still waits in it lets go, else every run would stay in memory. */
  release(): void {
    this.#ending.abort();
  }

  /** SIGTERM: what is in flight is left to the journal. */
  async shutDown(): Promise<void> {
    const running = this.running;
    if (running !== null && running.ledger.journal.broken === null) {
      await running.ledger.append({ kind: 'daemon-stopped' }).catch(() => undefined);
    }
    this.#ending.abort(new Error('the daemon is ending'));
    await this.#device?.loop.done;
    await this.#journal?.close();
    this.kill();
  }

  /** The branch has moved, or a person asks. */
  async refresh(): Promise<void> {
    const { running } = this;
    if (running === null || running.ledger.journal.broken !== null) return;
    const commit = this.#around.newestCommit();
    const { accepted } = running.ledger.state;
    if (accepted?.commit === commit) return;
    const previous = accepted?.commit ?? null;
    const reason = previous === null ? 'first' : 'descendant';
    await running.ledger.append({ kind: 'commit-accepted', commit, previous, reason, signer: null });
    this.#device?.loop.wake();
  }

  stage(): Stage {
    if (this.#device === null) return 'idle';
    const { rollout } = this.#device.folded();
    return rollout?.phase ?? (this.running?.ledger.state.pending.size === 0 ? 'idle' : 'waiting');
  }

  standing(): ReturnType<typeof standingFor> | null {
    return this.running === null || this.#device === null ? null : standingFor(this.running, this.#device);
  }

  readOnlyReason(): string | null {
    return this.running?.ledger.journal.broken?.code ?? null;
  }

  async #run(): Promise<void> {
    const { device, policy, trust, seams, random } = this.#around;
    const state = emptySiteState();
    const journal = await openJournal({
      folder: 'journal',
      clock: this.clock,
      storage: seams.storage(this.host.storageFor(this)),
      onRecord: (record) => foldRecord(state, record as unknown as SitewardRecord),
    });
    this.#journal = journal;
    const told: Journal = Object.create(journal, {
      append: {
        value: (record: NewRecord) => {
          this.#around.onAppend();
          return journal.append(record);
        },
      },
    }) as Journal;
    const ledger = seams.ledger(openLedger(told, state));
    const nonce = random(8).toString('hex');
    if (journal.damage !== null) this.#around.onDefect(`${this.name}: ${journal.damage.reason}`);
    if (journal.broken === null) {
      if (state.daemon === null) {
        await ledger.append({ kind: 'daemon-created', daemon: random(16).toString('hex'), site });
      }
      if (journal.torn !== null) await ledger.append({ kind: 'torn-tail-set-aside', ...journal.torn });
      await ledger.append({ kind: 'daemon-started', nonce, version: '0', trust: {} });
    }
    const reach: Reach = {
      device,
      credentials: () => Promise.resolve({ password: 'password' }),
      clock: this.clock,
      random,
      log: () => undefined,
      connect: seams.connect(this.#around.connect(this)),
    };
    const driver = seams.driver(createRouterosDriver(reach), reach);
    let questions: Promise<unknown> = Promise.resolve();
    const oneAtATime = <T>(work: () => Promise<T>): Promise<T> => {
      const next = questions.then(work);
      questions = next.catch(() => undefined);
      return next;
    };
    const room: DeviceRoom = {
      site,
      daemon: state.daemon ?? '',
      nonce,
      organization: 'example.org',
      device,
      settingsKey: device.hostKey,
      policy,
      secretWord: (property) => `<secret:${property}>`,
      secretDigest: sha256,
      sealSecrets: null,
      driver: {
        ...driver,
        render: (id, plan) => {
          this.#around.onRendered(id, plan);
          return driver.render(id, plan);
        },
      },
      ledger,
      files: this.#files(),
      archive: emptyArchive,
      binaryBackups: { list: () => Promise.resolve([]), keep: () => Promise.reject(new Error('not here')) },
      probe: () => Promise.resolve({ well: true }),
      clock: this.clock,
      random,
      signal: this.#ending.signal,
      report: reportCell(),
      desired: () => Promise.resolve(this.#around.textAt(state.accepted?.commit ?? '')),
      trust: () => trust,
      folded: () => deviceState(state, device.name),
      inRolloutSlot: (_kind, work) => work(),
      oneAtATime,
      again: () => this.#device?.loop.wake(),
      log: (event, facts) => {
        if (event === 'defect') this.#around.onDefect(`${this.name}: ${describe(facts['error'])}`);
        if (event === 'pass-failed') this.#around.say(`${this.name}: ${describe(facts['error'])}`);
      },
    };
    const settings = siteSettings(site, policy, [device]);
    const devices: RunningDevice[] = [];
    this.running = {
      settings,
      archive: emptyArchive as RunningSite['archive'],
      historyPush: null,
      historySize: () => ({ revisions: 0, binary: 0 }),
      binaryBackups: null as never,
      ledger,
      files: room.files,
      desired: null as never,
      devices,
      clock: this.clock,
      random,
      trust: () => trust,
      trustProblem: () => null,
      hostKeys: { standing: () => ({ kind: 'none', hostKey: device.hostKey }), served: (one) => one },
      recent: [],
      refreshDesired: () => this.refresh(),
      oneAtATime,
      count: () => undefined,
      log: () => undefined,
    };
    await this.refresh();
    const delayMs = (): number => {
      const { failure, comparison } = room.report.current();
      const waits = failure !== null || comparison?.planned?.obstacle != null;
      return waits ? Math.min(30_000, device.readMs) : device.readMs;
    };
    const loop = startDeviceLoop(
      (order) => reconcileDevice(room, order),
      { delayMs },
      this.clock,
      room.signal,
    );
    this.#device = { settings: device, room, loop, folded: room.folded };
    devices.push(this.#device);
    await loop.done;
  }

  operations(): ReturnType<typeof buildOperations> | null {
    return this.running === null || this.dead ? null : buildOperations(this.running);
  }

  #files(): StateFiles {
    const { files } = this.host;
    const never = new Promise<never>(() => undefined);
    const alive = <T>(value: T): Promise<T> => (this.dead ? never : Promise.resolve(value));
    return {
      digestOf: (_kind, bytes) => sha256(bytes),
      put: (kind, bytes) => {
        const digest = sha256(bytes);
        if (!this.dead) files.set(`${kind} ${digest}`, Buffer.from(bytes));
        return alive(digest);
      },
      get: (kind, digest) => alive(files.get(`${kind} ${digest}`) ?? null),
      remove: (kind, digest) => {
        if (!this.dead) files.delete(`${kind} ${digest}`);
        return alive(undefined);
      },
      keepOnly: () => alive(undefined),
    };
  }
}

function describe(error: unknown): string {
  return error instanceof Error
    ? `${error.name}: ${error.message}\n${error.stack ?? ''}`.slice(0, 600)
    : String(error);
}
