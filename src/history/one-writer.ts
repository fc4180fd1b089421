/** One writer at a time on a part of the history, each after the other; what the disk refuses is said in the history's words. */
import PQueue from 'p-queue';
import { asHistoryError } from './repository.ts';

/** Throws `SitewardError` history-unwritable, history-damaged. */
export type Alone = <T>(work: () => Promise<T>) => Promise<T>;

export function oneWriter(): Alone {
  const queue = new PQueue({ concurrency: 1 });
  return async (work) =>
    await queue.add(async () => {
      try {
        return await work();
      } catch (error) {
        throw asHistoryError(error);
      }
    });
}
