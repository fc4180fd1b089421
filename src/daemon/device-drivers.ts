/** Makes each device's driver, with its credentials read from the files that the settings name. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { InvalidInput } from '../core/errors.ts';
import type { DeviceSettings } from '../core/site.ts';
import type { Driver } from '../drivers/driver.ts';
import { createRouterosDriver } from '../drivers/routeros/driver.ts';
import { readOwnedFile } from '../settings/trust-files.ts';

const largestSecretBytes = 64 * 1024;

/** Throws `InvalidInput` when a credential's file is missing, too open, or none is named. */
export async function driverFor(device: DeviceSettings, clock: Clock): Promise<Driver> {
  const privateKey =
    device.identityFile === null ? undefined : await readOwnedFile(device.identityFile, largestSecretBytes);
  const password =
    device.passwordFile === null
      ? undefined
      : (await readOwnedFile(device.passwordFile, largestSecretBytes)).toString('utf8').replace(/\r?\n$/, '');
  if (privateKey === undefined && password === undefined) {
    throw new InvalidInput(
      'no-credential',
      `device ${device.name}: name a key with identity: or a file with password-file:`,
    );
  }
  const credentials = {
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(password === undefined ? {} : { password }),
  };
  return createRouterosDriver({ device, credentials, clock, random: (bytes) => randomBytes(bytes) });
}
