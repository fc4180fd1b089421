/** Where a device puts its own backup is not known for all of them: it is found, fetched and taken off on both sides. */
import { expect, test } from 'vitest';
import { USUAL_BEHAVIOUR } from '../../src/simulator/behaviour.ts';
import { never, startBench } from '../support/rollout-bench.ts';

const exportText =
  '# 2026-11-21 10:00:00 by RouterOS 7.18.2\n# software id = \n#\n/system identity\nset name=gw1\n';

test.for([
  ['one', 'as-named', 'sw-backup.backup'],
  ['flash-and-memory', 'as-named', 'sw-backup.backup'],
  ['flash-and-memory', 'flash', 'flash/sw-backup.backup'],
] as const)('disk %s, place %s: %s', async ([disk, backupPlace, file], t) => {
  const b = await startBench({
    exportText,
    change: (text) => text.replace('gw1', 'gw2'),
    simulator: { behaviour: { ...USUAL_BEHAVIOUR, disk, backupPlace } },
  });
  t.onTestFinished(() => b.close());
  const files = (): Promise<string> =>
    b.simulator.console(':foreach i in=[/file find where name~"sw-backup"] do={:put [/file get $i name]}');
  const { backup } = b.driver;
  if (backup === undefined) throw new Error('no backup');
  await backup.make('sw-backup', never);
  expect((await files()).trim()).toBe(file);
  const bytes = await backup.fetch('sw-backup', never);
  expect(Buffer.from(bytes).toString('latin1')).toMatch(/^siteward-simulator-backup /);
  await backup.remove('sw-backup', never);
  expect(await files()).toBe('');
});
