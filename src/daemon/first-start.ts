/**
 * At a first start nothing is known, so the head would be accepted as it is. If a device already carries this
 * site's witness, this is no first start: the state was lost, and what was accepted before is not known.
 */
import { SitewardError } from '../core/errors.ts';
import type { Driver } from '../drivers/driver.ts';
import type { DeviceSettings } from '../core/site.ts';

export async function firstStartObstacle(
  site: string,
  daemon: string,
  drivers: readonly { readonly device: DeviceSettings; readonly driver: Driver }[],
  signal: AbortSignal,
): Promise<SitewardError | null> {
  const seen = await Promise.all(
    drivers.map(async ({ device, driver }) => {
      // A device that can't be read now shows its witness at its own first reading, and is not touched then.
      const observation = await driver.observe(signal).catch(() => null);
      const witness = observation?.witness ?? null;
      return witness !== null && witness.site === site && witness.daemon !== daemon ? device.name : null;
    }),
  );
  const device = seen.find((name) => name !== null);
  if (device === undefined) return null;
  return new SitewardError(
    'state-lost',
    `${device} was managed by this site before, but the state folder is new; restore the state folder and start again`,
  );
}
