/** What the fields of records hold, and the words that they may say. */
import type { Witness } from './rollout.ts';

/** What a rollout does to a device, in the usual order. */
export const effectNames = [
  'lock',
  'witness',
  'stage',
  'arm',
  'apply',
  'verify',
  'confirm',
  'roll-back',
  'clean',
] as const;
export type EffectName = (typeof effectNames)[number];

/** Why a rollout went back, or never began. */
export type Cause =
  | 'daemon-gone'
  | 'window-passed'
  | 'apply-failed'
  | 'verify-failed'
  | 'confirm-refused'
  | 'net-lost'
  | 'cancelled'
  | 'preflight-refused';

/** The facts on which an outcome rests, as they were read. */
export interface EvidenceFacts {
  readonly decision: 'confirm' | 'rollback' | null;
  readonly uptimeS: number;
  readonly runCount: number;
  readonly net: boolean;
  readonly footprint: 'base' | 'target' | 'mixed' | 'other';
  readonly items: readonly string[];
  readonly applyNote: string;
  readonly rollbackNote: string;
  readonly foreignChanges: number;
}

/** One item that an action touched, for provenance: section, identity, and the digest of its content. */
export interface TouchedItem {
  readonly verb: 'add' | 'set' | 'remove' | 'move';
  readonly section: string;
  readonly item: string;
  /** Its identity before the action, where that differs; null when it is new. */
  readonly was: string | null;
  /** Digest of the canonical item after the action; null when it is gone. */
  readonly digest: string | null;
}
export type AdoptedItem = Pick<TouchedItem, 'section' | 'item'> & { readonly digest: string };

/** Setting name to SHA-256 of each trust file that is in force. */
export type TrustDigests = Readonly<Record<string, string>>;

/** What people can be asked to sign. */
export const pendingKinds = ['rollout', 'rotation', 'resolve', 'adopt', 'accept-commit'] as const;
export type PendingKind = (typeof pendingKinds)[number];

/** The pending item in whose place another came. */
export interface Superseded {
  readonly pending: string;
  readonly plan: string;
  readonly base: string;
}

/** Why a device is no longer the one that was left. */
export const deviceChanges = ['device-reset', 'device-restored', 'device-replaced'] as const;
export type DeviceChange = (typeof deviceChanges)[number];

/** A device's witness that people accept with a commit. */
export interface TakenOver {
  readonly device: string;
  readonly witness: Witness;
}

export interface SignedBy {
  readonly person: string;
  readonly fingerprint: string;
}

/** How a decision came in: the way, and who the client says it is. Anybody who may use the socket can say anything. */
export interface CameIn {
  readonly way: 'socket';
  /** `uid:1000`, or null when it said nothing. */
  readonly claimed: string | null;
}

/** Why a restore that was ordered is not carried out. */
export const restoreEnds = ['moved', 'nothing-to-do', 'rejected', 'text-missing'] as const;
export type RestoreEnd = (typeof restoreEnds)[number];

/** `resolved`: ended by people, whatever the device had. */
/** What became of a device's own backup. */
export interface BackupFinished {
  /** `unknown`: the daemon ended, or was left without an answer, in the middle of it. */
  readonly result: 'ok' | 'failed' | 'unknown';
  /** When it is kept: of the revision, with its size and SHA-256 as the device made it. */
  readonly revision?: string;
  readonly bytes?: number;
  readonly sha256?: string;
  readonly code?: string;
  readonly message?: string;
}

export type RolloutOutcome = 'confirmed' | 'rolled-back' | 'not-started' | 'resolved' | 'drilled';

/** What a device that stands still is to have: what it had before, what was planned, or what it has. */
export const resolutions = ['base', 'target', 'actual'] as const;
export type Resolution = (typeof resolutions)[number];

/** What siteward and a device know each other by. */
export const rotated = ['host-key', 'credential'] as const;
export type Rotated = (typeof rotated)[number];

/** In this order; `undo` takes the new one off again. */
export const rotationSteps = ['add', 'prove', 'remove', 'undo'] as const;
export type RotationStep = (typeof rotationSteps)[number];

/** A key pair or a password that the daemon made for itself on one device. */
export interface NewLogin {
  /** SHA-256 of the file in the state that holds the private key or the password. */
  readonly sealed: string;
  /** The public key: kind and key as in a `.pub` file; empty: a password. */
  readonly line: string;
  /** What the key is called on the device, and a password among people. */
  readonly name: string;
  /**
   * Fingerprint of the key that the settings named then, or a digest of their password that only who has the new one can
   * make: once they name another, they count.
   */
  readonly settingsKey: string;
}
