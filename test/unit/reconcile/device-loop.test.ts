import { expect, test } from 'vitest';
import { startDeviceLoop } from '../../../src/reconcile/device-loop.ts';
import type { Clock } from '../../../src/core/clock.ts';

/** A clock whose sleepers are woken by hand or by their signal. */
function manualClock(): Clock & { readonly sleeping: () => number; tick(): void } {
  const sleepers = new Set<() => void>();
  return {
    now: () => 0,
    monotonic: () => 0,
    sleep: (_ms, signal) =>
      new Promise((resolve, reject) => {
        const wake = (): void => {
          sleepers.delete(wake);
          resolve();
        };
        sleepers.add(wake);
        signal?.addEventListener('abort', () => {
          sleepers.delete(wake);
          reject(new Error('woken'));
        });
      }),
    sleeping: () => sleepers.size,
    tick: () => {
      for (const wake of [...sleepers]) wake();
    },
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('passes run at start, after the delay, and when asked; never two at once', async () => {
  const clock = manualClock();
  const ending = new AbortController();
  let running = 0;
  let passes = 0;
  let release: () => void = () => undefined;
  const loop = startDeviceLoop(
    async () => {
      running += 1;
      expect(running).toBe(1);
      await new Promise<void>((resolve) => (release = resolve));
      running -= 1;
      passes += 1;
    },
    { delayMs: () => 1000 },
    clock,
    ending.signal,
  );
  await settle();
  loop.wake();
  loop.wake();
  expect(running).toBe(1);
  release();
  await settle();
  expect([passes, running]).toEqual([1, 1]);
  release();
  await settle();
  expect([passes, running, clock.sleeping()]).toEqual([2, 0, 1]);
  clock.tick();
  await settle();
  expect(running).toBe(1);
  release();
  await settle();
  ending.abort();
  await loop.done;
  expect(passes).toBe(3);
});

test('an order that comes during a pass is kept for the next one, and given once', async () => {
  const clock = manualClock();
  const ending = new AbortController();
  const orders: boolean[] = [];
  const loop = startDeviceLoop(
    async (order) => {
      orders.push(order.apply);
      if (orders.length === 1) loop.wake({ apply: true });
      await Promise.resolve();
    },
    { delayMs: () => 1000 },
    clock,
    ending.signal,
  );
  await settle();
  loop.wake();
  await settle();
  ending.abort();
  await loop.done;
  expect(orders).toEqual([false, true, false]);
});

test('a defect in a pass ends the loop loudly, not silently', async () => {
  const loop = startDeviceLoop(
    () => Promise.reject(new Error('defect')),
    { delayMs: () => 1000 },
    manualClock(),
    new AbortController().signal,
  );
  await expect(loop.done).rejects.toThrow('defect');
});
