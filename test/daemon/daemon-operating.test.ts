/** Operating a running daemon: orders over the socket, levels of a device, bad neighbours, reload and end by signals. */
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { buildProgram } from '../support/built-program.ts';
import type { BuiltProgram } from '../support/built-program.ts';
import { buildWorld, until } from '../support/daemon-world.ts';
import type { World, WorldDevice } from '../support/daemon-world.ts';

const line = '/ip dns static\nadd address=192.0.2.20 name=printer.example.org\n';
const rule =
  '/ip firewall filter\nadd action=drop chain=forward comment="no telnet" dst-port=23 protocol=tcp\n';

let program: BuiltProgram;
beforeAll(() => {
  program = buildProgram();
});
afterAll(() => program.remove());

async function running(
  devices: Readonly<Record<string, Partial<WorldDevice>>> = { gw1: {} },
): Promise<World> {
  const one = await buildWorld({
    devices: Object.fromEntries(
      Object.entries(devices).map(([name, more]) => [name, { exportText: demoExport, ...more }]),
    ),
  });
  await one.start();
  return one;
}

const hasPrinter = (one: World, name?: string): Promise<boolean> =>
  one.has('/ip dns static', 'name="printer.example.org"', name);

describe.concurrent('orders', () => {
  test('hold stops what would start, release lets it go', async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    await one.untilSettled();
    for (const device of ['gw1', null]) {
      await one.api.call('hold', { device, reason: 'antenna swap' });
      one.edit((text) => text + (device === null ? line.replace('printer', 'scanner') : line));
      const held = await one.untilDevice(
        'held',
        ({ state, differences }) => state === 'held' && differences === 1,
      );
      expect(held.next).toBe(`siteward release ${device ?? '--all'}`);
      expect(held.message).toContain('antenna swap');
      await sleep(1_500);
      await one.api.call('release', { device });
      await one.untilSettled();
    }
    expect(one.records().filter((record) => record.kind === 'rollout-planned')).toHaveLength(2);
  });

  test('a drill fires and leaves nothing; the brake on the device refuses the next one', async (t) => {
    const one = await running({
      gw1: { settings: { tick: '1s', probes: '{ dead: { tcp: "127.0.0.1:1" } }' } },
    });
    t.onTestFinished(() => one.close());
    await one.untilSettled();
    const ordered = await one.api.call('drill', { device: 'gw1' });
    expect(ordered.results).toMatchObject([{ device: 'gw1', done: true, code: 'drilling' }]);
    await one.untilRecord('settled', 'gw1', { outcome: 'drilled' });
    const after = await one.untilSettled();
    expect(after.drill).toMatchObject({ fired: true });
    expect(after.lastDrill).toBe(after.drill?.at);
    expect(await one.traces()).toEqual(['sw-witness']);

    await one.device().console('/system script add name=siteward-hold source=""');
    await one.untilDevice('held', ({ state, reason }) => state === 'held' && reason === 'held-on-device');
    const refused = await one.api.call('drill', { device: 'gw1' });
    expect(refused.results).toMatchObject([{ done: false, code: 'held-on-device' }]);
    one.edit((text) => text + line);
    await one.device().console('/system script remove [find name=siteward-hold]');

    // A probe that fails before anything was changed: the device hears nothing of the rollout.
    expect(await one.untilRecord('not-started')).toMatchObject({ code: 'probe-red' });
    expect(await hasPrinter(one)).toBe(false);
  });

  test('a drill that can not begin is refused with the reason and what to type; one that can says when it begins', async (t) => {
    const one = await running({ gw1: {}, gw2: {}, gw3: { settings: { manage: 'report' } } });
    t.onTestFinished(() => one.close());
    await one.untilSettled();
    await one.untilSettled('gw3');
    await one.device('gw2').close();
    await one.untilDevice('gone', ({ state }) => state === 'unreachable', 'gw2');
    const ordered = await one.api.call('drill', { device: 'gw1' });
    expect(ordered.results).toMatchObject([
      {
        done: true,
        message: expect.stringMatching(/^a drill is ordered; it begins with the next reading/) as string,
      },
    ]);
    const unread = await one.api.call('drill', { device: 'gw2' });
    expect(unread.results).toMatchObject([{ done: false, next: 'siteward check gw2' }]);
    const { host, port } = one.device('gw3');
    const reported = await one.api.call('drill', { device: 'gw3' });
    expect(reported.results).toMatchObject([
      {
        done: false,
        code: 'report-only',
        next: `siteward enrol gw3 ${host} --port ${port} --manage rollout`,
      },
    ]);
  });

  test('a manual rollout waits for apply, a device on report is never changed', async (t) => {
    const one = await running({
      gw1: { settings: { rollout: 'manual' } },
      gw2: { settings: { manage: 'report' } },
    });
    t.onTestFinished(() => one.close());
    for (const name of ['gw1', 'gw2']) one.edit((text) => text + line, name);
    await one.untilDevice('waits', ({ state, next }) => state === 'behind' && next === 'siteward apply gw1');
    const reported = await one.untilDevice('reports', ({ reason }) => reason === 'report-only', 'gw2');
    expect(reported).toMatchObject({ state: 'behind', differences: 1 });
    await sleep(1_500);
    expect(await hasPrinter(one)).toBe(false);
    await one.api.call('apply', {});
    await one.untilSettled();
    await sleep(1_500);
    expect(await hasPrinter(one, 'gw2')).toBe(false);
    expect(await one.traces('gw2')).toEqual([]);
  });

  test('outside its maintenance window a rollout waits, what is asked for is good to the end of it, and apply begins now', async (t) => {
    const day = (ms: number): string => new Date(ms).toUTCString().slice(0, 3);
    const [opens, times] = [Date.now() + 36 * 3_600_000, '03:00-04:00'];
    const maintenance = `{ times: ["${day(opens)} ${times}"] }`;
    const one = await running({ gw1: { settings: { rollout: 'window', maintenance } } });
    t.onTestFinished(() => one.close());
    one.edit((text) => text + line);
    const waits = await one.untilDevice('waits', ({ reason }) => reason === 'window');
    expect(waits).toMatchObject({ state: 'behind', next: 'siteward apply gw1' });
    expect(waits.message).toMatch(/T03:00:00Z/);
    await one.api.call('apply', {});
    await one.untilSettled();
    one.edit((text) => text + rule);
    const { id } = await one.untilPending();
    const { text } = await one.api.call('document', { id });
    expect(text).toMatch(/^expires: \S+T04:00:00Z$/m);
  });

  test('a rejected plan stays rejected until somebody retries', async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    one.edit((text) => text + rule);
    const { id } = await one.untilPending();
    await one.api.call('reject', { id, reason: 'not today' });
    await one.untilDevice(
      'rejected',
      ({ state, reason }) => state === 'quarantined' && reason === 'rejected',
    );
    await sleep(1_500);
    expect((await one.api.call('pending', {})).pending).toEqual([]);
    await one.api.call('retry', { device: 'gw1' });
    await one.approve((await one.untilPending()).id);
    await one.untilSettled();
  });

  test('drift is shown and left alone, also by the next commit', async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    await one.untilSettled();
    await one
      .device()
      .console('/ip firewall address-list set [find where list=office] address=198.51.100.99');
    await one.untilDevice('drifted', ({ state, drift }) => state === 'drifted' && drift > 0);
    const commit = one.edit((text) => text + line);
    await one.untilDevice(
      'beside',
      (device) => device.state === 'drifted' && device.commit === commit && device.rollout === null,
    );
    expect(await one.has('/ip firewall address-list', 'address=198.51.100.99')).toBe(true);
    expect(await hasPrinter(one)).toBe(true);
  });
});

