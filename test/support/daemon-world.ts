/**
 * A site as an operator has it, small and quick: simulated devices behind real SSH, a git repository made by the real
 * git, keys made by `ssh-keygen`, and the daemon, in this process or as one of its own. Everything lies in one
 * temporary folder and goes away with `close`.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeviceStatus, PendingAnswerItem, StatusAnswer } from '../../src/api/answers.ts';
import { connectTo } from '../../src/api/client.ts';
import type { ApiClient } from '../../src/api/client.ts';
import type { AnswerOf } from '../../src/api/operations.ts';
import type { SitewardRecord } from '../../src/core/rollout/events.ts';
import { startDaemon } from '../../src/daemon/daemon.ts';
import type { Daemon } from '../../src/daemon/daemon.ts';
import { loadSettings } from '../../src/settings/settings.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts';
import { spawnDaemon } from './daemon-process.ts';
import type { DaemonProcess } from './daemon-process.ts';
import { gitSandbox } from './git-sandbox.ts';
import type { GitSandbox } from './git-sandbox.ts';

export const namespace = 'siteward-operational-v1@example.org';

export interface WorldDevice {
  readonly exportText: string | Uint8Array;
  /** Instead of the export; null: no file. */
  readonly desired?: string | null;
  /** Keys of its settings beyond where it is, as YAML writes them. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly simulator?: Partial<SimulatorOptions>;
}

export interface WorldOptions {
  readonly devices: Readonly<Record<string, WorldDevice>>;
  /** Over the quick defaults. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** As YAML writes it. */
  readonly policy?: string;
  readonly signed?: 'required' | 'off';
}

