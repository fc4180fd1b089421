import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DeviceError } from '../../../src/core/errors.ts';
import { readingSlots } from '../../../src/daemon/reading-slots.ts';
import type { Driver, Observation } from '../../../src/drivers/driver.ts';
import { observationOf } from '../../support/observations.ts';

const { signal } = new AbortController();

/** Devices of one site, and which of them are being read. */
function site(count: number, read: (device: number) => Promise<Observation>) {
  const begun: number[] = [];
  let now = 0;
  let most = 0;
  const inTurn = readingSlots();
  const drivers = Array.from({ length: count }, (_, device) =>
    inTurn<Pick<Driver, 'observe'>>({
      observe: async () => {
        begun.push(device);
        most = Math.max(most, ++now);
        return read(device).finally(() => now--);
      },
    }),
  );
  const readAll = (): Promise<PromiseSettledResult<Observation>[]> =>
    Promise.allSettled(drivers.map((driver) => driver.observe(signal)));
  return { begun, most: () => most, readAll };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a thousand devices are read 32 at a time, in order, and each gets its own answer', async () => {
  const { begun, most, readAll } = site(1000, async (device) => {
    await Promise.resolve();
    return observationOf(`# gw${device}\n`);
  });
  const read = await readAll();
  expect(most()).toBe(32);
  expect(begun).toEqual(Array.from({ length: 1000 }, (_, device) => device));
  for (const [device, one] of read.entries())
    expect(one.status === 'fulfilled' && Buffer.from(one.value.exportText).toString()).toBe(
      `# gw${device}\n`,
    );
});

test('devices that do not answer keep the others waiting for five seconds at most, and may still answer', async () => {
  let answer: (observation: Observation) => void = () => undefined;
  const silent = new Promise<Observation>((resolve) => {
    answer = resolve;
  });
  const { begun, readAll } = site(40, (device) =>
    device < 32 ? silent : Promise.resolve(observationOf('')),
  );
  const read = readAll();
  await vi.advanceTimersByTimeAsync(4_999);
  expect(begun.length).toBe(32);
  await vi.advanceTimersByTimeAsync(1);
  expect(begun.length).toBe(40);
  answer(observationOf('late'));
  expect((await read).every(({ status }) => status === 'fulfilled')).toBe(true);
});

test('one that fails gives its place up at once, and whoever asked is told why', async () => {
  const refused = new DeviceError('unreachable', 'no route');
  const { begun, readAll } = site(100, () => Promise.reject(refused));
  const read = await readAll();
  expect(begun.length).toBe(100);
  for (const one of read) expect(one).toEqual({ status: 'rejected', reason: refused });
});
