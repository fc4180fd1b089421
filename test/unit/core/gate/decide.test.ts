/** Whether a signature counts, and whether what was signed may still be done: each refusal with its own code. */
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../../src/core/digest.ts';
import {
  approvalsOf,
  checkAuthorization,
  counterDecreased,
  judgeSignature,
} from '../../../../src/core/gate/decide.ts';
import type { CurrentState } from '../../../../src/core/gate/decide.ts';
import type { PendingItem } from '../../../../src/core/gate/pending.ts';
import type { Trust } from '../../../../src/core/gate/trust.ts';
import type { Policy } from '../../../../src/core/site.ts';
import {
  gateItem,
  gateNowMs,
  gatePlan,
  gatePolicy,
  gateTrust,
  operational,
  recovery,
} from '../../../support/gate.ts';
import { makeKey, signMessage } from '../../../support/ssh-signature.ts';
import type { TestKey } from '../../../support/ssh-signature.ts';

const alice = makeKey();
const aliceToo = makeKey();
const bob = makeKey();
const rita = makeKey();
const carol = makeKey();
const stranger = makeKey();

const trust = gateTrust([
  { name: 'alice', key: alice, roles: ['operational'] },
  { name: 'alice', key: aliceToo, roles: ['operational'] },
  { name: 'bob', key: bob, roles: ['operational'] },
  { name: 'rita', key: rita, roles: ['recovery'] },
  // Her key is listed for a role that she does not have.
  { name: 'carol', key: carol, roles: ['recovery'], options: `namespaces="${operational}"` },
]);
const twoOf: Policy = { ...gatePolicy, approvals: { operational: 2, recovery: 2 } };
const current: CurrentState = {
  planSha256: sha256(gatePlan),
  baseSha256: 'b'.repeat(64),
  deviceKey: 'SHA256:abc',
};

const textOf = (item: PendingItem): string => item.document?.text ?? '';
const signed = (key: TestKey, item: PendingItem, namespace = operational): string =>
  signMessage(key, namespace, textOf(item));

/** The item with the approvals of these keys, each counted by the gate. */
function approved(item: PendingItem, keys: readonly TestKey[], policy = gatePolicy): PendingItem {
  return keys.reduce((so, key) => {
    const verdict = judgeSignature(so, signed(key, so), trust, policy, gateNowMs);
    if (verdict.kind !== 'counted') throw new Error(verdict.code);
    return { ...so, approvals: [...so.approvals, verdict.approval] };
  }, item);
}

