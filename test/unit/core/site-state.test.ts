import { describe, expect, test } from 'vitest';
import { JournalError } from '../../../src/core/errors.ts';
import type { SitewardEvent } from '../../../src/core/rollout/events.ts';
import type { SiteState } from '../../../src/core/site-state.ts';
import type { PendingState } from '../../../src/core/gate/pending.ts';
import { openDevices } from '../../../src/core/gate/pending.ts';
import { foldRecord } from '../../../src/core/site-fold.ts';
import { authorsFor, deviceState, emptySiteState } from '../../../src/core/site-state.ts';
import { evidenceFacts, ids, planned as plannedRollout } from '../../support/records.ts';

const evidence = evidenceFacts({ decision: 'rollback', net: false, footprint: 'base' });

const fold = (...events: readonly SitewardEvent[]): SiteState => foldInto(emptySiteState(), ...events);

function foldInto(state: SiteState, ...events: readonly SitewardEvent[]): SiteState {
  events.forEach((event, i) => {
    const record = {
      ...event,
      v: 1,
      seq: i + 1,
      at: `2026-01-01T00:00:0${i % 10}.000Z`,
      prev: '',
      actor: 'daemon',
    };
    foldRecord(state, record);
  });
  return state;
}

const item = { verb: 'add', section: '/ip dns static', item: '#1', was: null, digest: 'd1' } as const;
const planned = plannedRollout({ commit: 'c1', plan: 'p1', base: 'b1', items: [item], desired: 'text1' });
const authorized: SitewardEvent = { kind: 'authorized', ...ids, reason: 'benign' };
const restarted: SitewardEvent = { kind: 'daemon-started', nonce: 'n', version: '0', trust: {} };
const settled = (outcome: 'confirmed' | 'rolled-back' | 'not-started'): SitewardEvent => ({
  kind: 'settled',
  ...ids,
  outcome,
});
const rolledBack = (cause: 'daemon-gone' | 'window-passed'): SitewardEvent[] => [
  { kind: 'rolled-back', ...ids, cause, evidence },
  settled('rolled-back'),
];

describe('a rollout that is over', () => {
  test('confirmed: the commit is confirmed on the device and what it added is its own', () => {
    const state = fold(planned, authorized, { kind: 'confirmed', ...ids, evidence }, settled('confirmed'));
    const device = deviceState(state, 'gw1');
    expect(device.confirmed).toMatchObject({ commit: 'c1', desired: 'text1' });
    expect(device.own.get('/ip dns static #1')).toBe('d1');
    expect(device.rollout).toBeNull();
    expect(state.touched.size).toBe(0);
  });

  test('rolled back: the plan is quarantined on its base and the commit stops for the site', () => {
    const state = fold(planned, authorized, ...rolledBack('window-passed'));
    expect(deviceState(state, 'gw1').quarantine).toEqual({
      reason: 'rolled-back',
      plan: 'p1',
      base: 'b1',
      cause: 'window-passed',
      found: null,
      at: '2026-01-01T00:00:03.000Z',
    });
    expect(state.stopped).toEqual({ commit: 'c1', device: 'gw1', why: 'rolled-back' });
    expect(deviceState(state, 'gw1').confirmed).toBeNull();
  });

  test('rolled back because the daemon was gone: once more by itself, and only once', () => {
    const once = fold(planned, authorized, restarted, ...rolledBack('daemon-gone'));
    expect(deviceState(once, 'gw1').quarantine).toBeNull();
    expect(once.stopped).toBeNull();
    const twice = fold(
      planned,
      authorized,
      restarted,
      ...rolledBack('daemon-gone'),
      planned,
      authorized,
      restarted,
      ...rolledBack('daemon-gone'),
    );
    expect(deviceState(twice, 'gw1').quarantine).toMatchObject({ reason: 'rolled-back' });
  });

  test('dropped when people end another one that an older backup brought back: not tried again by itself', () => {
    const another = { rollout: 'r0', sealed: 's0', witness: null, next: null } as const;
    const consumed = { pending: 'p', challenge: 'c', document: 'd', by: [] };
    const state = fold(planned, authorized, {
      kind: 'resolved',
      device: 'gw1',
      commit: 'c1',
      as: 'actual',
      ...another,
      ...consumed,
    });
    expect(deviceState(state, 'gw1')).toMatchObject({
      rollout: { id: 'r0' },
      quarantine: { reason: 'diverged', plan: 'p1', base: 'b1' },
    });
    expect(state.touched.size).toBe(0);
  });

  test('retry lifts the quarantine and lets the commit go on', () => {
    const state = fold(planned, authorized, ...rolledBack('window-passed'), { kind: 'retry', device: 'gw1' });
    expect(deviceState(state, 'gw1').quarantine).toBeNull();
    expect(state.stopped).toBeNull();
  });

  test('a new commit lets the site go on, but the same plan on the same base stays quarantined', () => {
    const accepted: SitewardEvent = {
      kind: 'commit-accepted',
      commit: 'c2',
      previous: 'c1',
      reason: 'descendant',
      signer: null,
    };
    const state = fold(planned, authorized, ...rolledBack('window-passed'), accepted);
    expect(state.stopped).toBeNull();
    expect(deviceState(state, 'gw1').quarantine).not.toBeNull();
  });
});

