/** I11: a host key that people signed counts only as long as their signatures do, and only for what they were given over. */
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../../src/core/digest.ts';
import { hostKeyBase, hostKeyStanding } from '../../../../src/core/gate/host-key.ts';
import type { HostKeyPin } from '../../../../src/core/gate/host-key-pin.ts';
import type { PendingItem } from '../../../../src/core/gate/pending.ts';
import { gateItem, gateNowMs, gatePolicy, gateTrust, operational, recovery } from '../../../support/gate.ts';
import type { TestSigner } from '../../../support/gate.ts';
import { makeKey, signMessage } from '../../../support/ssh-signature.ts';

const [before, after] = ['SHA256:before', 'SHA256:after'];
const text = `rotate: host key\nold key: ${before}\nnew key: ${after}\n`;
const alice: TestSigner = { name: 'alice', key: makeKey(), roles: ['operational'] };
const eva: TestSigner = { name: 'eva', key: makeKey(), roles: ['recovery'] };
const people = [alice, eva];
const of = { site: 'bud-01', daemon: 'd'.repeat(32) };

function signedPin(parts: Partial<PendingItem> = {}, signer = alice, namespace = operational): HostKeyPin {
  const device = { deviceKey: after, baseSha256: hostKeyBase(before), planSha256: sha256(text) };
  const devices = [{ name: 'gw1', ...device }];
  const item = gateItem({ kind: 'rotation', devices, planText: text, ...parts });
  const { document } = item;
  if (document === null) throw new Error('no document');
  const { challenge, notBefore, expires } = document;
  const approval = {
    person: signer.name,
    principal: `${signer.name}@example.org`,
    fingerprint: '',
    at: '2026-11-21T10:00:10Z',
    signature: signMessage(signer.key, namespace, document.text),
  };
  return {
    ...{ device: 'gw1', hostKey: after, settingsKey: before, at: '2026-11-21T10:00:20Z', by: [signer.name] },
    ...{ id: item.id, class: item.class, commit: item.commit, devices, text },
    ...{ challenge, notBefore, expires, approvals: [approval] },
  };
}

const pin = signedPin();
const trust = gateTrust(people);

test('without a signed key the one in the settings counts', () => {
  expect(hostKeyStanding(before, null, of, trust, gatePolicy)).toEqual({ kind: 'none', hostKey: before });
});

test('a signed one counts for the settings that it was signed over', () => {
  expect(hostKeyStanding(before, pin, of, trust, gatePolicy)).toEqual({
    kind: 'pinned',
    hostKey: after,
    pin,
  });
});

test('it counts on after its document expired, and while the clock of today is in doubt', () => {
  expect(Date.parse(pin.expires)).toBeGreaterThan(gateNowMs);
  const doubtful = { ...trust, distrust: "this machine's clock went back" };
  expect(hostKeyStanding(before, pin, of, doubtful, gatePolicy).kind).toBe('pinned');
});

test.each([
  ['name the signed one', after],
  ['name a third one', 'SHA256:third'],
])('once the settings %s, they count', (_, settingsKey) => {
  expect(hostKeyStanding(settingsKey, pin, of, trust, gatePolicy)).toEqual({
    kind: 'moot',
    hostKey: settingsKey,
  });
});

describe('the one in the settings counts again, and the reason is told', () => {
  const rows: readonly [string, HostKeyPin, Parameters<typeof gateTrust>, object, string][] = [
    ['the key that signed was revoked', pin, [people, [alice.key]], {}, 'quorum-missing'],
    ['the key that signed is listed no more', pin, [[eva]], {}, 'quorum-missing'],
    ['the person lost the role', pin, [[{ ...alice, roles: ['recovery'] }]], {}, 'quorum-missing'],
    ['more persons must sign now', pin, [people], { operational: 2 }, 'quorum-missing'],
    ['the text is another', { ...pin, text: `${text}\n` }, [people], {}, 'document-mismatch'],
    ['the key is another', { ...pin, hostKey: 'SHA256:evil' }, [people], {}, 'device-key-changed'],
    ['the challenge is another', { ...pin, challenge: 'a'.repeat(32) }, [people], {}, 'quorum-missing'],
    ['the device is another', { ...pin, device: 'gw2' }, [people], {}, 'device-not-listed'],
    ['it was pinned after it expired', { ...pin, at: pin.expires }, [people], {}, 'expired'],
    ['nobody signed', { ...pin, approvals: [] }, [people], {}, 'quorum-missing'],
    [
      'people of the recovery role signed what was no emergency',
      signedPin({}, eva, recovery),
      [people],
      {},
      'quorum-missing',
    ],
    [
      'what was signed is a rollout',
      { ...signedPin({ kind: 'rollout' }), settingsKey: before },
      [people],
      {},
      'quorum-missing',
    ],
  ];
  test.each(rows)('%s', (_, one, given, approvals, code) => {
    const policy = { ...gatePolicy, approvals: { ...gatePolicy.approvals, ...approvals } };
    expect(hostKeyStanding(before, one, of, gateTrust(...given), policy)).toMatchObject({
      kind: 'untrusted',
      hostKey: before,
      refusal: { code },
    });
  });

  test('it was signed for another daemon', () => {
    const other = { ...of, daemon: 'e'.repeat(32) };
    expect(hostKeyStanding(before, pin, other, trust, gatePolicy).kind).toBe('untrusted');
  });
});

test('an emergency is for people of the recovery role', () => {
  const policy = { ...gatePolicy, approvals: { operational: 1, recovery: 1 } };
  const emergency = signedPin({ class: 'recovery' }, eva, recovery);
  expect(hostKeyStanding(before, emergency, of, trust, policy).kind).toBe('pinned');
  expect(hostKeyStanding(before, signedPin({ class: 'recovery' }), of, trust, policy).kind).toBe('untrusted');
});
