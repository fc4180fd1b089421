// The crash checker by hand: `npm run faults` tries all of it, `npm run faults -- --seed N` runs one seed and tells what
// happened, `npm run soak -- --minutes N` goes on with fresh seeds (30 minutes when not said) until a promise breaks.
import { spawnSync } from 'node:child_process';

const words = process.argv.slice(2);
const value = (name, otherwise) => {
  const at = words.indexOf(name);
  return at < 0 ? otherwise : (words[at + 1] ?? otherwise);
};
const seed = value('--seed', undefined);
const minutes = words.includes('--soak') ? value('--minutes', '30') : undefined;
const only = seed === undefined && minutes === undefined ? [] : ['test/faults/exploration-1.test.ts'];
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--project', 'faults', ...only],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      ...(seed === undefined ? {} : { FAULTS_SEED: seed }),
      ...(minutes === undefined ? {} : { FAULTS_MINUTES: minutes }),
    },
  },
);
process.exitCode = status ?? 1;
