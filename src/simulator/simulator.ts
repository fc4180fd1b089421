/**
 * Starts one simulated RouterOS device behind a real SSH server: for `siteward simulate`, for tests, and
 * for whoever wants to practise. Everything that differs between real devices is in `behaviour`.
 */
import { createHash, randomInt } from 'node:crypto';
import ssh2 from 'ssh2';
import { USUAL_BEHAVIOUR } from './behaviour.ts';
import { realClock } from './clock.ts';
import { Machine } from './machine.ts';
import { seededRandom } from './random.ts';
import { SshServer } from './server.ts';
import type { Behaviour } from './behaviour.ts';
import type { SimulatorClock } from './clock.ts';
import type { Device } from './device/device.ts';
import type { Faults } from './faults.ts';
import type { ReachedAt } from './network/reachability.ts';

export interface SimulatorOptions {
  readonly exportText: Uint8Array;
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
  /** `SHA256:…` without padding. */
  readonly hostKey: string;
  readonly machine: Machine;
  readonly device: Device;
  readonly faults: Faults;
  readonly seed: number;
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
    exportText: options.exportText,
    version: options.version,
    user,
    uptimeMs: (options.uptimeSeconds ?? DAY_SECONDS) * 1000,
    clock: options.clock ?? realClock(),
    random: seededRandom(seed),
    behaviour: { ...USUAL_BEHAVIOUR, ...options.behaviour },
  });
  const hostKey = options.hostKey ?? freshHostKey();
  const { faults } = machine;
  const credentials = { user, password: options.password, authorizedKeys: options.authorizedKeys };
  const server = new SshServer(machine, { credentials, hostKey, faults, reachedAt: options.reachedAt });
  const { host, port } = await server.listen(options.listen?.host ?? '127.0.0.1', options.listen?.port ?? 0);
  return {
    host,
    port,
    hostKey: fingerprint(hostKey),
    machine,
    device: machine.device,
    faults,
    seed,
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

/** The library writes a key that it can't read itself about once in 256 times. */
function freshHostKey(): string {
  for (;;) {
    const key = ssh2.utils.generateKeyPairSync('ed25519').private;
    if (!(ssh2.utils.parseKey(key) instanceof Error)) return key;
  }
}

function fingerprint(privateKey: string): string {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  return `SHA256:${createHash('sha256').update(key.getPublicSSH()).digest('base64').replace(/=+$/, '')}`;
}
