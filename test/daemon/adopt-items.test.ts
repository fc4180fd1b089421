/** A signed `adopt`: what people made counts as siteward's own from then on; while they read it, nothing moves under them. */
import { expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { buildWorld, until } from '../support/daemon-world.ts';
import { runCli } from '../support/run-cli.ts';

const row = (host: string): string => `/ip dns static\nadd address=192.0.2.50 name=${host}.example.org\n`;

test('taken over once it is signed, frozen until then, and taken away without a signature after', async (t) => {
  const one = await buildWorld({ devices: { gw1: { exportText: demoExport + row('old') } } });
  t.onTestFinished(() => one.close());
  await one.start();
  await one.untilSettled();
  const settings = ['--settings', one.settingsFile];
  const adopt = ['adopt', 'gw1', '--take-over', '--items', '/ip dns static'];
  expect(await runCli(...adopt, ...settings)).toMatchObject({ code: 0, err: '' });
  const item = await until('it waits for a signature', async () => {
    const { pending } = await one.api.call('pending', {});
    const [found] = pending;
    if (found === undefined) throw new Error(JSON.stringify((await one.status()).devices));
    return found;
  });
  expect(item).toMatchObject({ kind: 'adopt', class: 'operational', devices: ['gw1'] });
  expect(item.text).toContain('/ip dns static (1)\n  address=192.0.2.50 name=old.example.org\n');

  await one.api.call('document', { id: item.id });
  one.edit((text) => text + row('new'));
  const next = `siteward pending ${item.id}`;
  const frozen = await one.untilDevice('frozen', ({ reason }) => reason === 'frozen');
  expect(frozen).toMatchObject({ state: 'behind', next });
  expect(frozen.message).toContain(`sign ${item.id}`);
  expect(await one.has('/ip dns static', 'name="new.example.org"')).toBe(false);
  await one.approve(item.id);
  await one.untilRecord('items-adopted');
  await one.untilSettled();

  one.edit((text) => text.replace(row('old'), ''));
  await one.untilSettled();
  expect(await one.has('/ip dns static', 'name="old.example.org"')).toBe(false);
  const allowed = one.records().flatMap((record) => (record.kind === 'authorized' ? [record.reason] : []));
  expect(allowed).toEqual(['benign', 'benign']);

  expect(await runCli(...adopt, ...settings)).toMatchObject({ code: 0 });
  await one.untilRecord('adopt-ordered', 'gw1', { sections: null });
});