describe.concurrent('bad neighbours', () => {
  test('a device with another host key, and one that is gone, hold nobody up', async (t) => {
    const one = await running({
      gw1: {},
      gw2: { settings: { 'host-key': `"SHA256:${'A'.repeat(43)}"` } },
      gw3: {},
    });
    t.onTestFinished(() => one.close());
    await one.untilSettled('gw3');
    one.device('gw3').stopListening();
    one.device('gw3').cutSessions();
    for (const name of ['gw1', 'gw2', 'gw3']) one.edit((text) => text + line, name);
    await one.untilSettled();
    expect(
      await one.untilDevice('refused', ({ reason }) => reason === 'host-key-mismatch', 'gw2'),
    ).toMatchObject({
      state: 'error',
      lastRead: null,
    });
    const gone = await one.untilDevice('gone', ({ state }) => state === 'unreachable', 'gw3');
    expect(gone.next).toBe('siteward check gw3');
    one.device('gw3').resumeListening();
    await one.untilSettled('gw3');
    expect(one.device('gw2').machine.log.filter(({ message }) => message.includes('logged in'))).toEqual([]);
  });
});

describe.concurrent('a key of one device', () => {
  test.each([
    ['that is missing', 'is missing; create it', (file: string) => rmSync(file)],
    [
      'that others may read',
      'can be read by others; run: chmod 600',
      (file: string) => chmodSync(file, 0o644),
    ],
  ])('%s is that device’s fault alone, and over once it is put right', async (_, words, change) => {
    const one = await buildWorld({
      devices: {
        gw1: { exportText: demoExport },
        gw2: { exportText: demoExport, settings: { identity: 'keys/second' } },
      },
    });
    onTestFinished(() => one.close());
    const file = one.at('keys/second');
    const key = readFileSync(one.at('keys/device'));
    writeFileSync(file, key, { mode: 0o600 });
    change(file);
    await one.start();
    await one.untilSettled('gw1');
    const out = await one.untilDevice('gw2 is out', ({ state }) => state === 'error', 'gw2');
    expect(out).toMatchObject({ lastRead: null, next: 'siteward check gw2' });
    expect(out.message).toContain(`${file} ${words}`);
    rmSync(file, { force: true });
    writeFileSync(file, key, { mode: 0o600 });
    await one.untilSettled('gw2');
  });
});

