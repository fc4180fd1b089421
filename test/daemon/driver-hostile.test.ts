/** The RouterOS driver against devices that lie, stop in the middle or belong to somebody else. */
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import type { Plan } from '../../src/core/plan/action.ts';
import type { Rollout } from '../../src/core/rollout/rollout.ts';
import type { DeviceSettings } from '../../src/core/site.ts';
import type { Driver } from '../../src/drivers/driver.ts';
import { createRouterosDriver } from '../../src/drivers/routeros/driver.ts';
import { printLock } from '../../src/drivers/routeros/objects.ts';
import {
  machineClock,
  startScriptedDevice,
  type Reply,
  type ScriptedDevice,
} from '../support/scripted-device.ts';

const never = new AbortController().signal;
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

const exportText =
  '# 2026-11-21 10:00:00 by RouterOS 7.15.3\r\n# software id = \r\n#\r\n/ip dns\r\nset servers=192.0.2.53\r\n';
const facts = 'version=7.15.3 (stable)\r\nboard=CHR\r\nuptime=1d00:00:00\r\nidentity=gw1\r\n';
const conditions =
  'conditions=\r\ngroup=g\r\ndisabled=no\r\npolicy=ssh;read;write;test;policy;sensitive;password\r\ndate=2026-11-21\r\nfree=9999999\r\nfloating=0\r\n';
const rolloutId = '0123456789ab';
const owner = { daemon: 'd'.repeat(32), nonce: 'e'.repeat(16) };
const ownLock = printLock({ ...owner, rollout: rolloutId });

const emptyPlan: Plan = {
  actions: [],
  class: 'benign',
  reason: '',
  base: [],
  target: [],
  baseDigest: '0'.repeat(64),
  path: { kind: 'untouched', by: '' },
  rollback: 'exact',
};
const rollout: Rollout = {
  id: rolloutId,
  device: 'gw1',
  owner,
  deviceKey: 'SHA256:x',
  plan: emptyPlan,
  times: { windowMs: 20_000, tickMs: 1_000, flushMs: 0, minUptimeMs: 300_000, soakMs: 0 },
  payload: { check: ':put "1 base"', apply: ':put "apply"', back: ':put "back"' },
};

async function deviceThat(
  answer: (command: string) => Reply | undefined,
  settings: Partial<DeviceSettings> = {},
): Promise<{ driver: Driver; device: ScriptedDevice }> {
  const device = await startScriptedDevice((command) => {
    const reply = answer(command) ?? usual(command);
    const asked = command.includes(':put "conditions="') && typeof reply === 'object' && 'say' in reply;
    return asked ? { say: reply.say + conditions } : reply;
  });
  const driver = createRouterosDriver({
    device: { ...device.settings, ...settings },
    credentials: () => Promise.resolve({ password: device.password }),
    clock: machineClock,
    random: randomBytes,
  });
  opened.push(device, driver);
  return { driver, device };
}

function usual(command: string): Reply {
  if (command.startsWith(':put ("version=')) return { say: facts };
  if (command.startsWith('/export')) return { say: exportText };
  return { say: '' };
}

const isFacts = (command: string): boolean => command.startsWith(':put ("version=');

