/**
 * Names and contents of what siteward keeps on a device, pure: the scripts and the timer of a rollout, the lock
 * and the witness. Contents are comments to the device's interpreter, so that running one by hand does nothing.
 */
import type { RolloutOwner, Witness } from '../../core/rollout/rollout.ts';

export const witnessName = 'sw-witness';
export const lockName = 'sw-lock';
/** What each of them may do, and so what the login must be allowed: a device refuses to give more than one has. */
export const scriptPolicies = 'read,write,test,policy,sensitive,password';
/** A person's brake on the device itself: while a script of this name is there, nothing is rolled out. */
export const holdName = 'siteward-hold';
/** What the rollback notes of itself: since which uptime it found nothing to do, and at last that its timer went. */
export const cleanSince = 'clean since ';

export interface RolloutObjects {
  readonly check: string;
  readonly apply: string;
  readonly back: string;
  readonly decision: string;
  readonly tick: string;
}

export function objectsOf(rolloutId: string): RolloutObjects {
  const name = (part: string): string => `sw-${rolloutId}-${part}`;
  return {
    check: name('check'),
    apply: name('apply'),
    back: name('back'),
    decision: name('decision'),
    tick: name('tick'),
  };
}

export interface Lock {
  readonly daemon: string;
  readonly nonce: string;
  readonly rollout: string;
}

export function lockOf(owner: RolloutOwner, rolloutId: string): Lock {
  return { daemon: owner.daemon, nonce: owner.nonce, rollout: rolloutId };
}

export function printLock(lock: Lock): string {
  return `# siteward lock daemon=${lock.daemon} nonce=${lock.nonce} rollout=${lock.rollout}`;
}

/** Null for anything that this code did not write. */
export function parseLock(text: string): Lock | null {
  const match =
    /^# siteward lock daemon=([0-9a-f]{1,64}) nonce=([0-9a-f]{1,64}) rollout=([0-9a-f]{12})$/.exec(text);
  if (match === null) return null;
  return { daemon: match[1] ?? '', nonce: match[2] ?? '', rollout: match[3] ?? '' };
}

export function printWitness(witness: Witness): string {
  return `# siteward witness site=${witness.site} daemon=${witness.daemon} seq=${witness.seq} head=${witness.head}`;
}

/** Null for anything that this code did not write. */
export function parseWitness(text: string): Witness | null {
  const match =
    /^# siteward witness site=(\S{1,255}) daemon=([0-9a-f]{1,64}) seq=(\d{1,15}) head=([0-9a-f]{64})$/.exec(
      text,
    );
  if (match === null) return null;
  return { site: match[1] ?? '', daemon: match[2] ?? '', seq: Number(match[3]), head: match[4] ?? '' };
}

/** The rollout that these objects are of, by the lock or else by a name; null when neither tells. */
export function rolloutOf(
  names: readonly string[],
  lockText: string | null,
): { readonly rollout: string; readonly daemon: string | null } | null {
  const lock = lockText === null ? null : parseLock(lockText);
  if (lock !== null) return { rollout: lock.rollout, daemon: lock.daemon };
  const ids = names.flatMap((name) => /^sw-([0-9a-f]{12})-/.exec(name)?.[1] ?? []);
  return ids[0] === undefined ? null : { rollout: ids[0], daemon: null };
}

/** Objects of any siteward that are neither the witness, nor the lock, nor of this rollout. */
export function foreignObjects(names: readonly string[], rolloutId: string): readonly string[] {
  return names.filter(
    (name) => name !== witnessName && name !== lockName && !name.startsWith(`sw-${rolloutId}-`),
  );
}
