/** Cleaning a device that another holds meanwhile: it is told so, and nothing is taken off. */
import { expect, test } from 'vitest';
import type { Rollout } from '../../../../src/core/rollout/rollout.ts';
import { createRouterosDriver } from '../../../../src/drivers/routeros/driver.ts';
import { printLock } from '../../../../src/drivers/routeros/objects.ts';
import { deviceSettings, machineClock } from '../../../support/scripted-device.ts';

const daemon = 'd'.repeat(32);
const rollout = { id: '00112233aabb', device: 'gw1', owner: { daemon, nonce: 'e'.repeat(16) } } as Rollout;

test('a lock of another rollout ends it before the first command that changes anything', async () => {
  const sent: string[] = [];
  const lock = printLock({ daemon, nonce: 'e'.repeat(16), rollout: 'ffffffffffff' });
  const driver = createRouterosDriver({
    device: deviceSettings({ port: 22, hostKey: 'SHA256:x' }),
    credentials: () => Promise.resolve({ password: 'password' }),
    clock: machineClock,
    random: (bytes) => Buffer.alloc(bytes),
    connect: () =>
      Promise.resolve({
        hostKey: 'SHA256:x',
        localAddress: '192.0.2.2',
        exec: (line) => {
          const [, command = '', end = ''] = /^(.*); :put "(.*)"$/.exec(line) ?? [];
          sent.push(command);
          return Promise.resolve({
            output: Buffer.from(`uptime=1d00:00:00\r\nlock=${lock}\r\n${end}\r\n`),
            exitCode: 0,
          });
        },
        close: () => Promise.resolve(),
      }),
  });
  await expect(driver.clean(rollout, new AbortController().signal)).rejects.toMatchObject({ code: 'locked' });
  expect(sent.filter((command) => !command.startsWith(':put'))).toEqual([]);
});
