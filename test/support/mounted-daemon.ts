/**
 * The daemon as a process whose state lies on a file system of its own, mounted where only it and its helpers can see it:
 * a disk that is full or read-only for the daemon alone, and nothing of this machine is changed.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** Empty when a mount of one's own can be made here; else why not. */
export const noMounts = reasonAgainstMounts();

function reasonAgainstMounts(): string {
  const tried = spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs -o size=1m none /mnt'], {
    encoding: 'utf8',
  });
  return tried.status === 0 ? '' : `no private mounts here: ${tried.error?.message ?? tried.stderr.trim()}`;
}

export interface MountedDaemon {
  readonly pid: number;
  /** Runs a shell script where the daemon is; gives back what it printed. Throws when it fails. */
  inside(script: string): string;
  readonly output: () => string;
  readonly running: () => boolean;
  stop(): Promise<void>;
}

/** `before` is run as a shell script in the new mount namespace, then the daemon, behind `prefix` if there is one. */
export async function spawnMounted(
  main: string,
  settingsFile: string,
  before: string,
  prefix = '',
): Promise<MountedDaemon> {
  const script = `${before}\necho mounted\nexec ${prefix} '${process.execPath}' '${main}' run --settings '${settingsFile}'`;
  const child = spawn('unshare', ['-m', 'sh', '-ec', script], {
    env: { PATH: process.env['PATH'], LC_ALL: 'C', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  return {
    pid,
    inside: (text) =>
      execFileSync('nsenter', [`--mount=/proc/${pid}/ns/mnt`, 'sh', '-ec', text], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], LC_ALL: 'C', NO_COLOR: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    output: () => Buffer.concat(chunks).toString('utf8'),
    running: () => child.exitCode === null && child.signalCode === null,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
