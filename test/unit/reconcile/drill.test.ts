/** A drill: armed with no change, left to fire, and judged by what the device made of it. Virtual time. */
import { describe, expect, test } from 'vitest';
import { deviceState } from '../../../src/core/site-state.ts';
import type { DeviceRoom } from '../../../src/reconcile/device-room.ts';
import { drillDue, whyNoDrill } from '../../../src/reconcile/drill.ts';
import { reconcileDevice } from '../../../src/reconcile/reconcile-device.ts';
import { unreadReport } from '../../../src/reconcile/device-report.ts';
import type { DeviceReport } from '../../../src/reconcile/device-report.ts';
import { memoryLedger } from '../../support/memory-ledger.ts';
import { deviceSettings } from '../../support/scripted-device.ts';
import { virtualDevice } from '../../support/virtual-device.ts';
import type { VirtualDevice } from '../../support/virtual-device.ts';
import { virtualPasses } from '../../support/virtual-passes.ts';
import { configurationOf, tracesOn, virtualDrill } from '../../support/virtual-rollout.ts';

const exportText = `# 2026-11-21 10:00:00 by RouterOS 7.18.2
# software id = 
#
/ip dns static
add address=192.0.2.10 name=one.example.org
/system identity
set name=gw1
`;
const device = (): VirtualDevice =>
  virtualDevice({
    exportText,
    behaviour: { flushMs: 8_000 },
    settings: { tickMs: 5_000, flushMs: 10_000, windowMs: 120_000 },
  });

describe('on the device', () => {
  test('it fires, nothing is changed, and nothing is left', async () => {
    const one = device();
    const before = await configurationOf(one);
    const drill = await virtualDrill(one);
    await drill.toItsEnd();
    expect(drill.inFlight).toMatchObject({ phase: 'settled', outcome: 'drilled' });
    expect(drill.records.map(({ kind }) => kind)).toEqual([
      'drill-planned',
      'authorized',
      ...['lock', 'witness', 'stage', 'arm'].flatMap((effect) => [`${effect}-started`, `${effect}-finished`]),
      'drilled',
      'clean-started',
      'clean-finished',
      'settled',
    ]);
    expect(deviceState(drill.site, 'gw1')).toMatchObject({
      rollout: null,
      lastRollout: null,
      quarantine: null,
      lastDrill: { fired: true, message: 'it fired, found everything as it was, and took its timer off' },
    });
    expect(drill.site.stopped).toBeNull();
    expect(await configurationOf(one)).toEqual(before);
    expect(tracesOn(one)).toEqual(['sw-witness']);
  });

  test('a timer that is switched off meanwhile does not fire, and is taken off', async () => {
    const one = device();
    const drill = await virtualDrill(one);
    await drill.toItsEnd({
      onSight: () => void one.console(`/system scheduler disable [find name="sw-${drill.rollout.id}-tick"]`),
    });
    expect(deviceState(drill.site, 'gw1').lastDrill).toMatchObject({
      fired: false,
      message: 'it did not fire within 600 s after its time',
    });
    expect(tracesOn(one)).toEqual(['sw-witness']);
  });

  test('D04 a timer that somebody deletes never fired', async () => {
    const one = device();
    const drill = await virtualDrill(one);
    await drill.toItsEnd({
      onSight: () => void one.console(`/system scheduler remove [find name="sw-${drill.rollout.id}-tick"]`),
    });
    expect(deviceState(drill.site, 'gw1').lastDrill).toMatchObject({
      fired: false,
      message: 'its timer is gone and never fired',
    });
    expect(tracesOn(one)).toEqual(['sw-witness']);
  });

  test('a scheduler that runs nothing: the drill says so, and nothing is left', async () => {
    const one = virtualDevice({ exportText, behaviour: { deviceMode: 'home' } });
    const drill = await virtualDrill(one);
    await drill.toItsEnd();
    expect(deviceState(drill.site, 'gw1').lastDrill).toMatchObject({
      fired: false,
      message: expect.stringContaining('forbids the scheduler') as string,
    });
    expect(tracesOn(one)).toEqual(['sw-witness']);
  });

  test('the power is cut in the middle: it goes back after the start, and that counts', async () => {
    const one = device();
    const drill = await virtualDrill(one);
    let cut = false;
    await drill.toItsEnd({
      onSight: () => {
        if (!cut) one.machine.powerCut();
        cut = true;
      },
    });
    expect(deviceState(drill.site, 'gw1').lastDrill?.fired).toBe(true);
    expect(tracesOn(one)).toEqual(['sw-witness']);
  });
});

