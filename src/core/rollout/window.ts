/**
 * How long a device waits before it rolls back: at least what the settings say, and never less than everything that comes
 * before confirm may take, as the settings and the last rollouts of the same device tell. The plan's text never holds it.
 * Pure.
 */
import { effectOf, isEffectFinished, isEffectStarted } from './effects.ts';
import type { EffectName } from './event-fields.ts';
import type { SitewardEvent } from './events.ts';

/** What one confirmed rollout took, as the journal tells it; each holds the logins that it needed. */
export interface Durations {
  readonly armMs: number;
  readonly applyMs: number;
  /** With the soak time and the probes of then. */
  readonly verifyMs: number;
}

/** Kept for the next rollout's window. */
export const keptDurations = 8;

/** When the effects of a rollout that a window is made of were announced, and what those that ended took. */
export interface Stopwatch {
  readonly startedAt: Partial<Record<EffectName, string>>;
  readonly tookMs: Partial<Record<EffectName, number>>;
}

export function newStopwatch(): Stopwatch {
  return { startedAt: {}, tookMs: {} };
}

/** Like all of the fold it changes what it is given. Apply ends when it was seen to have ended, not when the order for it had left. */
export function foldTime(watch: Stopwatch, event: SitewardEvent, at: string): void {
  if (isEffectStarted(event)) {
    const effect = effectOf(event);
    if (effect === 'arm' || effect === 'apply' || effect === 'verify') watch.startedAt[effect] = at;
  } else if (event.kind === 'applied') foldEnd(watch, 'apply', at);
  else if (isEffectFinished(event) && event.result === 'ok') {
    const effect = effectOf(event);
    if (effect === 'arm' || effect === 'verify') foldEnd(watch, effect, at);
  }
}

function foldEnd({ startedAt, tookMs }: Stopwatch, effect: EffectName, at: string): void {
  const since = startedAt[effect];
  if (since !== undefined) tookMs[effect] = Math.max(0, Date.parse(at) - Date.parse(since));
}

/** Null where it was not seen whole. */
export function durationsOf({ tookMs: { arm, apply, verify } }: Stopwatch): Durations | null {
  if (arm === undefined || apply === undefined || verify === undefined) return null;
  return { armMs: arm, applyMs: apply, verifyMs: verify };
}

export interface WindowNeeds {
  /** The setting: never less than that. */
  readonly windowMs: number;
  readonly tickMs: number;
  readonly soakMs: number;
  readonly flushMs: number;
  /** The longest that a probe may take to pass; 0: there is none. */
  readonly probesMs: number;
  /** How long the device may keep itself from being reached after this very plan. */
  readonly settleMs: number;
}

/** Confirm is taken until two before the deadline, verifying waits for one, and one is for the pauses between looks. */
const ticksOfWaiting = 4;

/**
 * From the armed net to a confirm that is still taken, one after the other: apply, verify with its probes and the soak,
 * the wait until the device has written it all, the order itself. What is measured is of the slowest of the kept
 * rollouts. The logins of this one are not known yet: whoever stages it adds them.
 */
export function effectiveWindowMs(needs: WindowNeeds, measured: readonly Durations[]): number {
  const { windowMs, tickMs, soakMs, flushMs, probesMs, settleMs } = needs;
  const slowest = (of: (one: Durations) => number): number => Math.max(0, ...measured.map(of));
  const loginsMs = slowest((one) => one.armMs - flushMs - 2 * tickMs);
  const applyMs = slowest((one) => one.applyMs);
  // The soak of then is in it. Its probes may have been others, or quicker than they can be.
  const verifyMs = slowest((one) => one.verifyMs - soakMs);
  // What held before the soak is asked again after it.
  const probingMs = soakMs > 0 ? 2 * probesMs : probesMs;
  const waitingMs = soakMs + flushMs + ticksOfWaiting * tickMs;
  return Math.max(windowMs, loginsMs + applyMs + verifyMs + probingMs + waitingMs) + settleMs;
}
