/**
 * Makes each device's driver. Its credentials are read anew for every session, from the files that the settings
 * name: a file that is missing or open to others is that device's fault alone, and over once it is put right.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { coversMenu } from '../core/gate/policy.ts';
import type { DeviceSettings, Policy } from '../core/site.ts';
import type { Driver } from '../drivers/driver.ts';
import type { Login } from '../core/rotation.ts';
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
 * Those that are in force: what the settings name, or the key that took its place since, as long as they name what it
 * replaced. `keyOf` reads it from the state; null there is a `SitewardError` credential-missing.
 */
export async function credentialsInForce(
  device: DeviceSettings,
  login: Login | null,
  keyOf: (sealed: string) => Promise<Buffer | null>,
): Promise<DeviceCredentials> {
  const said = await readCredentials(device);
  if (login === null || !isReplaced(said, login)) return said;
  const privateKey = await keyOf(login.sealed);
  if (privateKey !== null) return { privateKey };
  throw new SitewardError(
    'credential-missing',
    `the key that replaced ${device.identityFile ?? ''} on ${device.name} is gone from the state; ` +
      'restore the state folder, or give the device another key by hand and name it in the settings',
  );
}

export function isReplaced({ privateKey }: DeviceCredentials, { settingsKey }: Login): boolean {
  return privateKey !== undefined && keyFingerprint(privateKey) === settingsKey;
}

/** Entries of the policy's rules that mean no menu of any driver: a slip of the pen that would ask for no signature. */
export function unknownMenus({ sign, relax }: Pick<Policy, 'sign' | 'relax'>): readonly string[] {
  return [...sign, ...relax].filter((entry) => !menuPaths().some((menu) => coversMenu(entry, menu)));
}