describe.concurrent('the process', () => {
  test('settings that can not be used: file, line, column, what was expected, exit 2', async (t) => {
    const one = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
    t.onTestFinished(() => one.close());
    one.changeSettings((text) => text.replace('organization:', 'organisation:'));
    const child = one.spawn(program.main);
    expect(await child.ended).toBe(2);
    expect(child.output()).toContain(
      `${one.settingsFile}:2:1: unknown key "organisation"; did you mean "organization"?`,
    );
    expect(child.output()).not.toMatch(/^\s+at /m);
    one.changeSettings((text) =>
      text.replace('organisation:', 'organization:').replace('poll: 1s', 'poll: soon'),
    );
    const again = one.spawn(program.main);
    expect(await again.ended).toBe(2);
    expect(again.output()).toMatch(
      /settings\.yaml:6:\d+: desired\.poll: expected a duration .*, got "soon"\n$/,
    );
  });

  test('SIGHUP reads the trust files again', async (t) => {
    const one = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
    t.onTestFinished(() => one.close());
    const child = one.spawn(program.main);
    await until('the daemon answers', () => one.status());
    one.edit((text) => text + rule);
    const { id } = await one.untilPending();
    writeFileSync(one.at('revoked_keys'), readFileSync(one.at('keys/alice.pub')));
    child.signal('SIGHUP');
    await one.untilRecord('trust-loaded');
    expect((await one.approve(id)).results).toMatchObject([{ kind: 'refused', code: 'revoked-key' }]);
    writeFileSync(one.at('allowed_signers'), 'nonsense\n');
    child.signal('SIGHUP');
    await until('it says so', () => {
      expect(child.output()).toContain('"event":"trust-kept"');
      return Promise.resolve();
    });
    expect((await one.approve(id, 'bob')).results).toMatchObject([{ kind: 'counted', person: 'bob' }]);
    await one.untilSettled();
    child.signal('SIGTERM');
    expect(await child.ended).toBe(0);
    expect(one.records().at(-1)?.kind).toBe('daemon-stopped');
  });
});
