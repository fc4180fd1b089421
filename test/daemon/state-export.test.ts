/**
 * The machine of the daemon is gone: what was exported beside the running daemon is all that is left. Imported at once
 * everything goes on; imported after the world had gone on, nothing is done to the device that is ahead; a daemon on a
 * copy is fenced by the device.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { buildWorld } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';
import { runCommandLine } from '../support/command-line.ts';
import type { CommandResult } from '../support/command-line.ts';

const line = (name: string): string => `/ip dns static\nadd address=192.0.2.20 name=${name}.example.org\n`;
const has = (one: World, name: string): Promise<boolean> =>
  one.has('/ip dns static', `name="${name}.example.org"`);

let world: World;
let recipient: string;
beforeAll(async () => {
  world = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
  const identity = await generateIdentity();
  recipient = await identityToRecipient(identity);
  writeFileSync(world.at('age.txt'), `# kept elsewhere\n${identity}\n`, { mode: 0o600 });
});
afterAll(() => world.close());

const siteward = (...words: string[]): Promise<CommandResult> =>
  runCommandLine(['--settings', world.settingsFile, ...words]);
const exportTo = async (file: string): Promise<void> => {
  const told = await siteward('state', 'export', world.at(file), '--recipient', recipient);
  expect(told).toMatchObject({ code: 0, stderr: '' });
};
const importFrom = (file: string, ...words: string[]): Promise<CommandResult> =>
  siteward('state', 'import', world.at(file), '--identity', world.at('age.txt'), ...words);

test('exported beside the daemon, imported at once: all goes on, and no first start', async () => {
  const daemon = await world.start();
  await world.untilSettled();
  world.edit((text) => text + line('printer'));
  await world.untilSettled();
  await exportTo('first.age');
  expect(statSync(world.at('first.age')).mode & 0o777).toBe(0o600);
  const before = world.records().length;
  await daemon.stop();
  renameSync(world.at('state'), world.at('lost'));

  const told = await importFrom('first.age');
  expect(told.stderr).toBe('');
  expect(told.code).toBe(0);
  expect(told.stdout).toMatch(/journal \d+:[0-9a-f]{64}, \d+ records, each proved/);
  expect(told.stdout).toContain('history: 2 revisions of 1 device, each proved');
  expect(told.stdout).toContain(`there    ${world.settingsFile}`);
  expect(statSync(world.at('state')).mode & 0o777).toBe(0o700);
  expect(world.records()).toHaveLength(before);
  const key = 'state-key';
  expect(readFileSync(world.at(`state/${key}`))).toEqual(readFileSync(world.at(`lost/${key}`)));

  await world.start();
  await world.untilSettled();
  expect(world.records().filter(({ kind }) => kind === 'daemon-created')).toHaveLength(1);
  expect(
    world.records().filter((one) => one.kind === 'commit-accepted' && one.reason === 'first'),
  ).toHaveLength(1);
  const { revisions } = await world.api.call('history', { device: 'gw1', limit: 10 });
  expect(revisions).toHaveLength(2);
});

test('two daemons on one export: the device is ahead of the second, which does nothing to it', async () => {
  world.edit((text) => text + line('scanner'));
  await world.untilSettled();
  const restarted = await world.restart();
  await restarted.stop();
  const over = await importFrom('first.age');
  expect(over.code).toBe(2);
  expect(over.stderr).toMatch(/state holds \S+ already, and a state is never written over/);

  // What an import leaves that is killed.
  mkdirSync(world.at('state/importing'));
  await expect(world.start()).rejects.toMatchObject({ code: 'import-unfinished' });
  expect((await siteward('check', '--offline')).stdout).toContain(
    `find ${world.at('state')} -mindepth 1 -delete`,
  );

  rmSync(world.at('state'), { recursive: true });
  expect((await importFrom('first.age')).code).toBe(0);
  await world.start();
  world.edit((text) => text + line('camera'));
  const found = await world.untilDevice('it is told', ({ reason }) => reason === 'journal-rewound');
  expect(found.state).toBe('error');
  expect(found.message).toContain('restored from an older copy or is in use twice');
  expect(await has(world, 'camera')).toBe(false);
  expect(await has(world, 'scanner')).toBe(true);
  // A person who knows that the other is gone for good says so, under their signature, and it goes on.
  await world.api.call('resolve', { device: 'gw1', as: 'actual' });
  await world.approve((await world.untilPending()).id);
  await world.untilSettled();
  expect(await has(world, 'camera')).toBe(true);
});
