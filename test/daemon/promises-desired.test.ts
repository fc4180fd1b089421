/**
 * I9, I10, I11 and I12 on the running daemon: what git, the device and this machine's files may say, and what comes of it
 * when they say nothing, nonsense, or what is not theirs to say.
 */
import { chmodSync, chownSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { buildProgram } from '../support/built-program.ts';
import type { BuiltProgram } from '../support/built-program.ts';
import { buildWorld, until } from '../support/daemon-world.ts';
import type { World, WorldOptions } from '../support/daemon-world.ts';
import { startWithLostState } from '../support/lost-states.ts';

const line = '/ip dns static\nadd address=192.0.2.20 name=printer.example.org\n';

let program: BuiltProgram;
beforeAll(() => {
  program = buildProgram();
});
afterAll(() => program.remove());

async function running(options: Partial<WorldOptions> = {}): Promise<World> {
  const one = await buildWorld({ devices: { gw1: { exportText: demoExport } }, ...options });
  await one.start();
  await one.untilSettled();
  return one;
}

const file = 'devices/gw1/config.rsc';
const exported = async (one: World): Promise<string> =>
  (await one.device().console('/export')).replace(/^#.*by RouterOS/m, '');

async function expectNothingDone(one: World, before: string): Promise<void> {
  await sleep(1_500);
  expect(one.records().map((record) => record.kind)).not.toContain('rollout-planned');
  expect(await exported(one)).toBe(before);
}

describe.concurrent('I9 absence never deletes by accident', () => {
  test.each([
    ['a file that is empty', '', 'config-empty', `${file}:1`],
    ['a file with comments only', '# 2026-11-20 by RouterOS 7.18.2\n', 'config-empty', `${file}:1`],
    ['no file', null, 'config-missing', file],
    ['an export that was cut', demoExport.slice(0, demoExport.indexOf('chain=forward')), null, file],
    [
      'an export with an error',
      `${demoExport}#error exporting "/ip/route" (timeout)\n`,
      'export-error',
      file,
    ],
    ['what is no export', `${demoExport}:foreach i in=[find] do={ remove $i }\n`, null, file],
  ])('%s: no plan, nothing deleted, the reason with its place', async (_what, text, code, place) => {
    const one = await running();
    try {
      const before = await exported(one);
      // The folder stays: a commit without any device would be refused as a whole.
      one.repository.commit({ [file]: text, 'devices/gw1/README': 'the gateway\n' });
      const { reason, message } = await one.untilDevice('error', ({ state }) => state === 'error');
      if (code !== null) expect(reason).toBe(code);
      expect(message).toContain(place);
      const { devices } = await one.api.call('plan', {});
      expect(devices[0]?.actions).toEqual([]);
      await expectNothingDone(one, before);
    } finally {
      await one.close();
    }
  });

  test.each([
    ['another site', { 'site.yaml': 'site: bud-02\n' }, 'held', 'wrong-site', 'site.yaml:1:7: '],
    ['no site', { 'site.yaml': null }, 'error', 'site-file-missing', 'site.yaml: '],
    ['no devices', { devices: null }, 'error', 'devices-missing', 'devices: '],
  ] as const)('a commit with %s is for nobody', async (_what, files, state, reason, place) => {
    const one = await running();
    try {
      const before = await exported(one);
      const accepted = (await one.status()).commit;
      one.repository.commit(files);
      await until('it is refused', async () => {
        expect((await one.status()).desired).toMatchObject({ state, reason });
      });
      expect((await one.status()).desired.message).toMatch(new RegExp(`^${place}`));
      expect((await one.status()).commit).toBe(accepted);
      await expectNothingDone(one, before);
    } finally {
      await one.close();
    }
  });

  test('a device whose export has a hole gives no plan', async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    const before = await exported(one);
    one.device().faults.unreadableMenus.add('/ip firewall nat');
    one.edit((text) => text + line);
    const { message } = await one.untilDevice('error', ({ reason }) => reason === 'incomplete-export');
    expect(message).toContain('not complete');
    one.device().faults.unreadableMenus.clear();
    expect(one.records().map((record) => record.kind)).not.toContain('rollout-planned');
    expect(await exported(one)).toBe(before);
    await one.untilSettled();
  });

  test('an emptied section, even of benign rows, needs a signature', async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    const before = await exported(one);
    one.edit((text) => text.replace(/add address=198\.51\.100\.10 .*\n/, ''));
    expect(await one.untilPending()).toMatchObject({ reason: 'section-emptied' });
    await expectNothingDone(one, before);
  });
});

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe.concurrent('I10 secrets stay secret', () => {
  test('planted secrets are in no log, journal, answer, document or metric', async (t) => {
    const planted = ['planted-ppp-77', 'planted-wifi-77', `${'Pl4nt3dK3y77'.padEnd(43, 'x')}=`];
    const [ppp = '', wifi = '', key = ''] = planted;
    const onDevice = `/interface wireguard\nadd listen-port=13231 mtu=1420 name=wg1 private-key="${key}"\n`;
    const secrets = `/ppp secret\nadd name=branch password=${ppp}\n/interface wifi security\nadd name=sec1 passphrase=${wifi}\n`;
    const one = await buildWorld({
      devices: {
        gw1: { exportText: demoExport + onDevice, settings: { 'secrets-on-device': 'allow' } },
        gw2: { exportText: demoExport + onDevice },
      },
    });
    t.onTestFinished(() => one.close());
    const port = await freePort();
    one.changeSettings((text) => text.replace('listen: 127.0.0.1:0', `listen: 127.0.0.1:${port}`));
    const child = one.spawn(program.main);
    await until('the daemon answers', () => one.status());
    await one.untilSettled();
    one.edit((text) => text + secrets);
    one.edit((text) => text + secrets, 'gw2');
    const { id } = await one.untilPending();
    const answers: unknown[] = [
      await one.status(),
      await one.api.call('plan', {}),
      await one.api.call('pending', {}),
    ];
    answers.push(await one.api.call('document', { id }), await one.approve(id));
    await one.untilRecord('settled');
    expect(await one.has('/ppp secret', `name=branch password="${ppp}"`)).toBe(true);
    // The other device was not told to take secrets: it says so and is left alone.
    await one.untilDevice('refused', ({ reason }) => reason === 'secret-on-device', 'gw2');
    expect(await one.traces('gw2')).toEqual([]);
    answers.push(await one.status(), await one.api.call('plan', {}));
    answers.push(await one.api.call('records', { sinceSeq: 0, limit: 1000 }));
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toContain('siteward_device_in_sync');
    const told = [child.output(), JSON.stringify(answers), metrics];
    for (const folder of ['journal', 'documents']) {
      for (const name of readdirSync(one.at(`state/${folder}`)))
        told.push(readFileSync(path.join(one.at(`state/${folder}`), name), 'latin1'));
    }
    for (const text of told) for (const secret of planted) expect(text).not.toContain(secret);
  });
});

