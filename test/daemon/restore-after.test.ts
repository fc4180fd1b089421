/** The way back of a device whose last rollout did not end well: what people see, what they type, what they get. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { runCommandLine } from '../support/command-line.ts';
import { buildWorld, until } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';

const line = (name: string): string => `/ip dns static\nadd address=192.0.2.20 name=${name}.example.org\n`;
let one: World;
beforeAll(async () => {
  one = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
  await one.start();
  await one.untilSettled();
});
afterAll(() => one.close());

const has = (name: string): Promise<boolean> => one.has('/ip dns static', `name="${name}.example.org"`);
const command = (...words: string[]): ReturnType<typeof runCommandLine> =>
  runCommandLine(['--settings', one.settingsFile, ...words]);

async function signed(): Promise<void> {
  const [waiting] = (await one.api.call('pending', {})).pending;
  if (waiting !== undefined) await one.approve(waiting.id);
}

test('rolled back: the device has the state before it, and the good one before that is not lost by mistake', async () => {
  one.edit((text) => text + line('printer'));
  await one.untilSettled();
  one.edit((text) => text + line('bad'));
  const applied = await until('the bad one is applied', () => {
    const last = one.records().findLast(({ kind }) => kind === 'applied');
    const confirmed = one.records().findLast(({ kind }) => kind === 'confirmed');
    if (last?.kind !== 'applied' || (confirmed?.seq ?? 0) > last.seq) throw new Error('not yet');
    return Promise.resolve(last);
  });
  await one.device().console(`/system script add name=sw-${applied.rollout}-decision source=rollback`);
  await one.untilRecord('settled', 'gw1', { outcome: 'rolled-back' });
  const stopped = await one.untilDevice('set aside', ({ state }) => state === 'quarantined');
  expect([stopped.reason, stopped.next]).toEqual(['rolled-back', 'siteward retry gw1']);
  const told = await command('rollback', 'gw1');
  expect(told.code).toBe(2);
  expect(told.stderr).toContain('the last rollout was rolled back, so it has the state before it already');
  expect([await has('printer'), await has('bad')]).toEqual([true, false]);
});

test('restore goes from there to any state that was kept, and a second call does not bring back the bad one', async () => {
  const ordered = await command('restore', 'gw1', '~1');
  expect([ordered.stderr, ordered.code]).toEqual(['', 0]);
  await until('it is there', async () => {
    await signed();
    expect(await has('printer')).toBe(false);
  });
  const held = await one.untilDevice('held there', ({ state }) => state === 'held');
  expect(held.next).toBe('siteward release gw1');
  const again = await command('rollback', 'gw1');
  expect([again.code, again.stderr]).toMatchObject([2, expect.stringContaining('already')]);
  expect([await has('printer'), await has('bad')]).toEqual([false, false]);
});

test('diverged: nothing of its past is ordered before people said what it is to have', async () => {
  await one.api.call('release', { device: 'gw1' });
  const before = one.records().length;
  one.edit((text) => text + line('camera'));
  await until('the device decided', async () => {
    await signed();
    const since = one.records().slice(before);
    expect(since.some(({ kind }) => kind === 'confirm-finished')).toBe(true);
  });
  await one.device().console('/ip dns static set [find where name="camera.example.org"] address=192.0.2.99');
  await one.untilDevice('diverged', ({ state }) => state === 'diverged');
  for (const words of [
    ['rollback', 'gw1'],
    ['restore', 'gw1', '~1'],
  ]) {
    const told = await command(...words);
    expect(told.code).toBe(1);
    expect(told.stdout).toMatch(/siteward status gw1/);
  }
  const { next } = await one.untilDevice('diverged', ({ state }) => state === 'diverged');
  expect(next).toBe('siteward resolve gw1 --as base');
  expect(
    one
      .records()
      .slice(before)
      .map(({ kind }) => kind),
  ).not.toContain('restore-ordered');
});
