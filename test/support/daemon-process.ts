/** The daemon as a process of its own, ended by its handle: for signals, `kill -9` and what it prints. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface DaemonProcess {
  /** Everything it printed so far, standard output and errors. */
  readonly output: () => string;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** `kill -9`; waits for its end. */
  kill(): Promise<void>;
  /** Its exit code, null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** `prefix`: words before the command, such as those that make it another user's. */
export function spawnDaemon(
  main: string,
  settingsFile: string,
  prefix: readonly string[] = [],
): DaemonProcess {
  const [command = '', ...words] = [...prefix, process.execPath, main, 'run', '--settings', settingsFile];
  const child = spawn(command, words, {
    env: { PATH: process.env['PATH'], LC_ALL: 'C', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = once(child, 'close').then(() => child.exitCode);
  return {
    output: () => Buffer.concat(chunks).toString('utf8'),
    signal: (signal) => {
      child.kill(signal);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    ended,
  };
}
