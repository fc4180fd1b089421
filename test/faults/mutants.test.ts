/** A checker that can not fail proves nothing: every deliberate defect has to be found, and the table says by which run. */
import { expect, test } from 'vitest';
import { pairNamed, runSeed } from './simulation/explore.ts';
import { mutants, seamsOf } from './simulation/mutants.ts';

/** Some times what any of them takes: a change of the simulation draws other runs. */
const mostSeeds = 1_200;

test('every deliberate defect breaks a promise', async () => {
  const lines: string[] = [];
  const missed: string[] = [];
  for (const mutant of mutants) {
    let found: string | null = null;
    let seed = 0;
    const { habits, shows } = mutant;
    const pairs = shows?.map(pairNamed);
    for (; seed < mostSeeds && found === null; seed += 1)
      found = (await runSeed(seed, seamsOf(mutant), habits, pairs)).violation;
    if (found === null) missed.push(mutant.name);
    lines.push(
      `${mutant.name.padEnd(62)} ${found === null ? 'NOT FOUND' : `seed ${seed - 1}: ${found.slice(0, 90)}`}`,
    );
  }
  console.log(`mutants: ${mutants.length}, found: ${mutants.length - missed.length}\n${lines.join('\n')}`);
  expect(missed).toEqual([]);
});