describe('what was left on a device', () => {
  const announced = (seq: number): SitewardEvent[] => [
    { ...planned, rollout: `r${seq}` },
    { kind: 'authorized', ...ids, rollout: `r${seq}`, reason: 'benign' },
    { kind: 'witness-started', ...ids, rollout: `r${seq}`, witness: { seq, head: `h${seq}` } },
    { kind: 'not-started', ...ids, rollout: `r${seq}`, code: 'unreachable', message: '' },
    { kind: 'settled', ...ids, rollout: `r${seq}`, outcome: 'not-started' },
  ];
  const rollouts = (count: number): SitewardEvent[] =>
    Array.from({ length: count }, (_, i) => announced(i + 1)).flat();

  test('of what was announced as its witness the newest 64 are known again, and no more are kept', () => {
    const { witnesses } = deviceState(fold(...rollouts(66)), 'gw1');
    expect(witnesses).toHaveLength(64);
    expect([witnesses[0], witnesses.at(-1)]).toEqual([
      { seq: 3, head: 'h3' },
      { seq: 66, head: 'h66' },
    ]);
  });

  test('where an older checkpoint says more of them, the oldest go with the next rollout', () => {
    const state = emptySiteState();
    const older = Array.from({ length: 256 }, (_, i) => ({ seq: i, head: `o${i}` }));
    deviceState(state, 'gw1').witnesses.push(...older);
    foldInto(state, ...announced(300));
    const { witnesses } = deviceState(state, 'gw1');
    expect(witnesses).toHaveLength(64);
    expect(witnesses.at(-1)).toEqual({ seq: 300, head: 'h300' });
  });
});

describe('what siteward made', () => {
  const confirmedWith = (
    items: Extract<SitewardEvent, { kind: 'rollout-planned' }>['items'],
  ): SitewardEvent[] => [
    { ...planned, items },
    authorized,
    { kind: 'confirmed', ...ids, evidence },
    settled('confirmed'),
  ];

  test('follows an own item whose identity changes, and forgets one that is removed', () => {
    const set = { verb: 'set', section: '/ip dns static', item: '#2', was: '#1', digest: 'd2' } as const;
    const gone = { verb: 'remove', section: '/ip dns static', item: '#2', was: '#2', digest: null } as const;
    expect([...deviceState(fold(...confirmedWith([item]), ...confirmedWith([set])), 'gw1').own]).toEqual([
      ['/ip dns static #2', 'd2'],
    ]);
    const all = fold(...confirmedWith([item]), ...confirmedWith([set]), ...confirmedWith([gone]));
    expect(deviceState(all, 'gw1').own.size).toBe(0);
  });

  test('does not take over an item of somebody else by changing it', () => {
    const set = { verb: 'set', section: '/ip dns static', item: '#2', was: '#9', digest: 'd2' } as const;
    expect(deviceState(fold(...confirmedWith([set])), 'gw1').own.size).toBe(0);
  });
});

