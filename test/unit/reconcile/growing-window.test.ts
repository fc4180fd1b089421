/**
 * D17 The deadline that a device is given grows with what its last rollouts took, and with a radio that the plan touches;
 * people are told of it. Whole passes in virtual time.
 */
import { expect, test } from 'vitest';
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

/** What arming, applying and verifying took in the first rollout, by the journal's own times. */
function tookMs({ records }: VirtualPasses): number {
  const at = (kind: string): number => Date.parse(records.find((one) => one.kind === kind)?.at ?? '');
  return (
    at('arm-finished') -
    at('arm-started') +
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
  const grownMs = tookMs(passes) + 2 * tickMs;
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
