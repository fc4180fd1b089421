import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findGitDir, repositoryAt } from '../../src/desired/git-repository.ts';
import { gitSandbox } from '../support/git-sandbox.ts';

const files = ['site.yaml', 'groups/time.rsc', 'devices/gw1/device.yaml', 'devices/gw1/config.rsc'];

test('config/example-site is a desired state that the daemon accepts', async () => {
  const sandbox = gitSandbox();
  try {
    const read = (name: string): string =>
      readFileSync(new URL(`../../config/example-site/${name}`, import.meta.url), 'utf8');
    sandbox.commit(Object.fromEntries(files.map((name) => [name, read(name)])));
    const repository = repositoryAt(await findGitDir(sandbox.folder), {
      branch: 'main',
      tags: null,
      path: '',
      site: 'bud-01',
    });
    const site = await repository.readSite(await repository.head());
    expect(site.problems).toEqual([]);
    expect(site.devices).toMatchObject([
      { name: 'gw1', owns: 'sections', ignore: [{ where: { list: 'billing' } }], error: null },
    ]);
  } finally {
    sandbox.remove();
  }
});
