/**
 * Dead hardware, as a person goes through it: the script from the history runs on another router, people sign its host
 * key and that it is another device, the daemon goes on, and what is left to plan is nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { buildWorld, until } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';
import { hasProgram, run, sshOptions } from '../support/ssh-clients.ts';
import { runCli } from '../support/run-cli.ts';

const line = '/ip dns static\nadd address=192.0.2.20 name=printer.example.org\n';
/** The same model, and another one of it. A simulated device has the ports that its export names. */
const fresh =
  (demoExport.split('/interface bridge\n')[0] ?? '').replace('DEMO00000001', 'DEMO00000002') +
  '/ip dhcp-client\nadd interface=ether1\nadd interface=ether2\nadd interface=ether3\n';

const waitsFor = (one: World, kind: string) =>
  until(`${kind} waits for a signature`, async () => {
    const { pending } = await one.api.call('pending', {});
    const item = pending.find((found) => found.kind === kind);
    if (item === undefined) throw new Error(JSON.stringify((await one.status()).devices));
    return item;
  });

test.skipIf(!hasProgram('scp', '-V'))(
  'replace: from a script in the history to an empty plan (skipped where there is no OpenSSH client)',
  async (t) => {
    const one = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
    t.onTestFinished(() => one.close());
    const cli = (...words: string[]) => runCli(...words, '--settings', one.settingsFile);
    await one.start();
    await one.untilSettled();
    one.edit((text) => text + line);
    await one.untilSettled();
    const dead = one.device();
    await one.untilRecord('settled');
    await until('what the rollout left is in the history', async () => {
      expect((await cli('show', 'gw1', '~0')).out).toContain('printer.example.org');
    });
    await dead.close();
    await one.untilDevice('dead', ({ state }) => state === 'unreachable');

    // Without the device: all it takes is in the history.
    const script = await cli('replace', 'gw1');
    expect(script).toMatchObject({ code: 0 });
    expect(script.err).toContain('next: siteward enrol gw1 ADDRESS --manage rollout\n');
    expect(script.out).toMatch(/^# Ports that it has to have: .*ether1/m);

    const router = await startSimulator({
      exportText: Buffer.from(fresh, 'latin1'),
      user: 'siteward',
      authorizedKeys: readFileSync(one.at('keys/device.pub'), 'utf8'),
    });
    t.onTestFinished(() => router.close());
    await router.console('/ip dhcp-client remove [find]');
    const login = sshOptions(one.at('keys/device'));
    writeFileSync(one.at('gw1.rsc'), script.out);
    const copied = await run('scp', [
      ...login,
      '-P',
      String(router.port),
      one.at('gw1.rsc'),
      'siteward@127.0.0.1:gw1.rsc',
    ]);
    expect(copied).toMatchObject({ status: 0 });
    const words = ['-p', String(router.port), 'siteward@127.0.0.1', '/import file-name=gw1.rsc'];
    const imported = await run('ssh', [...login, ...words]);
    expect(imported.output).toContain('Script file loaded and executed successfully');
    expect(imported.output).not.toContain('refused: ');

    one.changeSettings((text) => text.replace(`port: ${dead.port}`, `port: ${router.port}`));
    await one.restart();
    const other = await one.untilDevice('another key', ({ reason }) => reason === 'host-key-mismatch');
    expect(other.next).toBe('siteward rotate host-key gw1');
    expect(await cli('rotate', 'host-key', 'gw1')).toMatchObject({ code: 0 });
    const rotation = await waitsFor(one, 'rotation');
    expect(rotation.text).toContain(`new key: ${router.hostKey}`);
    await one.approve(rotation.id);

    const replaced = await one.untilDevice('another router', ({ reason }) => reason === 'device-replaced');
    expect(replaced.message).toMatch(/DEMO00000002 and was .*DEMO00000001/);
    expect(await cli('resolve', 'gw1', '--as', 'actual')).toMatchObject({ code: 0 });
    const resolve = await waitsFor(one, 'resolve');
    await one.approve(resolve.id);

    await one.untilSettled();
    const plan = await cli('plan', 'gw1', '--json');
    expect(plan.code).toBe(0);
    expect(JSON.parse(plan.out)).toMatchObject({ devices: [{ device: 'gw1', actions: [] }] });
    // It is served as ever: the next commit goes out to the new router.
    one.edit((text) => text.replace('192.0.2.20', '192.0.2.21'));
    await one.untilSettled();
    expect(
      await router.console(':put [/ip dns static get [find where name="printer.example.org"] address]'),
    ).toContain('192.0.2.21');
  },
);
