/** What people read when the gate says no: each sentence says what, of what, and what to do. */
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../../src/core/digest.ts';
import { InvalidInput } from '../../../../src/core/errors.ts';
import { clockDistrust } from '../../../../src/core/gate/clock-trust.ts';
import { approvalsOf, checkAuthorization, judgeSignature } from '../../../../src/core/gate/decide.ts';
import { documentText } from '../../../../src/core/gate/document.ts';
import type { Approval, PendingItem } from '../../../../src/core/gate/pending.ts';
import { refusedSignature } from '../../../../src/core/gate/refusal.ts';
import { buildTrust, checkNotRewound, isAuthor, trustDigests } from '../../../../src/core/gate/trust.ts';
import type { Trust } from '../../../../src/core/gate/trust.ts';
import type { Person, Policy } from '../../../../src/core/site.ts';
import { gateItem, gateNowMs, gatePlan, gatePolicy, gateTrust, operational } from '../../../support/gate.ts';
import { makeKey, signMessage } from '../../../support/ssh-signature.ts';
import type { TestKey } from '../../../support/ssh-signature.ts';

const [alice, bob, carol, stranger] = [makeKey(), makeKey(), makeKey(), makeKey()];
const trust = gateTrust([
  { name: 'alice', key: alice, roles: ['operational'] },
  { name: 'bob', key: bob, roles: ['operational'] },
  { name: 'carol', key: carol, roles: ['recovery'], options: `namespaces="${operational}"` },
]);
const id = gateItem().id;
const sign = (key: TestKey, item: PendingItem, namespace = operational): string =>
  signMessage(key, namespace, item.document?.text ?? '');
const approvalBy = (name: string, key: TestKey, item: PendingItem): Approval => ({
  person: name,
  principal: `${name}@example.org`,
  fingerprint: key.fingerprint,
  at: '',
  signature: sign(key, item),
});
const anew = `run: siteward pending ${id} --document`;

