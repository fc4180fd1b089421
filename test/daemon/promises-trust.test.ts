/**
 * I2 and I11 on the running daemon, as to what it believes: a clock that went back, trust files that turn bad, a list
 * of revoked keys that is older than before. Whatever needs a signature waits; what needs none goes on.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import type { Daemon } from '../../src/daemon/daemon.ts';
import { buildWorld, namespace } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';
import { runCli } from '../support/run-cli.ts';
import { makeSshKey, sshSignatureBlob } from '../support/ssh-keys.ts';
import { armor } from '../support/ssh-signature.ts';

const rule =
  '/ip firewall filter\nadd action=drop chain=forward comment="no telnet" dst-port=23 protocol=tcp\n';
const otherRule = rule.replace('telnet', 'smb').replace('23', '445');
const name = '/ip dns static\nadd address=192.0.2.7 name=printer.example.org\n';

async function settledWorld(t: Pick<TestContext, 'onTestFinished'>): Promise<World> {
  const world = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
  t.onTestFinished(() => world.close());
  return world;
}

async function metric(daemon: Daemon, wanted: string): Promise<number | undefined> {
  const { host, port } = daemon.http ?? { host: '', port: 0 };
  const text = await (await fetch(`http://${host}:${port}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`siteward_${wanted} `));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

describe.concurrent('while the clock can’t be believed', () => {
  test('nothing that was signed counts, also after a restart; benign changes go on', async (t) => {
    const world = await settledWorld(t);
    const first = await world.start();
    await world.untilSettled();
    await first.stop();
    const ahead = path.join(world.at('state'), 'clock');
    writeFileSync(ahead, '2035-01-01T00:00:00Z\n');
    const daemon = await world.start();
    await world.untilSettled();
    world.edit((text) => text + name);
    await world.untilSettled();
    expect(await world.has('/ip dns static', 'name="printer.example.org"')).toBe(true);

    world.edit((text) => text + rule);
    const { id } = await world.untilPending();
    await expect(world.api.call('document', { id })).rejects.toMatchObject({ code: 'clock-untrusted' });
    expect((await world.status()).warnings).toMatchObject([
      { code: 'clock-untrusted', next: 'siteward check' },
    ]);
    expect(await metric(daemon, 'clock_trusted')).toBe(0);
    const check = await runCli('check', '--offline', '--settings', world.settingsFile);
    expect(check.code).toBe(1);
    expect(check.out).toMatch(/clock +this machine's clock went back.*date -u \+%FT%TZ > .*\/state\/clock/);

    // As `check` says for a clock that had run ahead and is right now.
    writeFileSync(ahead, execFileSync('date', ['-u', '+%FT%TZ']));
    await daemon.reload();
    expect((await world.status()).warnings).toEqual([]);
    expect(await metric(daemon, 'clock_trusted')).toBe(1);
    expect(await world.approve(id)).toMatchObject({ complete: true });
    await world.untilSettled();
  });

  test('a complete quorum from before is refused at execution', async (t) => {
    const world = await settledWorld(t);
    const daemon = await world.start();
    await world.untilSettled();
    world.edit((text) => text + rule);
    const { id } = await world.untilPending();
    await world.api.call('hold', { device: 'gw1', reason: 'freeze' });
    expect(await world.approve(id)).toMatchObject({ complete: true });
    writeFileSync(path.join(world.at('state'), 'clock'), '2035-01-01T00:00:00Z\n');
    await daemon.reload();
    await world.api.call('release', { device: 'gw1' });
    await world.untilRecord('refused', 'gw1', { code: 'clock-untrusted' });
    expect(world.records().map((record) => record.kind)).not.toContain('rollout-planned');
  });
});

describe.concurrent('trust files read again', () => {
  test('that are bad change nothing but what is said about them', async (t) => {
    const world = await settledWorld(t);
    const daemon = await world.start();
    await world.untilSettled();
    const signers = readFileSync(world.at('allowed_signers'), 'utf8');
    writeFileSync(world.at('allowed_signers'), `${signers}nonsense\n`);
    await daemon.reload();
    const kept = await world.untilRecord('trust-kept');
    expect(kept).toMatchObject({
      code: 'bad-trust',
      trust: { 'allowed-signers': expect.any(String) as string },
    });
    expect((await world.status()).warnings).toMatchObject([{ code: 'bad-trust', next: 'siteward check' }]);
    expect(await metric(daemon, 'trust_in_force')).toBe(0);
    world.edit((text) => text + rule);
    const { id } = await world.untilPending();
    expect(await world.approve(id)).toMatchObject({ complete: true });
    await world.untilSettled();

    writeFileSync(world.at('allowed_signers'), signers);
    await daemon.reload();
    expect((await world.status()).warnings).toEqual([]);
    expect(await metric(daemon, 'trust_in_force')).toBe(1);
  });

  test('with an older binary list of revoked keys stay out, at a reload and at a start', async (t) => {
    const world = await settledWorld(t);
    const list = (version: number): void => {
      const args = [
        '-k',
        '-q',
        '-z',
        String(version),
        '-f',
        world.at('revoked_keys'),
        world.at('keys/device.pub'),
      ];
      execFileSync('ssh-keygen', args, { stdio: 'ignore' });
    };
    list(7);
    const daemon = await world.start();
    expect(await metric(daemon, 'trust_krl_version')).toBe(7);
    list(9);
    await daemon.reload();
    await world.untilRecord('trust-loaded', undefined, { krl: '9' });
    list(8);
    await daemon.reload();
    await world.untilRecord('trust-kept', undefined, { code: 'krl-rewound' });
    expect(await metric(daemon, 'trust_krl_version')).toBe(9);
    await expect(world.restart()).rejects.toMatchObject({ code: 'krl-rewound' });
    list(9);
    await world.restart();
  });
});

test('a security key that counts lower than before the restart is reported, and its signature counts', async (t) => {
  const world = await settledWorld(t);
  const token = makeSshKey('sk-ssh-ed25519@openssh.com');
  const signers = readFileSync(world.at('allowed_signers'), 'utf8');
  writeFileSync(
    world.at('allowed_signers'),
    `${signers}alice@example.org namespaces="${namespace}" ${token.line}\n`,
  );
  await world.start();
  await world.untilSettled();
  const signedWith = async (counter: number): Promise<void> => {
    const { id } = await world.untilPending();
    const { text } = await world.api.call('document', { id });
    const signatures = [armor(sshSignatureBlob(token, namespace, text, { counter }))];
    expect(await world.api.call('approve', { id, signatures })).toMatchObject({ complete: true });
    await world.untilSettled();
  };
  world.edit((text) => text + rule);
  await signedWith(9);
  const daemon = await world.restart();
  await world.untilSettled();
  world.edit((text) => text + otherRule);
  await signedWith(5);
  const { fingerprint } = token;
  expect(world.records()).toContainEqual(
    expect.objectContaining({
      kind: 'key-counter-decreased',
      person: 'alice',
      fingerprint,
      counter: 5,
      known: 9,
    }),
  );
  expect(await metric(daemon, 'security_key_counter_decreases_total')).toBe(1);
});

test('a rule about a menu that does not exist keeps the daemon from starting', async (t) => {
  const world = await buildWorld({
    devices: { gw1: { exportText: demoExport } },
    policy: '{ sign: [/ip dns statik] }',
  });
  t.onTestFinished(() => world.close());
  await expect(world.start()).rejects.toMatchObject({ code: 'unknown-menu' });
});

test('local rules ask for a signature where none was needed, and for none in the middle tier', async (t) => {
  const world = await buildWorld({
    devices: { gw1: { exportText: demoExport } },
    policy: '{ sign: [/ip dns static], relax: [/ip firewall filter] }',
  });
  t.onTestFinished(() => world.close());
  await world.start();
  await world.untilSettled();
  world.edit((text) => text + rule);
  await world.untilSettled();
  world.edit((text) => text + name);
  const { reason } = await world.untilPending();
  expect(reason).toBe('local policy: static name');
});
