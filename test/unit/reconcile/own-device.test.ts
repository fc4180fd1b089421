/** I6: a device that carries what this journal never wrote is not touched, neither above nor below its own end. */
import { describe, expect, test } from 'vitest';
import type { Evidence, Rollout, Witness } from '../../../src/core/rollout/rollout.ts';
import type { SitewardEvent } from '../../../src/core/rollout/events.ts';
import { deviceState } from '../../../src/core/site-state.ts';
import type { SiteState } from '../../../src/core/site-state.ts';
import { reportCell } from '../../../src/reconcile/device-report.ts';
import type { DeviceRoom } from '../../../src/reconcile/device-room.ts';
import { standingOf } from '../../../src/reconcile/device-status.ts';
import { judgeWitness } from '../../../src/reconcile/read-device.ts';
import { finishRollout } from '../../../src/reconcile/roll-out.ts';
import { gatePolicy } from '../../support/gate.ts';
import { followedBranch } from '../../support/site-settings.ts';
import { evidenceOf, ids, planned, stateAfter } from '../../support/records.ts';
import { deviceSettings } from '../../support/scripted-device.ts';

const daemon = 'd'.repeat(32);
const witnessAt = (seq: number, head = 'a'): Witness => ({ site: 's', daemon, seq, head: head.repeat(64) });

const witnessed = (seq: number): SitewardEvent => ({
  kind: 'witness-started',
  ...ids,
  witness: { seq, head: 'a'.repeat(64) },
});
const upToApply: readonly SitewardEvent[] = [
  planned(),
  { kind: 'authorized', ...ids, reason: 'benign' },
  witnessed(3),
  { kind: 'witness-finished', ...ids, result: 'ok' },
  { kind: 'apply-started', ...ids },
];

function roomOf(state: SiteState, evidence: Partial<Evidence> = {}): DeviceRoom {
  const device = deviceSettings({ port: 22, hostKey: 'SHA256:x' });
  const rollout = {
    id: ids.rollout,
    device: 'gw1',
    owner: { daemon, nonce: 'e' },
    deviceKey: 'SHA256:x',
    times: { tickMs: 1 },
  };
  const seen = evidenceOf({ applyNote: '', witness: witnessAt(3), ...evidence });
  return {
    site: 's',
    daemon,
    device,
    folded: () => deviceState(state, 'gw1'),
    report: reportCell(),
    files: { get: () => Promise.resolve(Buffer.from(JSON.stringify(rollout as unknown as Rollout))) },
    driver: { evidence: () => Promise.resolve(seen) },
    ledger: {
      journal: { head: { seq: 9, hash: 'a'.repeat(64) } },
      append: (event: { kind: string }) => Promise.reject(new Error(`recorded ${event.kind}`)),
    },
    clock: { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() },
    signal: new AbortController().signal,
    log: () => undefined,
    inRolloutSlot: (_turn: string, work: () => Promise<unknown>) => work(),
  } as unknown as DeviceRoom;
}

describe('the witness on a device', () => {
  const room = roomOf(
    stateAfter([planned(), { kind: 'authorized', ...ids, reason: 'benign' }, witnessed(3), witnessed(9)]),
  );

  test('is this journal’s own, the newest or one from before a restored backup: fine', () => {
    expect(() => judgeWitness(witnessAt(9), room)).not.toThrow();
    expect(() => judgeWitness(witnessAt(3), room)).not.toThrow();
  });

  test('was written by a copy of this journal that had not come so far: not touched', () => {
    expect(() => judgeWitness(witnessAt(7, 'b'), room)).toThrow(/record 7/);
    expect(() => judgeWitness(witnessAt(9, 'b'), room)).toThrow(/record 9/);
  });
});

describe('a rollout in flight that a copy of the journal has ended', () => {
  test('its lock is gone and its witness is there: it is not rolled back', async () => {
    expect(await finishRollout(roomOf(stateAfter(upToApply)))).toMatchObject({
      code: 'journal-rewound',
      message: expect.stringContaining('was ended on the device') as string,
    });
  });

  test('its lock and its witness are gone, as after a foreign safe mode: it is rolled back as ever', async () => {
    const room = roomOf(stateAfter(upToApply), { witness: null });
    await expect(finishRollout(room)).rejects.toThrow('recorded roll-back-started');
  });

  test('it was never applied here, and is on the device: it is not cleaned', async () => {
    const events: readonly SitewardEvent[] = [
      ...upToApply.slice(0, -1),
      { kind: 'daemon-started', nonce: 'n', version: '0', trust: {} },
      { kind: 'not-started', ...ids, code: 'x', message: '' },
    ];
    const room = roomOf(stateAfter(events), { decision: 'confirm', objects: ['sw-00112233aabb-decision'] });
    expect(await finishRollout(room)).toMatchObject({
      code: 'journal-rewound',
      message: expect.stringContaining('never applied here') as string,
    });
  });
});

describe('what status says while a rollout can not go on', () => {
  const state = stateAfter(upToApply);
  const standing = (report: Parameters<ReturnType<typeof reportCell>['update']>[0]) => {
    const room = roomOf(state);
    room.report.update(report);
    return standingOf({
      device: room.device,
      folded: room.folded(),
      report: room.report.current(),
      site: state,
      approvals: gatePolicy.approvals,
      desired: followedBranch,
      nowMs: 0,
    });
  };

  test('another hand was on the device: the reason, and a command', () => {
    const stuck = { code: 'journal-rewound', message: 'in use twice' };
    expect(standing({ stuck })).toMatchObject({
      state: 'error',
      reason: 'journal-rewound',
      next: 'siteward resolve gw1 --as actual',
    });
  });

  test('it can not be asked: a command', () => {
    const sight = { evidence: null, code: 'host-key-mismatch' };
    expect(standing({ sight })).toMatchObject({ state: 'rolling-out', next: 'siteward check gw1' });
  });
});
