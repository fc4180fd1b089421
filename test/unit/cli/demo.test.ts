/** The demo on a file of one's own, where there is none. The story itself is run as it ships (`npm run demo`). */
import { expect, test } from 'vitest';
import { runCli } from '../../support/run-cli.ts';

test('an export that is not there is said in words, and nothing is begun', async () => {
  expect(await runCli('demo', '--export', '/nope.rsc')).toEqual({
    code: 2,
    out: '',
    err: 'error: /nope.rsc is not there; check the name (ENOENT)\n',
  });
});
