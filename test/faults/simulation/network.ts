/**
 * The way between a daemon and the device: sessions that take time, break before or after a command arrived, end in
 * the middle of an answer, and meet another device than the one they want. Stands in for SSH under the real driver.
 */
import { DeviceError, HostKeyMismatch, OutcomeUnknown } from '../../../src/core/errors.ts';
import type { ExecOptions, ExecResult, SshSession } from '../../../src/drivers/ssh-session.ts';
import type { Reach } from '../../../src/drivers/routeros/effects/device-console.ts';
import type { Random } from '../../../src/simulator/random.ts';
import { answer, changes, type Layout } from './console.ts';
import type { SimulatedDevice } from './device.ts';
import type { DaemonProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';

/** `lost`: it does not arrive. `partial`: what arrives ends in the middle. */
export type MessageVerdict = 'go' | 'lost' | 'partial';

export interface Session {
  readonly id: number;
  readonly boot: number;
  lost: boolean;
}

export interface Network {
  readonly scheduler: Scheduler;
  readonly device: SimulatedDevice;
  readonly layout: Layout;
  readonly random: Random;
  /** No connection is possible until then. */
  cutUntilMs: number;
  /** Each command takes so much longer until `slowUntilMs`. */
  slowMs: number;
  slowUntilMs: number;
  sessions: number;
  /** Before a command leaves; may end the process or the connection. */
  /** A command was carried out after the daemon had given up on it: what it left may be for a person to take away. */
  readonly onLate: () => void;
  readonly onSend: (
    process: DaemonProcess,
    command: string,
    changing: boolean,
    session: Session,
  ) => MessageVerdict;
  /** After the device carried it out and before the daemon hears of it. */
  readonly onAnswer: (process: DaemonProcess, command: string, session: Session) => MessageVerdict;
}

const connectMs = 120;
/** How long a broken connection takes to be noticed. */
const noticeMs = 8_000;

export function connectOver(network: Network, process: DaemonProcess): Reach['connect'] {
  const { scheduler, device, random } = network;
  return (target, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const settled = once(process, signal, reject);
      scheduler.after(connectMs, () => {
        if (scheduler.nowMs < network.cutUntilMs || device.isDown || device.keepsOut()) {
          settled(1_000 + random.below(noticeMs), () =>
            reject(new DeviceError('unreachable', 'gw1: there is no route to it')),
          );
        } else if (device.hostKey !== target.hostKey) {
          settled(0, () => reject(new HostKeyMismatch(target.hostKey, device.hostKey)));
        } else {
          const session: Session = { id: ++network.sessions, boot: device.boot, lost: false };
          settled(0, () => resolve(sessionOn(network, process, session)));
        }
      });
    });
}

function sessionOn(network: Network, process: DaemonProcess, session: Session): SshSession {
  return {
    hostKey: network.device.hostKey,
    localAddress: '192.0.2.2',
    exec: (command, options, signal) => exec(network, process, session, command, options, signal),
    close: () => Promise.resolve(),
  };
}

function exec(
  network: Network,
  process: DaemonProcess,
  session: Session,
  line: string,
  { timeoutMs, readsOnly = false }: ExecOptions,
  signal: AbortSignal,
): Promise<ExecResult> {
  const { scheduler, device, random, layout } = network;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    if (process.dead) return;
    if (session.lost) throw new DeviceError('unreachable', 'gw1: the connection is gone');
    const match = /^(.*); :put "(sw-(?:ok|end)-[0-9a-f]{16})"$/.exec(line);
    const [command, sentinel] = [match?.[1] ?? '', match?.[2] ?? ''];
    const settled = once(process, signal, reject);
    const lose = (ms: number): void => {
      session.lost = true;
      const words = 'gw1: the connection ended before the device answered';
      settled(Math.min(ms, timeoutMs), () =>
        reject(readsOnly ? new DeviceError('unreachable', words) : new OutcomeUnknown(words)),
      );
    };
    const changing = questionsIn(command, sentinel).some(changes);
    const sent = network.onSend(process, command, changing, session);
    if (process.dead) return;
    if (sent !== 'go') return lose(random.below(noticeMs));
    const slow = scheduler.nowMs < network.slowUntilMs ? network.slowMs : 0;
    const tookMs = 5 + random.below(40) + slow;
    if (tookMs > timeoutMs) {
      const words = `gw1: no answer within ${timeoutMs} ms`;
      settled(timeoutMs, () =>
        reject(readsOnly ? new DeviceError('timeout', words) : new OutcomeUnknown(words)),
      );
    }
    scheduler.after(tookMs, () => {
      if (scheduler.nowMs < network.cutUntilMs || device.isDown || device.boot !== session.boot) {
        return lose(random.below(noticeMs));
      }
      if (tookMs > timeoutMs && changing) network.onLate();
      const whole = answerAll(device, command, sentinel, layout);
      const heard = network.onAnswer(process, command, session);
      if (heard === 'lost') return lose(random.below(noticeMs));
      const output = Buffer.from(
        heard === 'partial' ? whole.slice(0, random.below(whole.length)) : whole,
        'latin1',
      );
      settled(0, () => resolve({ output, exitCode: 0 }));
    });
  });
}

/** Several questions may stand in one line, each with the sentinel behind it. */
function questionsIn(line: string, sentinel: string): readonly string[] {
  return line.split(`; :put "${sentinel}"; `);
}

/** After an error the rest is not run. */
function answerAll(device: SimulatedDevice, line: string, sentinel: string, layout: Layout): string {
  let whole = '';
  for (const command of questionsIn(line, sentinel)) {
    const { text, failed } = answer(device, command, layout);
    whole += failed ? text : `${text}${sentinel}\r\n`;
    if (failed) break;
  }
  return whole;
}

/** Gives a function that settles a promise in the daemon's own time, and only once; an abort settles it at once. */
function once(
  process: DaemonProcess,
  signal: AbortSignal,
  reject: (reason: Error) => void,
): (ms: number, settle: () => void) => void {
  let done = false;
  const onAbort = (): void => {
    done = true;
    reject(signal.reason as Error);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return (ms, settle) =>
    process.wakeAfter(ms, () => {
      if (done) return;
      done = true;
      signal.removeEventListener('abort', onAbort);
      settle();
    });
}
