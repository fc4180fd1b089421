/** One of four files, so that they run side by side: together sixteen thousand pairs that a generator makes. */
import fc from 'fast-check';
import { test } from 'vitest';
import { anyConfiguration, editedFrom } from '../support/configurations.ts';
import { expectProvedAndSettled } from '../support/plan-pairs.ts';

const pair = anyConfiguration.chain((actual) => fc.tuple(fc.constant(actual), editedFrom(actual)));

test(
  'four thousand made pairs: every plan is proved, and nothing is left to plan after it (1)',
  { timeout: 300_000 },
  () => {
    fc.assert(
      fc.property(pair, ([actual, desired]) => void expectProvedAndSettled(actual, desired)),
      { numRuns: 4_000 },
    );
  },
);
