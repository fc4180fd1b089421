/**
 * What reading devices costs the daemon: CPU of this process per device, the devices in another one; each arm reads a
 * thousand in all, a quarter of them in turn. Against a bare loop of the SSH library that logs in and takes the export.
 * Fresh: a driver's reading over a new connection, then both texts read, compared and planned. Unchanged: over the
 * connection of before, and nothing has changed. A reading asks for more than the export (version, uptime, what is
 * left of rollouts), which the bare loop does not.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import ssh2 from 'ssh2';
import { diffConfigurations } from '../../src/core/plan/diff.ts';
import { makePlan } from '../../src/core/plan/plan.ts';
import { systemClock } from '../../src/daemon/system-clock.ts';
import type { Driver, Observation } from '../../src/drivers/driver.ts';
import { makeKeyPair } from '../../src/drivers/key-pair.ts';
import { routerosDialect as dialect } from '../../src/drivers/routeros/dialect.ts';
import { createRouterosDriver } from '../../src/drivers/routeros/driver.ts';
import { devicesSchema } from '../../src/settings/schema.ts';
import { deviceFrom } from '../../src/settings/settings.ts';
import { print, spread, words } from './harness.ts';
import { madeExport } from './made-exports.ts';

const DEVICES = 250;
const AT_ONCE = 32;
const ROUNDS = 4;
const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const never = new AbortController().signal;

interface Address {
  readonly host: string;
  readonly port: number;
  readonly hostKey: string;
}

const pair = makeKeyPair('ed25519', 'bench');
const exportText = madeExport(1);

/** As the driver connects: the algorithms it would agree on, no Nagle. */
function bareLoop({ host, port }: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    const chunks: Buffer[] = [];
    client.on('error', reject);
    client.on('ready', () => {
      client.exec('/export', (error, channel) => {
        if (error !== undefined) return reject(error);
        channel.stderr.resume();
        channel.on('data', (data: Buffer) => chunks.push(data));
        channel.on('close', () => {
          client.end();
          resolve(Buffer.concat(chunks).length);
        });
      });
    });
    client.connect({
      sock: net.connect({ host, port, noDelay: true }),
      username: 'siteward',
      privateKey: pair.privateKey,
      algorithms: {
        kex: ['curve25519-sha256'],
        cipher: ['aes128-gcm@openssh.com'],
        compress: ['none'],
      },
    });
  });
}

function driverOf({ host, port, hostKey }: Address): Driver {
  const raw = {
    driver: 'routeros',
    address: host,
    port,
    user: 'siteward',
    identity: 'k',
    'host-key': hostKey,
  };
  const device = deviceFrom('gw1', devicesSchema.parse({ gw1: raw })['gw1']!, '/');
  return createRouterosDriver({
    device,
    credentials: () => Promise.resolve({ privateKey: Buffer.from(pair.privateKey) }),
    clock: systemClock,
    random: (bytes) => randomBytes(bytes),
  });
}

/** As a pass of the daemon over a device that is what it should be. */
function planned({ exportText: text, facts }: Observation): string {
  const { version } = facts;
  const desired = dialect.parseDesired(exportText, 'config.rsc', version).configuration;
  const actual = dialect.parseActual(text, version).configuration;
  const judged = dialect.judgeDesired?.(desired, actual, version) ?? [];
  const { differences } = diffConfigurations({
    confirmed: desired,
    desired,
    actual,
    owns: 'sections',
    ignore: [],
    dialect,
  });
  const plan = makePlan({
    differences,
    actual,
    desired,
    labels: ['desired', 'conflict'],
    caps: { items: 20, share: 0.1 },
    management: { address: '192.0.2.1', port: 22, from: '192.0.2.2', interface: null },
    isOwn: () => false,
    secretsOnDevice: 'refuse',
    dialect,
  });
  return `${plan.kind} ${judged.length}`;
}

async function fresh(address: Address): Promise<number> {
  const driver = driverOf(address);
  try {
    const observation = await driver.observe(never);
    if (!planned(observation).startsWith('nothing')) throw new Error('a difference where there is none');
    return observation.exportText.length;
  } finally {
    await driver.close();
  }
}

const kept = new Map<Address, { readonly driver: Driver; readonly fingerprint: string }>();
async function unchanged(address: Address): Promise<number> {
  const known = kept.get(address);
  const driver = known?.driver ?? driverOf(address);
  const { exportText: text, fingerprint } = await driver.observe(never);
  if (known !== undefined && known.fingerprint !== fingerprint) throw new Error('it changed');
  kept.set(address, { driver, fingerprint });
  return text.length;
}

/** CPU per device in milliseconds. */
async function sweep(
  addresses: readonly Address[],
  one: (address: Address) => Promise<number>,
): Promise<number> {
  globalThis.gc?.();
  const before = process.cpuUsage();
  const queue = [...addresses];
  let least = Infinity;
  const worker = async (): Promise<void> => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop())
      least = Math.min(least, await one(next));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const { user, system } = process.cpuUsage(before);
  if (least < exportText.length / 2) throw new Error('an export is missing');
  return (user + system) / 1000 / addresses.length;
}

function judge(name: string, goal: number, of: readonly number[], against: readonly number[]): void {
  const ratios = spread(of.map((ms, round) => ms / (against[round] ?? Number.NaN)));
  const met = ratios.median <= goal;
  print(`  ${name} = ${words(ratios)}, goal ${goal}: ${met ? 'met' : 'MISSED'}`);
  if (!met) process.exitCode = 1;
}

async function measure(addresses: readonly Address[]): Promise<void> {
  const arms = { bare: bareLoop, fresh, unchanged };
  const names = ['bare', 'fresh', 'unchanged'] as const;
  const taken = { bare: [] as number[], fresh: [] as number[], unchanged: [] as number[] };
  // A few of them first, so that what is measured is compiled; and every connection that is to be kept is there.
  for (const name of names) await sweep(addresses.slice(0, 100), arms[name]);
  await sweep(addresses, unchanged);
  for (let round = 0; round < ROUNDS; round++)
    for (const name of [...names.slice(round % 3), ...names.slice(0, round % 3)])
      taken[name].push(await sweep(addresses, arms[name]));
  print(
    `sweep: ${DEVICES} devices of ${exportText.length} bytes, ${AT_ONCE} at once, CPU of this process per device`,
  );
  for (const name of names) print(`  ${name.padEnd(44)} ${words(spread(taken[name]))} ms`);
  judge('G7: fresh / bare', 1.6, taken.fresh, taken.bare);
  judge('G8: unchanged / fresh', 0.35, taken.unchanged, taken.fresh);
  await Promise.all([...kept.values()].map(({ driver }) => driver.close()));
}

const folder = mkdtempSync(path.join(tmpdir(), 'siteward-bench-'));
writeFileSync(path.join(folder, 'export.rsc'), exportText);
writeFileSync(path.join(folder, 'keys'), `${pair.publicKey}\n`);
const simulators = spawn(
  process.execPath,
  [
    main,
    ...['simulate', 'routeros', '--export', path.join(folder, 'export.rsc'), '--user', 'siteward'],
    ...['--authorized-keys', path.join(folder, 'keys'), '--devices', String(DEVICES)],
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const ended = new Promise((resolve) => simulators.once('exit', resolve));
try {
  const addresses: Address[] = [];
  for await (const line of createInterface({ input: simulators.stdout })) {
    addresses.push(JSON.parse(line) as Address);
    if (addresses.length === DEVICES) break;
  }
  await measure(addresses);
} finally {
  simulators.kill('SIGTERM');
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
