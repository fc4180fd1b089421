/**
 * What a device has now, read once: by the daemon where one runs, which holds the device's credentials; else by this
 * process, as `check` does. Changes nothing.
 */
import type { Command } from 'commander';
import { InvalidInput } from '../core/errors.ts';
import { settingsFileOf } from './common.ts';

export interface Reading {
  readonly text: Buffer;
  readonly version: string;
}

const patienceMs = 240_000;

export async function readDeviceNow(device: string, command: Command): Promise<Reading> {
  const [{ loadSettings }, { connectTo }] = await Promise.all([
    import('../settings/settings.ts'),
    import('../api/client.ts'),
  ]);
  const settings = await loadSettings(settingsFileOf(command));
  try {
    const { text, version } = await connectTo(settings.socket).call('reading', { device });
    return { text: Buffer.from(text, 'latin1'), version };
  } catch (error) {
    if (!isNobodyThere(error)) throw error;
  }
  const known = settings.devices.find(({ name }) => name === device);
  if (known === undefined)
    throw new InvalidInput('no-such-device', `no device ${device} in ${settings.file}; enrol it first`);
  const [{ driverFor }, { systemClock }] = await Promise.all([
    import('../daemon/device-drivers.ts'),
    import('../daemon/system-clock.ts'),
  ]);
  const driver = driverFor(known, systemClock);
  try {
    const { exportText, facts } = await driver.observe(AbortSignal.timeout(patienceMs));
    return { text: Buffer.from(exportText), version: facts.version };
  } finally {
    await driver.close();
  }
}

function isNobodyThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'daemon-not-running';
}
