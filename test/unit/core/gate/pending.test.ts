/** How records change what waits for signatures, and what signers are shown of it. */
import { describe, expect, test } from 'vitest';
import {
  closeBlock,
  foldPending,
  itemsFor,
  openDevices,
  pendingItem,
} from '../../../../src/core/gate/pending.ts';
import type { PendingItems, PendingState } from '../../../../src/core/gate/pending.ts';

type PendingRecord = Parameters<typeof foldPending>[1];
const stamp = { v: 1, seq: 1, at: '2026-11-21T10:00:00.000Z' } as const;
const record = (fields: object): PendingRecord => ({ ...stamp, ...fields }) as unknown as PendingRecord;
const id = 'bud-01-gw1-7';
const opened = (device: string | null, more: object = {}): PendingRecord =>
  record({
    kind: 'pending-opened',
    pending: id,
    asks: 'rollout',
    device,
    deviceKey: device === null ? null : `SHA256:${device}`,
    base: device === null ? null : `base of ${device}`,
    commit: 'c',
    class: 'operational',
    reason: 'traffic',
    plan: 'p',
    supersedes: null,
    ...more,
  });
const issued = record({
  kind: 'document-issued',
  pending: id,
  document: 'digest',
  challenge: 'challenge',
  notBefore: 'from',
  expires: 'to',
});
const signed = record({
  kind: 'signature-accepted',
  pending: id,
  document: 'digest',
  person: 'alice',
  principal: 'alice@example.org',
  fingerprint: 'SHA256:alice',
  signature: 'armor',
});
const refusedAt = (device?: string): PendingRecord =>
  record({ kind: 'refused', pending: id, code: 'expired', message: 'late', ...(device ? { device } : {}) });
const closed = (device?: string): PendingRecord =>
  record({ kind: 'pending-closed', pending: id, reason: 'moot', ...(device ? { device } : {}) });

function fold(...records: PendingRecord[]): PendingItems {
  const items: PendingItems = new Map();
  for (const one of records) foldPending(items, one);
  return items;
}
const after = (...records: PendingRecord[]): PendingState | undefined => fold(...records).get(id);
const approval = {
  person: 'alice',
  principal: 'alice@example.org',
  fingerprint: 'SHA256:alice',
  signature: 'armor',
  at: stamp.at,
};
const block = (name: string, open = true): PendingState['devices'][number] => ({
  name,
  deviceKey: `SHA256:${name}`,
  base: `base of ${name}`,
  open,
});

