/**
 * Time for the simulated device, handed in so that tests can turn it by hand: wall time, a monotonic
 * count, and timers. The device keeps its own uptime and wall offset on top (see machine.ts).
 */
import { performance } from 'node:perf_hooks';

export interface SimulatorClock {
  /** Wall time in milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that never go back. */
  monotonic(): number;
  /** Calls `run` once after `ms`; the returned function takes it back. */
  after(ms: number, run: () => void): () => void;
}

export function realClock(): SimulatorClock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after(ms, run) {
      if (ms <= 0) {
        const immediate = setImmediate(run);
        return () => clearImmediate(immediate);
      }
      // A timer holds at most 2^31-1 ms; longer waits are cut into pieces.
      let handle: NodeJS.Timeout;
      const step = (left: number): void => {
        const piece = Math.min(left, 2_000_000_000);
        handle = setTimeout(() => (left > piece ? step(left - piece) : run()), piece);
      };
      step(ms);
      return () => clearTimeout(handle);
    },
  };
}

export interface VirtualClock extends SimulatorClock {
  /** Moves time on by `ms` and runs, in order, all that falls due meanwhile. */
  advance(ms: number): void;
}

/** A clock that stands still until `advance` is called. */
export function virtualClock(startMs: number): VirtualClock {
  let elapsed = 0;
  let nextId = 0;
  const timers = new Map<number, { due: number; run: () => void }>();
  return {
    now: () => startMs + elapsed,
    monotonic: () => elapsed,
    after(ms, run) {
      const id = nextId++;
      timers.set(id, { due: elapsed + Math.max(0, ms), run });
      return () => timers.delete(id);
    },
    advance(ms) {
      const end = elapsed + ms;
      for (;;) {
        let first: { id: number; due: number; run: () => void } | undefined;
        for (const [id, timer] of timers) {
          if (timer.due <= end && (first === undefined || timer.due < first.due)) first = { id, ...timer };
        }
        if (first === undefined) break;
        timers.delete(first.id);
        elapsed = Math.max(elapsed, first.due);
        first.run();
      }
      elapsed = end;
    },
  };
}
