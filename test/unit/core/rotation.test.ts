/** What was rotated and taken over is in the next checkpoint as it is in the fold: a start finds what was there. */
import { expect, test } from 'vitest';
import type { SitewardEvent } from '../../../src/core/rollout/events.ts';
import { checkpointOf, restoreCheckpoint } from '../../../src/core/site-checkpoint.ts';
import { foldRecord } from '../../../src/core/site-fold.ts';
import { deviceState, emptySiteState } from '../../../src/core/site-state.ts';
import type { SiteState } from '../../../src/core/site-state.ts';

function fold(...events: readonly SitewardEvent[]): SiteState {
  const state = emptySiteState();
  events.forEach((event, index) => {
    const at = '2026-11-21T10:00:00.000Z';
    foldRecord(state, { ...event, v: 1, seq: index + 1, at, prev: '', actor: 'daemon' } as never);
  });
  return state;
}

const device = 'gw1';
const login = { sealed: 's', line: 'ssh-ed25519 AAAA', name: 'siteward-1', settingsKey: 'SHA256:old' };
const consumed = { pending: 'p', challenge: 'c', document: 'd', by: [{ person: 'alice', fingerprint: 'f' }] };
const opened: SitewardEvent = {
  ...{ kind: 'pending-opened', pending: 'p', asks: 'rotation', device, deviceKey: 'SHA256:new', base: 'b' },
  ...{ commit: '0', class: 'operational', reason: 'host-key', plan: 't', authors: [], supersedes: null },
};
const issued: SitewardEvent = {
  ...{ kind: 'document-issued', pending: 'p', document: 'd', challenge: 'c' },
  ...{ notBefore: '2026-11-21T10:00:00Z', expires: '2026-11-21T11:00:00Z' },
};
const signed: SitewardEvent = {
  ...{ kind: 'signature-accepted', pending: 'p', document: 'd', person: 'alice' },
  ...{ principal: 'alice@example.org', fingerprint: 'f', signature: 'armored' },
};
const pinned: SitewardEvent = {
  ...{ kind: 'host-key-pinned', device, hostKey: 'SHA256:new', settingsKey: 'SHA256:old', text: 'signed\n' },
  ...consumed,
};
const authorized: SitewardEvent = { kind: 'rotation-authorized', device, rotation: 'r', login, ...consumed };
const proved: SitewardEvent = {
  ...{ kind: 'rotation-step-finished', device, rotation: 'r', step: 'prove', result: 'ok' },
};

const whole = fold(
  opened,
  issued,
  signed,
  pinned,
  { kind: 'rotation-ordered', device, what: 'credential', emergency: true, login },
  authorized,
  proved,
  { kind: 'adopt-ordered', device, sections: ['/ip dns static'] },
  {
    kind: 'items-adopted',
    device,
    items: [{ section: '/ip dns static', item: '#1', digest: 'x' }],
    ...consumed,
  },
  { kind: 'adopt-ordered', device, sections: [] },
  { kind: 'rotation-ordered', device, what: 'host-key', emergency: false },
);

test('the fold holds the whole document of a pinned key, the key in force, and what was taken over', () => {
  const state = deviceState(whole, device);
  expect(state.pin).toMatchObject({ hostKey: 'SHA256:new', text: 'signed\n', challenge: 'c', by: ['alice'] });
  expect(state.pin?.approvals).toMatchObject([{ person: 'alice', signature: 'armored' }]);
  expect(state.login).toMatchObject(login);
  expect(state.credential).toMatchObject({ id: 'r', proven: true, refused: null });
  expect(state.own).toEqual(new Map([['/ip dns static #1', 'x']]));
  expect([state.adopt, state.rotation]).toEqual([[], { what: 'host-key', emergency: false }]);
  expect(whole.pending.size).toBe(0);
});

test('and so does the checkpoint', () => {
  const again = emptySiteState();
  const parts = JSON.parse(JSON.stringify(checkpointOf(whole))) as ReturnType<typeof checkpointOf>;
  restoreCheckpoint(again, parts);
  expect(again).toEqual(whole);
});

test('a pinned key whose document nobody asked for is damage', () => {
  expect(() => fold(opened, pinned)).toThrow(/names p, for which no document was issued/);
});