test('one that is due begins by itself once nothing else is to be done, and again when its time has come', async () => {
  const one = device();
  const day = 24 * 3_600_000;
  const passes = await virtualPasses(one, { drillMs: 30 * day });
  const begun = (): readonly string[] =>
    passes.records.map(({ kind }) => kind).filter((kind) => kind.endsWith('-planned'));
  const wanted = 'add address=192.0.2.10 name=one.example.org\nadd address=192.0.2.11 name=two.example.org\n';
  await passes.accept(`/ip dns static\n${wanted}`);
  await passes.pass();
  expect(begun(), 'a rollout comes first').toEqual(['rollout-planned']);
  await passes.pass();
  expect(begun()).toEqual(['rollout-planned', 'drill-planned']);
  expect(passes.room.folded().lastDrill).toMatchObject({ fired: true });
  one.time.advance(29 * day);
  await passes.pass();
  expect(begun()).toHaveLength(2);
  one.time.advance(day);
  await passes.pass();
  expect(begun()).toEqual(['rollout-planned', 'drill-planned', 'drill-planned']);
  expect(tracesOn(one)).toEqual(['sw-witness']);
});

test('without a schedule and without an order none begins', async () => {
  const passes = await virtualPasses(device());
  await passes.accept('/ip dns static\nadd address=192.0.2.10 name=one.example.org\n');
  await passes.pass();
  expect(passes.room.report.current().failure).toBeNull();
  expect(passes.records.map(({ kind }) => kind)).not.toContain('drill-planned');
});

test('one that was ordered and finds something in its way when its turn comes says so in the log', async () => {
  const passes = await virtualPasses(device());
  await passes.accept('/ip dns static\nadd address=192.0.2.10 name=one.example.org\n');
  await passes.pass();
  await passes.room.ledger.append({ kind: 'held', device: 'gw1', reason: 'antenna', until: null });
  await reconcileDevice(passes.room, { apply: false, drill: true, backup: false });
  expect(passes.records.map(({ kind }) => kind)).not.toContain('drill-planned');
  expect(passes.logged.filter(({ event }) => event === 'drill-not-begun')).toMatchObject([
    { facts: { device: 'gw1', code: 'held' } },
  ]);
});

describe('when', () => {
  const day = 24 * 3_600_000;
  const roomWith = (
    drillMs: number | null,
    report: Partial<DeviceReport> = {},
    manage = 'rollout' as const,
  ) => {
    const { ledger, state } = memoryLedger();
    let now = Date.parse('2026-11-21T10:00:00Z');
    const read = { readAt: now, ...report };
    const room = {
      device: { ...deviceSettings({ port: 22, hostKey: 'SHA256:x' }), drillMs, manage },
      ledger,
      clock: { now: () => now },
      folded: () => deviceState(state, 'gw1'),
      report: { current: () => ({ ...unreadReport, ...read }) },
    } as unknown as DeviceRoom;
    const drilled = (fired: boolean): void => {
      deviceState(state, 'gw1').lastDrill = { at: new Date(now).toISOString(), fired, message: '' };
    };
    return { room, drilled, later: (ms: number) => (now += ms), ledger };
  };

  test('never by itself unless the settings say so', () => {
    expect(drillDue(roomWith(null).room)).toBe(false);
  });

  test('at once when it never was, then when its time has come, sooner when it failed', () => {
    const { room, drilled, later } = roomWith(30 * day);
    expect(drillDue(room)).toBe(true);
    drilled(true);
    later(29 * day);
    expect(drillDue(room)).toBe(false);
    later(day);
    expect(drillDue(room)).toBe(true);
    drilled(false);
    later(day);
    expect(drillDue(room)).toBe(true);
  });

  test.each([['held', { reason: 'antenna', until: null }]])('not while %s', async (code, hold) => {
    const { room, ledger } = roomWith(null);
    expect(whyNoDrill(room)).toBeNull();
    await ledger.append({ kind: 'held', device: 'gw1', ...hold });
    expect(whyNoDrill(room)).toMatchObject({ code });
  });

  test('not where the device could not be read, or not yet, or the desired text could not be used', () => {
    const refused = { code: 'key-refused', message: 'the device refused the key', place: null };
    expect(whyNoDrill(roomWith(null, { failure: refused }).room)).toMatchObject({ code: 'key-refused' });
    const place = { file: 'devices/gw1/config.rsc', line: 3 };
    const inText = { code: 'syntax', message: 'expected a value', place };
    expect(whyNoDrill(roomWith(null, { failure: inText }).room)).toEqual({
      code: 'syntax',
      message: 'devices/gw1/config.rsc:3: expected a value',
    });
    expect(whyNoDrill(roomWith(null, { readAt: null }).room)).toMatchObject({ code: 'not-read-yet' });
  });

  test('not while something stands in the way, and that is the reason given', () => {
    const obstacle = { code: 'disk-full', message: 'remove files there' } as const;
    const { room } = roomWith(null, { observation: { obstacles: [obstacle] } as never });
    expect(whyNoDrill(room)).toEqual(obstacle);
    const stuck = { code: 'foreign-daemon', message: 'x' };
    expect(whyNoDrill(roomWith(null, { stuck }).room)).toEqual(stuck);
  });
});