describe('of a signature', () => {
  const judge = (
    item: PendingItem,
    signature: string,
    { of = trust, policy = gatePolicy, at = gateNowMs }: { of?: Trust; policy?: Policy; at?: number } = {},
  ): string => {
    const verdict = judgeSignature(item, signature, of, policy, at);
    return verdict.kind === 'refused' ? `${verdict.code}: ${verdict.message}` : verdict.kind;
  };
  const item = gateItem();
  const good = sign(alice, item);
  const of = (key: TestKey): string => `the key ${key.fingerprint}`;

  test('whose document can’t be signed now', () => {
    const doubtful = { ...trust, distrust: 'the clock went back' };
    expect(judge(item, good, { of: doubtful })).toBe(
      `clock-untrusted: ${id}: no signature counts: the clock went back; run: siteward check`,
    );
    expect(judge(gateItem({ document: null }), good)).toBe(`no-document: ${id} has no document yet; ${anew}`);
    expect(judge(item, good, { at: gateNowMs - 60_000 })).toBe('counted');
    expect(judge(item, good, { at: gateNowMs - 60_001 })).toBe(
      `not-yet-valid: ${id}: its document is valid from 2026-11-21T10:00:00Z; check this machine's clock`,
    );
    expect(judge(item, good, { at: gateNowMs + 3_600_000 })).toBe(
      `expired: ${id}: its document expired at 2026-11-21T11:00:00Z; ${anew}`,
    );
    expect(judge(gateItem({ class: 'recovery' }), good)).toBe(
      `role-denied: ${id}: the recovery role signs rotations only`,
    );
  });

  test('whose document is not the item’s', () => {
    expect(judge({ ...item, commit: '8'.repeat(40) }, good)).toBe(
      `document-mismatch: ${id}: its document is not the one that belongs to it`,
    );
    expect(judge({ ...item, daemon: 'x' }, good)).toBe(
      `document-mismatch: ${id}: its document can't be made again (document: the daemon id is not 32 hex digits)`,
    );
  });

  test('by somebody who may not', () => {
    expect(judge(item, sign(stranger, item))).toBe(
      `unknown-key: ${of(stranger)} is not listed; a line in allowed_signers and a person in the settings must name it`,
    );
    expect(judge(item, sign(carol, item))).toBe('role-denied: carol does not have the role operational');
    const own = gateItem({ authors: ['alice@example.org'] });
    expect(judge(own, sign(alice, own))).toBe('counted');
    expect(judge(own, sign(alice, own), { policy: { ...gatePolicy, fourEyes: 'required' } })).toBe(
      `own-change: alice wrote or signed a commit that ${id} comes from; another person must sign`,
    );
    expect(judge(item, good, { policy: { ...gatePolicy, userVerification: 'required' } })).toBe(
      'user-verification-missing: no security key has checked by PIN or fingerprint who made it, and that is required; ' +
        'sign with a security key made by ssh-keygen -t ed25519-sk -O verify-required',
    );
  });

  test('that was made for something else', () => {
    expect(judge(item, sign(alice, item, 'git'))).toBe(
      `wrong-namespace: it was not made for the namespace ${operational}; sign with: ssh-keygen -Y sign -n ${operational} -f KEY FILE`,
    );
    expect(judge(item, signMessage(alice, operational, 'x'))).toBe(
      'signature-invalid: it does not fit these bytes; sign the file exactly as `siteward pending --document` wrote it, and this item’s',
    );
  });

  test('after which no more are needed', () => {
    const one = { ...item, approvals: [approvalBy('alice', alice, item)] };
    expect(judge(one, good)).toBe(`same-person: alice has signed ${id} already; another person must`);
    const full = { ...item, approvals: Array<Approval>(16).fill(approvalBy('alice', alice, item)) };
    expect(judge(full, sign(bob, item))).toBe(
      `too-many-signatures: ${id} has 16 signatures already; reject it and ask for a new document`,
    );
    expect(judge({ ...full, approvals: full.approvals.slice(1) }, sign(bob, item))).toBe('counted');
  });

  test('takes bytes as it takes text', () => {
    const counted = judgeSignature(item, Buffer.from(good), trust, gatePolicy, gateNowMs);
    expect(counted).toEqual(judgeSignature(item, good, trust, gatePolicy, gateNowMs));
    expect(counted).toMatchObject({ kind: 'counted', approval: { signature: good } });
  });

  test('is answered with the advice of its kind, where there is any', () => {
    const verdict = { ok: false, reason: 'the key is revoked', fingerprint: 'SHA256:x' } as const;
    expect(refusedSignature({ ...verdict, code: 'revoked-key' }, 'n')).toEqual({
      kind: 'refused',
      code: 'revoked-key',
      message: 'the key is revoked; another key must sign',
      signature: 'revoked-key',
      fingerprint: 'SHA256:x',
    });
    expect(refusedSignature({ ...verdict, code: 'certificate-forged' }, 'n').message).toBe(
      'the key is revoked',
    );
  });
});

