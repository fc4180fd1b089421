/**
 * What a sweep of a thousand devices costs the daemon: CPU of this process per device, all devices in one other process;
 * the heap may grow as the daemon's may, for every arm.
 * Against a bare loop of the SSH library, as one writes it, that logs in with the same key and takes the export.
 * Fresh: a reading over a new connection by a driver that read the device before, then both texts read, compared and
 * planned; git has what `adopt` writes for the device. Said beside it: git has another row in each section.
 * Unchanged: over the connection of before, and nothing has changed. A reading asks for more than the export (version,
 * uptime, what is left of rollouts), which the bare loop does not. Beside these: the bare loop with a key made once
 * (`bare, signing quickly`), the first reading of a device (`first`), and the most memory that this process ever took.
 */
import { spawn } from 'node:child_process';
import { randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import ssh2, { type ConnectConfig } from 'ssh2';
import { diffConfigurations } from '../../src/core/plan/diff.ts';
import { makePlan } from '../../src/core/plan/plan.ts';
import { letHeapGrow } from '../../src/daemon/heap-growth.ts';
import { systemClock } from '../../src/daemon/system-clock.ts';
import type { Driver, Observation } from '../../src/drivers/driver.ts';
import { makeKeyPair, signingKey } from '../../src/drivers/key-pair.ts';
import { adoptedText } from '../../src/drivers/routeros/adopt/adopt-text.ts';
import { routerosDialect as dialect } from '../../src/drivers/routeros/dialect.ts';
import { createRouterosDriver } from '../../src/drivers/routeros/driver.ts';
import { devicesSchema } from '../../src/settings/device-schema.ts';
import { deviceFrom } from '../../src/settings/device-settings.ts';
import { print, spread, words } from './harness.ts';
import { madeExport } from './made-exports.ts';

const DEVICES = 1000;
const AT_ONCE = 32;
const ROUNDS = 3;
const BYTES = 60_000;
const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const never = new AbortController().signal;

interface Address {
  readonly host: string;
  readonly port: number;
  readonly hostKey: string;
}

const pair = makeKeyPair('ed25519', 'bench');
const exportText = upTo(madeExport(1), BYTES);
/** In each section one row is another. */
function changed(text: Uint8Array): Uint8Array {
  return Buffer.from(
    Buffer.from(text)
      .toString('latin1')
      .replace('name=vlan0 ', 'comment=new name=vlan0 ')
      .replace(/comment="customer \d+"/, 'comment=new')
      .replace('action=accept', 'action=drop')
      .replace('server=dhcp1', 'comment=new server=dhcp1'),
    'latin1',
  );
}

/** The file that `adopt` writes. */
async function adopted(address: Address): Promise<Uint8Array> {
  const { exportText: text, facts } = await driverFor(address).observe(never);
  const { configuration } = dialect.parseActual(text, facts.version);
  return Buffer.from(adoptedText('gw1', facts.version, configuration).text, 'latin1');
}

/** Whole lines of it. */
function upTo(text: Uint8Array, bytes: number): Uint8Array {
  return text.subarray(0, text.indexOf(0x0a, bytes) + 1);
}

type Auth = Pick<ConnectConfig, 'privateKey' | 'authHandler'>;

/** As one writes it: the text of the key. */
const plainKey: Auth = { privateKey: pair.privateKey };

/** As the driver does: the key is made for signing once. */
function quickKey(): Auth {
  const key = ssh2.utils.parseKey(pair.privateKey);
  if (key instanceof Error) throw key;
  const signing = signingKey(key.getPrivatePEM(), key.getPublicSSH());
  if (signing === null) throw new Error('no key to sign with');
  key.sign = (data) => sign(null, Buffer.from(data), signing);
  const login = { type: 'publickey' as const, username: 'siteward', key };
  return { authHandler: [login] };
}

/** As the driver connects: the algorithms it would agree on, no Nagle. */
function bareLoop({ host, port }: Address, auth: Auth = plainKey): Promise<number> {
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
      ...auth,
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

/** As a pass of the daemon over a device. */
function planned({ exportText: text, facts }: Observation, wish: Uint8Array): number {
  const { version } = facts;
  const both = dialect.parseBoth({ text: wish, file: 'config.rsc' }, text, version);
  const [desired, actual] = [both.desired.configuration, both.actual.configuration];
  const problems = dialect.judgeDesired?.(desired, actual, version) ?? [];
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
    labels: ['desired', 'conflict', 'drift'],
    caps: { items: 20, share: 0.1 },
    management: { address: '192.0.2.1', port: 22, from: '192.0.2.2', interface: null },
    isOwn: () => false,
    secretsOnDevice: 'refuse',
    dialect,
  });
  if (plan.kind === 'refused') throw new Error(plan.message);
  return problems.length + (plan.kind === 'plan' ? plan.plan.actions.length : 0);
}

