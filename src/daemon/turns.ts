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

/**
 * Looks at the branch every `pollMs`, a little apart so that many daemons don't ask one host at once, and less and less
 * often while looking fails. `look` is true when it could look.
 */
export async function poll(look: () => Promise<boolean>, pollMs: number, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    const jitter = 0.9 + 0.2 * Math.random();
    const waitMs = Math.min(pollMs * 2 ** Math.min(failures, 10), Math.max(pollMs, longestPollMs));
    await systemClock.sleep(waitMs * jitter, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (signal.aborted) return;
    failures = (await look()) ? 0 : failures + 1;
  }
}
