/**
 * Replacing the daemon's own key on a device: the new one is added, proved by a login of its own, and only then the others
 * are taken off. What was begun is ended by what the device says and not by what was sent last. Pure; there is at every
 * moment a key that is known to work.
 */
import type { NewLogin, Rotated, RotationStep } from './rollout/event-fields.ts';
import type { SitewardRecord } from './rollout/events.ts';

export interface RotationOrder {
  readonly what: Rotated;
  readonly emergency: boolean;
  readonly login?: NewLogin;
}

export interface Problem {
  readonly code: string;
  readonly message: string;
}

export interface CredentialRotation extends NewLogin {
  readonly id: string;
  /** A new connection was logged in with it: from then on it is the one that counts. */
  readonly proven: boolean;
  /** Why it can't be used: it is taken off again. */
  readonly refused: Problem | null;
}

/** In force, as long as the settings name the key that it replaced. */
export interface Login extends NewLogin {
  readonly at: string;
}

/** What the device says: whether the new key is there, and how many others its user has. */
export interface LoginKeysSeen {
  readonly listed: boolean;
  readonly others: number;
}

export type NextOfRotation =
  | { readonly do: RotationStep }
  | { readonly end: 'rotated' }
  | { readonly end: 'undone'; readonly why: Problem };

export function nextOfRotation(
  { proven, refused }: Pick<CredentialRotation, 'proven' | 'refused'>,
  { listed, others }: LoginKeysSeen,
): NextOfRotation {
  // What logged in with it just now is not undone for anything: it is the way in.
  if (proven) return others > 0 ? { do: 'remove' } : { end: 'rotated' };
  if (refused !== null) return listed ? { do: 'undo' } : { end: 'undone', why: refused };
  return listed ? { do: 'prove' } : { do: 'add' };
}

type RotationRecord = Extract<
  SitewardRecord,
  {
    kind:
      | 'rotation-ordered'
      | 'rotation-authorized'
      | 'rotation-step-started'
      | 'rotation-step-finished'
      | 'rotation-ended';
  }
>;

interface Rotating {
  rotation: RotationOrder | null;
  credential: CredentialRotation | null;
  login: Login | null;
}

export function foldRotation(device: Rotating, record: RotationRecord): void {
  switch (record.kind) {
    case 'rotation-ordered': {
      const { what, emergency, login } = record;
      device.rotation = what === null ? null : { what, emergency, ...(login === undefined ? {} : { login }) };
      return;
    }
    case 'rotation-authorized':
      device.credential = { id: record.rotation, ...record.login, proven: false, refused: null };
      device.rotation = null;
      return;
    case 'rotation-step-started':
      return;
    case 'rotation-step-finished':
      foldStep(device, record);
      return;
    case 'rotation-ended':
      device.credential = null;
  }
}

function foldStep(
  device: Rotating,
  { step, result, code = '', message = '', at }: Extract<RotationRecord, { kind: 'rotation-step-finished' }>,
): void {
  const { credential } = device;
  if (credential === null) return;
  if (step === 'prove' && result === 'ok') {
    const { sealed, line, name, settingsKey } = credential;
    device.credential = { ...credential, proven: true };
    device.login = { sealed, line, name, settingsKey, at };
  }
  // That others could not be taken off is no reason to give up the key that works.
  if ((step === 'add' || step === 'prove') && result === 'failed')
    device.credential = { ...credential, refused: { code, message } };
}
