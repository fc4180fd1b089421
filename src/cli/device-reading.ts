/**
 * What a device has now, read once: by the daemon where one runs, which holds the device's credentials; else by this
 * process, as `check` does. Changes nothing.
 */
import type { Command } from 'commander';
import { InvalidInput } from '../core/errors.ts';
import type { Unseen } from '../daemon/whole-reading.ts';
import { settingsFileOf } from './common.ts';

export interface Reading {
  readonly text: Buffer;
  readonly version: string;
  /** Sections of which it is not proved that the text holds them whole. */
  readonly unseen: readonly Unseen[];
}

const patienceMs = 240_000;

/** `sections`: those that have to be proved although the device may not show them. */
export async function readDeviceNow(
  device: string,
  command: Command,
  sections: readonly string[] = [],
): Promise<Reading> {
  const [{ loadSettings }, { connectTo }] = await Promise.all([
    import('../settings/settings.ts'),
    import('../api/client.ts'),
  ]);
  const settings = await loadSettings(settingsFileOf(command));
  try {
    const asked = { device, sections: [...sections] };
    const { text, ...rest } = await connectTo(settings.socket).call('reading', asked);
    return { text: Buffer.from(text, 'latin1'), ...rest };
  } catch (error) {
    if (!isNobodyThere(error)) throw error;
  }
  const known = settings.devices.find(({ name }) => name === device);
  if (known === undefined)
    throw new InvalidInput('no-such-device', `no device ${device} in ${settings.file}; enrol it first`);
  const [{ driverFor }, { systemClock }, { readWhole }] = await Promise.all([
    import('../daemon/device-drivers.ts'),
    import('../daemon/system-clock.ts'),
    import('../daemon/whole-reading.ts'),
  ]);
  const driver = driverFor(known, systemClock);
  try {
    const { observation, unseen } = await readWhole(driver, sections, AbortSignal.timeout(patienceMs));
    return { text: Buffer.from(observation.exportText), version: observation.facts.version, unseen };
  } finally {
    await driver.close();
  }
}

function isNobodyThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'daemon-not-running';
}
