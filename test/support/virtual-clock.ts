/** A clock that moves only when somebody sleeps on it; whoever listens sees time pass in order. */
import type { Clock } from '../../src/core/clock.ts';

export interface VirtualClock extends Clock {
  /** Called for each moved stretch of time, before the sleeper goes on. */
  onAdvance(listener: (ms: number) => void): void;
  advance(ms: number): void;
}

export function virtualClock(startMs = Date.UTC(2026, 0, 1)): VirtualClock {
  let elapsed = 0;
  const listeners: ((ms: number) => void)[] = [];
  const advance = (ms: number): void => {
    elapsed += ms;
    for (const listener of listeners) listener(ms);
  };
  return {
    now: () => startMs + elapsed,
    monotonic: () => elapsed,
    sleep(ms, signal) {
      if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
      advance(ms);
      return Promise.resolve();
    },
    onAdvance: (listener) => listeners.push(listener),
    advance,
  };
}
