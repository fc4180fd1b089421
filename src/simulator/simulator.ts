/**
 * Starts one simulated RouterOS device behind a real SSH server: for `siteward simulate`, for tests, and
 * for whoever wants to practise. Everything that differs between real devices is in `behaviour`.
 */
import { randomInt } from 'node:crypto';
import { USUAL_BEHAVIOUR } from './behaviour.ts';
import { realClock } from './clock.ts';
import { Machine } from './machine.ts';
import { seededRandom } from './random.ts';
import { SshServer } from './server.ts';
import type { Behaviour } from './behaviour.ts';
import type { SimulatorClock } from './clock.ts';
import type { Device } from './device/device.ts';
import type { DeviceImage } from './device/image.ts';
import type { Faults } from './faults.ts';
import type { ReachedAt } from './network/reachability.ts';

export interface SimulatorOptions {
  /** What `/export` printed, or an image of it that many devices share (see fleet.ts). */
  readonly exportText: Uint8Array | DeviceImage;
  readonly listen?: { readonly host: string; readonly port: number };
  /** Instead of the version that the export names. */
  readonly version?: string;
  readonly user?: string;
  readonly password?: string;
  /** Lines of an authorized_keys file. */
  readonly authorizedKeys?: string;
  readonly uptimeSeconds?: number;
  readonly clock?: SimulatorClock;
  /** Decides the order of jobs and what a power cut loses; given, a run can be repeated. */
  readonly seed?: number;
  readonly behaviour?: Partial<Behaviour>;
  /** A private host key to keep from one start to the next; made anew when not given. */
  readonly hostKey?: string;
  /** New connections then need an open way through the device's own network and firewall. */
  readonly reachedAt?: ReachedAt;
}

export interface Simulator {
  readonly host: string;
  readonly port: number;
  /** That of new connections, `SHA256:…` without padding; the device may make itself another. */
  readonly hostKey: string;
  readonly machine: Machine;
  readonly device: Device;
  readonly faults: Faults;
  readonly seed: number;
  /** Why the device takes no new connection now; undefined: it does. */
  refusal(): string | undefined;
  /** Runs one console line without SSH; gives what it printed. */
  console(line: string): Promise<string>;
  /** Uptime starts at 0; globals and jobs are gone; sessions are cut; the configuration is kept. */
  reboot(): void;
  /** As a reboot, but the last changes of each menu may be lost. */
  powerCut(): void;
  /** Jobs and globals are gone, uptime goes on. */
  consoleCrash(): void;
  jumpClock(ms: number): void;
  cutSessions(): void;
  /** New connections are dropped, or taken again. */
  stopListening(): void;
  resumeListening(): void;
  close(): Promise<void>;
}

const DAY_SECONDS = 86_400;

export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const seed = options.seed ?? randomInt(2 ** 31);
  const user = options.user ?? 'admin';
  const machine = new Machine({
    from: options.exportText,
    version: options.version,
    user,
    uptimeMs: (options.uptimeSeconds ?? DAY_SECONDS) * 1000,
    clock: options.clock ?? realClock(),
    random: seededRandom(seed),
    behaviour: { ...USUAL_BEHAVIOUR, ...options.behaviour },
    hostKey: options.hostKey,
  });
  giveCredentials(machine, options.password, options.authorizedKeys);
  const { faults } = machine;
  const server = new SshServer(machine, { reachedAt: options.reachedAt });
  const { host, port } = await server.listen(options.listen?.host ?? '127.0.0.1', options.listen?.port ?? 0);
  return {
    host,
    port,
    get hostKey() {
      return server.hostKey();
    },
    machine,
    device: machine.device,
    faults,
    seed,
    refusal: () => server.refusal(),
    console: (line) =>
      new Promise((resolve) => {
        const lines: string[] = [];
        machine.console(
          line,
          (text) => lines.push(`${text}\n`),
          () => resolve(lines.join('')),
        );
      }),
    reboot: () => machine.reboot(),
    powerCut: () => machine.powerCut(),
    consoleCrash: () => machine.consoleCrash(),
    jumpClock: (ms) => machine.jumpClock(ms),
    cutSessions: () => server.cutSessions(),
    stopListening() {
      faults.refuseConnections = true;
    },
    resumeListening() {
      faults.refuseConnections = false;
    },
    async close() {
      machine.close();
      await server.close();
    },
  };
}

/** As if the device had been given them long ago: no log line, nothing to undo. */
function giveCredentials(
  machine: Machine,
  password: string | undefined,
  authorizedKeys: string | undefined,
): void {
  const { device, user } = machine;
  if (password !== undefined) {
    const users = device.menu('/user');
    const own = machine.sessions.userRow(user);
    users.rows = users.rows.map((row) =>
      row === own ? { ...row, given: new Map([...row.given, ['password', password]]) } : row,
    );
  }
  const keys = device.menu('/user ssh-keys');
  const lines = (authorizedKeys ?? '').split('\n').map((line) => line.trim());
  for (const line of lines.filter((text) => text !== '' && !text.startsWith('#'))) {
    const properties = new Map([
      ['key', line],
      ['key-owner', line.split(' ')[2] ?? ''],
      ['user', user],
    ]);
    keys.rows = [...keys.rows, keys.makeRow({ properties })];
  }
}
