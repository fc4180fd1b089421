/**
 * What the fold of the journal holds: everything the daemon knows that must survive it. Bounded by the number of
 * devices and open items, not by the length of the journal.
 */
import type { HostKeyPin } from './gate/host-key-pin.ts';
import type { PendingItems } from './gate/pending.ts';
import type { Cause, DeviceChange, Resolution, RolloutOutcome, TouchedItem } from './rollout/event-fields.ts';
import type { CredentialRotation, Login, RotationOrder } from './rotation.ts';
import type { RolloutState } from './rollout/state.ts';
import type { Durations } from './rollout/window.ts';
import type { Witness } from './rollout/rollout.ts';

export interface Hold {
  readonly reason: string;
  readonly until: string | null;
  readonly by: string;
  /** What a restore left: another restore goes on all the same. */
  readonly restored?: true;
}

export interface Quarantine {
  readonly reason: 'rolled-back' | 'diverged' | 'not-converging' | 'rejected';
  readonly plan: string;
  readonly base: string;
  /** Why it was rolled back; null where that is not the reason. */
  readonly cause: Cause | null;
  /** What was found then, in words; a checkpoint of an older version has none. */
  readonly found?: string | null;
  readonly at: string;
}

export interface DeviceState {
  confirmed: { readonly commit: string; readonly desired: string; readonly at: string } | null;
  rollout: RolloutState | null;
  /** The newest rollout that is over, with the items it touched as `section identity`. */
  lastRollout: {
    readonly id: string;
    readonly outcome: RolloutOutcome;
    readonly plan: string;
    readonly base: string;
    readonly items: readonly string[];
    /** The revision of the device's history that it went back to. */
    readonly restores: string | null;
  } | null;
  /** The state of its history that people want it to have again, as they were shown the way there. */
  restore: {
    readonly revision: string;
    readonly text: string;
    readonly plan: string;
    readonly base: string;
    readonly by: string;
  } | null;
  /** What the newest confirmed rollouts took. */
  readonly measured: Durations[];
  /** The newest drill, also one that could not begin. */
  lastDrill: { readonly at: string; readonly fired: boolean; readonly message: string } | null;
  quarantine: Quarantine | null;
  hold: Hold | null;
  /** Items that siteward itself made: `section identity` to the digest of their content. */
  readonly own: Map<string, string>;
  /** What was announced as `sw-witness`, the newest last: the device carries one of these, or another wrote on it. */
  readonly witnesses: { readonly seq: number; readonly head: string }[];
  /** Number of the record from which on the device has everything that was accepted before it. */
  upToDateAt: number;
  /** The same of the rollout in flight, should it be confirmed. */
  plannedAt: number;
  /** Another's, or of records that are lost: people accepted it as it is. */
  witnessAccepted: Witness | null;
  /** Read on the device when a rollout was over and its writes were kept: it is there until something happened to it. */
  witnessKept: Witness | null;
  /** What the device said of its hardware. */
  hardware: string | null;
  /** Why it is no longer the one that was left. */
  changed: DeviceChange | null;
  /** What people want of a device that stands still. */
  resolve: { readonly as: Resolution; readonly sealed: string | null } | null;
  /** Sections of which people want what is there to count as siteward's own; none: all. */
  adopt: readonly string[] | null;
  /** A backup file that may be on the device. */
  backup: string | null;
  /** What people want to have replaced. */
  rotation: RotationOrder | null;
  /** A new key of the daemon's own that is being put on the device. */
  credential: CredentialRotation | null;
  /** The newest key that was put there, in force instead of the one that the settings named then. */
  login: Login | null;
  /** The newest host key that people signed; whether it is in force is judged anew each time. */
  pin: HostKeyPin | null;
  /** The plan and base that was retried by itself because the daemon was gone. */
  retriedAlone: string | null;
}

export interface SiteState {
  daemon: string | null;
  site: string | null;
  starts: number;
  accepted: { readonly commit: string; readonly at: string } | null;
  refusedCommit: { readonly commit: string; readonly code: string; readonly message: string } | null;
  readonly devices: Map<string, DeviceState>;
  siteHold: Hold | null;
  /** What waits for signatures, by id. */
  readonly pending: PendingItems;
  pendingCount: number;
  /** Highest version of a binary list of revoked keys that was in force; decimal. */
  krlVersion: string | null;
  /** Who wrote accepted commits, and the number of the record that last brought one of theirs. */
  readonly authors: Map<string, number>;
  /** Highest counter that each security key has shown, by its fingerprint. */
  readonly keyCounters: Map<string, number>;
  /** Items of the rollout in flight, by rollout: provenance once it is confirmed. */
  readonly touched: Map<string, readonly TouchedItem[]>;
  /** Device whose rolled-back, diverged or unknown end stops the commit for the whole site. */
  stopped: {
    readonly commit: string;
    readonly device: string;
    readonly why: 'rolled-back' | 'diverged' | 'unknown';
  } | null;
}

export function emptySiteState(): SiteState {
  return {
    daemon: null,
    site: null,
    starts: 0,
    accepted: null,
    refusedCommit: null,
    devices: new Map(),
    siteHold: null,
    pending: new Map(),
    pendingCount: 0,
    krlVersion: null,
    authors: new Map(),
    keyCounters: new Map(),
    touched: new Map(),
    stopped: null,
  };
}

/** Who wrote what these devices don't have yet; commits accepted since any of them was last confirmed. */
export function authorsFor(state: SiteState, devices: readonly string[]): readonly string[] {
  const since = Math.min(...devices.map((name) => state.devices.get(name)?.upToDateAt ?? 0));
  return [...state.authors].flatMap(([author, seq]) => (seq > since ? [author] : []));
}

export function deviceState(state: SiteState, name: string): DeviceState {
  let device = state.devices.get(name);
  if (device === undefined) {
    device = {
      confirmed: null,
      rollout: null,
      lastRollout: null,
      measured: [],
      lastDrill: null,
      restore: null,
      quarantine: null,
      hold: null,
      own: new Map(),
      witnesses: [],
      upToDateAt: 0,
      plannedAt: 0,
      witnessAccepted: null,
      witnessKept: null,
      hardware: null,
      changed: null,
      resolve: null,
      adopt: null,
      backup: null,
      rotation: null,
      credential: null,
      login: null,
      pin: null,
      retriedAlone: null,
    };
    state.devices.set(name, device);
  }
  return device;
}
