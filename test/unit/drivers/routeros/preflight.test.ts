/**
 * Every reason for which nothing is begun: its code, what it says to do, and that the device has afterwards what it had.
 * Each is tried twice: as a reading tells it, and in a rollout that was planned before it came to be.
 */
import { describe, expect, test } from 'vitest';
import { obstacleCodes } from '../../../../src/core/errors.ts';
import type { Behaviour } from '../../../../src/simulator/behaviour.ts';
import { profile } from '../../../../src/simulator/profiles.ts';
import { virtualDevice } from '../../../support/virtual-device.ts';
import type { VirtualDevice } from '../../../support/virtual-device.ts';
import { configurationOf, tracesOn, virtualRollout } from '../../../support/virtual-rollout.ts';

const never = new AbortController().signal;
const exportText = `# 2026-11-21 10:00:00 by RouterOS 7.18.2
# software id = 
#
/interface bridge
add name=bridge1
/ip dns static
add address=192.0.2.10 name=one.example.org
/system identity
set name=gw1
`;
const addRow = (text: string): string =>
  text.replace(/(\/ip dns static\r?\n)/, '$1add address=192.0.2.11 name=two.example.org\r\n');

interface Row {
  readonly code: string;
  readonly says: RegExp;
  readonly version?: string;
  readonly behaviour?: Partial<Behaviour>;
  readonly uptimeS?: number;
  /** Makes it so on a device that was well. */
  readonly begin?: (device: VirtualDevice) => void;
  /** And takes it away again. */
  readonly end?: (device: VirtualDevice) => void;
}

const group = (device: VirtualDevice, policy: string): void => {
  device.console(`/user group add name=few policy=${policy}`);
  device.console('/user set [find name=siteward] group=few');
};

const rows: readonly Row[] = [
  { code: 'version-too-old', says: /6\.37\.5 is older than 6\.38.*upgrade it/, version: '6.37.5' },
  { code: 'low-uptime', says: /up for \d+ s, a rollout needs 300 s \(min-uptime\)/, uptimeS: 60 },
  {
    code: 'held-on-device',
    says: /script siteward-hold is on the device: remove it there/,
    begin: (device) => void device.console('/system script add name=siteward-hold source=""'),
    end: (device) => void device.console('/system script remove [find name=siteward-hold]'),
  },
  {
    code: 'rights-missing',
    says: /may not .*policy.*run on the router: \/user group set \[find name="few"\] policy=/,
    begin: (device) => group(device, 'ssh,read,write'),
    end: (device) => void device.console('/user set [find name=siteward] group=full'),
  },
  {
    code: 'device-mode',
    says: /device-mode is home and forbids the scheduler.*\/system device-mode update scheduler=yes/,
    behaviour: profile('home-mode'),
  },
  {
    code: 'disk-full',
    says: /KiB are free on its disk and a rollout needs 128 KiB: remove files there/,
    begin: (device) => void (device.machine.files.full = true),
    end: (device) => void (device.machine.files.full = false),
  },
  {
    code: 'clock-unset',
    says: /clock was never set \(it says 1970-01-02\).*\/system clock set date=/,
    behaviour: profile('clock-unset'),
  },
];

function deviceOf({ behaviour, version, uptimeS }: Row): VirtualDevice {
  return virtualDevice({
    exportText,
    ...(behaviour === undefined ? {} : { behaviour }),
    ...(version === undefined ? {} : { version }),
    ...(uptimeS === undefined ? {} : { uptimeS }),
  });
}

