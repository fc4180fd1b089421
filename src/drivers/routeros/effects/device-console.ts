/**
 * A console on a device over one SSH session: each command goes out with an end of its own and is judged by the
 * text that comes back. A session is opened for a step and closed with it, but for the one that readings share; a device that never answers costs a
 * time-out. Log events name the step and how long it took, never what was said.
 */
import { assert, DeviceError, OutcomeUnknown } from '../../../core/errors.ts';
import type { Clock } from '../../../core/clock.ts';
import type { DeviceSettings } from '../../../core/site.ts';
import type { ExecOptions, SshSession, SshTarget } from '../../ssh-session.ts';
import { allWithSentinel, readAnswer, readAnswers, withSentinel, type Answer } from '../console.ts';

export interface Credentials {
  readonly privateKey?: Buffer;
  readonly password?: string;
}

export interface DriverEvent {
  readonly event: 'session-opened' | 'session-failed' | 'session-closed';
  readonly device: string;
  readonly step: string;
  readonly durationMs: number;
}

/** What the effects need from outside. */
export interface Reach {
  readonly device: DeviceSettings;
  /** Asked for each session; what it throws ends the step before the device is called. */
  readonly credentials: () => Promise<Credentials>;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly log: (event: DriverEvent) => void;
  readonly connect: (target: SshTarget, signal: AbortSignal) => Promise<SshSession>;
}

export interface DeviceConsole {
  readonly hostKey: string;
  readonly localAddress: string;
  /** Runs what changes nothing; the text it said. Throws `DeviceError`. */
  read(command: string): Promise<string>;
  /** Several such in one go, the export among them; null: not all of them ran to their end. Throws when it was cut. */
  readAll(commands: readonly string[]): Promise<readonly Buffer[] | null>;
  /** The device's export, bytes as sent. Throws `DeviceError` incomplete-export when its end did not come. */
  readExport(command: string): Promise<Buffer>;
  /** Runs what changes something. Throws `DeviceError` when the device said no, else `OutcomeUnknown`. */
  modify(command: string, timeoutMs?: number): Promise<void>;
  /** The same, where a name that is taken is an answer and not an error. */
  attempt(command: string): Promise<'done' | 'taken'>;
}

const connectTimeoutMs = 15_000;
const commandTimeoutMs = 30_000;
const exportTimeoutMs = 180_000;

/** Says what became of a step's session, and how long after its beginning. */
export function stepLog({ device, clock, log }: Reach, step: string): (event: DriverEvent['event']) => void {
  const startedAt = clock.monotonic();
  return (event) => {
    log({ event, device: device.name, step, durationMs: clock.monotonic() - startedAt });
  };
}

export async function openSession(
  reach: Reach,
  step: string,
  signal: AbortSignal,
  say: (event: DriverEvent['event']) => void = stepLog(reach, step),
): Promise<SshSession> {
  try {
    const session = await reach.connect(await targetOf(reach), signal);
    say('session-opened');
    return session;
  } catch (error) {
    say('session-failed');
    throw error;
  }
}

/** With the credentials of now. */
export async function targetOf({ device, credentials }: Reach): Promise<SshTarget> {
  const { address: host, port, user, hostKey } = device;
  return { host, port, user, hostKey, ...(await credentials()), timeoutMs: connectTimeoutMs };
}

export async function withConsole<T>(
  reach: Reach,
  step: string,
  signal: AbortSignal,
  use: (console: DeviceConsole) => Promise<T>,
): Promise<T> {
  const say = stepLog(reach, step);
  const session = await openSession(reach, step, signal, say);
  try {
    return await use(consoleOn(session, reach, signal));
  } finally {
    await session.close();
    say('session-closed');
  }
}

export function consoleOn(session: SshSession, reach: Reach, signal: AbortSignal): DeviceConsole {
  // Unpredictable, so that nothing on the device can imitate it.
  const newSentinel = (prefix: string): string => `${prefix}-${reach.random(8).toString('hex')}`;
  const run = async (line: string, options: ExecOptions): Promise<Buffer> => {
    assert(/^[\x20-\x7e]+$/.test(line), 'a command is one line of printable ASCII');
    return (await session.exec(line, options, signal)).output;
  };
  const ask = async (
    command: string,
    prefix: string,
    timeoutMs: number,
    readsOnly: boolean,
  ): Promise<Answer> => {
    const sentinel = newSentinel(prefix);
    return readAnswer(await run(withSentinel(command, sentinel), { timeoutMs, readsOnly }), sentinel);
  };
  const { name } = reach.device;
  return {
    hostKey: session.hostKey,
    localAddress: session.localAddress,
    read: async (command) => {
      const answer = await ask(command, 'sw-ok', commandTimeoutMs, true);
      if (answer.kind === 'done') return answer.said.toString('latin1');
      if (answer.kind === 'failed')
        throw new DeviceError(answer.failure.code, `${name}: ${answer.failure.message}`);
      throw new DeviceError(
        'unsupported',
        `${name}: the device did not answer to the end, or in words that are not known`,
      );
    },
    readAll: async (commands) => {
      const sentinel = newSentinel('sw-end');
      // The first of them is answered at once; a console that hangs says nothing at all.
      const output = await run(allWithSentinel(commands, sentinel), {
        timeoutMs: exportTimeoutMs,
        firstByteMs: commandTimeoutMs,
        readsOnly: true,
      });
      return readAnswers(output, sentinel, commands.length);
    },
    readExport: async (command) => {
      const answer = await ask(command, 'sw-end', exportTimeoutMs, true);
      if (answer.kind === 'done') return answer.said;
      if (answer.kind === 'failed' && answer.failure.code !== 'rejected') {
        throw new DeviceError(answer.failure.code, `${name}: no export: ${answer.failure.message}`);
      }
      throw new DeviceError('incomplete-export', `${name}: the export ends early; it is read again later`);
    },
    modify: async (command, timeoutMs = commandTimeoutMs) => {
      const answer = await ask(command, 'sw-ok', timeoutMs, false);
      if (answer.kind === 'failed')
        throw new DeviceError(answer.failure.code, `${name}: ${answer.failure.message}`);
      if (answer.kind === 'unclear') throw unclear(name);
    },
    attempt: async (command) => {
      const answer = await ask(command, 'sw-ok', commandTimeoutMs, false);
      if (answer.kind === 'unclear') throw unclear(name);
      if (answer.kind === 'done') return 'done';
      if (answer.failure.duplicate) return 'taken';
      throw new DeviceError(answer.failure.code, `${name}: ${answer.failure.message}`);
    },
  };
}

function unclear(name: string): OutcomeUnknown {
  return new OutcomeUnknown(
    `${name}: it is not known whether the device did what it was told; its state has to be read`,
  );
}
