import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts';
import { sshOptions } from '../support/ssh-clients.ts';
import { simulatorOfTest } from '../support/simulator.ts';

const hasSsh = spawnSync('ssh', ['-V']).status === 0 && spawnSync('ssh-keygen', ['-?']).error === undefined;
let folder = '';

interface Answer {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

function sshArguments(port: number): string[] {
  return [...sshOptions(join(folder, 'key')), '-p', String(port)];
}

function ssh(port: number, command: readonly string[], input = '', user = 'admin'): Promise<Answer> {
  return new Promise((resolve) => {
    const child = spawn('ssh', [...sshArguments(port), `${user}@127.0.0.1`, ...command], { stdio: 'pipe' });
    let output = '';
    let errors = '';
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString('latin1')));
    child.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString('latin1')));
    child.on('close', (status) => resolve({ status, output, errors }));
    child.stdin.end(input);
  });
}

const start = (options: Partial<SimulatorOptions> = {}): Promise<Simulator> =>
  simulatorOfTest({ authorizedKeys: readFileSync(join(folder, 'key.pub'), 'latin1'), ...options });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'siteward-simulator-'));
  if (hasSsh) spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')]);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!hasSsh)('the simulator and the OpenSSH client (skipped where there is no ssh)', () => {
  it('greets as a device does (S01)', async () => {
    const { host, port } = await start();
    const banner = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, host);
      socket.once('data', (bytes: Buffer) => {
        resolve(bytes.toString('latin1'));
        socket.destroy();
      });
      socket.once('error', reject);
    });
    expect(banner).toBe('SSH-2.0-ROSSSH\r\n');
  });

  it('answers exec without prompt, lines ending CRLF, errors on standard output, by its profile of exit codes (S02-S04)', async () => {
    const { port } = await start();
    expect(await ssh(port, [':put a; :put b'])).toEqual({ status: 0, output: 'a\r\nb\r\n', errors: '' });
    expect(await ssh(port, ['/ip address remove *99'])).toEqual({
      status: 0,
      output: 'no such item\r\n',
      errors: '',
    });
    expect(await ssh(port, ['/nonsense'])).toEqual({
      status: 1,
      output: 'bad command name nonsense (line 1 column 2)\r\n',
      errors: '',
    });
    expect((await ssh(port, ['/ip address get [find] address'])).output).toBe('');
    expect((await ssh(port, [':put a\n:put b'])).output).toBe(
      'expected end of command (line 1 column 7)\r\n',
    );
  });

  it('takes the login with terminal options, and no other user or password (S08, S10)', async () => {
    const { port } = await start();
    expect((await ssh(port, [':put in'], '', 'admin+cet511w4098h')).output).toBe('in\r\n');
    expect((await ssh(port, [':put in'], '', 'root')).status).toBe(255);
  });

  it('has the host key that it says', async () => {
    const { port, hostKey } = await start();
    const known = join(folder, 'known');
    const child = spawn('ssh', [
      '-o',
      `UserKnownHostsFile=${known}`,
      ...sshArguments(port),
      'admin@127.0.0.1',
      ':put x',
    ]);
    await new Promise((resolve) => child.on('close', resolve));
    const listed = spawnSync('ssh-keygen', ['-l', '-f', known], { encoding: 'latin1' }).stdout;
    expect(listed).toContain(hostKey);
    expect(hostKey).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  });

  it('an :execute job goes on when its session is over (S70)', async () => {
    const { port } = await start();
    await ssh(port, [':execute ":delay 1s; /ip pool add name=late ranges=192.0.2.1"']);
    await expect
      .poll(async () => (await ssh(port, ['/ip pool print count-only where name=late'])).output, {
        timeout: 20_000,
      })
      .toBe('1\r\n');
  });

  it('locks out new logins when ssh is disabled, moved, or the user is; the session in use lives on (S68)', async () => {
    for (const [lock, unlock] of [
      ['/ip service set ssh disabled=yes', '/ip service set ssh disabled=no'],
      ['/ip service set ssh port=2222', '/ip service set ssh port=22'],
      ['/user set admin disabled=yes', '/user set admin disabled=no'],
    ] as const) {
      const { port } = await start();
      const line = `${lock}; :put locked; :delay 3s; ${unlock}; :put open`;
      const session = ssh(port, [line]);
      await expect.poll(async () => (await ssh(port, [':put in'])).status, { timeout: 10_000 }).toBe(255);
      expect((await session).output).toBe('locked\r\nopen\r\n');
      expect((await ssh(port, [':put in'])).output).toBe('in\r\n');
    }
  });

  it('a reboot cuts the sessions and keeps the configuration', async () => {
    const running = await start();
    const session = ssh(running.port, [
      '/ip pool add name=kept ranges=192.0.2.1; :put on; :delay 60s; :put never',
    ]);
    await expect
      .poll(async () => await running.console('/ip pool print count-only where name=kept'))
      .toBe('1\n');
    running.reboot();
    expect((await session).status).toBe(255);
    expect((await ssh(running.port, ['/ip pool print count-only where name=kept'])).output).toBe('1\r\n');
  });

  it('cuts or stalls an answer after so many bytes, once', async () => {
    const running = await start();
    running.faults.nextCut = { how: 'cut', afterBytes: 10 };
    const cut = await ssh(running.port, ['/export']);
    expect(cut.output.length).toBeLessThanOrEqual(10);
    expect((await ssh(running.port, ['/export'])).output.split('\r\n').length).toBeGreaterThan(20);
  });

  it('takes lines in an interactive session', async () => {
    const { port } = await start();
    const answer = await ssh(port, [], ':put (1+2)\r/ip pool print count-only\r/quit\r');
    expect(answer.output).toContain('[admin@gw1] > ');
    expect(answer.output).toContain('\r\n3\r\n');
    expect(answer.status).toBe(0);
  });

  it('takes passwords only where no key is configured', async () => {
    const askpass = join(folder, 'askpass');
    writeFileSync(askpass, '#!/bin/sh\necho planted\n', { mode: 0o700 });
    const login = async (port: number): Promise<number | null> =>
      await new Promise((resolve) => {
        // The client takes the first value that it is given of each option.
        const first = [
          '-o',
          'PasswordAuthentication=yes',
          '-o',
          'PubkeyAuthentication=no',
          '-o',
          'NumberOfPasswordPrompts=1',
        ];
        const child = spawn('ssh', [...first, ...sshArguments(port), 'admin@127.0.0.1', ':put in'], {
          env: { ...process.env, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' },
        });
        child.on('close', resolve);
      });
    const keyed = await start({ password: 'planted' });
    expect(await login(keyed.port)).toBe(255);
    const unkeyed = await simulatorOfTest({ password: 'planted' });
    expect(await login(unkeyed.port)).toBe(0);
  });
});