describe('a signature over the item’s document', () => {
  test('by a person with the role counts and completes a quorum of one', () => {
    const item = gateItem();
    expect(judgeSignature(item, signed(alice, item), trust, gatePolicy, gateNowMs)).toMatchObject({
      kind: 'counted',
      have: 1,
      need: 1,
      complete: true,
      approval: {
        person: 'alice',
        principal: 'alice@example.org',
        fingerprint: alice.fingerprint,
        at: '2026-11-21T10:00:00.000Z',
        signature: signed(alice, item),
      },
    });
  });

  test('of a quorum of two is shown as one of two, and a second person completes it', () => {
    const item = gateItem();
    expect(judgeSignature(item, signed(alice, item), trust, twoOf, gateNowMs)).toMatchObject({
      have: 1,
      need: 2,
      complete: false,
    });
    const one = approved(item, [alice], twoOf);
    expect(judgeSignature(one, signed(bob, one), trust, twoOf, gateNowMs)).toMatchObject({
      have: 2,
      complete: true,
    });
    expect(approvalsOf(one, trust, twoOf, gateNowMs)).toEqual({ have: 1, need: 2, by: ['alice'] });
  });

  const refusals: [string, string, () => [PendingItem, string, Trust?, number?]][] = [
    [
      'before the document was asked for',
      'no-document',
      () => [gateItem({ document: null }), signed(alice, gateItem())],
    ],
    [
      'when the document has expired',
      'expired',
      () => [gateItem(), signed(alice, gateItem()), trust, gateNowMs + 3_600_000],
    ],
    [
      'when the clock went back',
      'not-yet-valid',
      () => [gateItem(), signed(alice, gateItem()), trust, gateNowMs - 60_001],
    ],
    [
      'while the clock can’t be believed',
      'clock-untrusted',
      () => [gateItem(), signed(alice, gateItem()), { ...trust, distrust: 'the clock went back' }],
    ],
    [
      'at a time that is no number',
      'not-yet-valid',
      () => [gateItem(), signed(alice, gateItem()), trust, NaN],
    ],
    [
      'over another text',
      'signature-invalid',
      () => [gateItem(), signMessage(alice, operational, `${textOf(gateItem())}x`)],
    ],
    [
      'over the text with CRLF',
      'signature-invalid',
      () => [gateItem(), signMessage(alice, operational, textOf(gateItem()).replaceAll('\n', '\r\n'))],
    ],
    [
      'over an older document of the same item',
      'signature-invalid',
      () => [gateItem(), signed(alice, gateItem({}, 'a'.repeat(32)))],
    ],
    [
      'over the item of another site',
      'signature-invalid',
      () => [gateItem(), signed(alice, gateItem({ site: 'bud-02' }))],
    ],
    [
      'over the item of another daemon',
      'signature-invalid',
      () => [gateItem(), signed(alice, gateItem({ daemon: 'e'.repeat(32) }))],
    ],
    ['that is no signature', 'signature-invalid', () => [gateItem(), 'hello']],
    [
      'that is two signatures',
      'signature-invalid',
      () => [gateItem(), signed(alice, gateItem()) + signed(bob, gateItem())],
    ],
    [
      'for the recovery namespace',
      'wrong-namespace',
      () => [gateItem(), signed(alice, gateItem(), recovery)],
    ],
    ['for git', 'wrong-namespace', () => [gateItem(), signed(alice, gateItem(), 'git')]],
    [
      'for another organization',
      'wrong-namespace',
      () => [gateItem(), signed(alice, gateItem(), 'siteward-operational-v1@example.com')],
    ],
    ['by a key that nobody listed', 'unknown-key', () => [gateItem(), signed(stranger, gateItem())]],
    [
      'by a revoked key',
      'revoked-key',
      () => [
        gateItem(),
        signed(alice, gateItem()),
        gateTrust([{ name: 'alice', key: alice, roles: ['operational'] }], [alice]),
      ],
    ],
    [
      'by a key that has expired',
      'key-expired',
      () => [gateItem(), signed(alice, gateItem()), dated('valid-before="20261121095959Z"')],
    ],
    [
      'by a key that is not valid yet',
      'key-not-yet-valid',
      () => [gateItem(), signed(alice, gateItem()), dated('valid-after="20261121100001Z"')],
    ],
    [
      'by who wrote the commit, where that is asked for',
      'own-change',
      () => [authoredBy('Alice@Example.org'), signed(alice, authoredBy('Alice@Example.org'))],
    ],
    [
      'by whom the commit’s signature may mean, where that is asked for',
      'own-change',
      () => [authoredBy('*@example.org,!bob@example.org'), signed(alice, gateItem())],
    ],
    [
      'by anybody of whom it is not known whether they wrote it',
      'own-change',
      () => [authoredBy('*'), signed(alice, gateItem())],
    ],
    ['by a recovery key', 'role-denied', () => [gateItem(), signed(rita, gateItem())]],
    ['by a person without the role', 'role-denied', () => [gateItem(), signed(carol, gateItem())]],
    [
      'by the same person again',
      'same-person',
      () => [approved(gateItem(), [alice], twoOf), signed(alice, gateItem())],
    ],
    [
      'by the same person with another key',
      'same-person',
      () => [approved(gateItem(), [alice], twoOf), signed(aliceToo, gateItem())],
    ],
    [
      'when the document is not the item’s',
      'document-mismatch',
      () => [{ ...gateItem(), commit: '8'.repeat(40) }, signed(alice, gateItem())],
    ],
    [
      'when the plan under it was exchanged',
      'document-mismatch',
      () => [{ ...gateItem(), planText: 'other\n' }, signed(alice, gateItem())],
    ],
    [
      'by recovery on something that is no rotation',
      'role-denied',
      () => [gateItem({ class: 'recovery' }), signed(rita, gateItem({ class: 'recovery' }), recovery)],
    ],
  ];

  const dated = (option: string): Trust =>
    gateTrust([
      { name: 'alice', key: alice, roles: ['operational'], options: `namespaces="${operational}",${option}` },
    ]);

  const authoredBy = (author: string): PendingItem => gateItem({ authors: [author] });

  test.each(refusals)('%s is refused as %s', (_, code, make) => {
    const [item, signature, trusted = trust, nowMs = gateNowMs] = make();
    const verdict = judgeSignature(item, signature, trusted, { ...twoOf, fourEyes: 'required' }, nowMs);
    expect(verdict).toMatchObject({ kind: 'refused', code });
    if (verdict.kind === 'refused') expect(verdict.message).toMatch(/^[^\n]{10,300}$/);
  });

  test('of who wrote the commit counts where nothing else is asked for, and of others anyway', () => {
    const item = authoredBy('alice@example.org');
    expect(judgeSignature(item, signed(alice, item), trust, gatePolicy, gateNowMs)).toMatchObject({
      kind: 'counted',
    });
    const fourEyes: Policy = { ...gatePolicy, fourEyes: 'required' };
    expect(judgeSignature(item, signed(bob, item), trust, fourEyes, gateNowMs)).toMatchObject({
      complete: true,
    });
    const before = approved(item, [alice]);
    expect(checkAuthorization(before, 'gw1', current, trust, fourEyes, gateNowMs)).toMatchObject({
      code: 'quorum-missing',
    });
  });

  test('recovery signs a rotation', () => {
    const item = gateItem({ kind: 'rotation', class: 'recovery' });
    expect(judgeSignature(item, signed(rita, item, recovery), trust, gatePolicy, gateNowMs)).toMatchObject({
      kind: 'counted',
      have: 1,
      need: 2,
    });
  });

  test.each([0, -1, NaN, 0.5, Infinity])('a threshold of %s is never met', (threshold) => {
    const item = gateItem();
    const policy = { ...gatePolicy, approvals: { operational: threshold, recovery: 1 } };
    expect(judgeSignature(item, signed(alice, item), trust, policy, gateNowMs)).toMatchObject({
      complete: false,
    });
    expect(
      checkAuthorization(approved(item, [alice]), 'gw1', current, trust, policy, gateNowMs),
    ).toMatchObject({ code: 'quorum-missing' });
  });

  test('a seventeenth one is not looked at', () => {
    const one = approved(gateItem(), [alice], twoOf);
    const full = { ...one, approvals: Array.from({ length: 16 }, () => one.approvals).flat() };
    expect(judgeSignature(full, signed(bob, full), trust, twoOf, gateNowMs)).toMatchObject({
      code: 'too-many-signatures',
    });
  });
});