const drivers = new Map<Address, Driver>();
function driverFor(address: Address): Driver {
  const driver = drivers.get(address) ?? driverOf(address);
  drivers.set(address, driver);
  return driver;
}

const freshly =
  (wish: Uint8Array, isNothing: boolean) =>
  async (address: Address): Promise<number> => {
    const driver = driverFor(address);
    const observation = await driver.observe(never);
    if ((planned(observation, wish) === 0) !== isNothing) throw new Error('a plan that can not be');
    await driver.letGo();
    return observation.exportText.length;
  };

async function first(address: Address): Promise<number> {
  const driver = driverOf(address);
  const { exportText: text } = await driver.observe(never);
  await driver.close();
  return text.length;
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

/** Of this process, in MB, ever. */
const mostMemory = (): string => (process.resourceUsage().maxRSS / 1024).toFixed(0);

async function measure(addresses: readonly Address[]): Promise<void> {
  const quick = quickKey();
  const [one] = addresses;
  if (one === undefined) throw new Error('no device');
  const git = await adopted(one);
  const arms = {
    bare: bareLoop,
    'bare, signing quickly': (address: Address) => bareLoop(address, quick),
    fresh: freshly(git, true),
    first,
    unchanged,
  };
  const names = Object.keys(arms) as (keyof typeof arms)[];
  const taken = new Map(names.map((name) => [name, [] as number[]]));
  // A few of them first, so that what is measured is compiled; and every connection that is to be kept is there.
  for (const name of names) await sweep(addresses.slice(0, 100), arms[name]);
  const before = mostMemory();
  await sweep(addresses, arms.fresh);
  const without = mostMemory();
  await sweep(addresses, unchanged);
  print(
    `sweep: ${DEVICES} devices of ${exportText.length} bytes, ${AT_ONCE} at once, CPU of this process per device`,
  );
  print(
    `  most memory: ${before} MB before, ${without} MB after a sweep, ${mostMemory()} MB with all connections kept`,
  );
  for (let round = 0; round < ROUNDS; round++) {
    const from = round % names.length;
    for (const name of [...names.slice(from), ...names.slice(0, from)])
      taken.get(name)?.push(await sweep(addresses, arms[name]));
  }
  for (const name of names) print(`  ${name.padEnd(44)} ${words(spread(taken.get(name) ?? []))} ms`);
  const of = (name: keyof typeof arms): readonly number[] => taken.get(name) ?? [];
  judge('G7: fresh / bare', 1.6, of('fresh'), of('bare'));
  judge('G8: unchanged / fresh', 0.35, of('unchanged'), of('fresh'));
  const against = (name: keyof typeof arms): string =>
    words(spread(of('fresh').map((ms, round) => ms / (of(name)[round] ?? Number.NaN))));
  print(`  fresh / bare, signing quickly = ${against('bare, signing quickly')}, not judged`);
  const some = addresses.slice(0, 100);
  const another = freshly(changed(git), false);
  await sweep(some, another);
  const each = (await sweep(some, another)).toFixed(1);
  print(`  fresh, and a row differs in each section: ${each} ms for each of ${some.length}, not judged`);
  await Promise.all([...kept.values()].map(({ driver }) => driver.close()));
  await Promise.all([...drivers.values()].map((driver) => driver.close()));
}

letHeapGrow();
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
