/**
 * The effects of `siteward enrol`: what a router shows on the wire, a key pair of its own beside the settings, and what
 * the router says once its user is there. Changes nothing on the router.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import path from 'node:path';
import { HostKeyMismatch, DeviceError, InvalidInput, fileProblem } from '../core/errors.ts';
import type { DeviceSettings } from '../core/site.ts';
import type { DeviceRights } from '../drivers/driver.ts';
import { linesOf } from '../drivers/routeros/console.ts';
import { versionCommand } from '../drivers/routeros/commands.ts';
import { withConsole, type Reach } from '../drivers/routeros/effects/device-console.ts';
import { enrolmentCommand } from '../drivers/routeros/enrolment.ts';
import type { KeyPair } from '../drivers/key-pair.ts';
import { connect } from '../drivers/ssh-session.ts';
import { driverFor, readCredentials } from './device-drivers.ts';
import { systemClock } from './system-clock.ts';

const patienceMs = 30_000;

export interface Shown {
  /** `SHA256:…` of what answers there, whoever that is. */
  readonly hostKey: string;
  /** Where this machine comes from on the way there. */
  readonly from: string;
}

/** Throws `DeviceError` unreachable. Nothing is said to the device: no key is the one that is asked for. */
export async function lookAt(host: string, port: number): Promise<Shown> {
  const signal = AbortSignal.timeout(patienceMs);
  const nobody = { host, port, user: 'nobody', hostKey: '', timeoutMs: patienceMs };
  try {
    await (await connect(nobody, signal)).close();
  } catch (error) {
    if (error instanceof HostKeyMismatch)
      return { hostKey: error.shown, from: await localAddress(host, port) };
    throw error;
  }
  throw new DeviceError('unsupported', `${host} port ${port}: it shows no host key`);
}

function localAddress(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ host, port });
    socket.setTimeout(patienceMs, () => socket.destroy(new Error('no answer')));
    socket.once('error', (cause) =>
      reject(new DeviceError('unreachable', `${host} port ${port}: the connection failed`, { cause })),
    );
    socket.once('connect', () => {
      resolve((socket.localAddress ?? '').replace(/^::ffff:/, ''));
      socket.destroy();
    });
  });
}

/** Both files, the private one readable by this user alone. Throws `InvalidInput`; never writes over a file. */
export async function keepKeyPair(file: string, { privateKey, publicKey }: KeyPair): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, privateKey, { mode: 0o600, flag: 'wx' });
    await writeFile(`${file}.pub`, `${publicKey}\n`, { mode: 0o644 });
  } catch (cause) {
    throw new InvalidInput(
      'unwritable',
      `the key can't be kept there: it ${fileProblem(cause)}`,
      { file },
      { cause },
    );
  }
}

export interface Answered {
  readonly rights: DeviceRights;
  /** The comment of the user, '' when the device does not let it be read. */
  readonly note: string;
  readonly version: string;
}

async function rightsOf(device: DeviceSettings, signal: AbortSignal): Promise<DeviceRights> {
  const driver = driverFor(device, systemClock);
  try {
    return await driver.rights(signal);
  } finally {
    await driver.close();
  }
}

/** What the router says to its user. Throws `DeviceError`, key-refused while the block was not pasted. */
export async function askEnrolled(device: DeviceSettings): Promise<Answered> {
  const reach: Reach = {
    device,
    credentials: () => readCredentials(device),
    clock: systemClock,
    random: (bytes) => randomBytes(bytes),
    log: () => undefined,
    connect,
  };
  const signal = AbortSignal.timeout(2 * patienceMs);
  const rights = await rightsOf(device, signal);
  return await withConsole(reach, 'enrol', signal, async (console) => {
    if (rights.missing?.includes('read') === true) return { rights, note: '', version: '' };
    const version = linesOf(await console.read(versionCommand()))[0] ?? '';
    const note = linesOf(await console.read(enrolmentCommand(device.user)))[0] ?? '';
    return { rights, note, version };
  });
}
