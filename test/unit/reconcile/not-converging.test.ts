/**
 * I8: a device that does not keep what was confirmed is given no plan at all until a person says `retry`; another plan
 * would be kept no better.
 */
import { beforeEach, expect, test } from 'vitest';
import { itemIdentity } from '../../../src/core/digest.ts';
import type { SitewardEvent } from '../../../src/core/rollout/events.ts';
import { deviceState, emptySiteState } from '../../../src/core/site-state.ts';
import type { SiteState } from '../../../src/core/site-state.ts';
import { routerosDialect } from '../../../src/drivers/routeros/dialect.ts';
import { reportCell } from '../../../src/reconcile/device-report.ts';
import type { DeviceRoom } from '../../../src/reconcile/device-room.ts';
import { standingOf } from '../../../src/reconcile/device-status.ts';
import type { Permission } from '../../../src/reconcile/pass-gate.ts';
import { passGate } from '../../../src/reconcile/pass-gate.ts';
import { planDevice } from '../../../src/reconcile/plan-device.ts';
import { gateNowMs, gatePolicy } from '../../support/gate.ts';
import { followedBranch } from '../../support/site-settings.ts';
import { observationOf } from '../../support/observations.ts';
import { evidenceFacts, foldEvents, ids, planned } from '../../support/records.ts';
import { deviceSettings } from '../../support/scripted-device.ts';

const device = deviceSettings({ port: 22, hostKey: 'SHA256:x' });
const header = '# 2026-01-30 10:00:00 by RouterOS 7.18.2\n# software id = X\n#\n';
const kept = '/ip dns static\nadd address=192.0.2.9 name=nine.example.org\n';
const rolledOutText = `${kept}add address=192.0.2.1 name=one.example.org\n`;
const item = routerosDialect
  .parseDesired(Buffer.from(rolledOutText), 'config.rsc', '7.18.2')
  .configuration.sections.flatMap(({ items }) => items)[1];

let state: SiteState;
let room: DeviceRoom;
beforeEach(() => {
  state = emptySiteState();
  room = {
    device,
    policy: gatePolicy,
    driver: { dialect: routerosDialect },
    report: reportCell(),
    folded: () => deviceState(state, 'gw1'),
    clock: { now: () => gateNowMs },
    oneAtATime: (work: () => Promise<unknown>) => work(),
    files: {
      digestOf: () => '',
      get: () => Promise.resolve(Buffer.from(rolledOutText)),
      put: () => Promise.resolve(''),
    },
    ledger: {
      state,
      journal: { broken: null },
      append: (event: SitewardEvent) => Promise.resolve(foldEvents(state, [event])),
    },
  } as unknown as DeviceRoom;
  if (item === undefined) throw new Error('no item');
  const touched = {
    verb: 'add',
    section: item.section,
    item: itemIdentity(item, routerosDialect),
    was: null,
  } as const;
  foldEvents(state, [
    { kind: 'commit-accepted', commit: 'a', previous: null, reason: 'first', signer: null },
    planned({ commit: 'a', plan: 'p1', base: 'b1', items: [{ ...touched, digest: 'x' }] }),
    { kind: 'authorized', ...ids, reason: 'benign' },
    { kind: 'confirmed', ...ids, evidence: evidenceFacts() },
    { kind: 'settled', ...ids, outcome: 'confirmed' },
  ]);
});

/** One pass over a device that has nothing of what was rolled out. */
async function pass(wish: string, commit: string): Promise<Permission | null> {
  const observation = observationOf(header + kept);
  const desired = {
    commit,
    file: 'config.rsc',
    text: Buffer.from(wish),
    owns: 'sections',
    ignore: [],
  } as const;
  return await passGate(room, await planDevice(room, observation, desired), {
    apply: false,
    drill: false,
    backup: false,
  });
}

const standing = () =>
  standingOf({
    device,
    folded: room.folded(),
    report: room.report.current(),
    site: state,
    approvals: gatePolicy.approvals,
    desired: followedBranch,
    nowMs: gateNowMs,
  });

test('the first reading after confirmed shows that it was not kept: no plan begins, until `retry`', async () => {
  room.report.update({ justConfirmed: true, readAt: gateNowMs, readCommit: 'a' });
  expect(await pass(rolledOutText, 'a')).toBeNull();
  expect(room.folded().quarantine).toMatchObject({ reason: 'not-converging', plan: 'p1', base: 'b1' });
  expect(standing()).toMatchObject({ state: 'quarantined', next: 'siteward retry gw1' });

  await room.ledger.append({
    kind: 'commit-accepted',
    commit: 'b',
    previous: 'a',
    reason: 'descendant',
    signer: null,
  });
  const other = `${rolledOutText}add address=192.0.2.2 name=two.example.org\n`;
  expect(await pass(other, 'b'), 'another commit, another plan').toBeNull();
  expect(standing()).toMatchObject({ state: 'quarantined', reason: 'not-converging' });

  await room.ledger.append({ kind: 'retry', device: 'gw1' });
  expect(await pass(other, 'b')).toEqual({ kind: 'benign' });
});

test('what a device loses later is drift, and stops nothing', async () => {
  room.report.update({ justConfirmed: false, readAt: gateNowMs, readCommit: 'a' });
  expect(await pass(rolledOutText, 'a')).toBeNull();
  expect(room.folded().quarantine).toBeNull();
  expect(standing()).toMatchObject({ state: 'drifted' });
  expect(await pass(`${rolledOutText}add address=192.0.2.2 name=two.example.org\n`, 'a')).toEqual({
    kind: 'benign',
  });
});
