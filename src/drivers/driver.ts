/**
 * The contract for every kind of device: observe, lock, stage, arm, apply, evidence, confirm, roll back, clean.
 * `observe`, `rights` and `evidence` never modify. Each effect may be repeated after a crash and then finds its own
 * traces. Errors: `DeviceError` (it did not happen, the code says why) or `OutcomeUnknown` (sent, no answer).
 * `signal` ends any of them early; a command that was already sent goes on on the device.
 */
import type { ObstacleCode } from '../core/errors.ts';
import type { Dialect, Problem } from '../core/dialect.ts';
import type { Plan } from '../core/plan/action.ts';
import type { ReadSecrets, SecretKnowledge } from '../core/plan/known-secrets.ts';
import type { ProbeAnswer, ProbeQuestion } from '../core/rollout/probe.ts';
import type { NewLogin } from '../core/rollout/event-fields.ts';
import type { Deadline, Evidence, Rollout, RolloutOwner, Witness } from '../core/rollout/rollout.ts';
import type { Configuration } from '../core/item.ts';
import type { LoginKind } from '../core/rotation.ts';

export interface DeviceFacts {
  readonly model: string;
  readonly version: string;
  /** The device's own name. */
  readonly identity: string;
  readonly uptimeS: number;
  /** Of the hardware, as the export's header says; absent: it has none, or does not say. */
  readonly serial?: string;
  readonly deviceMode?: string;
  readonly freeBytes?: number;
  /** Policies of the login's group; absent: the device does not say. */
  readonly policies?: readonly string[];
  /** The device's own date, as it prints it. */
  readonly date?: string;
}

/** Somebody logged in on the device. Names are the device's, for people only. */
export interface Login {
  readonly user: string;
  readonly via: string;
  readonly address: string;
}

export interface Observation {
  /** The device's own export, complete (proved), as it was sent. */
  readonly exportText: Uint8Array;
  /** Digest of the export without what changes from one export to the next: equal ones mean equal texts. */
  readonly fingerprint: string;
  readonly facts: DeviceFacts;
  /** What tells this device from another of its kind, in its own words; null: it says nothing of the sort. */
  readonly hardware: string | null;
  /** `SHA256:…` of the host key of this very session. */
  readonly hostKey: string;
  /** Local address of the session, as the management path's `from` when the settings name none. */
  readonly localAddress: string;
  readonly witness: Witness | null;
  readonly lock: string | null;
  /** Names of objects of any siteward found on the device, witness excluded. */
  readonly leftovers: readonly string[];
  /** Whose rollout the leftovers are of, where they tell. */
  readonly leftover?: { readonly rollout: string; readonly daemon: string | null };
  /** Reasons why no rollout may start now, the first before the others. */
  readonly obstacles: readonly Stop[];
  /** Who else is logged in. */
  readonly logins: readonly Login[];
}

/** A line of the device's log that names who changed something. It hints; a device can be made to say anything. */
export interface LoggedChange {
  /** As it was printed, with its time. */
  readonly line: string;
  /** Who, and by which way, in the device's words. */
  readonly by: string;
  /** The user alone. */
  readonly user: string;
}

/** What the login may do, against what this device's `manage` needs. */
export interface DeviceRights {
  /** In the device's words; null: the device does not say what the login may do. */
  readonly missing: readonly string[] | null;
  /** Whose rights they are, for people. */
  readonly of: string;
  /** The one command on the device that gives what is missing; null: nothing is. */
  readonly remedy: string | null;
}

/** How the device says that it is a working net. */
export interface Armed {
  readonly uptimeS: number;
  readonly runCount: number;
}

/**
 * What the daemon's own user logs in by on the device: its keys, or its one password. `secret` is the private key or the
 * password that is to take the place of what is in force; null: it is gone.
 */
export interface LoginChanges {
  /** What they are called; a password that is not the new one has a name of its own. */
  list(login: NewLogin, secret: Buffer | null, signal: AbortSignal): Promise<readonly string[]>;
  add(login: NewLogin, secret: Buffer, signal: AbortSignal): Promise<void>;
  /** Logs in with that one and no other, over a new connection. Throws `DeviceError` key-refused or password-refused. */
  prove(secret: Buffer, signal: AbortSignal): Promise<void>;
  /** All but this one, and only while it is there. */
  removeOthers(login: NewLogin, signal: AbortSignal): Promise<void>;
  /** What counted before counts alone. */
  undo(login: NewLogin, secret: Buffer | null, signal: AbortSignal): Promise<void>;
}

/**
 * The device's own backup: one file of everything it has, secrets and users with it, that only such a device reads. It is
 * made on the device under a name of ours, fetched, and taken off again.
 */
export interface DeviceBackup {
  /** Why none can be made now, by a reading; null: nothing is known to be in the way. */
  obstacle(observation: Observation): Stop | null;
  make(name: string, signal: AbortSignal): Promise<void>;
  /** All of it, or `DeviceError`. Changes nothing. */
  fetch(name: string, signal: AbortSignal): Promise<Buffer>;
  /** Where there is none, nothing is done. */
  remove(name: string, signal: AbortSignal): Promise<void>;
}

