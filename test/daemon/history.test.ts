/** What a running daemon keeps of its devices, and what people ask of it, end to end. One world for all. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RevisionAnswer } from '../../src/api/history-answers.ts';
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

test('a preview changes nothing, and the order is for what it showed', async () => {
  const preview = await command('restore', 'gw1', '~2', '--preview');
  expect(preview.stdout).toMatch(/^gw1 {2}back to revision [0-9a-f]{12} .* first {2}by siteward\n/);
  expect(preview.stdout).toMatch(/- .*printer\.example\.org/);
  expect(preview.stdout).toMatch(/ names +\+0 ~0 -1/);
  const next =
    /next: siteward (restore gw1 [0-9a-f]{12} --plan [0-9a-f]{16})\n/.exec(preview.stdout)?.[1] ?? '';
  expect(preview.code).toBe(1);
  // As long as the device would really wait, which is not what the settings say.
  const { plan } = await one.api.call('restore', { device: 'gw1', rev: '~2', order: false });
  expect(plan?.rollback?.effectiveMs).toBeGreaterThanOrEqual(plan?.rollback?.windowMs ?? Infinity);
  expect(preview.stdout).toMatch(/rollback: exact, after \d+ s \(/);
  // What it would take away is another now: nobody was shown that.
  await one.device().console(`/ip dns static set [find where ${printer}] address=192.0.2.22`);
  const moved = await command(...next.split(' '));
  expect([moved.code, moved.stdout]).toMatchObject([1, expect.stringContaining('look at it again')]);
  expect(one.records().map(({ kind }) => kind)).not.toContain('restore-ordered');
});

test('rollback goes to before the last rollout, by signature where one is needed, and holds the device there', async () => {
  const ordered = await command('rollback', 'gw1');
  expect([ordered.code, ordered.stderr]).toEqual([0, '']);
  expect(ordered.stdout).toMatch(/what it had before the last rollout/);
  const item = await one.untilPending();
  expect(item.text).toMatch(
    /^restore: the device is to have what it had in revision [0-9a-f]{12} of its history\n/,
  );
  const { reason, next } = await one.untilDevice('waits', ({ state }) => state === 'pending-signature');
  expect([reason, next]).toEqual(['restore', `siteward pending ${item.id}`]);
  await one.approve(item.id);
  const held = await one.untilDevice('held there', ({ state }) => state === 'held');
  expect(held.message).toMatch(/went back to revision [0-9a-f]{12} .*; where git says otherwise, commit/);
  expect(held.next).toBe('siteward release gw1');
  expect(await one.has('/ip dns static', printer)).toBe(false);
  expect(await one.traces()).toEqual(['sw-witness']);
  const [newest] = await until('the outcome is kept', async () => {
    const found = await history();
    expect(found[0]?.restored).not.toBeNull();
    return found;
  });
  expect(newest).toMatchObject({ why: 'rollout', removed: 2 });
  const again = await command('rollback', 'gw1');
  expect([again.code, again.stderr]).toMatchObject([2, expect.stringContaining('already')]);
});

test('let go, what git wants is drift and left alone; the past is open both ways', async () => {
  await one.api.call('release', { device: 'gw1' });
  await one.untilDevice('let go', ({ state, drift }) => state === 'drifted' && drift === 1);
  expect(await one.has('/ip dns static', printer)).toBe(false);
  // Forward again, from a hold that an earlier restore left.
  const answer = await one.api.call('restore', { device: 'gw1', rev: '~1', order: true });
  expect(answer).toMatchObject({ ordered: true, refusal: null });
  const waiting = await until('an item or none is needed', async () => {
    const { pending } = await one.api.call('pending', {});
    if (answer.plan?.class !== 'benign' && pending.length === 0) throw new Error('not yet');
    return pending[0];
  });
  if (waiting !== undefined) await one.approve(waiting.id);
  await one.untilDevice('there', ({ state }) => state === 'held');
  expect(await one.has('/ip dns static', printer)).toBe(true);
});

test('who rejects a restore ends it, and nothing else', async () => {
  // Counted from what it has now, although nothing was read since it went there.
  const answer = await one.api.call('restore', { device: 'gw1', rev: '~1', order: true });
  expect(answer).toMatchObject({ refusal: null, ordered: true, plan: { class: 'operational' } });
  const item = await one.untilPending();
  await one.api.call('reject', { id: item.id, reason: 'not this one' });
  await one.untilRecord('restore-ended', 'gw1', { reason: 'rejected' });
  const { state } = await one.untilDevice('as before', (device) => device.pending.length === 0);
  expect(state).toBe('held');
  expect(one.records().map(({ kind }) => kind)).not.toContain('quarantined');
});