describe('right before the first command', () => {
  const current = { planSha256: sha256(gatePlan), baseSha256: 'b'.repeat(64), deviceKey: 'SHA256:abc' };
  const signedBy = (item: PendingItem, ...names: readonly (readonly [string, TestKey])[]): PendingItem => ({
    ...item,
    approvals: names.map(([name, key]) => approvalBy(name, key, item)),
  });
  const one = signedBy(gateItem(), ['alice', alice]);
  const check = (item: PendingItem, device: string | null, now = current, policy = gatePolicy): string => {
    const verdict = checkAuthorization(item, device, now, trust, policy, gateNowMs);
    return verdict.kind === 'refused'
      ? `${verdict.code}: ${verdict.message}`
      : verdict.by.map((approval) => approval.person).join(' ');
  };

  test('what moved is named with the device', () => {
    expect(check(one, 'gw1')).toBe('alice');
    expect(check(one, 'gw2')).toBe(`device-not-listed: ${id} does not name gw2`);
    expect(check(one, null)).toBe(`device-not-listed: ${id} does not name the site alone`);
    expect(check(one, 'gw1', { ...current, planSha256: '' })).toBe(
      'plan-changed: gw1: the plan is another than the signed one; a new document must be signed',
    );
    expect(check(one, 'gw1', { ...current, baseSha256: '' })).toBe(
      'base-changed: gw1: what the plan starts from has changed on the device since it was signed; a new document must be signed',
    );
    expect(check(one, 'gw1', { ...current, deviceKey: '' })).toBe(
      'device-key-changed: gw1: its host key is not the one in the signed document; a new document must be signed',
    );
    expect(check(gateItem(), 'gw1')).toBe(
      `quorum-missing: ${id} has 0 of 1 signatures that count now; run: siteward pending ${id}`,
    );
  });

  test('an item of the site alone is judged by its text', () => {
    const ofSite = signedBy(gateItem({ kind: 'accept-commit', devices: [] }), ['alice', alice]);
    const nothing = { planSha256: sha256(gatePlan), baseSha256: '', deviceKey: '' };
    expect(check(ofSite, null, nothing)).toBe('alice');
    expect(check(ofSite, 'gw1', nothing)).toBe(`device-not-listed: ${id} does not name gw1`);
    expect(check(ofSite, null, { ...nothing, planSha256: '' })).toMatch(/^plan-changed: bud-01: /);
    expect(check(ofSite, null, { ...nothing, baseSha256: 'x' })).toMatch(/^base-changed: bud-01: /);
    expect(check(ofSite, null, { ...nothing, deviceKey: 'x' })).toMatch(/^device-key-changed: bud-01: /);
  });

  test.each([0, -1, 1.5, NaN, Infinity])('a threshold of %d is met by nobody', (n) => {
    const policy = { ...gatePolicy, approvals: { operational: n, recovery: 1 } };
    expect(check(one, 'gw1', current, policy)).toMatch(/^quorum-missing: /);
  });

  test('more than 16 stored signatures are not looked at', () => {
    const item = gateItem();
    const [first, second] = [approvalBy('alice', alice, item), approvalBy('bob', bob, item)];
    const twoOf = { ...gatePolicy, approvals: { operational: 2, recovery: 2 } };
    const after = (n: number): PendingItem => ({
      ...item,
      approvals: [...Array<Approval>(n).fill(first), second],
    });
    expect(approvalsOf(after(15), trust, twoOf, gateNowMs)).toEqual({
      have: 2,
      need: 2,
      by: ['alice', 'bob'],
    });
    expect(approvalsOf(after(16), trust, twoOf, gateNowMs)).toEqual({ have: 1, need: 2, by: ['alice'] });
  });
});