describe('told by a reading, and nothing is changed to find out', () => {
  test.each(rows)('$code', async (row) => {
    const device = deviceOf(row);
    row.begin?.(device);
    let changes = 0;
    device.machine.onChange = () => changes++;
    const { obstacles } = await device.driver.observe(never);
    expect(obstacles).toEqual([{ code: row.code, message: expect.stringMatching(row.says) as string }]);
    expect(changes).toBe(0);
  });

  test('user-disabled: a session of before is still there', async () => {
    const device = virtualDevice({ exportText });
    expect((await device.driver.observe(never)).obstacles).toEqual([]);
    device.console('/user set [find name=siteward] disabled=yes');
    expect((await device.driver.observe(never)).obstacles).toMatchObject([
      { code: 'user-disabled', message: 'user siteward is disabled on the device: enable it there to go on' },
    ]);
  });

  test('safe-mode: who is logged in is named', async () => {
    const device = virtualDevice({ exportText });
    const admin = device.login('petr');
    device.machine.history.takeSafeMode(admin);
    expect((await device.driver.observe(never)).obstacles).toEqual([]);
    device.console('/ip pool add name=p ranges=192.0.2.77');
    const { obstacles, logins } = await device.driver.observe(never);
    expect(obstacles).toMatchObject([{ code: 'safe-mode' }]);
    expect(obstacles[0]?.message).toMatch(
      /1 changes would be taken back.*logged in: petr by ssh.*release it/,
    );
    expect(logins).toEqual([{ user: 'petr', via: 'ssh', address: '192.0.2.99' }]);
  });
});

describe('met by a rollout that was planned before', () => {
  test.each(rows.filter(({ begin }) => begin !== undefined))('$code', async (row) => {
    const device = deviceOf(row);
    const before = await configurationOf(device);
    const made = await virtualRollout(device, addRow);
    row.begin?.(device);
    await made.toItsEnd();
    expect(made.records.find(({ kind }) => kind === 'not-started')).toMatchObject({ code: row.code });
    row.end?.(device);
    device.console('/user group remove [find name=few]');
    expect(await configurationOf(device)).toEqual(before);
    expect(tracesOn(device)).toEqual(['sw-witness']);
  });

  test('safe-mode that nobody has changed anything in: what is staged into it shows', async () => {
    const device = virtualDevice({ exportText });
    const before = await configurationOf(device);
    const made = await virtualRollout(device, addRow);
    device.machine.history.takeSafeMode(device.login('petr'));
    await made.toItsEnd();
    expect(made.records.find(({ kind }) => kind === 'not-started')).toMatchObject({ code: 'safe-mode' });
    expect(await configurationOf(device)).toEqual(before);
    expect(device.sent.some(({ line }) => line.includes('/system scheduler add'))).toBe(false);
  });

  test.each([
    ['login', 'key-refused'],
    ['connection', 'unreachable'],
  ] as const)('%s refused: the lock is not taken', async (refuse, code) => {
    const device = virtualDevice({ exportText });
    const before = await configurationOf(device);
    const made = await virtualRollout(device, addRow);
    device.refuse = refuse;
    await made.turn();
    expect(made.records.find(({ kind }) => kind === 'not-started')).toMatchObject({ code });
    device.refuse = 'nothing';
    await made.toItsEnd();
    expect(await configurationOf(device)).toEqual(before);
    expect(tracesOn(device)).toEqual([]);
  });

  test('the brake is pulled after staging: looked at again right before arming', async () => {
    const device = virtualDevice({ exportText });
    const made = await virtualRollout(device, addRow);
    device.onCommand = (line) => {
      if (line.includes(`${made.rollout.id}-back" source=`))
        device.console('/system script add name=siteward-hold source=""');
    };
    await made.toItsEnd();
    expect(made.records.map(({ kind }) => kind)).not.toContain('apply-started');
    expect(made.records.find(({ kind }) => kind === 'not-started')).toMatchObject({ code: 'held-on-device' });
    expect(tracesOn(device)).toEqual(['sw-witness']);
  });
});

test('every reason has its row here', () => {
  const tried = [...rows.map(({ code }) => code), 'user-disabled', 'safe-mode'];
  expect(tried.toSorted()).toEqual([...obstacleCodes].toSorted());
});
