/**
 * At a first start nothing is known, so the head would be accepted as it is. If a device already carries this
 * site's witness, this is no first start: the state was lost, and what was accepted before is not known. A device
 * that does not answer has not said that it carries none, so nothing is accepted before it did.
 */
import { codeOf, InvalidInput, messageOf, SitewardError } from '../core/errors.ts';
import type { Driver } from '../drivers/driver.ts';
import type { DeviceSettings } from '../core/site.ts';
import { StateLost } from '../reconcile/accept-commit.ts';

export async function firstStartObstacle(
  site: string,
  daemon: string,
  drivers: readonly { readonly device: DeviceSettings; readonly driver: Driver }[],
  signal: AbortSignal,
): Promise<SitewardError | null> {
  const asked = await Promise.all(
    drivers.map(async ({ device: { name }, driver }) => {
      try {
        const { witness } = await driver.observe(signal);
        const lost = witness !== null && witness.site === site && witness.daemon !== daemon;
        return lost ? { device: name, witness } : null;
      } catch (error) {
        signal.throwIfAborted();
        return isOut(error) ? null : notAsked(name, error);
      }
    }),
  );
  const witnesses = asked.flatMap((one) => (one === null || one instanceof SitewardError ? [] : [one]));
  if (witnesses.length > 0) return new StateLost(witnesses);
  return asked.find((one) => one instanceof SitewardError) ?? null;
}

/**
 * What only a change of the settings ends: this daemon has no way to that device at all, so it is not served, and
 * shows its witness at its own first reading, before anything is done on it.
 */
function isOut(error: unknown): boolean {
  return (
    error instanceof InvalidInput ||
    ['host-key-mismatch', 'key-refused', 'password-refused'].includes(codeOf(error))
  );
}

function notAsked(device: string, cause: unknown): SitewardError {
  return new SitewardError(
    'first-start-unsure',
    `${device} does not say whether this site managed it before (${messageOf(cause)}); nothing is accepted until it ` +
      'was read once: make it answer, or leave it out of the settings until it does',
    { cause },
  );
}