describe('what waits for signatures', () => {
  test('is all that the record says, and nothing has been signed', () => {
    expect(after(opened('gw1'))).toEqual({
      id,
      kind: 'rollout',
      class: 'operational',
      commit: 'c',
      reason: 'traffic',
      plan: 'p',
      openedAt: stamp.at,
      supersedes: null,
      authors: null,
      sections: [],
      devices: [block('gw1')],
      document: null,
      approvals: [],
      refusal: null,
    });
    expect(after(opened('gw1', { sections: ['/ip route'] }))?.sections).toEqual(['/ip route']);
    expect(after(opened('gw1', { authors: ['alice@example.org'] }))?.authors).toEqual(['alice@example.org']);
  });

  test('names each device that the same is asked of, and none where it is about the site', () => {
    expect(after(opened('gw1'), opened('gw2'))?.devices).toEqual([block('gw1'), block('gw2')]);
    expect(after(opened(null))?.devices).toEqual([]);
    expect(after(opened('gw1', { deviceKey: null, base: null }))?.devices).toEqual([
      { name: 'gw1', deviceKey: '', base: '', open: true },
    ]);
  });

  test('is found by its open devices, or as the site’s', () => {
    const items = fold(opened('gw1'), opened('gw2'), issued, closed('gw1'));
    expect(itemsFor(items, 'gw1')).toEqual([]);
    expect(itemsFor(items, 'gw2').map((one) => one.id)).toEqual([id]);
    expect(itemsFor(items, null)).toEqual([]);
    expect(itemsFor(fold(opened(null)), null).map((one) => one.id)).toEqual([id]);
    expect(itemsFor(fold(opened(null)), 'gw1')).toEqual([]);
  });

  test('keeps signatures until another document is issued', () => {
    expect(after(opened('gw1'), issued, signed)).toMatchObject({
      document: { digest: 'digest', challenge: 'challenge', notBefore: 'from', expires: 'to' },
      approvals: [approval],
    });
    expect(after(opened('gw1'), issued, signed, issued)?.approvals).toEqual([]);
  });

  test('tells why it was refused, until somebody signs or asks again', () => {
    expect(after(opened('gw1'), refusedAt('gw1'))?.refusal).toEqual({
      device: 'gw1',
      code: 'expired',
      message: 'late',
    });
    expect(after(opened(null), refusedAt())?.refusal?.device).toBeNull();
    expect(after(opened('gw1'), refusedAt('gw1'), signed)?.refusal).toBeNull();
    expect(after(opened('gw1'), refusedAt('gw1'), issued)?.refusal).toBeNull();
  });

  test('is left by one device, which stays in a document that names it', () => {
    expect(after(opened('gw1'), opened('gw2'), closed('gw1'))?.devices).toEqual([block('gw2')]);
    const named = after(opened('gw1'), opened('gw2'), issued, closed('gw1'));
    expect(named?.devices).toEqual([block('gw1', false), block('gw2')]);
    expect(named && openDevices(named)).toEqual(['gw2']);
    expect(after(opened('gw1'), opened('gw2'), issued, closed('gw1'), issued)?.devices).toEqual([
      block('gw2'),
    ]);
  });

  test('is gone with its last device, or as a whole', () => {
    expect(after(opened('gw1'), closed('gw1'))).toBeUndefined();
    expect(after(opened('gw1'), opened('gw2'), issued, closed())).toBeUndefined();
    expect(after(opened(null), closed())).toBeUndefined();
    expect(after(opened('gw1'), closed('gw2'))?.devices).toEqual([block('gw1')]);
  });

  test('is not made by records about what is gone', () => {
    expect([...fold(issued, signed, refusedAt('gw1'), closed())]).toEqual([]);
    expect([...fold(record({ kind: 'refused', device: 'gw1', code: 'x', message: 'y' }))]).toEqual([]);
    const items = fold(opened('gw1'));
    closeBlock(items, 'another', null);
    expect(items.size).toBe(1);
  });
});

describe('what signers are shown', () => {
  const site = { site: 'bud-01', daemon: 'd' };
  const state = (more: Partial<PendingState> = {}): PendingState => {
    const made = after(opened('gw1'), issued, signed);
    if (made === undefined) throw new Error('no item');
    return { ...made, ...more };
  };

  test('is the item with its texts', () => {
    expect(pendingItem(site, state(), ['bob@example.org'], 'plan\n', 'document')).toEqual({
      id,
      kind: 'rollout',
      class: 'operational',
      site: 'bud-01',
      daemon: 'd',
      commit: 'c',
      authors: ['bob@example.org'],
      devices: [{ name: 'gw1', deviceKey: 'SHA256:gw1', baseSha256: 'base of gw1', planSha256: 'p' }],
      planText: 'plan\n',
      document: {
        text: 'document',
        digest: 'digest',
        challenge: 'challenge',
        notBefore: 'from',
        expires: 'to',
      },
      approvals: [approval],
    });
  });

  test('has no document where there is none, or its text is lost', () => {
    expect(pendingItem(site, state({ document: null }), [], 'plan\n', 'document').document).toBeNull();
    expect(pendingItem(site, state(), [], 'plan\n', null).document).toBeNull();
  });

  test('is written by whom the item names, before the devices', () => {
    const { authors } = pendingItem(site, state({ authors: ['alice@example.org'] }), ['bob'], '', null);
    expect(authors).toEqual(['alice@example.org']);
  });
});