describe('of trust files', () => {
  const people: Person[] = [
    { name: 'alice', principals: ['alice@example.org', 'al'], roles: ['operational'] },
    { name: 'bob', principals: ['bob@example.org'], roles: ['operational'] },
  ];
  const line = (principals: string, key: TestKey): string =>
    `${principals} namespaces="${operational}" ${key.line}\n`;
  function refusal(run: () => unknown): unknown {
    try {
      run();
    } catch (error) {
      if (error instanceof InvalidInput) return [error.code, error.message, error.place];
      throw error;
    }
    return 'nothing was refused';
  }
  const build = (
    signers: string,
    revoked: string | null = null,
    of: readonly Person[] = people,
    organization = 'example.org',
  ) =>
    buildTrust(
      { file: 'signers', bytes: Buffer.from(signers) },
      revoked === null ? null : { file: 'revoked', bytes: Buffer.from(revoked, 'latin1') },
      of,
      organization,
    );
  const all = line('alice@example.org', alice);
  const untilThen = 'correct it, nothing can be signed until then';

  test('that can’t be read, with the line where there is one', () => {
    expect(refusal(() => build(`${all}x\n`))).toEqual([
      'bad-trust',
      `signers:2: after the principals a blank and a key must follow; ${untilThen}`,
      { file: 'signers', line: 2 },
    ]);
    expect(refusal(() => build(all, 'SSHKRL\n\0'))).toEqual([
      'bad-trust',
      `revoked: it ends too early; ${untilThen}`,
      { file: 'revoked' },
    ]);
  });

  test('in which a key fits two people, and not one in which it is one person’s twice', () => {
    const twice = line('alice@example.org', alice) + line('al', alice);
    expect(refusal(() => build(twice))).toBe('nothing was refused');
    expect(refusal(() => build(all + line('bob@example.org', alice)))).toEqual([
      'bad-trust',
      `signers:2: the key ${alice.fingerprint} fits both alice and bob; each key must be one person's; ${untilThen}`,
      { file: 'signers', line: 2 },
    ]);
    const authority = line('*@example.org', stranger).replace('namespaces', 'cert-authority,namespaces');
    expect(refusal(() => build(all + authority))).toBe('nothing was refused');
  });

  const withPrincipals = (...principals: string[]): Person[] => [{ name: 'eve', principals, roles: [] }];
  const notPlain = 'trust: a principal of eve must be a plain name without * ? , ! or quotes';
  const bobAgain: Person = { name: 'bob', principals: [], roles: [] };
  const wrongPeople: readonly (readonly [string, readonly Person[], string])[] = [
    ['twice among the people', [...people, bobAgain], 'trust: bob is there twice among the people'],
    [
      'with a principal of another',
      [...people, ...withPrincipals('al')],
      'trust: the principal al is given twice (alice, eve)',
    ],
    ['with a principal twice', withPrincipals('e', 'e'), 'trust: the principal e is given twice (eve, eve)'],
    ...['*', 'a?', 'a,b', '!a', 'a"', 'a b', '', '\xe9', 'a'.repeat(257)].map(
      (name) => [`called ${name.slice(0, 5)}`, withPrincipals(name), notPlain] as const,
    ),
  ];
  test.each(wrongPeople)('for a person %s', (_, of, message) => {
    expect(refusal(() => build(all, null, of))).toEqual(['bad-trust', message, null]);
  });

  test('for people whose names are as long as they may be', () => {
    expect(refusal(() => build(all, null, [...people, ...withPrincipals('a'.repeat(256), '~')]))).toBe(
      'nothing was refused',
    );
  });

  test.each(['', '*', 'a b', '.org', '-x', 'x\n', 'a'.repeat(254)])(
    'of the organization %j',
    (organization) => {
      expect(refusal(() => build(all, null, people, organization))).toEqual([
        'bad-trust',
        'trust: organization must be a plain domain name, such as example.org',
        null,
      ]);
    },
  );

  test('whose list of revoked keys is older than one before', () => {
    const krl = { version: 7n, generatedAt: 0n, keys: new Set(''), sha1: new Set(''), sha256: new Set('') };
    const of = { ...trust, revoked: { keys: new Set(''), krl: { ...krl, certificates: new Map() } } };
    const sentence =
      'its version is 7, and 8 was in force before; put the newer one back, or make one with ssh-keygen -k -z 9';
    expect(refusal(() => checkNotRewound(of, 8n, 'revoked'))).toEqual([
      'krl-rewound',
      `revoked: ${sentence}`,
      { file: 'revoked' },
    ]);
    expect(refusal(() => checkNotRewound(of, 8n, null))).toEqual([
      'krl-rewound',
      `the list of revoked keys: ${sentence}`,
      null,
    ]);
    for (const known of [null, 6n, 7n])
      expect(refusal(() => checkNotRewound(of, known, null))).toBe('nothing was refused');
  });

  test('as records name them', () => {
    const digests = { 'allowed-signers': sha256(Buffer.from(all)) };
    expect(trustDigests(build(all))).toEqual(digests);
    expect(trustDigests(build(all, ''))).toEqual({ ...digests, 'revoked-keys': sha256('') });
  });

  test('a person wrote what one of the principals wrote, in any case, or a pattern means', () => {
    const [person] = people;
    if (person === undefined) throw new Error('nobody');
    expect(isAuthor(person, ['AL'])).toBe(true);
    expect(isAuthor(person, ['eve', '*@example.org'])).toBe(true);
    expect(isAuthor(person, ['eve', 'alic'])).toBe(false);
    expect(isAuthor(person, [])).toBe(false);
  });
});

