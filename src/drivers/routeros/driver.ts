/**
 * The driver for RouterOS: puts the effects together behind the contract. Every step of a rollout opens a session of
 * its own and closes it, so that nothing is believed because an old connection still lives; only readings share one. The protocol, step by step,
 * is told in docs/architecture.md; the statements that are sent, in docs/routeros-scripts.md.
 */
import type { Clock } from '../../core/clock.ts';
import type { DeviceSettings } from '../../core/site.ts';
import type { Driver, LoginChanges } from '../driver.ts';
import { connect } from '../ssh-session.ts';
import { routerosDialect } from './dialect.ts';
import { askDevice } from './effects/asking.ts';
import { deviceBackup } from './effects/backup.ts';
import { clean, releaseLock } from './effects/cleaning.ts';
import type { DriverEvent, Reach } from './effects/device-console.ts';
import { keepConsole } from './effects/kept-console.ts';
import { loginKeys } from './effects/login-keys.ts';
import { loginPassword } from './effects/login-password.ts';
import { observer } from './effects/observing.ts';
import {
  gatherEvidence,
  incompleteSections,
  readChanges,
  readRights,
  readSealedSecrets,
  readSecrets,
} from './effects/reading.ts';
import { apply, arm, confirm, rollBack } from './effects/running.ts';
import { stage, takeLock, writeWitness } from './effects/staging.ts';
import { renderRollout } from './scripts.ts';
import { mayVanish } from './static-rows.ts';

export interface RouterosDriverOptions {
  readonly device: DeviceSettings;
  readonly credentials: Reach['credentials'];
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly log?: (event: DriverEvent) => void;
  /** How a session is opened; over SSH when left out. */
  readonly connect?: Reach['connect'];
}

export function createRouterosDriver(options: RouterosDriverOptions): Driver {
  const closing = new AbortController();
  const reach: Reach = { connect, ...options, log: options.log ?? (() => undefined) };
  /** Ends with the caller's signal or with the driver. */
  const either = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, closing.signal]);
  const kept = keepConsole(reach);
  const observe = observer(reach, kept);
  const password = loginPassword(reach);
  const running = new Set<Promise<unknown>>();
  const tracked = <T>(step: Promise<T>): Promise<T> => {
    running.add(step);
    const forget = (): void => void running.delete(step);
    step.then(forget, forget);
    return step;
  };
  /** Each call ends with the driver too, and the driver waits for it when it ends. */
  const within = (changes: LoginChanges): LoginChanges => ({
    list: (login, secret, signal) => tracked(changes.list(login, secret, either(signal))),
    add: (login, secret, signal) => tracked(changes.add(login, secret, either(signal))),
    prove: (secret, signal) => tracked(changes.prove(secret, either(signal))),
    removeOthers: (login, signal) => tracked(changes.removeOthers(login, either(signal))),
    undo: (login, secret, signal) => tracked(changes.undo(login, secret, either(signal))),
  });
  const backup = deviceBackup(reach);
  return {
    dialect: routerosDialect,
    observe: (signal) => tracked(observe(either(signal))),
    rights: (signal) => tracked(readRights(reach, kept, either(signal))),
    changes: (signal) => tracked(readChanges(kept, either(signal))),
    mayVanish,
    incompleteSections: (sections, shown, signal) =>
      tracked(incompleteSections(kept, sections, shown, either(signal))),
    sealedSecrets: (ask, signal) => tracked(readSealedSecrets(reach, kept, ask, either(signal))),
    secrets: (digestOf, signal) => tracked(readSecrets(reach, kept, digestOf, either(signal))),
    render: (rolloutId, plan) => renderRollout(rolloutId, plan),
    lock: (rollout, judge, signal) => tracked(takeLock(reach, rollout, judge, either(signal))),
    writeWitness: (rollout, witness, signal) =>
      tracked(writeWitness(reach, rollout, witness, either(signal))),
    stage: (rollout, signal) => tracked(stage(reach, rollout, either(signal))),
    arm: (rollout, signal) => tracked(arm(reach, rollout, either(signal))),
    apply: (rollout, signal) => tracked(apply(reach, rollout, either(signal))),
    evidence: (rollout, base, signal) => tracked(gatherEvidence(reach, rollout, base, either(signal))),
    confirm: (rollout, deadline, signal) => tracked(confirm(reach, rollout, deadline, either(signal))),
    rollBack: (rollout, deadline, signal) => tracked(rollBack(reach, rollout, deadline, either(signal))),
    clean: (rollout, judge, signal) => tracked(clean(reach, rollout, judge, either(signal))),
    releaseLock: (owner, signal) => tracked(releaseLock(reach, owner, either(signal))),
    ask: (question, signal) => tracked(askDevice(reach, question, either(signal))),
    backup: {
      obstacle: backup.obstacle,
      make: (name, signal) => tracked(backup.make(name, either(signal))),
      fetch: (name, signal) => tracked(backup.fetch(name, either(signal))),
      remove: (name, signal) => tracked(backup.remove(name, either(signal))),
    },
    logins: { key: within(loginKeys(reach)), password: within(password.changes) },
    letGo: async () => {
      await password.letGo();
      await kept.close();
    },
    close: async () => {
      closing.abort(new Error('the driver was closed'));
      await Promise.allSettled([...running]);
      await password.letGo();
      await kept.close();
    },
  };
}