export interface World {
  readonly repository: GitSandbox;
  readonly api: ApiClient;
  readonly settingsFile: string;
  /** A file or folder of this world. */
  at(name: string): string;
  device(name?: string): Simulator;
  /** Commits the desired file of a device, changed; returns the commit. */
  edit(change: (text: string) => string, name?: string): string;
  /** Rewrites the settings file. */
  changeSettings(change: (text: string) => string): void;
  /** The daemon in this process. */
  start(): Promise<Daemon>;
  /** Ends the daemon in this process and starts it again. */
  restart(): Promise<Daemon>;
  /** The daemon as a process: what it runs comes from `buildProgram`. */
  spawn(main: string, prefix?: readonly string[]): DaemonProcess;
  /** Those spawned, oldest first. */
  processes(): readonly DaemonProcess[];
  status(): Promise<StatusAnswer>;
  /** Waits until the newest commit was judged and the device stands as asked. */
  untilDevice(what: string, holds: (device: DeviceStatus) => boolean, name?: string): Promise<DeviceStatus>;
  /** In sync at the newest commit, nothing in flight. */
  untilSettled(name?: string): Promise<DeviceStatus>;
  untilPending(name?: string): Promise<PendingAnswerItem>;
  /** What the journal's files hold, oldest first. */
  records(): readonly SitewardRecord[];
  untilRecord(
    kind: string,
    device?: string,
    more?: Readonly<Record<string, unknown>>,
  ): Promise<SitewardRecord>;
  /** `ssh-keygen -Y sign` over the text. */
  sign(text: string, person?: string, inNamespace?: string): string;
  /** Of a person's key. */
  fingerprint(person: string): string;
  /** Asks for the document, signs it, hands it in. */
  approve(id: string, person?: string): Promise<AnswerOf<'approve'>>;
  /** Whether the device answers yes to a console question about what it has. */
  has(menu: string, where: string, name?: string): Promise<boolean>;
  /** Names of everything of siteward's that is on a device. */
  traces(name?: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export async function buildWorld(options: WorldOptions): Promise<World> {
  const folder = mkdtempSync(path.join(tmpdir(), 'siteward-world-'));
  const at = (name: string): string => path.join(folder, name);
  const repository = gitSandbox();
  const simulators = new Map<string, Simulator>();
  const daemons = new Set<Daemon>();
  const processes = new Set<DaemonProcess>();
  const close = async (): Promise<void> => {
    for (const daemon of daemons) await daemon.stop();
    for (const one of processes) await one.kill();
    for (const simulator of simulators.values()) await simulator.close();
    repository.remove();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    mkdirSync(at('keys'), { mode: 0o700 });
    for (const name of ['device', 'alice', 'bob']) makeKey(at(`keys/${name}`), name);
    const authorizedKeys = readFileSync(at('keys/device.pub'), 'utf8');
    for (const [name, { exportText, simulator }] of Object.entries(options.devices)) {
      const bytes = typeof exportText === 'string' ? Buffer.from(exportText, 'latin1') : exportText;
      simulators.set(
        name,
        await startSimulator({ exportText: bytes, user: 'siteward', authorizedKeys, ...simulator }),
      );
    }
    writeTrust(at, ['alice', 'bob']);
    const settingsFile = at('settings.yaml');
    writeFileSync(settingsFile, settingsText(options, repository.folder, simulators), { mode: 0o600 });
    repository.commit(
      { 'site.yaml': 'site: bud-01\n', ...desiredFiles(options.devices) },
      'The devices as they are',
    );
    const device = (name = 'gw1'): Simulator => {
      const found = simulators.get(name);
      if (found === undefined) throw new Error(`no device ${name}`);
      return found;
    };
    const start = async (): Promise<Daemon> => {
      // Its log is nobody's output here.
      process.env['SITEWARD_LOG_LEVEL'] = 'silent';
      const daemon = await startDaemon(await loadSettings(settingsFile), '0.0.0-test');
      const stop = async (): Promise<void> => {
        daemons.delete(daemon);
        await daemon.stop();
      };
      const handle = { ...daemon, stop };
      daemons.add(daemon);
      return handle;
    };
    return {
      repository,
      settingsFile,
      at,
      device,
      api: connectTo(at('s.sock')),
      edit(change, name = 'gw1') {
        const file = `devices/${name}/config.rsc`;
        const text = readFileSync(path.join(repository.folder, file)).toString('latin1');
        return repository.commit({ [file]: Buffer.from(change(text), 'latin1') });
      },
      changeSettings(change) {
        writeFileSync(settingsFile, change(readFileSync(settingsFile, 'utf8')));
      },
      async restart() {
        for (const daemon of daemons) await daemon.stop();
        daemons.clear();
        return await start();
      },
      start,
      spawn(main, prefix = []) {
        const child = spawnDaemon(main, settingsFile, prefix);
        processes.add(child);
        return child;
      },
      processes: () => [...processes],
      ...questions(at, repository, device),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type Questions = Pick<
  World,
  | 'status'
  | 'untilDevice'
  | 'untilSettled'
  | 'untilPending'
  | 'records'
  | 'untilRecord'
  | 'sign'
  | 'approve'
  | 'fingerprint'
  | 'has'
  | 'traces'
>;

function questions(
  at: (name: string) => string,
  repository: GitSandbox,
  device: (name?: string) => Simulator,
): Questions {
  const api = connectTo(at('s.sock'));
  const asked: Questions = {
    status: () => api.call('status', {}),
    async untilDevice(what, holds, name = 'gw1') {
      const head = repository.git('rev-parse', 'HEAD');
      return await until(what, async () => {
        const all = await asked.status();
        const one = all.devices.find((candidate) => candidate.name === name);
        if (one !== undefined && all.desired.head === head && holds(one)) return one;
        throw new Error(JSON.stringify({ desired: all.desired, device: one }));
      });
    },
    untilSettled: (name = 'gw1') => {
      const head = repository.git('rev-parse', 'HEAD');
      return asked.untilDevice(
        `${name} in sync at the newest commit`,
        (one) => one.state === 'in-sync' && one.commit === head && one.rollout === null,
        name,
      );
    },
    untilPending: (name = 'gw1') =>
      until(`${name} waits for a signature`, async () => {
        const { pending } = await api.call('pending', {});
        const item = pending.find(({ devices, text }) => devices.includes(name) && text !== null);
        if (item === undefined) throw new Error(JSON.stringify((await asked.status()).devices));
        return item;
      }),
    records: () => readRecords(at('state/journal')),
    untilRecord: (kind, name = 'gw1', more = {}) =>
      until(`record ${kind} of ${name}`, () => {
        const all = asked.records();
        const found = all.find((record) => fits(record, { kind, device: name, ...more }));
        if (found !== undefined) return Promise.resolve(found);
        throw new Error(all.map((record) => record.kind).join(' '));
      }),
    sign(text, person = 'alice', inNamespace = namespace) {
      const file = at(`to-sign-${person}`);
      writeFileSync(file, text, 'latin1');
      rmSync(`${file}.sig`, { force: true });
      execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', inNamespace, '-f', at(`keys/${person}`), file], {
        stdio: 'ignore',
      });
      return readFileSync(`${file}.sig`, 'utf8');
    },
    fingerprint: (person) =>
      execFileSync('ssh-keygen', ['-lf', at(`keys/${person}.pub`)], { encoding: 'latin1' }).split(' ')[1] ??
      '',
    async approve(id, person = 'alice') {
      const { text } = await api.call('document', { id });
      return await api.call('approve', { id, signatures: [asked.sign(text, person)] });
    },
    async has(menu, where, name) {
      const answer = await device(name).console(`:put [:len [${menu} find where ${where}]]`);
      return answer.trim() !== '0';
    },
    async traces(name) {
      const listed = await Promise.all(
        ['/system script', '/system scheduler'].map((menu) =>
          device(name).console(`:foreach i in=[${menu} find] do={:put [${menu} get $i name]}`),
        ),
      );
      return listed.flatMap((text) => text.split(/\r?\n/)).filter((one) => one.startsWith('sw-'));
    },
  };
  return asked;
}

function fits(record: SitewardRecord, wanted: Readonly<Record<string, unknown>>): boolean {
  const fields = record as unknown as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).every(([name, value]) =>
    !(name in fields) ? name === 'device' : fields[name] === value,
  );
}

/** Asks until there is an answer; a refusal's words are in the error when the time is up. */
export async function until<T>(what: string, ask: () => Promise<T>, seconds = 60): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > end) throw new Error(`waited ${seconds} s in vain: ${what}`, { cause: error });
    }
    await sleep(60);
  }
}

