/** What the daemon does again and again, until its signal ends it. */
import { systemClock } from './system-clock.ts';

/** Between two looks at a repository that can't be read. */
const longestPollMs = 15 * 60_000;

/** Until the signal ends it, which is all that a sleep can fail by. */
export async function every(ms: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await systemClock.sleep(ms, signal).catch(() => undefined);
    if (!signal.aborted) await work();
  }
}

/** `random` is from 0 to 1. */
export function pollWaitMs(pollMs: number, failures: number, random: number): number {
  const waitMs = Math.min(pollMs * 2 ** Math.min(failures, 10), Math.max(pollMs, longestPollMs));
  return waitMs * (0.9 + 0.2 * random);
}

/**
 * Looks at the branch every `pollMs`, a little apart so that many daemons don't ask one host at once, and less and less
 * often while looking fails. `look` is true when it could look.
 */
export async function poll(look: () => Promise<boolean>, pollMs: number, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    await systemClock.sleep(pollWaitMs(pollMs, failures, Math.random()), signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (signal.aborted) return;
    failures = (await look()) ? 0 : failures + 1;
  }
}
