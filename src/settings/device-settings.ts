/** One device's settings with its defaults filled in and its paths made absolute. Reports the first fault with its place. */
import path from 'node:path';
import type { BackupSettings } from '../core/backup.ts';
import { InvalidInput } from '../core/errors.ts';
import type { Place } from '../core/errors.ts';
import type { DeviceSettings } from '../core/site.ts';
import type { RawDevice } from './device-schema.ts';
import { probesOf } from './probes.ts';
import type { RawDefaults } from './schema.ts';

export interface PlacedDevice {
  readonly name: string;
  readonly raw: RawDevice;
  readonly place: (key?: string) => Place;
}

/** One device as a block of settings says it. Throws `InvalidInput`. */
export function deviceFrom(name: string, raw: RawDevice, folder: string): DeviceSettings {
  const device = deviceOf({ name, raw, place: () => ({ file: name }) }, {}, folder);
  if (device instanceof InvalidInput) throw device;
  return device;
}

export function deviceOf(
  device: PlacedDevice,
  defaults: RawDefaults,
  folder: string,
): DeviceSettings | InvalidInput {
  const { name, raw, place } = device;
  const missing = (key: string): InvalidInput =>
    new InvalidInput(
      'missing-key',
      `device ${name}: missing key "${key}"; set it here or under \`defaults:\``,
      place(),
    );
  const own = raw.identity !== undefined || raw['password-file'] !== undefined;
  const identity = own ? raw.identity : defaults.identity;
  const password = own ? raw['password-file'] : defaults['password-file'];
  if (identity !== undefined && password !== undefined)
    return new InvalidInput(
      'invalid-value',
      `device ${name}: expected either "identity" or "password-file", got both`,
      place(own ? 'password-file' : undefined),
    );
  if (identity === undefined && password === undefined) return missing('identity');
  const user = raw.user ?? defaults.user;
  if (user === undefined) return missing('user');
  const driver = raw.driver ?? defaults.driver;
  if (driver === undefined) return missing('driver');
  const rollout = raw.rollout ?? defaults.rollout ?? 'auto';
  const backup = backupOf(raw.backup ?? defaults.backup ?? {});
  if (backup === null)
    return new InvalidInput(
      'invalid-value',
      `device ${name}: backup: expected either "every" or "at", and "zone" with "at" only`,
      place('backup'),
    );
  const maintenance = raw.maintenance ?? defaults.maintenance ?? null;
  if (rollout === 'window' && maintenance === null) return missing('maintenance');
  if (rollout !== 'window' && raw.maintenance !== undefined)
    return new InvalidInput(
      'invalid-value',
      `device ${name}: "maintenance" means nothing with rollout: ${rollout}; set "rollout: window" or take it out`,
      place('maintenance'),
    );
  return {
    name,
    driver,
    address: raw.address,
    port: raw.port ?? defaults.port ?? 22,
    user,
    identityFile: identity === undefined ? null : path.resolve(folder, identity),
    passwordFile: password === undefined ? null : path.resolve(folder, password),
    hostKey: raw['host-key'],
    manage: raw.manage ?? defaults.manage ?? 'rollout',
    rollout,
    maintenance: rollout === 'window' ? maintenance : null,
    readMs: raw.read ?? defaults.read ?? 15 * 60_000,
    windowMs: raw.window ?? defaults.window ?? 120_000,
    tickMs: raw.tick ?? defaults.tick ?? 10_000,
    flushMs: raw.flush ?? defaults.flush ?? 45_000,
    minUptimeMs: raw['min-uptime'] ?? defaults['min-uptime'] ?? 5 * 60_000,
    soakMs: raw.soak ?? defaults.soak ?? 0,
    backup,
    drillMs: raw.drill ?? defaults.drill ?? null,
    probes: probesOf(raw.probes ?? defaults.probes ?? {}),
    secrets: raw.secrets ?? defaults.secrets ?? 'hidden',
    secretsOnDevice: raw['secrets-on-device'] ?? defaults['secrets-on-device'] ?? 'refuse',
    management: defined({ ...defaults.management, ...raw.management }),
  };
}

/** Null: it contradicts itself. */
function backupOf({
  every,
  at,
  zone,
  binary = false,
}: NonNullable<RawDefaults['backup']>): BackupSettings | null {
  if ((every !== undefined && at !== undefined) || (zone !== undefined && at === undefined)) return null;
  if (every !== undefined) return { schedule: { everyMs: every }, binary };
  if (at === undefined) return { schedule: null, binary };
  const [hours = 0, minutes = 0] = at.split(':').map(Number);
  return { schedule: { at: hours * 60 + minutes, zone: zone ?? 'UTC' }, binary };
}

/** Without keys that are there but undefined. */
function defined(management: NonNullable<RawDevice['management']>): DeviceSettings['management'] {
  const { address, port, from, interface: name } = management;
  return {
    ...(address === undefined ? {} : { address }),
    ...(port === undefined ? {} : { port }),
    ...(from === undefined ? {} : { from }),
    ...(name === undefined ? {} : { interface: name }),
  };
}
