/**
 * How far the heap may grow before all of it is looked through. The buffers of readings count as part of it, and a heap in
 * which little stays is by default allowed some 20 MB: with a thousand kept connections V8 then looks through everything
 * once for each 50 readings, which costs as much as the readings. Allowed to double, it frees them as they come, in looks
 * at what is new, and takes no more memory: `npm run bench sweep`, V8 11.3. Read by V8 at each look, so that it may be
 * said at run time.
 */
import { setFlagsFromString } from 'node:v8';

export const heapGrowth = '--heap-growing-percent=100';

export function letHeapGrow(): void {
  setFlagsFromString(heapGrowth);
}
