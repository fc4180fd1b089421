/** A hold that comes while the plan is being written down: nothing has left yet, and nothing leaves. */
import { expect, test } from 'vitest';
import type { Rollout } from '../../../src/core/rollout/rollout.ts';
import { deviceState } from '../../../src/core/site-state.ts';
import type { DeviceRoom } from '../../../src/reconcile/device-room.ts';
import { reportCell } from '../../../src/reconcile/device-report.ts';
import { begin } from '../../../src/reconcile/roll-out.ts';
import { memoryLedger } from '../../support/memory-ledger.ts';
import { ids, planned } from '../../support/records.ts';

const never = (): never => expect.unreachable('nothing is kept or read');
const files: DeviceRoom['files'] = {
  ...{ digestOf: never, put: never, get: never, keepOnly: never },
  remove: () => Promise.resolve(),
};

test('it ends as not started, and the device has heard nothing', async () => {
  const { ledger, state, records } = memoryLedger();
  const driver = new Proxy({}, { get: (_, name) => expect.unreachable(`asked the device: ${String(name)}`) });
  const room: Partial<DeviceRoom> = {
    ...{ site: 's', driver: driver as DeviceRoom['driver'], ledger, report: reportCell() },
    folded: () => deviceState(state, 'gw1'),
    files,
    signal: new AbortController().signal,
    log: () => undefined,
  };
  const rollout = { id: ids.rollout, device: 'gw1', times: { tickMs: 1 } } as Rollout;
  const allowed = { kind: 'authorized', ...ids, reason: 'benign' } as const;
  await begin(room as DeviceRoom, rollout, planned(), allowed, () => false);
  expect(records.map(({ kind }) => kind)).toEqual([
    'rollout-planned',
    'authorized',
    'not-started',
    'settled',
  ]);
  expect(records[2]).toMatchObject({ code: 'held' });
});