describe('an approved item at the moment of execution', () => {
  test('is authorized by the persons who signed', () => {
    const verdict = checkAuthorization(
      approved(gateItem(), [alice, bob], twoOf),
      'gw1',
      current,
      trust,
      twoOf,
      gateNowMs,
    );
    expect(verdict).toMatchObject({ kind: 'authorized', by: [{ person: 'alice' }, { person: 'bob' }] });
  });

  test.each([
    ['plan-changed', { planSha256: sha256('other') }],
    ['base-changed', { baseSha256: 'a'.repeat(64) }],
    ['device-key-changed', { deviceKey: 'SHA256:other' }],
  ])('is refused as %s when that is another now', (code, change) => {
    const item = approved(gateItem(), [alice]);
    expect(
      checkAuthorization(item, 'gw1', { ...current, ...change }, trust, gatePolicy, gateNowMs),
    ).toMatchObject({ kind: 'refused', code });
  });

  test('is not for a device that the document does not name', () => {
    expect(
      checkAuthorization(approved(gateItem(), [alice]), 'gw2', current, trust, gatePolicy, gateNowMs),
    ).toMatchObject({
      code: 'device-not-listed',
    });
  });

  test('is refused once the document has expired', () => {
    const item = approved(gateItem(), [alice]);
    expect(checkAuthorization(item, 'gw1', current, trust, gatePolicy, gateNowMs + 3_599_999)).toMatchObject({
      kind: 'authorized',
    });
    expect(checkAuthorization(item, 'gw1', current, trust, gatePolicy, gateNowMs + 3_600_000)).toMatchObject({
      code: 'expired',
    });
  });

  test('is refused while the clock can’t be believed, whatever was signed before', () => {
    const item = approved(gateItem(), [alice]);
    const doubtful = { ...trust, distrust: 'the clock went back' };
    expect(checkAuthorization(item, 'gw1', current, doubtful, gatePolicy, gateNowMs)).toMatchObject({
      code: 'clock-untrusted',
    });
    expect(approvalsOf(item, doubtful, gatePolicy, gateNowMs)).toEqual({ have: 0, need: 1, by: [] });
  });

  test('no longer counts a signature whose key was revoked meanwhile', () => {
    const item = approved(gateItem(), [alice]);
    const later = gateTrust([{ name: 'alice', key: alice, roles: ['operational'] }], [alice]);
    expect(checkAuthorization(item, 'gw1', current, later, gatePolicy, gateNowMs)).toMatchObject({
      code: 'quorum-missing',
    });
  });

  test('no longer counts a person who lost the role', () => {
    const item = approved(gateItem(), [alice]);
    const later = gateTrust([
      { name: 'alice', key: alice, roles: ['recovery'], options: `namespaces="${operational}"` },
    ]);
    expect(checkAuthorization(item, 'gw1', current, later, gatePolicy, gateNowMs)).toMatchObject({
      code: 'quorum-missing',
    });
  });

  test('without any signature, or with stored ones that claim a person, is refused', () => {
    const item = gateItem();
    const claim = {
      person: 'bob',
      principal: 'bob@example.org',
      fingerprint: bob.fingerprint,
      at: '',
      signature: signed(alice, item),
    };
    expect(checkAuthorization(item, 'gw1', current, trust, gatePolicy, gateNowMs)).toMatchObject({
      code: 'quorum-missing',
    });
    const twice = { ...item, approvals: [claim, { ...claim, person: 'carol' }] };
    expect(checkAuthorization(twice, 'gw1', current, trust, twoOf, gateNowMs)).toMatchObject({
      code: 'quorum-missing',
    });
  });

  test('two keys of one person are one signature', () => {
    const item = gateItem();
    const one = (key: TestKey) => approved(item, [key]).approvals;
    const both = { ...item, approvals: [...one(alice), ...one(aliceToo)] };
    expect(checkAuthorization(both, 'gw1', current, trust, twoOf, gateNowMs)).toMatchObject({
      code: 'quorum-missing',
    });
  });
});

test.each([
  [0, 0, false],
  [0, 5, false],
  [7, 8, false],
  [7, 7, true],
  [7, 6, true],
  [7, 0, true],
])('a security key that counted to %d and now says %d hints at a copy: %s', (known, counter, hints) => {
  expect(counterDecreased(known, counter)).toBe(hints);
});
