/** RouterOS times as text and as numbers, and the deadline that a rollout's scripts carry. Pure. */
import type { Deadline, RolloutTimes } from '../../core/rollout/rollout.ts';

/** `1w2d03:04:05`, `00:00:07.5`, `2m30s` and their mixtures in whole seconds; null if it is none. */
export function parseTime(text: string): number | null {
  const match =
    /^(?:(\d{1,5})w)?(?:(\d{1,6})d)?(?:(\d{1,3}):(\d\d):(\d\d)(?:\.\d+)?|(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?)$/.exec(
      text,
    );
  if (match === null || text === '') return null;
  const part = (i: number): number => Number(match[i] ?? 0);
  const clock = part(3) * 3600 + part(4) * 60 + part(5) + part(6) * 3600 + part(7) * 60 + part(8);
  return part(1) * 604_800 + part(2) * 86_400 + clock;
}

/** Whole seconds the way the console writes and reads a time: `1d00:01:40`. */
export function formatTime(seconds: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  const rest = seconds - days * 86_400;
  const clock = `${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`;
  return days === 0 ? clock : `${days}d${clock}`;
}

export function tickSeconds(times: RolloutTimes): number {
  return Math.max(1, Math.ceil(times.tickMs / 1000));
}

/** How long a write may be lost, counted in an uptime of whole seconds: never less than was meant. */
export function flushSeconds({ flushMs }: Pick<RolloutTimes, 'flushMs'>): number {
  return flushMs === 0 ? 0 : Math.ceil(flushMs / 1000) + 1;
}

/**
 * From the end of staging to an armed net: two runs of the tick, and what the same device has just taken for as
 * many connections and commands, twice over.
 */
export function armingAllowanceS(times: RolloutTimes, stagingS: number): number {
  return 2 + 2 * tickSeconds(times) + 2 * Math.ceil(stagingS);
}

/**
 * From the uptime read just before the rollback is staged. The window is whole once arming is over, and the logins
 * that verifying and confirming need come on top, as what staging has just taken tells.
 */
export function deadlineFrom(uptimeS: number, times: RolloutTimes, stagingS: number): Deadline {
  const waitS = Math.ceil(times.flushMs / 1000) + Math.ceil(times.windowMs / 1000) + 2 * Math.ceil(stagingS);
  return { armedUptimeS: uptimeS, deadlineUptimeS: uptimeS + armingAllowanceS(times, stagingS) + waitS };
}