describe('what waits for signatures', () => {
  const opened: SitewardEvent = {
    kind: 'pending-opened',
    pending: 'bud-gw1-1',
    asks: 'rollout',
    device: 'gw1',
    deviceKey: 'SHA256:k1',
    base: 'b1',
    commit: 'c1',
    class: 'operational',
    reason: 'traffic',
    plan: 'p1',
    supersedes: null,
  };
  const joined: SitewardEvent = { ...opened, device: 'gw2', deviceKey: 'SHA256:k2', base: 'b2' };
  const closed = (device?: string): SitewardEvent => ({
    kind: 'pending-closed',
    pending: 'bud-gw1-1',
    reason: 'superseded',
    ...(device === undefined ? {} : { device }),
  });
  const pendingAfter = (...events: SitewardEvent[]): PendingState | undefined =>
    fold(...events).pending.get('bud-gw1-1');
  const open = (pending: PendingState | undefined): string[] => (pending ? openDevices(pending) : []);
  const issued = (document: string): SitewardEvent => ({
    kind: 'document-issued',
    pending: 'bud-gw1-1',
    document,
    challenge: '0',
    notBefore: '',
    expires: '',
  });
  const signed: SitewardEvent = {
    kind: 'signature-accepted',
    pending: 'bud-gw1-1',
    document: 'x',
    person: 'alice',
    principal: 'alice@example.org',
    fingerprint: 'SHA256:a',
    signature: 's',
  };

  test('a new document starts without the signatures over the old one', () => {
    expect(pendingAfter(opened, issued('x'), signed)?.approvals).toHaveLength(1);
    expect(pendingAfter(opened, issued('x'), signed, issued('y'))?.approvals).toHaveLength(0);
  });

  test('is gone once its authorization is consumed, so that it can not be used again', () => {
    const consumed: SitewardEvent = {
      kind: 'authorization-consumed',
      ...ids,
      pending: 'bud-gw1-1',
      challenge: '0',
      document: 'x',
      by: [],
    };
    expect(pendingAfter(opened, issued('x'), signed, planned, consumed)).toBeUndefined();
    // The other device's block is that device's: it still waits, under the document that names both.
    const left = pendingAfter(opened, joined, issued('x'), signed, planned, consumed);
    expect(left?.devices.map(({ name, open: is }) => [name, is])).toEqual([
      ['gw1', false],
      ['gw2', true],
    ]);
    expect(left?.approvals).toHaveLength(1);
  });

  test('one item stands for several devices, and goes with the last of them', () => {
    expect(open(pendingAfter(opened, joined))).toEqual(['gw1', 'gw2']);
    expect(fold(opened, joined).pendingCount).toBe(1);
    expect(pendingAfter(opened, joined, closed('gw1'))?.devices.map(({ name }) => name)).toEqual(['gw2']);
    expect(pendingAfter(opened, joined, closed('gw1'), closed('gw2'))).toBeUndefined();
    expect(pendingAfter(opened, joined, closed())).toBeUndefined();
  });

  test('a block that was dropped stays in the document that names it, and in no later one', () => {
    const dropped = [opened, joined, issued('x'), closed('gw1')];
    expect(pendingAfter(...dropped)?.devices).toHaveLength(2);
    expect(pendingAfter(...dropped, issued('y'))?.devices.map(({ name }) => name)).toEqual(['gw2']);
  });
});

test('holds are kept apart for the site and for a device', () => {
  const held = (device: string | null): SitewardEvent => ({ kind: 'held', device, reason: 'x', until: null });
  const state = fold(held(null), held('gw1'), { kind: 'released', device: null });
  expect(state.siteHold).toBeNull();
  expect(deviceState(state, 'gw1').hold).toMatchObject({ reason: 'x', by: 'daemon' });
});

