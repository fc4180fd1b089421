import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { heapGrowth } from '../../../src/daemon/heap-growth.ts';

// At run time an option that V8 does not know is passed over; on the command line it is refused.
test('this Node knows the option that the daemon sets', () => {
  const start = (option: string): number | null => spawnSync(process.execPath, [option, '-e', '']).status;
  expect(start(heapGrowth)).toBe(0);
  expect(start('--heap-grows-percent=100')).not.toBe(0);
});