describe('observe', () => {
  test('the export comes as it was sent, without the line that ends it', async () => {
    const { driver, device } = await deviceThat(() => undefined);
    const observation = await driver.observe(never);
    expect(Buffer.from(observation.exportText).toString('latin1')).toBe(exportText);
    expect(observation).toMatchObject({
      facts: { model: 'CHR', version: '7.15.3', identity: 'gw1', uptimeS: 86_400 },
      hostKey: device.settings.hostKey,
      localAddress: '127.0.0.1',
      witness: null,
      lock: null,
      leftovers: [],
      obstacles: [],
    });
    expect(device.sent.at(-1)).toBe('/export');
  });

  test('RouterOS 6 is asked to hide its secrets', async () => {
    const { driver, device } = await deviceThat((command) =>
      isFacts(command) ? { say: facts.replace('7.15.3', '6.49.10') } : undefined,
    );
    await driver.observe(never);
    expect(device.sent.at(-1)).toBe('/export hide-sensitive');
  });

  test.each([
    ['ends early', { fail: exportText.slice(0, -20) }],
    ['names a menu it could not export', { say: `${exportText}#error exporting "/ip/ssh" (timeout)\r\n` }],
    ['is empty', { say: '' }],
    ['has no header', { say: '/ip dns\r\nset servers=192.0.2.53\r\n' }],
    ['was interrupted', { fail: `${exportText}#interrupted\r\n` }],
  ] as const)('an export that %s is incomplete, and its text is in no message', async (_, reply) => {
    const { driver } = await deviceThat((command) => (command.startsWith('/export') ? reply : undefined));
    const attempt = driver.observe(never);
    await expect(attempt).rejects.toMatchObject({ name: 'DeviceError', code: 'incomplete-export' });
    await expect(attempt).rejects.not.toThrow(/192\.0\.2\.53/);
  });

  test('the connection is cut in the export: unreachable', async () => {
    const { driver } = await deviceThat((command) => (command.startsWith('/export') ? 'cut' : undefined));
    await expect(driver.observe(never)).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('a login without the policy: permission-denied', async () => {
    const { driver } = await deviceThat(() => ({ fail: 'not enough permissions (9)\r\n' }));
    await expect(driver.observe(never)).rejects.toMatchObject({ code: 'permission-denied' });
  });

  test('short uptime, a hold and the traces of others are told', async () => {
    const more = `script=sw-lock\r\nscript=siteward\r\nscheduler=sw-ffffffffffff-tick\r\nhold=yes\r\nlock=${ownLock}\r\n`;
    const { driver } = await deviceThat((command) =>
      isFacts(command) ? { say: facts.replace('1d00:00:00', '00:00:10') + more } : undefined,
    );
    const observation = await driver.observe(never);
    expect(observation.obstacles.map(({ code }) => code)).toEqual(['held-on-device', 'low-uptime']);
    expect(observation.lock).toBe(ownLock);
    expect(observation.leftovers).toContain('sw-ffffffffffff-tick');
  });

  test('a device that hangs ends with the signal', async () => {
    const controller = new AbortController();
    const { driver } = await deviceThat((command) => {
      if (!command.startsWith('/export')) return undefined;
      controller.abort(new Error('enough'));
      return 'hang';
    });
    await expect(driver.observe(controller.signal)).rejects.toThrow('enough');
  });
});

describe('lock', () => {
  const isAdd = (command: string): boolean => /^(:do \{)?\/system script add name="sw-lock"/.test(command);

  /** A device with a list of locks, where a second one of the name is refused or not. */
  function locks(unique: boolean): { answer: (command: string) => Reply | undefined; held: string[] } {
    const held: string[] = [];
    const answer = (command: string): Reply | undefined => {
      if (isAdd(command)) {
        if (unique && held.length > 0) {
          const caught = command.startsWith(':do');
          return caught ? { say: '' } : { fail: 'failure: item with this name already exists\r\n' };
        }
        held.push(ownLock);
        return { say: '' };
      }
      if (isFacts(command)) {
        return { say: facts + held.map((lock) => `script=sw-lock\r\nlock=${lock}\r\n`).join('') };
      }
      if (command.startsWith(':put [:len')) return { say: `${held.length}\r\n` };
      if (command.includes('/system script remove')) held.length = 0;
      return undefined;
    };
    return { answer, held };
  }

  test('is taken, and a second one is seen to be refused', async () => {
    const { answer, held } = locks(true);
    const { driver, device } = await deviceThat(answer);
    await driver.lock(rollout, () => undefined, never);
    expect(held).toEqual([ownLock]);
    expect(device.sent.filter(isAdd)).toHaveLength(2);
    await driver.lock(rollout, () => undefined, never);
    expect(held).toEqual([ownLock]);
  });

  test('names are not unique on this device: unsupported, and the locks go again', async () => {
    const { answer, held } = locks(false);
    const { driver } = await deviceThat(answer);
    await expect(driver.lock(rollout, () => undefined, never)).rejects.toMatchObject({ code: 'unsupported' });
    expect(held).toEqual([]);
  });

  test.each([
    [
      'of another daemon',
      printLock({ daemon: 'a'.repeat(32), nonce: owner.nonce, rollout: rolloutId }),
      'locked',
    ],
    ['of another rollout of ours', printLock({ ...owner, rollout: 'f'.repeat(12) }), 'locked'],
    ['that nobody can read', 'mine!', 'locked'],
  ])('D10 a lock %s stops it, and nothing is sent that changes anything', async (_, lock, code) => {
    const { driver, device } = await deviceThat((command) =>
      isFacts(command) ? { say: `${facts}script=sw-lock\r\nlock=${lock}\r\n` } : undefined,
    );
    await expect(driver.lock(rollout, () => undefined, never)).rejects.toMatchObject({ code });
    expect(device.sent.every(isFacts)).toBe(true);
  });

  test("another rollout's objects stop it", async () => {
    const { driver, device } = await deviceThat((command) =>
      isFacts(command) ? { say: `${facts}scheduler=sw-ffffffffffff-tick\r\n` } : undefined,
    );
    await expect(driver.lock(rollout, () => undefined, never)).rejects.toMatchObject({
      code: 'foreign-rollout',
    });
    expect(device.sent.every(isFacts)).toBe(true);
  });

  test('the answer is lost: unknown, not failed', async () => {
    const { driver } = await deviceThat((command) => (isAdd(command) ? 'cut' : undefined));
    await expect(driver.lock(rollout, () => undefined, never)).rejects.toMatchObject({
      name: 'OutcomeUnknown',
    });
  });

  test('somebody was faster: what is read back decides', async () => {
    const other = printLock({ daemon: 'a'.repeat(32), nonce: owner.nonce, rollout: 'a'.repeat(12) });
    let asked = 0;
    const { driver } = await deviceThat((command) => {
      if (command.startsWith(':do')) return { say: '' };
      if (isAdd(command)) return { fail: 'failure: item with this name already exists\r\n' };
      if (command.startsWith(':put [:len')) return { say: '1\r\n' };
      if (isFacts(command) && asked++ > 0) return { say: `${facts}script=sw-lock\r\nlock=${other}\r\n` };
      return undefined;
    });
    await expect(driver.lock(rollout, () => undefined, never)).rejects.toMatchObject({ code: 'locked' });
  });
});

describe('stage', () => {
  const locked = `${facts}script=sw-lock\r\nlock=${ownLock}\r\n`;
  const readBack = (command: string): string | null =>
    /^:put \[\/system script get \[find name="(.*)"\] source\]$/.exec(command)?.[1] ?? null;

  test('without its own lock it sends nothing that changes anything', async () => {
    const { driver, device } = await deviceThat(() => undefined);
    await expect(driver.stage(rollout, never)).rejects.toMatchObject({ code: 'locked' });
    expect(device.sent.every(isFacts)).toBe(true);
  });

  test('a device that has just started: low-uptime', async () => {
    const { driver } = await deviceThat((command) =>
      isFacts(command) ? { say: locked.replace('1d00:00:00', '00:04:59') } : undefined,
    );
    await expect(driver.stage(rollout, never)).rejects.toMatchObject({ code: 'low-uptime' });
  });

  test('a person holds the device: nothing is staged', async () => {
    const { driver } = await deviceThat((command) =>
      isFacts(command) ? { say: `${locked}hold=yes\r\n` } : undefined,
    );
    await expect(driver.stage(rollout, never)).rejects.toThrow(/siteward-hold/);
  });

  test('a script that reads back differently is refused', async () => {
    const { driver } = await deviceThat((command) => {
      if (isFacts(command)) return { say: locked };
      return readBack(command) === null ? undefined : { say: ':put "1 bas"\r\n' };
    });
    await expect(driver.stage(rollout, never)).rejects.toThrow(/reads back differently/);
  });

  test.each([
    ['finds another item', '1 other\r\n'],
    ['says nothing', ''],
  ])('the check on the device %s: selector-mismatch, and no apply is staged', async (_, said) => {
    const { driver, device } = await deviceThat((command) => {
      if (isFacts(command)) return { say: locked };
      if (readBack(command)?.endsWith('-check') === true) return { say: ':put "1 base"\r\n' };
      return command.startsWith('/system script run') ? { say: said } : undefined;
    });
    await expect(driver.stage(rollout, never)).rejects.toMatchObject({ code: 'selector-mismatch' });
    expect(device.sent.some((command) => command.includes(`add name="sw-${rolloutId}-apply"`))).toBe(false);
  });
});

describe('confirm', () => {
  test('the answer is lost: unknown', async () => {
    const { driver } = await deviceThat((command) => (command.startsWith(':if') ? 'cut' : undefined));
    const deadline = { armedUptimeS: 86_400, deadlineUptimeS: 86_500 };
    await expect(driver.confirm(rollout, deadline, never)).rejects.toMatchObject({ name: 'OutcomeUnknown' });
  });
});

describe('roll back', () => {
  const deadline = { armedUptimeS: 86_400, deadlineUptimeS: 86_500 };
  test.each([
    ['can not be written', '', /can't be written/],
    ['is confirm', 'decision=confirm\r\n', /decided to keep/],
  ])('the decision %s: nothing is run', async (_, said, message) => {
    const { driver, device } = await deviceThat((command) =>
      command.startsWith(':put ("uptime=') ? { say: `uptime=1d00:00:30\r\n${said}` } : undefined,
    );
    await expect(driver.rollBack(rollout, deadline, never)).rejects.toThrow(message);
    expect(device.sent.some((command) => command.includes(':execute'))).toBe(false);
  });
});

describe('clean', () => {
  const notes = 'uptime=1d00:00:00\r\n';
  test.each([
    ['applied and undecided', 'tick=5 false\r\napply=applied\r\n'],
    ['on its way back', 'tick=5 false\r\ndecision=rollback\r\n'],
  ])('a rollout that is %s keeps its timer', async (_, said) => {
    const { driver, device } = await deviceThat((command) =>
      command.startsWith(':put ("uptime=') ? { say: notes + said } : undefined,
    );
    await expect(driver.clean(rollout, () => undefined, never)).rejects.toMatchObject({ code: 'rejected' });
    expect(device.sent.some((command) => command.includes('remove'))).toBe(false);
  });
});
