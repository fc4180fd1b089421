/** Cleaning a device that another holds meanwhile: it is told so, and nothing is taken off. */
import { expect, test } from 'vitest';
import type { Rollout } from '../../../../src/core/rollout/rollout.ts';
import { createRouterosDriver } from '../../../../src/drivers/routeros/driver.ts';
import { printLock } from '../../../../src/drivers/routeros/objects.ts';
import { deviceSettings, machineClock } from '../../../support/scripted-device.ts';

const daemon = 'd'.repeat(32);
const rollout = { id: '00112233aabb', device: 'gw1', owner: { daemon, nonce: 'e'.repeat(16) } } as Rollout;

/** A driver whose device answers every question with the next of these facts, the last one for ever. */
function driverOn(facts: readonly string[], sent: string[]): ReturnType<typeof createRouterosDriver> {
  const left = [...facts];
  return createRouterosDriver({
    device: deviceSettings({ port: 22, hostKey: 'SHA256:x' }),
    credentials: () => Promise.resolve({ password: 'password' }),
    clock: { ...machineClock, sleep: () => Promise.resolve() },
    random: (bytes) => Buffer.alloc(bytes),
    connect: () =>
      Promise.resolve({
        hostKey: 'SHA256:x',
        localAddress: '192.0.2.2',
        exec: (line) => {
          const [, command = '', end = ''] = /^(.*); :put "(.*)"$/.exec(line) ?? [];
          sent.push(command);
          const asks = command.startsWith(':put');
          const text = !asks ? '' : left.length > 1 ? left.shift() : left[0];
          return Promise.resolve({ output: Buffer.from(`${text ?? ''}${end}\r\n`), exitCode: 0 });
        },
        close: () => Promise.resolve(),
      }),
  });
}

const changing = (sent: readonly string[]): readonly string[] =>
  sent.filter((one) => !one.startsWith(':put'));

test('a lock of another rollout ends it before the first command that changes anything', async () => {
  const sent: string[] = [];
  const lock = printLock({ daemon, nonce: 'e'.repeat(16), rollout: 'ffffffffffff' });
  const driver = driverOn([`uptime=1d00:00:00\r\nlock=${lock}\r\n`], sent);
  await expect(driver.clean(rollout, () => undefined, new AbortController().signal)).rejects.toMatchObject({
    code: 'locked',
  });
  expect(changing(sent)).toEqual([]);
});

test('D09 a restart before the last removal was flushed may have brought it back: it is not taken for clean', async () => {
  const sent: string[] = [];
  const standing = 'version=7.18.2\r\nboard=CHR\r\nidentity=gw1\r\n';
  const driver = driverOn(
    [
      'uptime=1d00:00:00\r\n',
      `${standing}uptime=1d00:00:01\r\nlock=${printLock({ ...rollout.owner, rollout: rollout.id })}\r\n`,
      `${standing}uptime=1d00:00:02\r\n`,
      'uptime=00:00:20\r\n',
    ],
    sent,
  );
  const cached = { ...rollout, times: { flushMs: 45_000 } } as Rollout;
  await expect(driver.clean(cached, () => undefined, new AbortController().signal)).rejects.toMatchObject({
    code: 'rejected',
  });
  expect(changing(sent)).toHaveLength(1);
});

test('a witness that another wrote meanwhile ends it before the lock goes', async () => {
  const sent: string[] = [];
  const witness = (seq: number): string =>
    `witness=# siteward witness site=s daemon=${daemon} seq=${seq} head=${'a'.repeat(64)}\r\n`;
  const lock = `lock=${printLock({ ...rollout.owner, rollout: rollout.id })}\r\n`;
  const standing = 'version=7.18.2\r\nboard=CHR\r\nidentity=gw1\r\n';
  const driver = driverOn(
    [`uptime=1d00:00:00\r\n${lock}${witness(7)}`, `${standing}uptime=1d00:00:01\r\n${lock}${witness(12)}`],
    sent,
  );
  const judge = (seen: { readonly seq: number } | null): void => {
    if (seen?.seq !== 7) throw new Error(`record ${seen?.seq ?? ''}`);
  };
  await expect(driver.clean(rollout, judge, new AbortController().signal)).rejects.toThrow('record 12');
  expect(changing(sent)).toEqual([]);
});
