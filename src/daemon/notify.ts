/**
 * Tells systemd that the daemon is ready, alive and ending, by starting `systemd-notify`: the socket it speaks on is of
 * a kind that Node can't open. Does nothing outside of a unit with `Type=notify`, and never fails the daemon.
 */
import { spawn } from 'node:child_process';

export interface Notifier {
  /** Once, when questions are answered. From then on the watchdog is fed. */
  ready(): void;
  /** Ends the feeding of the watchdog and says that the end is meant. */
  stopping(): void;
}

export interface NotifyOptions {
  /** What systemd put into the environment of the process. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly command?: string;
  /** Asked before each sign of life: a daemon that says no is restarted by systemd. */
  readonly alive?: () => boolean;
}

/** How long a start of `systemd-notify` may take; a stuck one must not pile up. */
const timeoutMs = 5_000;

export function notify(options: NotifyOptions = {}): Notifier {
  const { environment = process.env, command = 'systemd-notify', alive = () => true } = options;
  const socket = environment['NOTIFY_SOCKET'] ?? '';
  const watchdogMs = watchdogPeriod(environment);
  let feeding: NodeJS.Timeout | null = null;
  const say = (...words: readonly string[]): void => {
    if (socket === '') return;
    const child = spawn(command, [`--pid=${process.pid}`, ...words], {
      env: { NOTIFY_SOCKET: socket, PATH: environment['PATH'] ?? '/usr/bin:/bin' },
      stdio: 'ignore',
      timeout: timeoutMs,
    });
    // Without the command there is nobody to tell; systemd itself will notice and act by its own rules.
    child.once('error', () => undefined);
  };
  return {
    ready: () => {
      say('--ready');
      if (socket === '' || watchdogMs === null || feeding !== null) return;
      // A third of the period: one sign of life may be lost.
      feeding = setInterval(() => {
        if (alive()) say('WATCHDOG=1');
      }, watchdogMs / 3);
      feeding.unref();
    },
    stopping: () => {
      if (feeding !== null) clearInterval(feeding);
      feeding = null;
      say('--stopping');
    },
  };
}

/** Null when no watchdog is asked for, or for another process. */
function watchdogPeriod(environment: NodeJS.ProcessEnv): number | null {
  const microseconds = Number(environment['WATCHDOG_USEC'] ?? '');
  const pid = environment['WATCHDOG_PID'] ?? '';
  if (!Number.isFinite(microseconds) || microseconds <= 0 || (pid !== '' && pid !== String(process.pid)))
    return null;
  return microseconds / 1000;
}
