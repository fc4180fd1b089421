/**
 * Rotation as a person does it: a device with a new host key is not talked to until somebody with the role signed both
 * keys; what was signed counts after a restart, and no longer than the key that signed it.
 */
import { appendFileSync, copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { buildProgram } from '../support/built-program.ts';
import { buildWorld, until } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';
import { runCli } from '../support/run-cli.ts';

const pendingRotation = (one: World) =>
  until('the rotation waits for a signature', async () => {
    const { pending } = await one.api.call('pending', {});
    const item = pending.find(({ kind }) => kind === 'rotation');
    if (item === undefined) throw new Error(JSON.stringify((await one.status()).devices));
    return item;
  });

const check = async (one: World): Promise<readonly Record<string, unknown>[]> => {
  const { out } = await runCli('check', '--offline', '--json', '--settings', one.settingsFile);
  return (JSON.parse(out) as { checks: Record<string, unknown>[] }).checks;
};

test('a new host key: nothing is said to the device before it is signed, and what was signed lasts', async (t) => {
  const one = await buildWorld({
    devices: { gw1: { exportText: demoExport, simulator: { behaviour: { hostKeyChange: 'now' } } } },
  });
  t.onTestFinished(() => one.close());
  await one.start();
  await one.untilSettled();
  const old = one.device().hostKey;
  await one.api.call('rotate', { device: 'gw1', what: 'host-key', emergency: false });
  await one.untilRecord('rotation-ordered', 'gw1', { what: null });
  await one.device().console('/ip ssh regenerate-host-key');
  // The connection that is kept for readings still goes by the old one.
  one.device().cutSessions();
  const { hostKey } = one.device();
  const refused = await one.untilDevice('refused', ({ reason }) => reason === 'host-key-mismatch');
  expect(refused).toMatchObject({ state: 'error', next: 'siteward rotate host-key gw1' });
  const logins = one.device().machine.log.length;

  expect(await runCli('rotate', 'host-key', 'gw1', '--settings', one.settingsFile)).toMatchObject({
    code: 0,
  });
  const item = await pendingRotation(one);
  expect(item).toMatchObject({ class: 'operational', devices: ['gw1'], reason: 'host-key' });
  for (const line of [`old key: ${old}`, `new key: ${hostKey}`, 'why: planned', '/ip ssh export-host-key'])
    expect(item.text).toContain(line);
  await one.untilDevice('waits', ({ next }) => next === `siteward pending ${item.id}`);
  expect(
    one
      .device()
      .machine.log.slice(logins)
      .map(({ message }) => message),
  ).toEqual([]);
  await one.approve(item.id);
  await one.untilRecord('host-key-pinned', 'gw1', { hostKey, settingsKey: old });
  await one.untilSettled();

  await one.restart();
  await one.untilSettled();
  const line =
    readFileSync(one.settingsFile, 'utf8')
      .split('\n')
      .findIndex((text) => text.includes(old)) + 1;
  const pinned = (await check(one)).find(({ code }) => code === 'host-key-pinned');
  expect(pinned).toMatchObject({ device: 'gw1', file: one.settingsFile, line });
  expect(pinned?.['message']).toContain(`"host-key: ${hostKey}"`);

  appendFileSync(one.at('revoked_keys'), readFileSync(one.at('keys/alice.pub')));
  await one.restart();
  const again = await one.untilDevice('not believed', ({ reason }) => reason === 'host-key-mismatch');
  expect(again.next).toBe('siteward rotate host-key gw1');
  const { warnings } = await one.status();
  expect(warnings).toMatchObject([{ code: 'host-key-pin-untrusted', next: 'siteward rotate host-key gw1' }]);
  expect((await check(one)).map(({ code }) => code)).toContain('host-key-pin-untrusted');

  one.changeSettings((text) => text.replace(old, hostKey));
  await one.restart();
  await one.untilSettled();
  expect((await one.status()).warnings).toEqual([]);
  expect((await check(one)).map(({ what }) => what)).not.toContain('host-key');
});

test('a new key for the daemon itself: added, proved, and only then the old one taken off', async (t) => {
  const one = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
  t.onTestFinished(() => one.close());
  await one.start();
  await one.untilSettled();
  const [before = ''] = await listed(one);
  expect(await runCli('rotate', 'credential', 'gw1', '--settings', one.settingsFile)).toMatchObject({
    code: 0,
  });
  const item = await pendingRotation(one);
  expect(item).toMatchObject({ class: 'operational', reason: 'credential' });
  expect(item.text).toContain(`keys of this user that are taken off: 1\n  ${before}\n`);
  await one.untilDevice(
    'waits',
    ({ state, next }) => state === 'pending-signature' && next === `siteward pending ${item.id}`,
  );
  expect(await listed(one)).toEqual([before]);
  await one.approve(item.id);
  await one.untilRecord('rotation-ended', 'gw1', { outcome: 'rotated' });
  const steps = one
    .records()
    .flatMap((record) => (record.kind === 'rotation-step-finished' ? [record.step] : []));
  expect(steps).toEqual(['add', 'prove', 'remove']);
  const [after = '', ...more] = await listed(one);
  expect([after.startsWith('siteward-'), more]).toEqual([true, []]);
  await one.restart();
  await one.untilSettled();
  const [rotated] = (await check(one)).filter(({ code }) => code === 'credential-rotated');
  expect(rotated).toMatchObject({ device: 'gw1', file: one.settingsFile });
  const file = /(\/\S*\/credentials\/[0-9a-f]{64})/.exec(String(rotated?.['message']))?.[1] ?? '';
  // Without --offline the device is asked, with the key that is in force.
  const asked = await runCli('check', '--settings', one.settingsFile);
  expect(asked).toMatchObject({ code: 0 });
  copyFileSync(file, one.at('keys/device'));
  expect((await check(one)).map(({ code }) => code)).not.toContain('credential-rotated');
  await one.restart();
  await one.untilSettled();
});

test('a new password for the daemon itself: set, proved, in force after a restart, and in no record', async (t) => {
  const first = 'the first one';
  const one = await buildWorld({
    devices: {
      gw1: {
        exportText: demoExport,
        settings: { 'password-file': 'keys/password' },
        simulator: { password: first, authorizedKeys: '' },
      },
    },
  });
  t.onTestFinished(() => one.close());
  writeFileSync(one.at('keys/password'), `${first}\n`, { mode: 0o600 });
  await one.start();
  await one.untilSettled();
  await one.api.call('rotate', { device: 'gw1', what: 'credential', emergency: false });
  const item = await pendingRotation(one);
  expect(item.text).toContain('new password: random, made by the daemon and kept in its state (siteward-');
  await one.approve(item.id);
  await one.untilRecord('rotation-ended', 'gw1', { outcome: 'rotated' });
  const steps = one
    .records()
    .flatMap((record) => (record.kind === 'rotation-step-finished' ? [record.step] : []));
  expect(steps).toEqual(['add', 'prove']);
  await one.restart();
  await one.untilSettled();
  const [rotated] = (await check(one)).filter(({ code }) => code === 'credential-rotated');
  const line =
    readFileSync(one.settingsFile, 'utf8')
      .split('\n')
      .findIndex((text) => text.includes('password-file')) + 1;
  expect(rotated).toMatchObject({ device: 'gw1', file: one.settingsFile, line });
  const file = /(\/\S*\/credentials\/[0-9a-f]{64})/.exec(String(rotated?.['message']))?.[1] ?? '';
  const password = readFileSync(file, 'utf8');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const said = JSON.stringify([one.records(), await one.api.call('pending', {}), item.text]);
  expect([said.includes(password), said.includes(first)]).toEqual([false, false]);
  copyFileSync(file, one.at('keys/password'));
  expect((await check(one)).map(({ code }) => code)).not.toContain('credential-rotated');
  await one.restart();
  await one.untilSettled();
});

test('killed at each step of a rotation: the next start goes on with it, and one key is left, which lets in', async (t) => {
  const program = buildProgram();
  t.onTestFinished(() => program.remove());
  // Slow commands, so that a death falls between them and not always behind them.
  const simulator = { behaviour: { commandMs: 20 } };
  const one = await buildWorld({ devices: { gw1: { exportText: demoExport, simulator } } });
  t.onTestFinished(() => one.close());
  let daemon = one.spawn(program.main);
  await until('the daemon answers', () => one.status());
  await one.untilSettled();
  const [before = ''] = await listed(one);
  await one.api.call('rotate', { device: 'gw1', what: 'credential', emergency: false });
  const item = await pendingRotation(one);
  const { text } = await one.api.call('document', { id: item.id });
  await one.api.call('approve', { id: item.id, signatures: [one.sign(text)] });
  for (const step of ['add', 'prove', 'remove'] as const)
    for (const kind of ['rotation-step-started', 'rotation-step-finished'] as const) {
      await until(`${kind} ${step}`, () => {
        const found = one.records().some((record) => {
          // What the device had done already when the daemon died is ended on evidence, without the step once more.
          if (record.kind === 'rotation-ended') return true;
          return (
            record.kind === kind && record.step === step && !('result' in record && record.result !== 'ok')
          );
        });
        return found ? Promise.resolve() : Promise.reject(new Error('not yet'));
      });
      await daemon.kill();
      const keys = await listed(one);
      expect(keys.length, `killed right after ${kind} ${step}`).toBeGreaterThan(0);
      daemon = one.spawn(program.main);
    }
  await until('the daemon answers', () => one.status());
  expect(await one.untilRecord('rotation-ended', 'gw1')).toMatchObject({ outcome: 'rotated' });
  await one.untilSettled();
  const keys = await listed(one);
  expect(keys).toHaveLength(1);
  expect(keys).not.toContain(before);
  expect(await one.traces()).toEqual([]);
});

async function listed(one: World): Promise<readonly string[]> {
  const text = await one
    .device()
    .console(
      ':foreach i in=[/user ssh-keys find where user=siteward] do={:put [/user ssh-keys get $i key-owner]}',
    );
  return text.split(/\r?\n/).filter((line) => line !== '');
}
