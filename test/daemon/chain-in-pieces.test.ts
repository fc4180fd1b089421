/** A chain that no single rollout can hold goes onto the device in several, each of them signed, and is whole in the end. */
import { expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { buildWorld, until } from '../support/daemon-world.ts';

/** Few rules with much to say, so that the script's length is the bound and not the number of commands. */
const rules = Array.from({ length: 30 }, (_, i) => {
  const comment = `${String(i).padStart(2, '0')} ${'w'.repeat(1_200)}`;
  return `add action=accept chain=guests comment="${comment}" dst-address=203.0.113.${i}\n`;
});

test('it comes in parts, in order, and settles', async (t) => {
  const world = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
  t.onTestFinished(() => world.close());
  await world.start();
  await world.untilSettled();
  world.edit((text) => text.replace('/ip firewall nat\n', `${rules.join('')}/ip firewall nat\n`));

  const there: number[] = [];
  for (let part = 1; there.at(-1) !== rules.length; part++) {
    expect(part).toBeLessThan(3);
    const { id } = await world.untilPending();
    const { text } = await world.api.call('document', { id });
    // The last part leaves no half of a chain behind.
    expect(text.includes('always signed: chain-in-pieces')).toBe(part === 1);
    await world.approve(id);
    const had = there.at(-1) ?? 0;
    there.push(
      await until('the part is on the device', async () => {
        const { devices } = await world.api.call('status', {});
        if (devices[0]?.rollout !== null || devices[0].pending.includes(id)) throw new Error('not settled');
        const menu = '/ip firewall filter';
        const each = `:foreach i in=[${menu} find chain=guests] do={:put [${menu} get $i dst-address]}`;
        const found = (await world.device().console(each)).match(/203\.0\.113\.\d+/g) ?? [];
        expect(found).toEqual(found.map((_, i) => `203.0.113.${i}`));
        if (found.length === had) throw new Error('nothing came');
        return found.length;
      }),
    );
  }
  expect(there).toHaveLength(2);
  await world.untilSettled();
  expect(world.records().filter(({ kind }) => kind === 'rollout-planned')).toHaveLength(there.length);
  expect(await world.traces()).toEqual(['sw-witness']);
});
