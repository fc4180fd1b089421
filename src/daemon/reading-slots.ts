/**
 * How many devices a site reads at once. A login and an export cost this machine more than the device: were a thousand
 * begun together, all would share its processors until their time was over, and hold their text meanwhile. What is not a
 * whole reading, each step of a rollout with it, never waits here.
 */
import PQueue from 'p-queue';
import type { Driver } from '../drivers/driver.ts';

/** More make a sweep hardly faster: the facts on performance, measured with 32, 64 and 128 at once. */
const atOnce = 32;
/** A reading that takes longer waits for its device, and not for this machine: its place goes to the next. */
const patienceMs = 5_000;

/** What it is given observes in turn, in the order in which it is asked, however many drivers there are. */
export function readingSlots(): <D extends Pick<Driver, 'observe'>>(driver: D) => D {
  const queue = new PQueue({ concurrency: atOnce, timeout: patienceMs });
  const inSlot = <T>(read: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const turn = queue.add(() => {
        const reading = read();
        reading.then(resolve, reject);
        return reading;
      });
      // How the reading ends is for whoever asked; here only its place counts.
      turn.catch(() => undefined);
    });
  return (driver) => ({ ...driver, observe: (signal) => inSlot(() => driver.observe(signal)) });
}