test('only the first thing done after a restart ends the excuse that the daemon was gone', () => {
  const after = (...more: SitewardEvent[]) =>
    deviceState(fold(planned, authorized, restarted, ...more), 'gw1').rollout;
  expect(after()).toMatchObject({ interrupted: true, resumed: false });
  expect(after({ kind: 'verify-started', ...ids })).toMatchObject({ interrupted: true, resumed: true });
  expect(after({ kind: 'verify-started', ...ids }, restarted)).toMatchObject({ resumed: false });
});

test('an unknown or diverged end stops the commit for the site until somebody lets go', () => {
  const unknown = fold(planned, authorized, {
    kind: 'wave-stopped',
    ...ids,
    commit: 'c1',
    reason: 'unknown',
  });
  expect(unknown.stopped).toEqual({ commit: 'c1', device: 'gw1', why: 'unknown' });
  expect(deviceState(unknown, 'gw1').rollout?.unknown).toBe(true);
  const diverged = fold(planned, authorized, { kind: 'diverged', ...ids, evidence });
  expect(diverged.stopped).toEqual({ commit: 'c1', device: 'gw1', why: 'diverged' });
  const released = fold(
    planned,
    authorized,
    { kind: 'diverged', ...ids, evidence },
    { kind: 'released', device: null },
  );
  expect(released.stopped).toBeNull();
});

test('a restart marks what was in flight as interrupted', () => {
  expect(deviceState(fold(planned, authorized, restarted), 'gw1').rollout?.interrupted).toBe(true);
});

test('records that do not fit are refused: a step of no rollout, or of another moment', () => {
  expect(() => fold({ kind: 'confirmed', ...ids, evidence })).toThrow(JournalError);
  expect(() => fold(planned, { kind: 'apply-finished', ...ids, result: 'ok' })).toThrow(/does not fit/);
});

describe('who wrote what a device does not have yet', () => {
  const accepted = (commit: string, authors?: readonly string[]): SitewardEvent => ({
    kind: 'commit-accepted',
    commit,
    previous: null,
    reason: 'descendant',
    signer: null,
    ...(authors === undefined ? {} : { authors }),
  });
  const read = (device: string, commit: string): SitewardEvent => ({
    kind: 'read-confirmed',
    device,
    commit,
    desired: 'd',
  });
  const of = (...events: readonly SitewardEvent[]) => [...authorsFor(fold(...events), ['gw1'])].sort();

  test('is everybody since the device was last confirmed', () => {
    expect(of(accepted('c1', ['alice']), accepted('c2', ['bob']))).toEqual(['alice', 'bob']);
    expect(of(accepted('c1', ['alice']), read('gw1', 'c1'), accepted('c2', ['bob']))).toEqual(['bob']);
    expect(of(accepted('c1', ['alice']), read('gw1', 'c1'))).toEqual([]);
    expect(of(accepted('c1', ['alice']), read('gw1', 'c1'), accepted('c2', ['alice']))).toEqual(['alice']);
  });
  test('is not over with a reading of an older commit, or of another device', () => {
    expect(of(accepted('c1', ['alice']), accepted('c2', ['bob']), read('gw1', 'c1'))).toEqual([
      'alice',
      'bob',
    ]);
    expect(of(accepted('c1', ['alice']), read('gw2', 'c1'))).toEqual(['alice']);
  });
  test('is over with a rollout that was planned after it, and not with one planned before', () => {
    const whole = (commit: string): SitewardEvent => ({ ...planned, commit, complete: true });
    const ended: SitewardEvent[] = [
      authorized,
      { kind: 'confirmed', ...ids, evidence: { ...evidence, decision: 'confirm', footprint: 'target' } },
      { kind: 'settled', ...ids, outcome: 'confirmed' },
    ];
    expect(of(accepted('c1', ['alice']), whole('c1'), ...ended)).toEqual([]);
    expect(of(accepted('c1', ['alice']), whole('c1'), accepted('c2', ['bob']), ...ended)).toEqual(['bob']);
  });
  test('is everybody when a record does not say', () => {
    expect(of(accepted('c1'))).toEqual(['*']);
  });
});
