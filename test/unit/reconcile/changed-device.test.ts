/** A device that was reset, replaced or put back is noticed on evidence, recorded once, and never where it may be as it was. */
import { describe, expect, test } from 'vitest';
import type { SitewardEvent } from '../../../src/core/rollout/events.ts';
import type { Witness } from '../../../src/core/rollout/rollout.ts';
import type { Observation } from '../../../src/drivers/driver.ts';
import { deviceState } from '../../../src/core/site-state.ts';
import type { DeviceState, SiteState } from '../../../src/core/site-state.ts';
import { changeOf, requireUnchanged } from '../../../src/reconcile/changed-device.ts';
import { unreadReport } from '../../../src/reconcile/device-report.ts';
import type { DeviceReport } from '../../../src/reconcile/device-report.ts';
import type { DeviceRoom } from '../../../src/reconcile/device-room.ts';
import { foldEvents, ids, planned, stateAfter } from '../../support/records.ts';

const at = (seq: number, daemon = 'd'): Witness => ({
  site: 's',
  daemon: daemon.repeat(32),
  seq,
  head: 'a'.repeat(64),
});

/** A rollout from beginning to end, and what the device carried when it was over. */
function rollout(hardware: string | null, witness: Witness | null): readonly SitewardEvent[] {
  return [
    planned(hardware === null ? {} : { hardware }),
    { kind: 'authorized', ...ids, reason: 'benign' },
    { kind: 'lock-started', ...ids },
    { kind: 'lock-finished', ...ids, result: 'ok' },
    { kind: 'not-started', ...ids, code: 'x', message: '' },
    { kind: 'clean-started', ...ids },
    { kind: 'clean-finished', ...ids, result: 'ok', witness },
    { kind: 'settled', ...ids, outcome: 'not-started' },
  ];
}

const after = (...events: readonly SitewardEvent[]): DeviceState => deviceState(stateAfter(events), 'gw1');

const known = after(...rollout('serial number A1', at(7)));

describe('what a reading tells', () => {
  test.each([
    ['the same device', { witness: at(7), hardware: 'serial number A1' }, null],
    ['it does not say what it is', { witness: at(7), hardware: null }, null],
    ['no witness', { witness: null, hardware: 'serial number A1' }, 'device-reset'],
    ['an older witness', { witness: at(3), hardware: 'serial number A1' }, 'device-restored'],
    ['a newer witness, which is for another judge', { witness: at(9), hardware: null }, null],
    ['another daemon’s, which is for another judge', { witness: at(3, 'e'), hardware: null }, null],
    [
      'other hardware, whatever is on it',
      { witness: at(7), hardware: 'serial number B2' },
      'device-replaced',
    ],
  ] as const)('%s', (_what, seen, code) => {
    expect(changeOf(known, seen)).toBe(code);
  });

  test('a witness that may never have been kept is not missed', () => {
    const seen = { witness: null, hardware: 'serial number A1' };
    // The device lost power before it had written the witness down, and it was clean afterwards.
    expect(changeOf(after(...rollout('serial number A1', null)), seen)).toBeNull();
    expect(changeOf(after(), seen)).toBeNull();
  });

  test('one that is lost in a power cut leaves the one before it as the measure', () => {
    const twice = after(...rollout(null, at(7)), ...rollout(null, at(7)));
    expect(changeOf(twice, { witness: at(7), hardware: null })).toBeNull();
  });

  test('one that vanished in the middle of a rollout is missed after it', () => {
    for (const left of [null, at(3)]) {
      const device = after(...rollout(null, at(7)), ...rollout(null, left));
      expect(changeOf(device, { witness: left, hardware: null })).not.toBeNull();
    }
  });
});

