/** What each arm of the sweep's bench does with one device, in the process of that arm. */
import { randomBytes, sign } from 'node:crypto';
import net from 'node:net';
import ssh2, { type ConnectConfig } from 'ssh2';
import { diffConfigurations } from '../../src/core/plan/diff.ts';
import { makePlan } from '../../src/core/plan/plan.ts';
import { systemClock } from '../../src/daemon/system-clock.ts';
import type { Driver, Observation } from '../../src/drivers/driver.ts';
import { signingKey } from '../../src/drivers/key-pair.ts';
import { adoptedText } from '../../src/drivers/routeros/adopt/adopt-text.ts';
import { routerosDialect as dialect } from '../../src/drivers/routeros/dialect.ts';
import { createRouterosDriver } from '../../src/drivers/routeros/driver.ts';
import { devicesSchema } from '../../src/settings/device-schema.ts';
import { deviceFrom } from '../../src/settings/device-settings.ts';
import { madeExport } from './made-exports.ts';

const BYTES = 60_000;
const never = new AbortController().signal;

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly hostKey: string;
}

/** What the process of an arm is told. */
export interface Task {
  readonly privateKey: string;
  readonly addresses: readonly Address[];
}

let privateKey = '';
export const exportText = upTo(madeExport(1), BYTES);
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
const plainKey = (): Auth => ({ privateKey });

/** As the driver does: the key is made for signing once. */
function quickKey(): Auth {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  const signing = signingKey(key.getPrivatePEM(), key.getPublicSSH());
  if (signing === null) throw new Error('no key to sign with');
  key.sign = (data) => sign(null, Buffer.from(data), signing);
  const login = { type: 'publickey' as const, username: 'siteward', key };
  return { authHandler: [login] };
}

/** As the driver connects: the algorithms it would agree on, no Nagle. */
function bareLoop({ host, port }: Address, auth: Auth = plainKey()): Promise<number> {
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
    credentials: () => Promise.resolve({ privateKey: Buffer.from(privateKey) }),
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

export interface Arm {
  readonly one: (address: Address) => Promise<number>;
  readonly ours: boolean;
}

const makers = {
  bare: (): Arm => ({ one: bareLoop, ours: false }),
  bareQuick: (): Arm => {
    const auth = quickKey();
    return { one: (address) => bareLoop(address, auth), ours: false };
  },
  fresh: (git: Uint8Array): Arm => ({ one: freshly(git, true), ours: true }),
  changed: (git: Uint8Array): Arm => ({ one: freshly(changed(git), false), ours: true }),
  first: (): Arm => ({ one: first, ours: true }),
  unchanged: (): Arm => ({ one: unchanged, ours: true }),
};
export type Name = keyof typeof makers;

export const names = Object.keys(makers) as Name[];

/** For the one arm of this process. */
export async function makeArm(name: Name, task: Task): Promise<Arm> {
  ({ privateKey } = task);
  const [one] = task.addresses;
  if (one === undefined) throw new Error('no device');
  return makers[name](await adopted(one));
}
