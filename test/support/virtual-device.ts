/**
 * The real driver on the simulator's machine, without SSH and in virtual time: commands go straight to the console of
 * the device, and time passes when somebody sleeps on it or a command takes its time. A rollout that waits for minutes
 * costs milliseconds. What belongs to SSH itself is tested over SSH.
 */
import { DeviceError, OutcomeUnknown } from '../../src/core/errors.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { DeviceSettings } from '../../src/core/site.ts';
import type { Driver } from '../../src/drivers/driver.ts';
import { createRouterosDriver } from '../../src/drivers/routeros/driver.ts';
import type { RouterosDriverOptions } from '../../src/drivers/routeros/driver.ts';
import type { SshSession } from '../../src/drivers/ssh-session.ts';
import { USUAL_BEHAVIOUR } from '../../src/simulator/behaviour.ts';
import type { Behaviour } from '../../src/simulator/behaviour.ts';
import { virtualClock } from '../../src/simulator/clock.ts';
import type { VirtualClock } from '../../src/simulator/clock.ts';
import { Machine } from '../../src/simulator/machine.ts';
import { seededRandom } from '../../src/simulator/random.ts';
import type { Session } from '../../src/simulator/sessions.ts';
import { deviceSettings } from './scripted-device.ts';

const startMs = Date.parse('2026-11-21T10:00:00Z');
export const hostKey = `SHA256:${'V'.repeat(43)}`;

export interface VirtualDevice {
  readonly machine: Machine;
  /** The device's and the driver's alike. */
  readonly time: VirtualClock;
  readonly clock: Clock;
  readonly settings: DeviceSettings;
  readonly driver: Driver;
  /** Every command that arrived, without the end that each carries, and the number of the session it came in. */
  readonly sent: readonly { readonly line: string; readonly session: number }[];
  /** A driver that knows nothing of what the first one did. */
  anotherDriver(changes?: Partial<DeviceSettings>): Driver;
  /** Runs one line as whoever works on the device itself; what it printed. */
  console(line: string): string;
  /** Somebody else logs in. */
  login(user: string, via?: Session['via']): Session;
  /** New logins are refused; or nobody answers, on connections that are there neither. */
  refuse: 'nothing' | 'login' | 'connection';
  /** Called before each command of the driver is run. */
  onCommand: (line: string) => void;
  /** Called when the device has run it and the driver has not heard of that yet. */
  onAnswer: (line: string) => void;
}

export interface VirtualDeviceOptions {
  readonly exportText: string;
  readonly version?: string;
  readonly behaviour?: Partial<Behaviour>;
  readonly settings?: Partial<DeviceSettings>;
  readonly uptimeS?: number;
  readonly seed?: number;
}

const connectMs = 40;

export function virtualDevice(options: VirtualDeviceOptions): VirtualDevice {
  const time = virtualClock(startMs);
  const machine = new Machine({
    from: Buffer.from(options.exportText, 'latin1'),
    version: options.version,
    user: 'siteward',
    uptimeMs: (options.uptimeS ?? 86_400) * 1000,
    clock: time,
    random: seededRandom(options.seed ?? 1),
    behaviour: { ...USUAL_BEHAVIOUR, ...options.behaviour },
  });
  const settings = deviceSettings({ port: 22, hostKey, ...options.settings });
  const clock: Clock = {
    now: () => time.now(),
    monotonic: () => time.monotonic(),
    sleep: (ms, signal) => {
      if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
      time.advance(ms);
      return Promise.resolve();
    },
  };
  const sent: { line: string; session: number }[] = [];
  let power = 0;
  machine.onPower = (up) => {
    if (!up) power++;
  };
  /** Until it ended; null: not within the time. */
  const run = (line: string, limitMs: number, session?: Session): string | null => {
    const printed: string[] = [];
    let over = false;
    machine.console(
      line,
      (text) => printed.push(`${text.replaceAll(/\r?\n/g, '\r\n')}\r\n`),
      () => (over = true),
      session === undefined ? {} : { session },
    );
    const end = time.monotonic() + limitMs;
    while (!over && time.monotonic() <= end) time.advance(over ? 0 : 1);
    return over ? printed.join('') : null;
  };
  const device: VirtualDevice = {
    machine,
    time,
    clock,
    settings,
    sent,
    driver: undefined as unknown as Driver,
    anotherDriver: (changes = {}) => makeDriver({ ...settings, ...changes }),
    console: (line) => run(line, 60_000) ?? '',
    login: (user, via = 'ssh') => machine.sessions.start(user, via, '192.0.2.99', machine.wallMs()),
    refuse: 'nothing',
    onCommand: () => undefined,
    onAnswer: () => undefined,
  };
  const connect: RouterosDriverOptions['connect'] = (target) => {
    time.advance(connectMs);
    if (device.refuse === 'connection')
      return Promise.reject(new DeviceError('unreachable', 'gw1: there is no route to it'));
    if (target.hostKey !== hostKey)
      return Promise.reject(new DeviceError('host-key-mismatch', `the host key is ${hostKey}`));
    const row = machine.sessions.userRow(target.user);
    const disabled = row?.properties.get('disabled') === 'yes';
    if (device.refuse === 'login' || row === undefined || disabled)
      return Promise.reject(new DeviceError('key-refused', `the device refuses user ${target.user}`));
    return Promise.resolve(sessionOn(target.user));
  };
  const sessionOn = (user: string): SshSession => {
    const session = machine.sessions.start(user, 'ssh', '192.0.2.2', machine.wallMs());
    const opened = power;
    return {
      hostKey,
      localAddress: '192.0.2.2',
      exec: (command, { timeoutMs, readsOnly = false }) => {
        const line = /^(.*); :put "sw-(?:ok|end)-[0-9a-f]{16}"$/.exec(command)?.[1] ?? command;
        const lost = (): Promise<never> =>
          Promise.reject(
            readsOnly ? new DeviceError('unreachable', 'the connection is gone') : new OutcomeUnknown('lost'),
          );
        device.onCommand(line);
        const isCut = (): boolean => opened !== power || device.refuse === 'connection';
        if (isCut()) return lost();
        sent.push({ line, session: session.id });
        const output = run(command, timeoutMs, session);
        device.onAnswer(line);
        if (isCut() || output === null) return lost();
        return Promise.resolve({ output: Buffer.from(output, 'latin1'), exitCode: 0 });
      },
      close: () => {
        machine.endSession(session, false);
        return Promise.resolve();
      },
    };
  };
  let bytes = 0;
  const makeDriver = (settingsOfIt: DeviceSettings): Driver =>
    createRouterosDriver({
      device: settingsOfIt,
      credentials: () => Promise.resolve({ password: 'password' }),
      clock,
      random: (size) => Buffer.alloc(size, ++bytes % 251),
      connect,
    });
  return Object.assign(device, { driver: makeDriver(settings) });
}