describe('of a document that can’t be made', () => {
  const make = (parts: Partial<PendingItem>, times: object = {}): string => {
    const issued = { challenge: 'c'.repeat(32), notBefore: 'a', expires: 'b', ...times };
    try {
      return documentText({ ...gateItem({ document: null }), ...parts }, issued);
    } catch (error) {
      return error instanceof Error ? error.message : '';
    }
  };
  const [device] = gateItem().devices;
  if (device === undefined) throw new Error('no device');
  const planOf = (planText: string): Partial<PendingItem> => ({
    planText,
    devices: [{ ...device, planSha256: sha256(planText) }],
  });
  const notPlain = 'document: the plan text is not plain text';

  test.each([
    ['daemon', { daemon: 'D'.repeat(32) }, 'document: the daemon id is not 32 hex digits'],
    ['daemon', { daemon: 'd'.repeat(33) }, 'document: the daemon id is not 32 hex digits'],
    ['devices', { devices: [device, device] }, 'document: a device is in it twice'],
    ['devices', { devices: [{ ...device, planSha256: 'x' }] }, 'document: a device has another plan'],
    [
      'devices',
      { devices: [device, { ...device, name: 'gw2', planSha256: 'x' }] },
      'document: a device has another plan',
    ],
    ['plan', planOf('x'), notPlain],
    ['plan', planOf('\x7f\n'), notPlain],
    ['plan', planOf('\x1f\n'), notPlain],
    ['plan', planOf(`${'x'.repeat(1024 * 1024)}\n`), 'document: the plan text is larger than 1 MiB'],
    ['site', { site: '' }, 'document: site is not one printable word'],
    ['site', { site: 'x'.repeat(513) }, 'document: site is not one printable word'],
    ['commit', { commit: 'a b' }, 'document: commit is not one printable word'],
    ['device', { devices: [{ ...device, name: 'a\n' }] }, 'document: device is not one printable word'],
    [
      'device key',
      { devices: [{ ...device, deviceKey: '\x7f' }] },
      'document: device-key is not one printable word',
    ],
    ['base', { devices: [{ ...device, baseSha256: '' }] }, 'document: base-sha256 is not one printable word'],
  ])('because of its %s', (_, parts, message) => expect(make(parts)).toBe(message));

  test.each(['C'.repeat(32), 'c'.repeat(31), `${'c'.repeat(32)}\n`, `x${'c'.repeat(32)}`])(
    'because of the challenge %j',
    (challenge) => expect(make({}, { challenge })).toBe('document: the challenge is not 32 hex digits'),
  );

  test('and at its bounds it is made', () => {
    expect(make(planOf(`${'x'.repeat(1024 * 1024 - 1)}\n`))).toMatch(/^siteward-authorization-v1\n/);
    expect(make(planOf(' ~\n'))).toMatch(/ ~\n$/);
    expect(make({ site: 'x'.repeat(512) })).toContain(`site: ${'x'.repeat(512)}\n`);
    expect(make({ devices: [] })).toContain(
      `\ndevices: 0\n\nplan ${sha256(gatePlan)} for the site\n\n1 desired`,
    );
  });
});

test('a clock at the greatest time that a date can show is believed', () => {
  expect(clockDistrust(8.64e15, null)).toBeNull();
  expect(clockDistrust(8.64e15, 8.64e15)).toBeNull();
});
