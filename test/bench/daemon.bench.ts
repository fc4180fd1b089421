/**
 * G12: how much memory the daemon ever took (VmHWM) with a thousand devices of 60 kB in its settings: from its start to the
 * end of three sweeps, every device in sync with a file of its own in git. The devices are in one other process.
 * `SITEWARD_BENCH_READ` says how often each is read.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeKeyPair } from '../../src/drivers/key-pair.ts';
import { print } from './harness.ts';
import { madeExport } from './made-exports.ts';

const deviceCount = 1000;
const exportBytes = 60_000;
const mostMegabytes = 300;
const sweeps = 3;
const patienceMs = 9 * 60_000;
const readEvery = process.env['SITEWARD_BENCH_READ'] ?? '30s';
const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));

const folder = mkdtempSync(path.join(tmpdir(), 'siteward-bench-'));
const at = (name: string): string => path.join(folder, name);

function start(args: readonly string[], output: 'pipe' | 'ignore'): ChildProcess {
  return spawn(process.execPath, [main, ...args], { stdio: ['ignore', output, 'inherit'] });
}

/** Whole lines of a made export; each device's file is another one. */
function writeRepository(text: Uint8Array): void {
  for (let n = 0; n < deviceCount; n++) {
    mkdirSync(at(`network/devices/gw${n}`), { recursive: true });
    writeFileSync(at(`network/devices/gw${n}/config.rsc`), Buffer.concat([text, Buffer.from(`# gw${n}\n`)]));
  }
  writeFileSync(at('network/site.yaml'), 'site: bench\n');
  const git = (...args: readonly string[]): unknown =>
    execFileSync('git', [
      '-C',
      at('network'),
      '-c',
      'user.name=bench',
      '-c',
      'user.email=b@example.org',
      ...args,
    ]);
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-qm', 'The devices as they are');
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly hostKey: string;
}

function settingsText(addresses: readonly Address[], metricsPort: number): string {
  const devices = addresses.map(
    ({ host, port, hostKey }, n) =>
      `  gw${n}: { driver: routeros, address: ${host}, port: ${port}, user: siteward, identity: key, host-key: '${hostKey}' }\n`,
  );
  return `site: bench
organization: example.org
state: ${at('state')}
socket: ${at('siteward.sock')}
listen: 127.0.0.1:${metricsPort}
desired: { url: ${at('network')}, branch: main, signed: off, poll: 10m }
defaults: { read: ${readEvery}, min-uptime: 0s }
devices:
${devices.join('')}trust: { allowed-signers: allowed_signers, people: { alice: { principals: [alice@example.org], roles: [operational] } } }
policy: { approvals: { operational: 1 } }
`;
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Passes that went well, and devices in sync after their last one. */
async function progress(metricsPort: number): Promise<{ readonly passes: number; readonly inSync: number }> {
  const text = await fetch(`http://127.0.0.1:${metricsPort}/metrics`).then(
    (answer) => answer.text(),
    () => '',
  );
  const passes = /^siteward_passes_total\{result="ok"\} (\d+)$/m.exec(text)?.[1];
  return {
    passes: Number(passes ?? 0),
    inSync: text.match(/^siteward_device_in_sync\{[^}]*\} 1$/gm)?.length ?? 0,
  };
}

const megabytes = (pid: number | undefined, field: 'VmHWM' | 'VmRSS'): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) /
  1024;

/** Until so many passes are over; says how much memory was taken by then. */
async function sweepTo(passes: number, daemon: ChildProcess, metricsPort: number): Promise<void> {
  const begun = performance.now();
  for (;;) {
    const now = await progress(metricsPort);
    if (now.passes >= passes && now.inSync === deviceCount) break;
    if (performance.now() - begun > patienceMs || daemon.exitCode !== null)
      throw new Error(`${now.passes} passes, ${now.inSync} devices in sync`);
    await sleep(500);
  }
  const [most, now] = (['VmHWM', 'VmRSS'] as const).map((field) => megabytes(daemon.pid, field).toFixed(0));
  const tookS = ((performance.now() - begun) / 1000).toFixed(0);
  print(`  ${passes} passes: ${tookS} s more, at most ${most} MB, ${now} MB now`);
}

const made = madeExport(1);
const text = made.subarray(0, made.indexOf(0x0a, exportBytes) + 1);
const pair = makeKeyPair('ed25519', 'bench');
const children: ChildProcess[] = [];
try {
  writeFileSync(at('export.rsc'), text);
  writeFileSync(at('keys'), `${pair.publicKey}\n`);
  writeFileSync(at('key'), pair.privateKey, { mode: 0o600 });
  writeFileSync(
    at('allowed_signers'),
    `alice@example.org namespaces="siteward-operational-v1@example.org" ${pair.publicKey}\n`,
    { mode: 0o600 },
  );
  writeRepository(text);
  const simulators = start(
    [
      ...['simulate', 'routeros', '--export', at('export.rsc'), '--user', 'siteward'],
      ...['--authorized-keys', at('keys'), '--devices', String(deviceCount)],
    ],
    'pipe',
  );
  children.push(simulators);
  const addresses: Address[] = [];
  if (simulators.stdout !== null)
    for await (const line of createInterface({ input: simulators.stdout })) {
      addresses.push(JSON.parse(line) as Address);
      if (addresses.length === deviceCount) break;
    }
  const metricsPort = await freePort();
  writeFileSync(at('settings.yaml'), settingsText(addresses, metricsPort), { mode: 0o600 });
  const daemon = start(['run', '--settings', at('settings.yaml')], 'ignore');
  children.push(daemon);
  print(`daemon: memory with ${deviceCount} devices of ${text.length} bytes`);
  for (let sweep = 1; sweep <= sweeps; sweep++) await sweepTo(sweep * deviceCount, daemon, metricsPort);
  const most = megabytes(daemon.pid, 'VmHWM');
  const met = most <= mostMegabytes;
  print(`  G12 = ${most.toFixed(0)} MB, goal ${mostMegabytes}: ${met ? 'met' : 'MISSED'}`);
  if (!met) process.exitCode = 1;
} finally {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
}