describe.concurrent('I11 trust is local', () => {
  test.each([
    ['settings.yaml', 'writable by the group', (name: string) => chmodSync(name, 0o660), 'others may write'],
    ['settings.yaml', "another user's", (name: string) => chownSync(name, 12345, 0), 'belongs to user 12345'],
    ['allowed_signers', 'writable by all', (name: string) => chmodSync(name, 0o666), 'others may write'],
    ['.', 'in a folder writable by all', (name: string) => chmodSync(name, 0o777), 'others may write'],
  ] as const)('%s that is %s is refused, exit 2', async (name, _what, spoil, words) => {
    const one = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
    try {
      spoil(one.at(name));
      const child = one.spawn(program.main);
      expect(await child.ended).toBe(2);
      expect(child.output()).toMatch(/^error: [^\n]*\n$/);
      expect(child.output()).toContain(words);
    } finally {
      await one.close();
    }
  });

  test('trust files that went bad are not believed at a reload, the old ones stay', async (t) => {
    const one = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
    t.onTestFinished(() => one.close());
    const daemon = await one.start();
    await one.untilSettled();
    one.edit((text) => text.replace('set telnet disabled=yes\n', ''));
    const { id } = await one.untilPending();
    writeFileSync(one.at('allowed_signers'), '');
    chmodSync(one.at('allowed_signers'), 0o666);
    await daemon.reload();
    expect((await one.approve(id)).results).toMatchObject([{ kind: 'counted', person: 'alice' }]);
  });

  test('nothing in git can say who may sign', async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    const stranger = await buildWorld({ devices: {} });
    t.onTestFinished(() => stranger.close());
    const signers = readFileSync(stranger.at('allowed_signers'), 'utf8');
    one.repository.commit({
      allowed_signers: signers,
      'devices/gw1/allowed_signers': signers,
      'settings.yaml': 'x',
    });
    one.edit((text) => text.replace('set telnet disabled=yes\n', ''));
    const { id } = await one.untilPending();
    const { text } = await one.api.call('document', { id });
    const answer = await one.api.call('approve', { id, signatures: [stranger.sign(text)] });
    expect(answer.results).toMatchObject([{ kind: 'refused', code: 'unknown-key' }]);
  });
});

describe.concurrent('I12 desired state only moves forward', () => {
  test('a rewound branch is held, and a descendant of the accepted commit goes on', async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    const accepted = one.edit((text) => text + line);
    await one.untilSettled();
    const { git } = one.repository;
    git('reset', '-q', '--hard', 'HEAD~1');
    const before = await exported(one);
    await until('held', async () => {
      const { commit, desired } = await one.status();
      expect([commit, desired.state, desired.reason]).toEqual([accepted, 'held', 'history-rewound']);
    });
    one.edit((text) => `${text}/ip dns static\nadd address=192.0.2.66 name=other.example.org\n`);
    await one.untilRecord('commit-refused', undefined, { commit: git('rev-parse', 'HEAD') });
    await sleep(1_500);
    expect(await exported(one)).toBe(before);
    git('reset', '-q', '--hard', accepted);
    one.edit((text) => text.replace('192.0.2.20', '192.0.2.22'));
    await one.untilSettled();
  });

  test("another branch's commit is nobody's business", async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    const before = await exported(one);
    const { commit } = await one.status();
    one.repository.git('checkout', '-q', '-b', 'proposal');
    one.edit((text) => text + line);
    await one.api.call('refresh', {});
    expect((await one.status()).commit).toBe(commit);
    await expectNothingDone(one, before);
    const { devices } = await one.api.call('plan', { rev: 'proposal' });
    expect(devices[0]?.actions).toMatchObject([{ section: '/ip dns static', verb: 'add' }]);
  });

  test('no state, but a device that knows this site: state-lost, read-only', async (t) => {
    const one = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
    t.onTestFinished(() => one.close());
    await startWithLostState(
      one,
      (text) => text + line,
      (text) => text.replace('192.0.2.20', '192.0.2.22'),
    );
    const before = await exported(one);
    await until('state-lost', async () => {
      const { commit, desired } = await one.status();
      expect([commit, desired.state, desired.reason]).toEqual([null, 'held', 'state-lost']);
    });
    await expectNothingDone(one, before);
  });
});
