/** What a running daemon keeps of its devices, and what people ask of it, end to end. One world for all. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RevisionAnswer } from '../../src/api/answers.ts';
import { demoExport } from '../../src/cli/demo/export.ts';
import { runCommandLine } from '../support/command-line.ts';
import { buildWorld, until } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';

let one: World;
const printer = 'name="printer.example.org"';
const line = '/ip dns static\nadd address=192.0.2.20 name=printer.example.org\n';

beforeAll(async () => {
  one = await buildWorld({
    devices: {
      gw1: { exportText: demoExport },
      lab: { exportText: demoExport, desired: null, settings: { manage: 'backup' } },
    },
  });
  await one.start();
});
afterAll(() => one.close());

const history = async (device = 'gw1'): Promise<readonly RevisionAnswer[]> =>
  (await one.api.call('history', { device, limit: 100 })).revisions;
const command = (...words: string[]): ReturnType<typeof runCommandLine> =>
  runCommandLine(['--settings', one.settingsFile, ...words]);

test('the first reading, a rollout, and a change by hand are each a revision that says so', async () => {
  await one.untilSettled();
  expect(await history()).toMatchObject([{ why: 'first', who: 'siteward', removed: 0, labels: [] }]);
  one.edit((text) => text + line);
  await one.untilSettled();
  const afterRollout = await until('kept', async () => {
    const found = await history();
    expect(found.map(({ why }) => why)).toEqual(['rollout', 'first']);
    return found;
  });
  const settled = await one.untilRecord('settled');
  expect(afterRollout[0]).toMatchObject({
    // The row and, since it is the first of its menu, the menu.
    added: 2,
    removed: 0,
    rollout: 'rollout' in settled ? settled.rollout : '',
  });
  await one.device().console('/log info "static dns entry changed by winbox:bob@192.0.2.9/action:3 x"');
  await one.device().console(`/ip dns static set [find where ${printer}] address=192.0.2.21`);
  const [newest] = await until('the change is kept', async () => {
    const found = await history();
    expect(found).toHaveLength(3);
    return found;
  });
  expect(newest).toMatchObject({ why: 'drift', added: 1, removed: 1 });
  expect(newest?.who).toBe('winbox:bob@192.0.2.9');
});

test('a device that nothing is wanted of is kept, and that is all', async () => {
  const lab = await one.untilDevice('backed up', ({ state }) => state === 'backed-up', 'lab');
  expect([lab.reason, lab.next, lab.commit]).toEqual([null, null, null]);
  expect(await history('lab')).toMatchObject([{ why: 'first' }]);
  expect(await one.traces('lab')).toEqual([]);
  const { results } = await one.api.call('apply', { device: 'lab' });
  expect(results).toMatchObject([{ done: false, message: 'the settings say manage: backup' }]);
});

test('backup and checkpoint read the device now; a label is asked for once', async () => {
  await one.device('lab').console('/ip dns static add address=192.0.2.30 name=tv.example.org');
  const kept = await command('checkpoint', 'lab', '--label', 'before-upgrade');
  expect([kept.code, kept.stderr]).toEqual([0, '']);
  expect(kept.stdout).toMatch(/^lab {2}done {2}[0-9a-f]{12} is before-upgrade: /);
  const same = await command('backup', 'lab');
  expect(same.stdout).toMatch(/it has what it had then/);
  await one.device('lab').console('/ip dns static add address=192.0.2.31 name=radio.example.org');
  const again = await command('checkpoint', 'lab', '--label', 'before-upgrade');
  expect([again.code, again.stdout]).toMatchObject([1, expect.stringContaining('choose another label')]);
  const bad = await command('checkpoint', 'lab', '--label', 'deadbeef');
  expect([bad.code, bad.stderr]).toMatchObject([2, expect.stringContaining('hash of a revision')]);
});

test('history, show and diff in words', async () => {
  const listed = await command('history', 'lab');
  expect(listed.code).toBe(0);
  expect(listed.stdout).toContain('[before-upgrade]');
  const shown = await command('show', 'lab', 'before-upgrade');
  expect(shown.stdout).toMatch(/^# by RouterOS /);
  expect(shown.stdout).toContain('name=tv.example.org');
  expect(shown.stderr).toContain('[before-upgrade]');
  const changed = await command('diff', 'lab', 'before-upgrade');
  expect([changed.code, changed.stdout]).toMatchObject([1, expect.stringContaining('radio.example.org')]);
  expect((await command('diff', 'lab', '~0', '~0')).code).toBe(0);
  const unknown = await command('show', 'lab', 'nowhere');
  expect([unknown.code, unknown.stderr]).toMatchObject([2, expect.stringContaining('siteward history lab')]);
});

test('plain git reads it', () => {
  const git = (...words: string[]): string =>
    execFileSync('git', ['-C', one.at('state/history.git'), ...words], { encoding: 'utf8' });
  expect(git('log', '--format=%s', 'gw1').trim().split('\n')).toHaveLength(3);
  expect(git('fsck', '--strict')).toBe('');
});
