import { expect, test } from 'vitest';
import { DeviceError, InvalidInput } from '../../../src/core/errors.ts';
import type { DeviceSettings } from '../../../src/core/site.ts';
import { firstStartObstacle } from '../../../src/daemon/first-start.ts';
import type { Driver } from '../../../src/drivers/driver.ts';

type Seen = { site: string; daemon: string } | Error | null;

async function obstacle(...seen: readonly Seen[]): Promise<string | null> {
  const drivers = seen.map((one, index) => ({
    device: { name: `gw${index + 1}` } as DeviceSettings,
    driver: {
      observe: () =>
        one instanceof Error
          ? Promise.reject(one)
          : Promise.resolve({ witness: one && { ...one, seq: 1, head: '' } }),
    } as unknown as Driver,
  }));
  const found = await firstStartObstacle('bud-01', 'new', drivers, new AbortController().signal);
  return found === null ? null : `${found.code}: ${found.message.split(' ')[0] ?? ''}`;
}

test('devices without a witness, or with that of another site, are a first start', async () => {
  expect(
    await obstacle(null, { site: 'vie-02', daemon: 'old' }, { site: 'bud-01', daemon: 'new' }),
  ).toBeNull();
});

test('one witness of this site is enough: the state was lost', async () => {
  const old = { site: 'bud-01', daemon: 'old' };
  expect(await obstacle(null, old)).toBe('state-lost: gw2');
  expect(await obstacle(new DeviceError('unreachable', 'no'), old)).toBe('state-lost: gw2');
});

test.each([
  new DeviceError('unreachable', 'no route'),
  new DeviceError('timeout', 'slow'),
  new DeviceError('incomplete-export', 'cut'),
  new Error('a defect'),
])('a device that did not answer has not said no: %s', async (error) => {
  expect(await obstacle(null, error)).toBe('first-start-unsure: gw2');
});

test.each([
  new DeviceError('host-key-mismatch', 'another'),
  new DeviceError('key-refused', 'no'),
  new InvalidInput('unreadable', 'no key'),
])('a device that the settings leave no way to holds nobody up: %s', async (error) => {
  expect(await obstacle(null, error)).toBeNull();
});
