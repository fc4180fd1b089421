/**
 * D17 The deadline that a device is given grows with what its last rollouts took, with what its probes may take, and with
 * a radio that the plan touches; people are told of it. Whole passes in virtual time.
 */
import { describe, expect, test } from 'vitest';
import type { DeviceSettings } from '../../../src/core/site.ts';
import { devicePlanAnswer, deviceStatusAnswer } from '../../../src/daemon/answers.ts';
import type { RunningDevice, RunningSite } from '../../../src/daemon/running-site.ts';
import { buildRollout } from '../../../src/reconcile/roll-out.ts';
import { gatePolicy } from '../../support/gate.ts';
import { siteSettings } from '../../support/site-settings.ts';
import { virtualDevice } from '../../support/virtual-device.ts';
import { virtualPasses } from '../../support/virtual-passes.ts';
import type { VirtualPasses } from '../../support/virtual-passes.ts';

const header = '# 2026-11-21 10:00:00 by RouterOS 7.18.2\n# software id = \n#\n';
const radio = '/interface wireless\nset [ find default-name=wlan1 ] comment=old\n';
const row = (name: string): string => `add address=192.0.2.10 name=${name}.example.org\n`;
const text = (...names: readonly string[]): string => `/ip dns static\n${names.map(row).join('')}`;

const windowMs = 120_000;
const tickMs = 15_000;

/** Seconds from staging to the deadline on the device, of each rollout. */
function deadlinesS({ records }: VirtualPasses): readonly number[] {
  return records.flatMap((record) =>
    record.kind === 'stage-finished' && record.deadline !== undefined
      ? [record.deadline.deadlineUptimeS - record.deadline.armedUptimeS]
      : [],
  );
}

/** What the logins of arming, applying and verifying took in the first rollout, by the journal's own times. */
function tookMs({ records }: VirtualPasses): number {
  const at = (kind: string): number => Date.parse(records.find((one) => one.kind === kind)?.at ?? '');
  return (
    Math.max(0, at('arm-finished') - at('arm-started') - 2 * tickMs) +
    at('applied') -
    at('apply-started') +
    at('verify-finished') -
    at('verify-started')
  );
}

/** What is needed to answer `plan` and `status` of the device. */
function served({ room, records }: VirtualPasses) {
  const settings = siteSettings('bud-01', gatePolicy, [room.device]);
  const { ledger, clock } = room;
  const running = { settings, ledger, clock, recent: records } as unknown as RunningSite;
  const device = { settings: room.device, room, folded: room.folded } as unknown as RunningDevice;
  return [running, device] as const;
}

test('a rollout that took long gives the next one as long, and a radio longer; plan and status say so', async () => {
  const device = virtualDevice({
    exportText: `${header}${radio}${text('one')}`,
    settings: { windowMs, tickMs },
  });
  const web = { kind: 'tcp', host: '192.0.2.7', port: 80 } as const;
  const probes = [{ name: 'web', question: web, withinMs: 1, redBefore: 'refuse' }] as const;
  let slow = true;
  let shownDeadline: string | null | undefined = null;
  const passes: VirtualPasses = await virtualPasses(device, { probes }, () => {
    if (slow) device.time.advance(80_000);
    else shownDeadline = deviceStatusAnswer(...served(passes)).deadline;
    return Promise.resolve({ well: true });
  });
  await passes.accept(text('one', 'two'));
  await passes.pass();
  slow = false;
  const probeMs = 1 + 2_000 + 5_000;
  const grownMs = tookMs(passes) + probeMs + 4 * tickMs;
  expect(grownMs).toBeGreaterThan(windowMs);

  await passes.accept(text('one', 'two', 'three'));
  await passes.pass();
  const [first = 0, second = 0] = deadlinesS(passes);
  expect(second - first).toBe(Math.ceil(grownMs / 1000) - windowMs / 1000);

  const staged = passes.records.findLast(({ kind }) => kind === 'stage-finished')?.at ?? '';
  expect(shownDeadline).toBe(new Date(Date.parse(staged) + second * 1000).toISOString());

  await passes.accept(text('one', 'two', 'three') + radio.replace('old', 'new'));
  await passes.pass();
  const planned = passes.room.report.current().comparison?.planned ?? null;
  if (planned === null) throw new Error('nothing planned');
  expect(buildRollout(passes.room, planned).times.windowMs).toBe(grownMs + 90_000);
  const { rollback } = await devicePlanAnswer(...served(passes), null);
  expect(rollback).toMatchObject({ windowMs, effectiveMs: grownMs + 90_000 });
});

describe('what a probe looks at comes back just within its time, and the change stays', () => {
  const web = { kind: 'tcp', host: '192.0.2.7', port: 80 } as const;
  const usual = { windowMs: 120_000, tickMs: 10_000, flushMs: 45_000 };
  test.each<readonly [string, Partial<DeviceSettings>, number, readonly number[]]>([
    ['a short window, a long flush', { windowMs: 30_000, tickMs: 2_000, flushMs: 20_000 }, 30_000, [28_000]],
    ['the defaults', usual, 60_000, [58_000]],
    [
      'the defaults, and it is gone again after the soak',
      { ...usual, soakMs: 20_000 },
      60_000,
      [58_000, 58_000],
    ],
  ])('%s', async (_, settings, withinMs, gone) => {
    const device = virtualDevice({ exportText: `${header}${text('one')}`, settings });
    const probes = [{ name: 'web', question: web, withinMs, redBefore: 'refuse' }] as const;
    const left = [...gone];
    let backAt = 0;
    let asked = false;
    const passes = await virtualPasses(device, { probes }, () => {
      const now = device.time.monotonic();
      // The first question is the one before anything is changed; each round after it finds it gone for a while.
      if (asked && backAt === 0) backAt = now + (left.shift() ?? 0);
      asked = true;
      if (now < backAt) return Promise.resolve({ well: false, said: 'refused' });
      backAt = 0;
      return Promise.resolve({ well: true });
    });
    await passes.accept(text('one', 'two'));
    await passes.pass();
    const ends = ['confirmed', 'rolled-back', 'not-started'];
    expect(passes.records.map(({ kind }) => kind).filter((kind) => ends.includes(kind))).toEqual([
      'confirmed',
    ]);
    expect(left).toEqual([]);
  });
});
