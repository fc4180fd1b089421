/** While people read a document, nothing begins by itself in the sections that it is about. */
import { expect, test } from 'vitest';
import { frozenBy } from '../../../../src/core/gate/pending.ts';
import type { PendingState } from '../../../../src/core/gate/pending.ts';
import { gateNowMs } from '../../../support/gate.ts';

const document = {
  digest: 'd',
  challenge: 'c',
  notBefore: '2026-11-21T10:00:00Z',
  expires: '2026-11-21T11:00:00Z',
};
const item: PendingState = {
  ...{ id: 'bud-01-gw1-7', kind: 'rollout', class: 'operational', commit: 'c', reason: 'r', plan: 'p' },
  ...{ openedAt: '', supersedes: null, authors: null, approvals: [], refusal: null },
  sections: ['/ip dns static', '/ip route'],
  devices: [{ name: 'gw1', deviceKey: 'k', base: 'b', open: true }],
  document,
};
const approval = { person: 'a', principal: 'a', fingerprint: 'f', at: '', signature: 's' };
const ask = (changes: Partial<PendingState>, sections = ['/ip route'], device = 'gw1', nowMs = gateNowMs) =>
  frozenBy(
    new Map([[item.id, { ...item, ...changes }]]),
    device,
    sections,
    { operational: 1, recovery: 1 },
    nowMs,
  )?.id ?? null;

test('a document that is out freezes its sections on its devices', () => {
  expect(ask({})).toBe(item.id);
});

test.each<readonly [string, ReturnType<typeof ask>]>([
  ['no document was asked for', ask({ document: null })],
  ['it expired', ask({}, undefined, undefined, Date.parse(document.expires))],
  ['enough people signed it', ask({ approvals: [approval] })],
  ['it is about other sections', ask({}, ['/ip address'])],
  ['it is about another device', ask({}, undefined, 'gw2')],
  ['its part for this device is closed', ask({ devices: [{ ...item.devices[0]!, open: false }] })],
])('nothing is frozen: %s', (_, frozen) => {
  expect(frozen).toBeNull();
});
