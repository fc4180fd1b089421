/** A real sshd on loopback for the user who runs the tests, with a key of its own and one that may log in. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';

export const sshdProgram = '/usr/sbin/sshd';

export interface RealSshd {
  readonly port: number;
  /** Who may log in: the user who runs the tests. */
  readonly user: string;
  /** Private key of that user. */
  readonly identity: string;
  /** Private key of nobody. */
  readonly otherIdentity: string;
  /** `SHA256:…` of the server's key. */
  readonly hostKey: string;
  /** Knows the server's key. */
  readonly knownHosts: string;
  close(): Promise<void>;
}

export async function startSshd(): Promise<RealSshd> {
  const folder = mkdtempSync(path.join(tmpdir(), 'siteward-sshd-'));
  const at = (name: string): string => path.join(folder, name);
  for (const name of ['host', 'user', 'other'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', at(name)], {
      stdio: 'ignore',
    });
  writeFileSync(at('authorized_keys'), readFileSync(at('user.pub')), { mode: 0o600 });
  const port = await freePort();
  writeFileSync(at('known_hosts'), `[127.0.0.1]:${port} ${readFileSync(at('host.pub'), 'utf8')}`);
  const config = {
    Port: port,
    ListenAddress: '127.0.0.1',
    HostKey: at('host'),
    AuthorizedKeysFile: at('authorized_keys'),
    PidFile: at('pid'),
    StrictModes: 'no',
    UsePAM: 'no',
    PasswordAuthentication: 'no',
  };
  const lines = Object.entries(config).map(([name, value]) => `${name} ${value}\n`);
  writeFileSync(at('config'), lines.join(''));
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { mode: 0o755, recursive: true });
  const server = spawn(sshdProgram, ['-D', '-e', '-f', at('config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    server.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Server listening')) resolve();
    });
    server.once('exit', () => {
      reject(new Error(`sshd ended: ${said}`));
    });
  });
  const shown = execFileSync('ssh-keygen', ['-lf', at('host.pub')], { encoding: 'utf8' });
  return {
    port,
    user: userInfo().username,
    identity: at('user'),
    otherIdentity: at('other'),
    hostKey: shown.split(' ')[1] ?? '',
    knownHosts: at('known_hosts'),
    async close() {
      if (server.exitCode === null) {
        const ended = once(server, 'exit');
        server.kill();
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const hasSshd = existsSync(sshdProgram);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
