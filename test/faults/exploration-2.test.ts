/** Random faults in combination, half of the seeds; the other half is in the file beside it, so that two cores share them. */
import { test } from 'vitest';
import { explore } from './simulation/exploration.ts';

test(
  'whatever goes wrong together, no promise is broken and everything settles',
  { timeout: 3_600_000 },
  async () => {
    await explore(5000, 5_000);
  },
);
