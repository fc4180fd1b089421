/**
 * How long a device waits before it rolls back: at least what the settings say, and never less than the same device
 * took for its last rollouts. The plan's text never holds it. Pure.
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
  readonly windowMs: number;
  readonly tickMs: number;
  readonly soakMs: number;
  /** The longest that a probe may take to pass; 0: there is none. */
  readonly probesMs: number;
  /** How long the device may keep itself from being reached after this very plan. */
  readonly settleMs: number;
}

/** max(window, arm + apply + verify + soak + 2 ticks), by the slowest of the kept rollouts. */
export function effectiveWindowMs(needs: WindowNeeds, measured: readonly Durations[]): number {
  const { windowMs, tickMs, soakMs, probesMs, settleMs } = needs;
  const slowest = (of: (one: Durations) => number): number => Math.max(0, ...measured.map(of));
  // The soak of then is in what verifying took.
  const verifyMs = Math.max(probesMs, slowest((one) => one.verifyMs) - soakMs);
  const arm = slowest((one) => one.armMs);
  const apply = slowest((one) => one.applyMs);
  return Math.max(windowMs, arm + apply + verifyMs + soakMs + 2 * tickMs) + settleMs;
}
