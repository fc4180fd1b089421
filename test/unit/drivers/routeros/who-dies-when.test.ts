/**
 * Who dies when: each row of the table in docs/rollouts-and-recovery.md, with the real runner and the real driver on a
 * simulated device in virtual time. The end is base or target, the journal says which, and nothing of it is left.
 */
import { describe, expect, test } from 'vitest';
import type { SitewardRecord } from '../../../../src/core/rollout/events.ts';
import { virtualDevice } from '../../../support/virtual-device.ts';
import type { VirtualDevice } from '../../../support/virtual-device.ts';
import { configurationOf, tracesOn, virtualRollout } from '../../../support/virtual-rollout.ts';

const exportText = `# 2026-11-21 10:00:00 by RouterOS 7.18.2
# software id = 
#
/ip dns static
add address=192.0.2.10 name=one.example.org
/ip firewall filter
add action=accept chain=input comment=first
add action=drop chain=forward comment=last
/system identity
set name=gw1
`;
const change = (text: string): string =>
  text
    .replace(/(\/ip dns static\r?\n)/, '$1add address=192.0.2.11 name=two.example.org\r\n')
    .replace('name=gw1', 'name=gw2')
    .replace(/(add action=accept .*\r?\n)(add action=drop .*\r?\n)/, '$2$1');

type Has = (...kinds: readonly SitewardRecord['kind'][]) => boolean;

/** D15: no file or script with secrets stays. */
function expectClean(device: VirtualDevice): void {
  expect(tracesOn(device).filter((one) => one !== 'sw-witness')).toEqual([]);
}

/** The command before which it happens, once, given what the journal holds by then. */
const steps: readonly (readonly [row: string, at: (line: string, has: Has) => boolean])[] = [
  ['W01 0-3, lock', (line) => line.startsWith('/system script add name="sw-lock"')],
  ['W01 0-3, staging', (line) => line.includes('-check" source=')],
  ['W02 4, the net is armed', (line) => line.startsWith('/system scheduler add')],
  ['W02 4, the net is seen alive', (line, has) => has('arm-started') && line.startsWith(':put ("uptime=')],
  ['W03 5, apply', (line) => line.includes(':execute') && line.includes('-apply')],
  ['W05 6, verified', (line, has) => has('verify-started') && line.startsWith('/export')],
  ['W06 7, confirm', (line) => line.includes('source="confirm"')],
  ['W08 8, evidence', (line, has) => has('confirm-finished') && line.startsWith('/export')],
  [
    'W08 9, the timer is taken off',
    (line, has) => has('clean-started') && line.startsWith('/system scheduler remove'),
  ],
  ['W08 9, the lock is taken off', (line, has) => has('clean-started') && line.includes('name="sw-lock"')],
];

/** What happens to the device or to the daemon; `dies`: the daemon ends with it and comes back later. */
const deaths: Readonly<
  Record<string, { readonly dies: boolean; readonly to: (device: VirtualDevice) => void }>
> = {
  'the daemon, back at once': { dies: true, to: () => undefined },
  'the daemon, back long after': { dies: true, to: (device) => device.time.advance(900_000) },
  'the power': { dies: false, to: (device) => device.machine.powerCut() },
  'the power and the daemon': {
    dies: true,
    to: (device) => {
      device.machine.powerCut();
      device.time.advance(300_000);
    },
  },
  'the console': { dies: false, to: (device) => device.machine.consoleCrash() },
};

async function run(at: (typeof steps)[number][1], death: (typeof deaths)[string]) {
  const device = virtualDevice({
    exportText,
    behaviour: { flushMs: 5_000 },
    settings: { windowMs: 60_000, tickMs: 5_000, flushMs: 6_000, minUptimeMs: 0 },
  });
  const base = await configurationOf(device);
  const made = await virtualRollout(device, change);
  const kinds = (): readonly string[] => made.records.map(({ kind }) => kind);
  const process = new AbortController();
  let happened = false;
  device.onCommand = (line) => {
    if (happened || !at(line, (...wanted) => wanted.every((kind) => kinds().includes(kind)))) return;
    happened = true;
    death.to(device);
    if (!death.dies) return;
    process.abort(new Error('the daemon is gone'));
    throw new Error('the daemon is gone');
  };
  await made.toItsEnd({ signal: process.signal }).catch((error: unknown) => {
    if (!process.signal.aborted) throw error;
  });
  if (death.dies) {
    await made.restart();
    await made.toItsEnd({ driver: device.anotherDriver() });
  }
  const end = await configurationOf(device);
  return { device, base, end, state: made.inFlight, happened };
}

