/** Asking again until something holds, bounded by monotonic time. */
import type { Clock } from '../../../core/clock.ts';

export interface Patience {
  readonly everyMs: number;
  readonly limitMs: number;
}

/** The first answer that is not null, or null when the time is up; asks at least once. */
export async function until<T>(
  clock: Clock,
  patience: Patience,
  signal: AbortSignal,
  ask: () => Promise<T | null>,
): Promise<T | null> {
  const end = clock.monotonic() + patience.limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null || clock.monotonic() >= end) return answer;
    await clock.sleep(patience.everyMs, signal);
  }
}
