/**
 * Makes each device's driver. Its credentials are read anew for every session, from the files that the settings
 * name: a file that is missing or open to others is that device's fault alone, and over once it is put right.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { coversMenu } from '../core/gate/policy.ts';
import type { DeviceSettings, Policy } from '../core/site.ts';
import type { Driver } from '../drivers/driver.ts';
import type { Login } from '../core/rotation.ts';
import { kindOfLogin } from '../core/rotation.ts';
import { SitewardError } from '../core/errors.ts';
import { keyFingerprint } from '../drivers/ssh-session.ts';
import { createRouterosDriver } from '../drivers/routeros/driver.ts';
import { menuPaths } from '../drivers/routeros/menus.ts';
import { readSecretFile } from '../settings/trust-files.ts';

const largestSecretBytes = 64 * 1024;

export function driverFor(
  device: DeviceSettings,
  clock: Clock,
  credentials: () => Promise<DeviceCredentials> = () => readCredentials(device),
): Driver {
  return createRouterosDriver({ device, credentials, clock, random: (bytes) => randomBytes(bytes) });
}

export interface DeviceCredentials {
  readonly privateKey?: Buffer;
  readonly password?: string;
}

/** Throws `InvalidInput` when a file is missing, of another user, or readable by others. The settings name one. */
export async function readCredentials({
  identityFile,
  passwordFile,
}: Pick<DeviceSettings, 'identityFile' | 'passwordFile'>): Promise<DeviceCredentials> {
  const read = (file: string): Promise<Buffer> => readSecretFile(file, largestSecretBytes);
  return {
    ...(identityFile === null ? {} : { privateKey: await read(identityFile) }),
    ...(passwordFile === null
      ? {}
      : { password: (await read(passwordFile)).toString('utf8').replace(/\r?\n$/, '') }),
  };
}

/**
 * Those that are in force: what the settings name, or what took its place since, as long as they name what it replaced.
 * `secretOf` reads it from the state. A key that is gone from there is a `SitewardError` credential-missing; without the
 * password nothing tells what it replaced, so the settings count.
 */
export async function credentialsInForce(
  device: DeviceSettings,
  login: Login | null,
  secretOf: (sealed: string) => Promise<Buffer | null>,
): Promise<DeviceCredentials> {
  const said = await readCredentials(device);
  if (login === null) return said;
  const secret = await secretOf(login.sealed);
  if (!isReplaced(said, login, secret)) return said;
  if (secret !== null)
    return kindOfLogin(login) === 'key' ? { privateKey: secret } : { password: secret.toString('latin1') };
  throw new SitewardError(
    'credential-missing',
    `the key that replaced ${device.identityFile ?? ''} on ${device.name} is gone from the state; ` +
      'restore the state folder, or give the device another key by hand and name it in the settings',
  );
}

/** `secret`: what replaced it; null: it is gone. */
export function isReplaced(said: DeviceCredentials, login: Login, secret: Buffer | null): boolean {
  const kind = said.password === undefined ? 'key' : 'password';
  return kind === kindOfLogin(login) && markOf(said, secret) === login.settingsKey;
}

/**
 * What tells later whether the settings still name the same: a key's fingerprint, or of a password a digest that is keyed
 * by what replaces it, so that nobody can try passwords against the journal.
 */
export function markOf({ privateKey, password }: DeviceCredentials, secret: Buffer | null): string | null {
  if (privateKey !== undefined) return keyFingerprint(privateKey);
  if (password === undefined || secret === null) return null;
  return createHmac('sha256', secret).update(password).digest('hex');
}

/** Entries of the policy's rules that mean no menu of any driver: a slip of the pen that would ask for no signature. */
export function unknownMenus({ sign, relax }: Pick<Policy, 'sign' | 'relax'>): readonly string[] {
  return [...sign, ...relax].filter((entry) => !menuPaths().some((menu) => coversMenu(entry, menu)));
}
