/**
 * One look at one device for `siteward check`: what its login may do, then one reading, so that a login that may read
 * nothing is still told what it lacks.
 */
import { codeOf, messageOf } from '../core/errors.ts';
import type { DeviceSettings } from '../core/site.ts';
import type { DeviceRights } from '../drivers/driver.ts';
import type { DeviceCredentials } from './device-drivers.ts';
import { driverFor } from './device-drivers.ts';
import { systemClock } from './system-clock.ts';
import { readWhole } from './whole-reading.ts';

export interface ProbeResult {
  readonly ok: boolean;
  readonly code: string;
  readonly message: string;
  /** Null: it could not be asked. */
  readonly rights: DeviceRights | null;
}

const patienceMs = 60_000;

export async function probeDevice(
  device: DeviceSettings,
  credentials?: () => Promise<DeviceCredentials>,
): Promise<ProbeResult> {
  let rights: DeviceRights | null = null;
  try {
    const driver = driverFor(device, systemClock, credentials);
    try {
      rights = await driver.rights(AbortSignal.timeout(patienceMs));
      const { observation, unseen } = await readWhole(driver, [], AbortSignal.timeout(patienceMs));
      const { facts, obstacles } = observation;
      const [obstacle] = obstacles;
      if (obstacle !== undefined) return { ok: true, ...obstacle, rights };
      const hidden = unseen.map(({ section }) => section).join(', ');
      const but = hidden === '' ? '' : ` but for what this login may not be shown: ${hidden}`;
      const message = `${facts.model} ${facts.version}, export complete${but}`;
      return { ok: true, code: 'readable', message, rights };
    } finally {
      await driver.close();
    }
  } catch (error) {
    return { ok: false, code: codeOf(error), message: messageOf(error), rights };
  }
}
