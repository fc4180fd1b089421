/** Readings over real SSH: ages of devices, dialogs that only terminals meet, and an export of two megabytes. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createRouterosDriver } from '../../src/drivers/routeros/driver.ts';
import { profile, profileVersion } from '../../src/simulator/profiles.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { deviceSettings, machineClock } from '../support/scripted-device.ts';

const never = new AbortController().signal;
const small =
  '# 2026-11-21 10:00:00 by RouterOS 7.15.3\n# software id = \n#\n/system identity\nset name=gw1\n';

async function observed(exportText: string, profiles: readonly string[]) {
  const version = profileVersion(profiles);
  const simulator = await startSimulator({
    exportText: Buffer.from(exportText, 'latin1'),
    user: 'siteward',
    password: 'password',
    behaviour: profile(...profiles),
    ...(version === undefined ? {} : { version }),
  });
  const { host: address, port, hostKey } = simulator;
  const driver = createRouterosDriver({
    device: deviceSettings({ address, port, hostKey }),
    credentials: () => Promise.resolve({ password: 'password' }),
    clock: machineClock,
    random: randomBytes,
  });
  try {
    return await driver.observe(never);
  } finally {
    await driver.close();
    await simulator.close();
  }
}

test.concurrent.each([
  ['RouterOS 6, its RSA key and its algorithms', ['v6.49'], '6.49.18'],
  ['an early 7 with an RSA key', ['v7.9'], '7.9.2'],
  ['7.21, which asks a terminal for a new password', ['v7.21'], '7.21.5'],
  ['a device that shows its licence to a terminal', ['licence'], '7.15.3'],
  ['a device that gives no exit status', ['missing'], '7.15.3'],
])('%s', async (_, profiles, version) => {
  expect((await observed(small, profiles)).facts).toMatchObject({ version, identity: 'gw1' });
});

test.concurrent(
  'an export of two megabytes arrives whole, also where small windows would stall',
  async () => {
    const rows = Array.from(
      { length: 42_000 },
      (_, i) =>
        `add address=10.${Math.floor(i / 65_536)}.${Math.floor(i / 256) % 256}.${i % 256} list=customers-of-this-site\n`,
    );
    const text = small.replace(
      '/system identity',
      `/ip firewall address-list\n${rows.join('')}/system identity`,
    );
    const { exportText } = await observed(text, ['small-windows-stall']);
    expect(exportText.length).toBeGreaterThan(2_000_000);
    const lines = Buffer.from(exportText).toString('latin1').split('\r\n');
    expect(lines.filter((line) => line.startsWith('add address='))).toHaveLength(42_000);
    expect(lines.at(-2)).toBe('set name=gw1');
  },
);