function world(known: readonly SitewardEvent[] = rollout('serial number A1', at(7))): {
  room: DeviceRoom;
  events: SitewardEvent[];
  state: SiteState;
  report: { value: DeviceReport };
} {
  const state = stateAfter(known);
  const report = { value: unreadReport };
  const events: SitewardEvent[] = [];
  const append = (event: SitewardEvent): Promise<void> => {
    events.push(event);
    foldEvents(state, [event]);
    return Promise.resolve();
  };
  const room = {
    device: { name: 'gw1', flushMs: 45_000 },
    daemon: 'd'.repeat(32),
    report: { current: () => report.value },
    folded: () => deviceState(state, 'gw1'),
    ledger: { journal: { broken: null }, append },
  } as unknown as DeviceRoom;
  return { room, events, state, report };
}

describe('once it is noticed', () => {
  const gone = { witness: null, hardware: 'serial number A1', facts: { uptimeS: 1000 } };

  test('it is recorded once, with what was seen, and people are told the ways', async () => {
    const { room, events } = world();
    await expect(requireUnchanged(room, gone)).rejects.toMatchObject({ code: 'device-reset' });
    await expect(requireUnchanged(room, gone)).rejects.toThrow(/sw-witness.*as target.*as base.*as actual/);
    expect(events).toEqual([
      { kind: 'device-changed', device: 'gw1', code: 'device-reset', witness: null, hardware: gone.hardware },
    ]);
  });

  test('it is as it was again: that is recorded, too', async () => {
    const { room, events } = world();
    await expect(requireUnchanged(room, gone)).rejects.toThrow();
    await requireUnchanged(room, { ...gone, witness: at(7) });
    expect(events.at(-1)).toMatchObject({ kind: 'device-changed', code: null });
  });

  test('people accepted it as it is: no more is missed', async () => {
    const { room, events, state } = world();
    await expect(requireUnchanged(room, gone)).rejects.toThrow();
    const consumed = { pending: 'p', challenge: 'c', document: 'd', by: [] };
    const resolved = { as: 'actual', rollout: null, sealed: null, witness: null, next: null } as const;
    foldEvents(state, [{ kind: 'resolved', device: 'gw1', commit: 'c', ...resolved, ...consumed }]);
    await requireUnchanged(room, gone);
    expect(events).toHaveLength(1);
  });
});

describe('before any rollout was over', () => {
  const reading = (witness: Witness | null, hardware: string | null, uptimeS: number) => ({
    witness,
    hardware,
    facts: { uptimeS },
  });
  type Reading = ReturnType<typeof reading>;
  async function readAll(readings: readonly Reading[]): Promise<SitewardEvent[]> {
    const { room, events, report } = world([]);
    for (const one of readings) {
      await requireUnchanged(room, one);
      report.value = { ...report.value, observation: one as unknown as Observation };
    }
    return events;
  }
  const known = (witness: Witness | null, hardware: string | null): SitewardEvent => ({
    kind: 'device-known',
    device: 'gw1',
    witness,
    hardware,
  });

  test('what two readings agree on is recorded once, and then it is missed', async () => {
    const same = [reading(at(7), 'A1', 100), reading(at(7), 'A1', 200), reading(at(7), 'A1', 300)];
    expect(await readAll(same)).toEqual([known(at(7), 'A1')]);
    await expect(readAll([...same, reading(at(7), 'B2', 400)])).rejects.toMatchObject({
      code: 'device-replaced',
    });
    await expect(readAll([...same, reading(null, 'A1', 400)])).rejects.toMatchObject({
      code: 'device-reset',
    });
  });

  test.each([
    ['read once', [reading(at(7), 'A1', 100)], []],
    ['not told', [reading(null, null, 100), reading(null, null, 200)], []],
    [
      'a witness that may still be lost: read too soon, or before and after a reboot',
      [reading(at(7), 'A1', 100), reading(at(7), 'A1', 120), reading(at(7), 'A1', 5)],
      [known(null, 'A1')],
    ],
    [
      'a witness of another daemon',
      [reading(at(7, 'e'), 'A1', 100), reading(at(7, 'e'), 'A1', 200)],
      [known(null, 'A1')],
    ],
  ])('no measure: %s', async (_what, readings, events) => {
    expect(await readAll(readings)).toEqual(events);
  });
});