function makeKey(file: string, comment: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file], {
    stdio: 'ignore',
  });
}

function writeTrust(at: (name: string) => string, people: readonly string[]): void {
  const lines = people.map((name) => {
    const key = readFileSync(at(`keys/${name}.pub`), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ');
    return `${name}@example.org namespaces="git,${namespace}" ${key}\n`;
  });
  writeFileSync(at('allowed_signers'), lines.join(''), { mode: 0o600 });
  writeFileSync(at('revoked_keys'), '', { mode: 0o600 });
}

function desiredFiles(devices: WorldOptions['devices']): Record<string, string | Uint8Array> {
  return Object.fromEntries(
    Object.entries(devices).flatMap(([name, { exportText, desired = exportText }]) => {
      if (desired === null) return [];
      const bytes = typeof desired === 'string' ? Buffer.from(desired, 'latin1') : desired;
      return [[`devices/${name}/config.rsc`, bytes]];
    }),
  );
}

const quick = {
  driver: 'routeros',
  user: 'siteward',
  identity: 'keys/device',
  read: '1s',
  tick: '1s',
  flush: '0s',
  window: '15s',
  'min-uptime': '0s',
};

function settingsText(
  options: WorldOptions,
  repository: string,
  simulators: ReadonlyMap<string, Simulator>,
): string {
  const inline = (values: Readonly<Record<string, string>>): string =>
    `{ ${Object.entries(values)
      .map(([key, value]) => `${key}: ${value}`)
      .join(', ')} }`;
  const devices = [...simulators].map(([name, { host, port, hostKey }]) => {
    const more = options.devices[name]?.settings ?? {};
    return `  ${name}: ${inline({ address: host, port: String(port), 'host-key': `"${hostKey}"`, ...more })}\n`;
  });
  return `site: bud-01
organization: example.org
state: state
socket: s.sock
listen: 127.0.0.1:0
desired: { url: ${repository}, branch: main, signed: ${options.signed ?? 'off'}, poll: 1s }
defaults: ${inline({ ...quick, ...options.defaults })}
devices:
${devices.join('')}trust:
  allowed-signers: allowed_signers
  revoked-keys: revoked_keys
  people:
    alice: { principals: [alice@example.org], roles: [operational] }
    bob: { principals: [bob@example.org], roles: [operational] }
policy: ${options.policy ?? '{ approvals: { operational: 1 } }'}
`;
}

function readRecords(folder: string): readonly SitewardRecord[] {
  const segments = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  return segments.sort().flatMap((name) => {
    const lines = readFileSync(path.join(folder, name), 'utf8').split('\n');
    // What follows the last LF is being written.
    return lines.slice(0, -1).map((line) => JSON.parse(line) as SitewardRecord);
  });
}
