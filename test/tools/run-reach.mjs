// Real exports as devices, by night: `npm run reach` rolls out ten changes of each, and cuts each of their rollouts at each
// command in each way; `npm run reach -- --minutes N` stops after so long, `--seed N` draws other changes. Prints the counts.
import { spawnSync } from 'node:child_process';

const words = process.argv.slice(2);
const value = (name) => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined);
const seed = value('--seed');
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', 'test/property/reach'],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      REACH_MINUTES: value('--minutes') ?? 'Infinity',
      ...(seed === undefined ? {} : { FC_SEED: seed }),
    },
  },
);
process.exitCode = status ?? 1;
