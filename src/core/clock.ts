/** Time as a value handed in: core never asks the machine for it. */

export interface Clock {
  /** Wall time, milliseconds since the epoch. May jump. */
  now(): number;
  /** Monotonic milliseconds since some start. Never jumps back. */
  monotonic(): number;
  /** Resolves after `ms`, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** RFC 3339 in UTC with milliseconds, the form of every time in journal and answers. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}

/** RFC 3339 in UTC to the second, the form in authorization documents. */
export function rfc3339Seconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
