/**
 * Replacing what the daemon logs in by on a device, a key or a password: the new one is put there, proved by a login of its
 * own, and only then the others go. What was begun is ended by what the device says and not by what was sent last. Pure;
 * there is at every moment one that is known to work.
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
  /** The steps that came to nothing, one after another, and the last of them. */
  readonly failed?: FailedStep;
}

export interface FailedStep extends Problem {
  readonly step: RotationStep;
  readonly times: number;
  readonly at: string;
}

export type LoginKind = 'key' | 'password';

/** A password has no half that may be seen. */
export function kindOfLogin({ line }: Pick<NewLogin, 'line'>): LoginKind {
  return line === '' ? 'password' : 'key';
}

/** In force, as long as the settings name the key that it replaced. */
export interface Login extends NewLogin {
  readonly at: string;
}

/** What the device says: whether the new one is there, and how many others its user has. */
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

/** After so many tries without an answer the new one is given up, as long as it was not proved. */
const triesWithoutAnswer = 3;
const firstWaitMs = 60_000;
const longestWaitMs = 6 * 3_600_000;

/**
 * Until when nothing is tried; 0: at once. The first failure is looked into at once, since what it left there has to be
 * known; after that each try waits twice as long as the one before.
 */
export function rotationWaitsUntil({ failed }: Pick<CredentialRotation, 'failed'>): number {
  if (failed === undefined || failed.times < 2) return 0;
  return Date.parse(failed.at) + Math.min(longestWaitMs, firstWaitMs * 2 ** (failed.times - 2));
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
  const { failed: before, ...rest } = credential;
  if (result === 'ok') {
    device.credential = { ...rest, proven: rest.proven || step === 'prove' };
    if (step !== 'prove') return;
    const { sealed, line, name, settingsKey } = credential;
    device.login = { sealed, line, name, settingsKey, at };
    return;
  }
  const failed: FailedStep = { step, code, message, at, times: (before?.times ?? 0) + 1 };
  // That others could not be taken off is no reason to give up the one that works.
  const goesOn = step === 'remove' || step === 'undo';
  if (goesOn || (result === 'unknown' && failed.times < triesWithoutAnswer))
    device.credential = { ...rest, failed };
  else device.credential = { ...rest, refused: { code, message } };
}
