/**
 * The demo's world in a temporary folder: a simulated router, a git repository, keys made on the spot, a daemon.
 * Every process is started from here and ended by its handle; the folder goes away with the demo.
 */
import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';

export interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface World {
  readonly folder: string;
  readonly metricsUrl: string;
  /** Runs `siteward ARGS` against this world's daemon. */
  siteward(...args: readonly string[]): Promise<Told>;
  /** Runs any program; its folder is the world's. */
  run(program: string, ...args: readonly string[]): Promise<Told>;
  /** Types one command on the router, as an administrator would. */
  onRouter(command: string): Promise<Told>;
  startDaemon(): Promise<void>;
  /** `kill -9`. */
  killDaemon(): Promise<void>;
  /** The desired file of the router, as the working tree has it. */
  readDesired(): Promise<string>;
  commit(subject: string, text: string): Promise<void>;
  /** What the daemon said last, for when something went wrong. */
  lastLogLines(count: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

const environment = {
  ...process.env,
  LC_ALL: 'C',
  NO_COLOR: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  SSH_AUTH_SOCK: '',
};

export async function buildWorld(exportText: Buffer, program: string): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'siteward-demo-'));
  const children = new Set<ChildProcess>();
  let daemon: ChildProcess | null = null;
  const at = (name: string): string => join(folder, name);

  async function run(command: string, ...args: readonly string[]): Promise<Told> {
    return await runProgram(command, args, folder);
  }
  async function must(command: string, ...args: readonly string[]): Promise<void> {
    const told = await run(command, ...args);
    if (told.code !== 0) throw new Error(`${command} ${args[0] ?? ''} failed: ${told.stderr}`);
  }
  function start(args: readonly string[], logName: string): ChildProcess {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    child.on('exit', () => children.delete(child));
    const log = (chunk: Buffer): void => void appendFile(at(logName), chunk);
    child.stdout.on('data', log);
    child.stderr.on('data', log);
    return child;
  }
  async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }
  async function close(): Promise<void> {
    for (const child of children) await end(child, child === daemon ? 'SIGTERM' : 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }

  try {
    await mkdir(at('keys'), { mode: 0o700 });
    await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'siteward', '-f', at('keys/gw1'));
    await must('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'alice', '-f', at('keys/alice'));
    await writeFile(at('router.rsc'), exportText);
    const simulator = start(
      [
        'simulate',
        'routeros',
        '--export',
        at('router.rsc'),
        '--user',
        'siteward',
        '--authorized-keys',
        at('keys/gw1.pub'),
      ],
      'router.log',
    );
    const router = JSON.parse(await firstLine(simulator)) as { host: string; port: number; hostKey: string };
    await buildRepository(must, at, exportText);
    const metricsPort = await freePort();
    await writeFile(at('settings.yaml'), settingsText(router, folder, metricsPort), { mode: 0o600 });
    const alice = (await readFile(at('keys/alice.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
    await writeFile(
      at('allowed_signers'),
      `alice@example.org namespaces="siteward-operational-v1@example.org" ${alice}\n`,
      { mode: 0o600 },
    );
    const ssh = [
      '-F',
      '/dev/null',
      '-i',
      at('keys/gw1'),
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      `UserKnownHostsFile=${at('known_hosts')}`,
      '-o',
      'LogLevel=ERROR',
      '-o',
      'BatchMode=yes',
      '-o',
      'ConnectTimeout=5',
      '-p',
      String(router.port),
      `siteward@${router.host}`,
    ];
    return {
      folder,
      metricsUrl: `http://127.0.0.1:${metricsPort}`,
      run,
      siteward: (...args) => run(process.execPath, program, '--settings', at('settings.yaml'), ...args),
      onRouter: (command) => run('ssh', ...ssh, command),
      async startDaemon() {
        daemon = start(['run', '--settings', at('settings.yaml')], 'daemon.log');
        await Promise.resolve();
      },
      async killDaemon() {
        if (daemon !== null) await end(daemon, 'SIGKILL');
      },
      readDesired: async () => (await readFile(at('network/devices/gw1/config.rsc'))).toString('latin1'),
      async commit(subject, text) {
        await writeFile(at('network/devices/gw1/config.rsc'), Buffer.from(text, 'latin1'));
        await must('git', '-C', at('network'), 'commit', '-qam', subject);
      },
      async lastLogLines(count) {
        const text = await readFile(at('daemon.log'), 'utf8').catch(() => '');
        return text.trimEnd().split('\n').slice(-count);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function buildRepository(
  must: (command: string, ...args: readonly string[]) => Promise<void>,
  at: (name: string) => string,
  exportText: Buffer,
): Promise<void> {
  await mkdir(at('network/devices/gw1'), { recursive: true });
  await writeFile(at('network/site.yaml'), 'site: demo\n');
  await writeFile(at('network/devices/gw1/config.rsc'), exportText);
  await must('git', 'init', '-q', '-b', 'main', at('network'));
  for (const [name, value] of [
    ['user.name', 'alice'],
    ['user.email', 'alice@example.org'],
    ['core.autocrlf', 'false'],
  ] as const) {
    await must('git', '-C', at('network'), 'config', name, value);
  }
  await must('git', '-C', at('network'), 'add', '-A');
  await must('git', '-C', at('network'), 'commit', '-qm', 'The router as it is');
}

function settingsText(
  router: { host: string; port: number; hostKey: string },
  folder: string,
  metricsPort: number,
): string {
  return `site: demo
organization: example.org
state: ${folder}/state
socket: ${folder}/siteward.sock
listen: 127.0.0.1:${metricsPort}
desired: { url: ${folder}/network, branch: main, signed: off, poll: 1s }
defaults: { read: 2s, tick: 1s, flush: 0s, window: 15s, min-uptime: 0s }
devices:
  gw1:
    driver: routeros
    address: ${router.host}
    port: ${router.port}
    user: siteward
    identity: keys/gw1
    host-key: ${router.hostKey}
trust:
  allowed-signers: allowed_signers
  people:
    alice: { principals: [alice@example.org], roles: [operational] }
policy:
  approvals: { operational: 1 }
`;
}

function runProgram(command: string, args: readonly string[], cwd: string): Promise<Told> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      { cwd, env: environment, encoding: 'utf8', timeout: 120_000 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 2;
        resolve({ code, stdout, stderr });
      },
    );
  });
}

/** The first line a child prints; what it prints later still goes to its log. */
function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const end = text.indexOf('\n');
      if (end !== -1) resolve(text.slice(0, end));
    });
    child.on('exit', () => {
      reject(new Error('the simulated router did not start'));
    });
  });
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
