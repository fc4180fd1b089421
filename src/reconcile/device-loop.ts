/**
 * The passes of one device, strictly one after the other: at start, every `read`, and whenever somebody or
 * something asks. Orders that come during a pass are kept for the next one.
 */
import type { Clock } from '../core/clock.ts';
import type { Order } from './device-room.ts';

export interface DeviceLoop {
  /** Asks for a pass as soon as the present one is over. */
  wake(order?: Partial<Order>): void;
  /** Resolves when the loop has ended, which it does once its signal is aborted. */
  readonly done: Promise<void>;
}

export interface LoopTimes {
  /** Milliseconds until the next pass when nobody asks. */
  readonly delayMs: () => number;
}

const nothing: Order = { apply: false, drill: false, backup: false };

export function startDeviceLoop(
  pass: (order: Order) => Promise<void>,
  times: LoopTimes,
  clock: Clock,
  signal: AbortSignal,
): DeviceLoop {
  let order: Order = nothing;
  let wanted = true;
  let wakeUp: AbortController | null = null;

  async function run(): Promise<void> {
    // Not before the caller has the loop in its hand: a pass may wake it.
    await Promise.resolve();
    while (!signal.aborted) {
      if (!wanted) await sleepUntilWoken(times.delayMs());
      if (signal.aborted) return;
      const now = order;
      order = nothing;
      wanted = false;
      try {
        await pass(now);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  async function sleepUntilWoken(ms: number): Promise<void> {
    wakeUp = new AbortController();
    const either = AbortSignal.any([signal, wakeUp.signal]);
    // Rejecting is how the sleep ends early; both reasons are looked at by the loop.
    await clock.sleep(ms, either).catch((error: unknown) => {
      if (!either.aborted) throw error;
    });
    wakeUp = null;
  }

  return {
    wake(more = {}) {
      order = {
        apply: order.apply || more.apply === true,
        drill: order.drill || more.drill === true,
        backup: order.backup || more.backup === true,
      };
      wanted = true;
      wakeUp?.abort();
    },
    done: run(),
  };
}
