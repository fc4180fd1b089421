import { test } from 'vitest';
import { madePairs, proveMadePairs } from '../support/plan-pairs.ts';

test(
  `${madePairs} made pairs, share 4 of 4: every plan is proved, and nothing is left to plan after it`,
  {
    timeout: 300_000,
  },
  () => {
    proveMadePairs(4);
  },
);
