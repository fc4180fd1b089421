/**
 * Runs many seeds and judges them: `FAULTS_SEED` runs one and tells all of it, `FAULTS_MINUTES` goes on with fresh ones
 * for so long. Fails at the first broken promise, and when a pair of stage and fault was never hit.
 */
import { expect } from 'vitest';
import { pairName, pairs, runSeed, Tally, tell } from './explore.ts';

export async function explore(from: number, count: number): Promise<void> {
  const tally = new Tally();
  const run = async (seed: number): Promise<void> => {
    const one = await runSeed(seed);
    tally.add(one);
    if (one.violation !== null) throw new Error(tell(seed, one));
  };
  const wanted = process.env['FAULTS_SEED'];
  if (wanted !== undefined) {
    console.log(tell(Number(wanted), await runSeed(Number(wanted))));
    return await run(Number(wanted));
  }
  const minutes = Number(process.env['FAULTS_MINUTES'] ?? 0);
  const end = performance.now() + minutes * 60_000;
  const first = minutes === 0 ? from : Math.floor(Math.random() * 2 ** 31) + 100_000;
  for (let seed = first; minutes === 0 ? seed < first + count : performance.now() < end; seed += 1)
    await run(seed);
  // A pair that so far only just was missed is tried with seeds of its own.
  for (let seed = first + count; minutes === 0 && seed < first + count + 60 * pairs.length; seed += 1)
    if (tally.missing().includes(pairName(seed))) await run(seed);
  console.log(
    `seeds: ${tally.runs} from ${first}, none broke a promise; hits by fault and stage:\n${tally.table()}`,
  );
  if (minutes !== 0) return;
  expect(tally.missing(), `of ${pairs.length} pairs`).toEqual([]);
  // People end rollouts in the middle of it all, and not only where a test leads them there.
  expect(tally.outcomes.get('resolved') ?? 0).toBeGreaterThan(count / 100);
}
