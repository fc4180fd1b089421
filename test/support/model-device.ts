/**
 * A device reduced to what the rollout protocol rests on: named objects, a decision made once, a tick that runs by
 * itself, an apply job that outlives its session, a configuration of a few items, uptime, power. It is an oracle
 * for the state machine and the runner, not for scripts; those are tried on the simulator.
 */
import { DeviceError, OutcomeUnknown } from '../../src/core/errors.ts';
import type { Evidence, Witness } from '../../src/core/rollout/rollout.ts';
import type { Driver } from '../../src/drivers/driver.ts';
import type { VirtualClock } from './virtual-clock.ts';

const stepMs = 1_000;

export class ModelDevice {
  /** Per item of the plan: has it been changed? */
  items: boolean[] = [false, false, false];
  lock: string | null = null;
  witness: Witness | null = null;
  scripts = new Set<string>();
  decision: 'confirm' | 'rollback' | null = null;
  tick: { runCount: number; sinceMs: number } | null = null;
  applyJob: { nextMs: number } | null = null;
  applyNote = '';
  rollbackNote = '';
  uptimeMs = 86_400_000;
  deadlineMs = 0;
  armedMs = 0;
  /** Runs of the tick that saw the decision `confirm` and declined. */
  declined = 0;
  /** The device makes an error at this step of apply; null: none. */
  failsAtStep: number | null = null;
  /** Cuts the daemon off once all is applied, until it has rolled back. */
  locksOut = false;
  tickMs = 10_000;

  advance(ms: number): void {
    for (let left = ms; left > 0; left -= 250) this.#quantum(Math.min(250, left));
  }

  #quantum(ms: number): void {
    this.uptimeMs += ms;
    if (this.applyJob !== null) {
      this.applyJob.nextMs -= ms;
      if (this.applyJob.nextMs <= 0) this.#applyStep();
    }
    if (this.tick !== null) {
      this.tick.sinceMs += ms;
      if (this.tick.sinceMs >= this.tickMs) {
        this.tick.sinceMs = 0;
        this.tick.runCount += 1;
        this.runBack();
      }
    }
  }

  #applyStep(): void {
    const next = this.items.indexOf(false);
    if (this.tick === null || this.decision !== null) {
      this.applyJob = null;
      this.applyNote = 'stopped';
    } else if (next === -1) {
      this.applyJob = null;
      this.applyNote = 'applied';
    } else if (next === this.failsAtStep) {
      this.applyJob = null;
      this.applyNote = 'failure: no such item';
      this.decision ??= 'rollback';
    } else {
      this.items[next] = true;
      this.applyJob = { nextMs: stepMs };
    }
  }

  /** The tick's script: at each run it looks, decides once the time is up, and converges to the base. */
  runBack(): void {
    if (this.decision === 'confirm') {
      this.declined += 1;
      return;
    }
    if (this.decision === null && this.uptimeMs >= this.armedMs && this.uptimeMs < this.deadlineMs) return;
    this.decision ??= 'rollback';
    this.applyJob = null;
    const changed = this.items.filter(Boolean).length;
    this.items = this.items.map(() => false);
    this.rollbackNote = changed === 0 ? 'rolled back' : `${changed} changed`;
    if (changed === 0) this.tick = null;
  }

  powerCut(): void {
    this.uptimeMs = 0;
    this.applyJob = null;
    if (this.tick !== null) this.tick = { runCount: 0, sinceMs: 0 };
  }

  isLockedOut(): boolean {
    return this.locksOut && this.items.every(Boolean);
  }

  objects(): string[] {
    return [
      ...this.scripts,
      ...(this.tick === null ? [] : ['tick']),
      ...(this.lock === null ? [] : ['lock']),
    ];
  }

  evidence(): Evidence {
    const changed = this.items.filter(Boolean).length;
    const kind = changed === 0 ? 'base' : changed === this.items.length ? 'target' : 'mixed';
    return {
      uptimeS: this.uptimeMs / 1000,
      decision: this.decision,
      net: { present: this.tick !== null, enabled: this.tick !== null, runCount: this.tick?.runCount ?? 0 },
      applyJob: this.applyJob !== null,
      rollbackJob: false,
      applyNote: this.applyNote,
      rollbackNote: this.rollbackNote,
      objects: this.objects(),
      lock: this.lock,
      witness: this.witness,
      footprint: { kind, items: this.items.map((is) => (is ? 'target' : 'base')) },
      foreignChanges: 0,
    };
  }
}

/** Called before a message leaves for the device (`sent` false) and after it was carried out (`sent` true). */
export type MessageHook = (effect: string, sent: boolean) => void;

/** Speaks to a `ModelDevice` as a driver does; `hook` may throw at any message, before or after it took effect. */
export function modelDriver(device: ModelDevice, clock: VirtualClock, hook: MessageHook): Driver {
  async function message<T>(effect: string, work: () => T | Promise<T>): Promise<T> {
    hook(effect, false);
    if (device.isLockedOut()) throw new DeviceError('unreachable', 'the device refuses the connection');
    const result = await work();
    hook(effect, true);
    return result;
  }
  const notUsed = (): never => {
    throw new Error('not used by rollouts');
  };
  return {
    dialect: null as never,
    observe: notUsed,
    rights: notUsed,
    changes: notUsed,
    logins: null as never,
    letGo: () => Promise.resolve(),
    render: () => ({}),
    lock: (rollout) =>
      message('lock', () => {
        if (device.lock !== null && device.lock !== rollout.id)
          throw new DeviceError('locked', 'held by another');
        device.lock = rollout.id;
      }),
    writeWitness: (_rollout, witness) => message('witness', () => void (device.witness = witness)),
    stage: (rollout) =>
      message('stage', () => {
        for (const name of ['check', 'back', 'apply']) device.scripts.add(name);
        device.armedMs = device.uptimeMs;
        device.deadlineMs = device.uptimeMs + 40_000 + rollout.times.windowMs;
        return { armedUptimeS: device.armedMs / 1000, deadlineUptimeS: device.deadlineMs / 1000 };
      }),
    arm: (_rollout, signal) =>
      message('arm', async () => {
        device.tick ??= { runCount: 0, sinceMs: 0 };
        await clock.sleep(21_000, signal);
        if (device.tick === null) throw new DeviceError('not-armed', 'the net is gone');
        return { uptimeS: device.uptimeMs / 1000, runCount: device.tick.runCount };
      }),
    apply: () => message('apply', () => void (device.applyJob = { nextMs: stepMs })),
    evidence: () => message('evidence', () => device.evidence()),
    confirm: () =>
      message('confirm', () => {
        const inTime = device.uptimeMs >= device.armedMs && device.uptimeMs < device.deadlineMs - 20_000;
        if (inTime) device.decision ??= 'confirm';
      }),
    rollBack: () =>
      message('roll-back', () => {
        device.applyJob = null;
        device.decision ??= 'rollback';
        device.scripts.add('back');
        device.runBack();
        device.runBack();
      }),
    clean: (rollout) =>
      message('clean', () => {
        device.tick = null;
        device.scripts.clear();
        device.decision = null;
        if (device.lock === rollout.id) device.lock = null;
      }).then(() => null),
    releaseLock: notUsed,
    ask: () => Promise.resolve({ well: true }),
    close: () => Promise.resolve(),
  };
}

/** What a lost connection looks like: before the message nothing happened, after it nobody knows. */
export function cutOff(sent: boolean): never {
  if (sent) throw new OutcomeUnknown('the connection was lost');
  throw new DeviceError('unreachable', 'no route to host');
}
