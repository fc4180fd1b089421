/** Real SSH clients of this machine against a simulated device: OpenSSH, and Python's where they are installed. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Answer {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

export interface ClientFolder {
  readonly path: string;
  /** A file in it. */
  at(name: string): string;
  /** Makes a key pair; gives the public line. */
  key(name: string, type?: 'ed25519' | 'rsa'): string;
  remove(): void;
}

export const hasProgram = (name: string, argument: string): boolean =>
  spawnSync(name, [argument], { stdio: 'ignore' }).error === undefined;

/** Debian's, which has Debian's modules. */
export const python = '/usr/bin/python3';

export const hasPythonModule = (name: string): boolean =>
  spawnSync(python, ['-c', `import ${name}`], { stdio: 'ignore' }).status === 0;

export function clientFolder(): ClientFolder {
  const path = mkdtempSync(join(tmpdir(), 'siteward-clients-'));
  const at = (name: string): string => join(path, name);
  return {
    path,
    at,
    key(name, type = 'ed25519') {
      const bits = type === 'rsa' ? ['-b', '2048'] : [];
      spawnSync('ssh-keygen', ['-q', '-t', type, ...bits, '-N', '', '-C', name, '-f', at(name)]);
      return spawnSync('cat', [at(`${name}.pub`)], { encoding: 'latin1' }).stdout.trim();
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** `-o` options that keep this machine's own settings and agents out of it. */
export function sshOptions(identity: string): string[] {
  const options = [
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'GlobalKnownHostsFile=/dev/null',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'PasswordAuthentication=no',
    'ConnectTimeout=10',
    'LogLevel=ERROR',
  ];
  return ['-F', '/dev/null', ...options.flatMap((option) => ['-o', option]), '-i', identity];
}

export function run(
  program: string,
  args: readonly string[],
  input = '',
  environment: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { stdio: 'pipe', env: { ...process.env, ...environment } });
    let output = '';
    let errors = '';
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString('latin1')));
    child.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString('latin1')));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output, errors }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
