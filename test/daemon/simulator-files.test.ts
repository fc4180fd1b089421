/** Files and keys over real SSH: sftp, scp old and new, key rotation, a new host key. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts';
import {
  clientFolder,
  hasProgram,
  run,
  sshOptions,
  type Answer,
  type ClientFolder,
} from '../support/ssh-clients.ts';
import { simulatorOfTest } from '../support/simulator.ts';

const hasClients = hasProgram('sftp', '-?') && hasProgram('scp', '-?') && hasProgram('ssh-keygen', '-?');
let folder: ClientFolder;
let publicKey = '';

beforeAll(() => {
  folder = clientFolder();
  if (hasClients) publicKey = folder.key('key');
});
afterAll(() => folder.remove());

const start = (options: Partial<SimulatorOptions> = {}): Promise<Simulator> =>
  simulatorOfTest({ authorizedKeys: publicKey, ...options });

const ssh = (port: number, command: string, key = 'key', user = 'admin'): Promise<Answer> =>
  run('ssh', [...sshOptions(folder.at(key)), '-p', String(port), `${user}@127.0.0.1`, command]);
const sftp = (port: number, batch: string): Promise<Answer> =>
  run('sftp', [...sshOptions(folder.at('key')), '-b', '-', '-P', String(port), 'admin@127.0.0.1'], batch);
const scp = (port: number, words: readonly string[]): Promise<Answer> =>
  run('scp', [...sshOptions(folder.at('key')), '-P', String(port), ...words]);

describe.skipIf(!hasClients)('files over SSH (skipped where there is no OpenSSH client)', () => {
  it('S59 sftp puts, lists, renames, gets and removes', async () => {
    const { port, machine } = await start();
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
    writeFileSync(folder.at('up.bin'), bytes);
    const done = await sftp(
      port,
      `put ${folder.at('up.bin')} a.bin\nrename a.bin b.bin\nls -l\nget b.bin ${folder.at('down.bin')}\nmkdir d\nput ${folder.at('up.bin')} d/c.bin\nrm b.bin\n`,
    );
    expect(done).toMatchObject({ status: 0, errors: '' });
    expect(done.output).toMatch(/300000 .*b\.bin/);
    expect(readFileSync(folder.at('down.bin')).equals(bytes)).toBe(true);
    expect(machine.files.list().map(({ name }) => name)).toEqual(['d', 'd/c.bin']);
    expect((await sftp(port, 'get none.bin\n')).status).toBe(1);
  });

  it.each([
    ['the old protocol', ['-O']],
    ['the new one', ['-s']],
  ])('S59 scp by %s takes files there and back', async (_name, mode) => {
    const { port, machine } = await start();
    writeFileSync(folder.at('one.rsc'), '/system identity set name=copied\n');
    const up = await scp(port, [...mode, folder.at('one.rsc'), 'admin@127.0.0.1:/']);
    expect(up).toMatchObject({ status: 0, errors: '' });
    expect(machine.files.find('one.rsc')?.bytes.toString()).toContain('copied');
    const down = await scp(port, [...mode, 'admin@127.0.0.1:one.rsc', folder.at('back.rsc')]);
    expect(down).toMatchObject({ status: 0, errors: '' });
    expect(readFileSync(folder.at('back.rsc'), 'latin1')).toContain('copied');
    expect((await scp(port, [...mode, 'admin@127.0.0.1:none.rsc', folder.at('x')])).status).toBe(1);
  });

  it('S28 S59 nothing is copied without the policy ftp', async () => {
    const { port } = await start({ behaviour: { withoutPolicies: ['ftp'] } });
    writeFileSync(folder.at('one.rsc'), 'x');
    expect((await scp(port, ['-s', folder.at('one.rsc'), 'admin@127.0.0.1:/'])).status).not.toBe(0);
    expect((await scp(port, ['-O', folder.at('one.rsc'), 'admin@127.0.0.1:/'])).status).not.toBe(0);
    expect((await ssh(port, '/export file=x')).output).toBe('not enough permissions (9)\r\n');
  });

  it('S60 a file called *.auto.rsc is run as soon as it has arrived', async () => {
    const running = await start();
    writeFileSync(folder.at('new.auto.rsc'), '/system identity set name=auto\n');
    await sftp(running.port, `put ${folder.at('new.auto.rsc')} new.auto.rsc\n`);
    await expect.poll(() => running.console(':put [/system identity get name]')).toBe('auto\n');
    expect(running.machine.files.find('new.auto.log')).toBeDefined();
  });

  it('S62 a full disk takes no file', async () => {
    const running = await start();
    running.machine.files.full = true;
    writeFileSync(folder.at('one.rsc'), 'x'.repeat(100));
    expect((await sftp(running.port, `put ${folder.at('one.rsc')} one.rsc\n`)).status).toBe(1);
    expect(running.machine.files.find('one.rsc')?.bytes.length ?? 0).toBe(0);
  });

  it('S10 credential rotation: add the new key, log in with it, remove the old, which is then refused', async () => {
    const { port } = await start();
    const next = folder.key('next');
    expect((await ssh(port, ':put in', 'next')).status).toBe(255);
    expect((await ssh(port, `/user ssh-keys add user=admin key="${next}"`)).output).toBe('');
    expect((await ssh(port, ':put in', 'next')).output).toBe('in\r\n');
    const remove = '/user ssh-keys remove [find where user=admin key-owner="key"]';
    expect((await ssh(port, `${remove}; :put [:len [/user ssh-keys find]]`, 'next')).output).toBe('1\r\n');
    expect((await ssh(port, ':put in')).status).toBe(255);
    expect((await ssh(port, ':put in', 'next')).output).toBe('in\r\n');
  });

  it('S10 S11 a key that arrives as a file is imported, an RSA one too', async () => {
    const { port } = await start();
    folder.key('rsa', 'rsa');
    await sftp(port, `put ${folder.at('rsa.pub')} rsa.pub\n`);
    const line = '/user ssh-keys import public-key-file=rsa.pub user=admin';
    expect((await ssh(port, line)).output).toBe('');
    expect((await ssh(port, ':put in', 'rsa')).output).toBe('in\r\n');
  });

  it('S11 a host key made anew is seen by the next connection, the session in use lives on', async () => {
    const running = await start();
    const before = running.hostKey;
    await running.console('/ip ssh set host-key-type=ed25519');
    expect((await ssh(running.port, '/ip ssh regenerate-host-key; :put alive')).output).toBe('alive\r\n');
    expect(running.hostKey).not.toBe(before);
    const known = folder.at('known');
    await run('ssh', [
      '-o',
      `UserKnownHostsFile=${known}`,
      ...sshOptions(folder.at('key')),
      '-p',
      String(running.port),
      'admin@127.0.0.1',
      ':put x',
    ]);
    expect((await run('ssh-keygen', ['-l', '-f', known])).output).toContain(running.hostKey);
  });

  it('S11 where it takes a reboot, the old host key is seen until then', async () => {
    const running = await start({ behaviour: { hostKeyChange: 'reboot' } });
    const before = running.hostKey;
    await running.console('/ip ssh set host-key-type=ed25519; /ip ssh regenerate-host-key');
    expect(running.hostKey).toBe(before);
    running.reboot();
    expect(running.hostKey).not.toBe(before);
  });

  it('S11 a version 6 device has an RSA key and old algorithms, which the client has to allow', async () => {
    const { port } = await start({ version: '6.49.18', behaviour: { hostKeyType: 'rsa' } });
    expect((await ssh(port, ':put in')).status).toBe(255);
    const old = ['-o', 'HostKeyAlgorithms=+ssh-rsa'];
    const answer = await run('ssh', [
      ...old,
      ...sshOptions(folder.at('key')),
      '-p',
      String(port),
      'admin@127.0.0.1',
      ':put in',
    ]);
    expect(answer.output).toBe('in\r\n');
  });

  it('S38 other users log in by their own passwords and rights, which count from the next login', async () => {
    const { port } = await start();
    const alice = folder.key('alice');
    await ssh(
      port,
      `/user group add name=ops policy=ssh,read; /user add name=alice group=ops; /user ssh-keys add user=alice key="${alice}"`,
    );
    const add = '/ip pool add name=x ranges=192.0.2.9';
    expect((await ssh(port, add, 'alice', 'alice')).output).toBe('not enough permissions (9)\r\n');
    await ssh(port, '/user group set ops policy=write');
    expect((await ssh(port, add, 'alice', 'alice')).output).toBe('');
    await ssh(port, '/user group set ops policy=!ssh');
    expect((await ssh(port, ':put in', 'alice', 'alice')).status).toBe(255);
  });
});
