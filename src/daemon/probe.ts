/** One reading of one device for `siteward check`: reachable, known, and with the rights that a rollout needs. */
import { codeOf, messageOf } from '../core/errors.ts';
import type { DeviceSettings } from '../core/site.ts';
import type { Settings } from '../settings/settings.ts';
import { driverFor } from './device-drivers.ts';
import { systemClock } from './system-clock.ts';

export interface ProbeResult {
  readonly ok: boolean;
  readonly code: string;
  readonly message: string;
  readonly facts: { readonly model: string; readonly version: string; readonly identity: string } | null;
}

export async function probeDevice(_settings: Settings, device: DeviceSettings): Promise<ProbeResult> {
  try {
    const driver = driverFor(device, systemClock);
    try {
      const { facts, obstacles } = await driver.observe(AbortSignal.timeout(60_000));
      const { model, version, identity } = facts;
      const obstacle = obstacles[0];
      const shown = { model, version, identity };
      if (obstacle !== undefined)
        return { ok: true, code: obstacle.code, message: obstacle.message, facts: shown };
      return { ok: true, code: 'readable', message: `${model} ${version}, export complete`, facts: shown };
    } finally {
      await driver.close();
    }
  } catch (error) {
    return { ok: false, code: codeOf(error), message: messageOf(error), facts: null };
  }
}