/** A reason on the device itself, with what a person does about it. */
export interface Stop {
  readonly code: ObstacleCode;
  readonly message: string;
}

/** What one reading showed, and to whom. */
export interface Shown {
  readonly exported: Configuration;
  /** Of the login's group; null: the device does not say. */
  readonly policies: readonly string[] | null;
}

export interface SealedSecretsQuestion {
  readonly digestOf: SecretKnowledge['digestOf'];
  readonly seal: (bytes: Uint8Array) => Promise<Uint8Array>;
  /** Digest of what was sealed last; null: nothing was. */
  readonly known: string | null;
}

export interface SealedSecrets {
  readonly digest: string;
  /** Null: they are what was sealed last. */
  readonly sealed: Uint8Array | null;
}

export interface Driver {
  readonly dialect: Dialect;
  readonly logins: Readonly<Record<LoginKind, LoginChanges>>;
  /** Ends the connections that are kept, for readings and for setting a password back; the next ones are made anew. */
  letGo(): Promise<void>;
  observe(signal: AbortSignal): Promise<Observation>;
  /** What the login may do; a device that refuses to say it lacks the right to read. Changes nothing. */
  rights(signal: AbortSignal): Promise<DeviceRights>;
  /** Who changed something, by the device's log, oldest first. Changes nothing. */
  changes(signal: AbortSignal): Promise<readonly LoggedChange[]>;
  /** Menus that such a device leaves out of the exports of a login that may not see them. Absent: there are none. */
  readonly mayVanish?: readonly string[];
  /**
   * Of which of these sections it is not proved that the export holds them whole: neither by the login's rights nor by the
   * device's own count of their rows, over the connection that readings share. Absent: this kind of device can't tell.
   */
  incompleteSections?(
    sections: readonly string[],
    shown: Shown,
    signal: AbortSignal,
  ): Promise<readonly Problem[]>;
  /** Absent: this kind of device makes none. */
  readonly backup?: DeviceBackup;
  /**
   * What the device has where its exports hide it, as keyed digests; the values stay within. Absent: this kind of device
   * can't tell. Changes nothing.
   */
  secrets?(digestOf: SecretKnowledge['digestOf'], signal: AbortSignal): Promise<ReadSecrets>;
  /**
   * The secrets themselves, sealed by `seal` before they leave; nothing is sealed when their digest is the `known` one.
   * Absent: this kind of device can't tell. Changes nothing.
   */
  sealedSecrets?(ask: SealedSecretsQuestion, signal: AbortSignal): Promise<SealedSecrets>;
  /** Renders the device-side scripts; pure. */
  render(rolloutId: string, plan: Plan): unknown;
  /**
   * Takes the device's lock for this rollout and proves that names are unique. `locked` when it is another's. `judge` is
   * shown who wrote on the device last, right before anything is written; what it throws is thrown.
   */
  lock(rollout: Rollout, judge: (witness: Witness | null) => void, signal: AbortSignal): Promise<void>;
  writeWitness(rollout: Rollout, witness: Witness, signal: AbortSignal): Promise<void>;
  /**
   * Reads everything again (`base-changed` when the footprint moved), stages the scripts, reads them back and runs
   * the check on base (`selector-mismatch`). Returns the deadline that is written into them.
   */
  stage(rollout: Rollout, signal: AbortSignal): Promise<Deadline>;
  /** Arms the net and waits until it was seen alive from a second connection and writes have been flushed. */
  arm(rollout: Rollout, signal: AbortSignal): Promise<Armed>;
  /** Starts apply as a job of the device's own; does not wait for its end. */
  apply(rollout: Rollout, signal: AbortSignal): Promise<void>;
  /** Over a new connection. */
  evidence(rollout: Rollout, base: Configuration | null, signal: AbortSignal): Promise<Evidence>;
  /** Asks the device to decide `confirm`; only evidence tells what it decided. */
  confirm(rollout: Rollout, deadline: Deadline, signal: AbortSignal): Promise<void>;
  /** Adds the decision `rollback`, stages the rollback again if it is gone, and runs it. */
  rollBack(rollout: Rollout, deadline: Deadline, signal: AbortSignal): Promise<void>;
  /**
   * Takes this rollout's objects off, in the order that can't revive the rollback; the lock last. Returns the witness that
   * was there at the end, when writes were kept. `judge` is shown who wrote on the device last, as for the lock.
   */
  clean(
    rollout: Rollout,
    judge: (witness: Witness | null) => void,
    signal: AbortSignal,
  ): Promise<Witness | null>;
  /** Removes a lock of `owner` that belongs to no rollout in flight. */
  releaseLock(owner: RolloutOwner, signal: AbortSignal): Promise<void>;
  /** The question of a probe that the device itself answers, over a new connection. Changes nothing. */
  ask(
    question: Extract<ProbeQuestion, { kind: 'ping' | 'command' }>,
    signal: AbortSignal,
  ): Promise<ProbeAnswer>;
  close(): Promise<void>;
}