describe.each(steps)('%s (D15 nothing is left)', (_, at) => {
  test.each(Object.keys(deaths))('%s', async (name) => {
    const death = deaths[name];
    if (death === undefined) throw new Error(name);
    const { device, base, end, state, happened } = await run(at, death);
    expect(happened).toBe(true);
    expect(state.phase).toBe('settled');
    if (state.outcome === 'confirmed') expect(end).not.toEqual(base);
    else expect(end).toEqual(base);
    expect(['confirmed', 'rolled-back', 'not-started']).toContain(state.outcome);
    expectClean(device);
  });
});

test('W10 a foreign safe mode unrolls in the middle of it: the device is at the base, and that is what is said', async () => {
  const device = virtualDevice({ exportText, settings: { windowMs: 60_000, tickMs: 5_000 } });
  const base = await configurationOf(device);
  const made = await virtualRollout(device, change);
  const petr = device.login('petr');
  let unrolled = false;
  device.onCommand = (line) => {
    if (line.startsWith('/system scheduler add')) device.machine.history.takeSafeMode(petr);
    if (unrolled || !line.startsWith('/export') || made.inFlight.phase !== 'verifying') return;
    unrolled = true;
    device.machine.history.unrollSafeMode();
  };
  await made.toItsEnd();
  expect(unrolled).toBe(true);
  expect(made.inFlight).toMatchObject({ phase: 'settled', outcome: 'rolled-back' });
  expect(await configurationOf(device)).toEqual(base);
  expectClean(device);
});

const slow = { windowMs: 60_000, tickMs: 5_000, flushMs: 6_000, minUptimeMs: 0 };

test('W04 the net is lost after apply, and the bound for lost writes was wrong: the daemon runs the sealed rollback', async () => {
  const device = virtualDevice({ exportText, settings: slow });
  const base = await configurationOf(device);
  const made = await virtualRollout(device, change);
  let lost = false;
  device.onCommand = (line) => {
    if (lost || made.inFlight.phase !== 'applied' || !line.startsWith(':put ("uptime=')) return;
    lost = true;
    device.console('/system scheduler remove [find where name~"^sw-"]');
    device.console('/system script remove [find where name~"-(check|apply|back)"]');
  };
  await made.toItsEnd();
  expect(lost).toBe(true);
  expect(made.inFlight).toMatchObject({ phase: 'settled', outcome: 'rolled-back', cause: 'net-lost' });
  expect(await configurationOf(device)).toEqual(base);
  expectClean(device);
});

test.each([
  ['confirm', (line: string) => line.includes('source="confirm"')],
  ['the last look before it', (line: string) => line.startsWith('/export')],
])('W07 the daemon stands still before %s until its time is over: refused, and the base', async (_, at) => {
  const device = virtualDevice({ exportText, settings: slow });
  const base = await configurationOf(device);
  const made = await virtualRollout(device, change);
  let paused = false;
  device.onCommand = (line) => {
    if (paused || !at(line) || !['verifying', 'confirming'].includes(made.inFlight.phase)) return;
    paused = true;
    device.time.advance(600_000);
  };
  await made.toItsEnd();
  expect(paused).toBe(true);
  expect(made.inFlight).toMatchObject({ phase: 'settled', outcome: 'rolled-back' });
  expect(await configurationOf(device)).toEqual(base);
  expectClean(device);
});

test.each([0, 1, 2, 3])(
  'W09 the power is cut in the middle of a pass (%i steps into it): the next one goes on',
  async (n) => {
    const device = virtualDevice({
      exportText,
      behaviour: { commandMs: 100, flushMs: 5_000 },
      settings: slow,
    });
    const base = await configurationOf(device);
    const made = await virtualRollout(device, change);
    const process = new AbortController();
    device.onCommand = () => {
      if (made.inFlight.phase !== 'applied') return;
      process.abort(new Error('the daemon is gone'));
      throw new Error('the daemon is gone');
    };
    await made.toItsEnd({ signal: process.signal }).catch((error: unknown) => {
      if (!process.signal.aborted) throw error;
    });
    device.onCommand = () => undefined;
    const passes = '[:len [/system script job find where script~"-back"]]';
    const decided = '[:len [/system script find where name~"-decision"]]';
    const isIn = (): boolean => device.console(`:put (${passes} . " " . ${decided})`).trim() === '1 1';
    for (let waited = 0; !isIn(); waited += 1) {
      expect(waited).toBeLessThan(2_000);
      device.time.advance(100);
    }
    device.time.advance(n * 700);
    device.machine.powerCut();
    device.time.advance(300_000);
    expect(await configurationOf(device)).toEqual(base);
    await made.restart();
    await made.toItsEnd({ driver: device.anotherDriver() });
    expect(made.inFlight).toMatchObject({ phase: 'settled', outcome: 'rolled-back' });
    expectClean(device);
  },
);
