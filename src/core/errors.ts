/**
 * Errors, by who acts next. A refusal, drift or a failed verification is a value, not an error.
 * Codes are kebab-case and stable: they reach the operator, the journal and the metrics.
 * A message says what is wrong and what to do; it never holds a secret, a command or an export's text.
 */

/** A place in something a person wrote. Line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

export function formatPlace(place: Place): string {
  const { file, line, column } = place;
  return line === undefined ? file : column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`;
}

export class SitewardError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Something a person wrote is unusable: settings, desired state, arguments. Held until it changes. */
export class InvalidInput extends SitewardError {
  readonly place: Place | null;
  constructor(code: string, message: string, place: Place | null = null, options?: ErrorOptions) {
    super(code, message, options);
    this.place = place;
  }
}

/** Why nothing is begun on a device that can be read: what a person has to change there. */
export const obstacleCodes = [
  'version-too-old',
  'low-uptime',
  'held-on-device',
  'user-disabled',
  'rights-missing',
  'device-mode',
  'disk-full',
  'clock-unset',
  'safe-mode',
] as const;
export type ObstacleCode = (typeof obstacleCodes)[number];

export type DeviceErrorCode =
  | 'unreachable'
  | 'key-refused'
  | 'password-refused'
  | 'host-key-mismatch'
  | 'locked'
  | 'foreign-rollout'
  | 'rejected'
  | 'unsupported'
  | 'selector-mismatch'
  | 'base-changed'
  | ObstacleCode
  | 'not-armed'
  | 'probe-red'
  | 'probe-failed'
  | 'incomplete-export'
  | 'unreadable-export'
  | 'permission-denied'
  | 'timeout';

/** The device did not do what was asked, and nothing is in doubt. Retried or held, by code. */
export class DeviceError extends SitewardError {
  declare readonly code: DeviceErrorCode;
  constructor(code: DeviceErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** The device at the address shows another host key than the one in force. Nothing was said to it. */
export class HostKeyMismatch extends DeviceError {
  /** `SHA256:…` of the key in force, and of the one that the device shows. */
  readonly pinned: string;
  readonly shown: string;
  constructor(pinned: string, shown: string) {
    super(
      'host-key-mismatch',
      `the host key is ${shown}, and ${pinned} is pinned: find out on the device itself why it changed; ` +
        'nothing is said to it until then',
    );
    this.pinned = pinned;
    this.shown = shown;
  }
}

/** Sent, but not known whether it happened. The device's queue waits until evidence is gathered. */
export class OutcomeUnknown extends SitewardError {
  constructor(message: string, options?: ErrorOptions) {
    super('outcome-unknown', message, options);
  }
}

/** The journal can't be trusted or written: no mutation; reading and reporting go on. */
export class JournalError extends SitewardError {
  declare readonly code: 'journal-damaged' | 'journal-unwritable' | 'journal-rewound';
  constructor(
    code: 'journal-damaged' | 'journal-unwritable' | 'journal-rewound',
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** A promise of the code itself is broken: crash, replay. */
export class AssertionFailed extends SitewardError {
  constructor(message: string) {
    super('assertion-failed', message);
  }
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailed(message);
}

/** For the default branch of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new AssertionFailed(`unexpected value ${JSON.stringify(value)}`);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What the machine says of a file that can't be read, in words and with what to do; its own code stays in them. */
export function fileProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error);
  return fileProblems[code] ?? `can’t be read (${code})`;
}

const fileProblems: Readonly<Record<string, string>> = {
  ENOENT: 'is not there; check the name (ENOENT)',
  ENOTDIR: 'is not there; check the name (ENOTDIR)',
  EACCES: 'may not be read by this user; check who owns it and the folders above it (EACCES)',
  EISDIR: 'is a folder; name a file in it (EISDIR)',
};

export function codeOf(error: unknown): string {
  return error instanceof SitewardError ? error.code : 'internal';
}
