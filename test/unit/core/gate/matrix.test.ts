/**
 * The gate as one table: every class of action by every role, everything that can be another than what was signed, every
 * moment at which it can be too early or too late, every way to count one person twice. Each refusal has its own code
 * and says what to do. What takes a daemon (restart, kill, lost state, two at once) is in test/daemon/gate-matrix.
 */
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../../src/core/digest.ts';
import { checkAuthorization, judgeSignature } from '../../../../src/core/gate/decide.ts';
import type { CurrentState } from '../../../../src/core/gate/decide.ts';
import type { PendingItem } from '../../../../src/core/gate/pending.ts';
import { validatePolicy } from '../../../../src/core/gate/policy.ts';
import { buildTrust } from '../../../../src/core/gate/trust.ts';
import type { Trust } from '../../../../src/core/gate/trust.ts';
import type { Person, Policy } from '../../../../src/core/site.ts';
import { gateItem, gateNowMs, gatePlan, gatePolicy, operational, recovery } from '../../../support/gate.ts';
import { certify, makeSshKey, sshSignatureBlob } from '../../../support/ssh-keys.ts';
import type { SshKey } from '../../../support/ssh-keys.ts';
import { armor } from '../../../support/ssh-signature.ts';

type Signer = 'olga' | 'rita' | 'both' | 'nora' | 'stranger';

const keys = Object.fromEntries(
  ['olga', 'olga-2', 'omar', 'rita', 'ruth', 'both', 'nora', 'stranger'].map((name) => [
    name,
    makeSshKey('ssh-ed25519'),
  ]),
) as Record<Signer | 'olga-2' | 'omar' | 'ruth', SshKey>;
const authority = makeSshKey('ssh-ed25519');

const person = (name: string, ...roles: Person['roles']): Person => ({
  name,
  principals: [`${name}@example.org`],
  roles,
});
const people: readonly Person[] = [
  person('olga', 'operational'),
  person('omar', 'operational'),
  person('rita', 'recovery'),
  person('ruth', 'recovery'),
  person('both', 'operational', 'recovery'),
  // Listed for both namespaces, with no role at all: only the settings give one.
  person('nora'),
];
const listed: readonly [string, SshKey, string][] = [
  ['olga', keys.olga, operational],
  ['olga', keys['olga-2'], operational],
  ['omar', keys.omar, operational],
  ['rita', keys.rita, recovery],
  ['ruth', keys.ruth, recovery],
  ['both', keys.both, `${operational},${recovery}`],
  ['nora', keys.nora, `${operational},${recovery}`],
];
const lines = listed.map(([name, key, spaces]) => `${name}@example.org namespaces="${spaces}" ${key.line}\n`);
const ofAuthority = `*@example.org cert-authority,namespaces="${operational}" ${authority.line}\n`;
const trust: Trust = buildTrust(
  { file: 'allowed_signers', bytes: Buffer.from(lines.join('') + ofAuthority) },
  null,
  people,
  'example.org',
);

const oneOf: Policy = { ...gatePolicy, approvals: { operational: 1, recovery: 1 } };
const twoOf: Policy = { ...gatePolicy, approvals: { operational: 2, recovery: 2 } };
const current: CurrentState = {
  planSha256: sha256(gatePlan),
  baseSha256: 'b'.repeat(64),
  deviceKey: 'SHA256:abc',
};
const [device] = gateItem().devices;
if (device === undefined) throw new Error('no device');

const namespaceOf = (item: PendingItem): string => (item.class === 'recovery' ? recovery : operational);
const sign = (key: SshKey, item: PendingItem, namespace = namespaceOf(item), certificate?: Buffer): string =>
  armor(
    sshSignatureBlob(key, namespace, item.document?.text ?? '', {
      ...(certificate === undefined ? {} : { certificate }),
    }),
  );

function codeOf(verdict: {
  readonly kind: string;
  readonly code?: string;
  readonly message?: string;
}): string {
  if (verdict.kind !== 'refused') return verdict.kind;
  // One line that a person can act on.
  expect(verdict.message).toMatch(/^[^\n]{20,300}$/);
  return verdict.code ?? '';
}

/** Approvals as the daemon keeps them after it counted them. */
function signedBy(item: PendingItem, signers: readonly SshKey[], policy = twoOf): PendingItem {
  return signers.reduce((so, key) => {
    const verdict = judgeSignature(so, sign(key, so), trust, policy, gateNowMs);
    if (verdict.kind !== 'counted') throw new Error(verdict.code);
    return { ...so, approvals: [...so.approvals, verdict.approval] };
  }, item);
}

describe('every class of action by every role', () => {
  const kinds = {
    rollout: { kind: 'rollout', class: 'operational' },
    resolve: { kind: 'resolve', class: 'operational' },
    adopt: { kind: 'adopt', class: 'operational' },
    'accept-commit': { kind: 'accept-commit', class: 'operational' },
    'planned rotation': { kind: 'rotation', class: 'operational' },
    'emergency rotation': { kind: 'rotation', class: 'recovery' },
    'rollout as recovery': { kind: 'rollout', class: 'recovery' },
    'resolve as recovery': { kind: 'resolve', class: 'recovery' },
    'adopt as recovery': { kind: 'adopt', class: 'recovery' },
    'accept-commit as recovery': { kind: 'accept-commit', class: 'recovery' },
  } as const;
  const no = 'role-denied';
  const forOperational = { olga: 'counted', rita: no, both: 'counted', nora: no, stranger: 'unknown-key' };
  const forRecovery = { olga: no, rita: 'counted', both: 'counted', nora: no, stranger: 'unknown-key' };
  const forNobody = { olga: no, rita: no, both: no, nora: no, stranger: no };
  const verdicts: Record<keyof typeof kinds, Record<Signer, string>> = {
    rollout: forOperational,
    resolve: forOperational,
    adopt: forOperational,
    'accept-commit': forOperational,
    'planned rotation': forOperational,
    'emergency rotation': forRecovery,
    'rollout as recovery': forNobody,
    'resolve as recovery': forNobody,
    'adopt as recovery': forNobody,
    'accept-commit as recovery': forNobody,
  };
  const rows = Object.entries(verdicts).flatMap(([what, bySigner]) =>
    Object.entries(bySigner).map(([signer, verdict]) => [what, signer, verdict] as const),
  );

  test.each(rows)('%s signed by %s: %s', (what, signer, expected) => {
    const item = gateItem(kinds[what as keyof typeof kinds]);
    const key = keys[signer as Signer];
    expect(codeOf(judgeSignature(item, sign(key, item), trust, oneOf, gateNowMs))).toBe(expected);
    // At execution it is the same: what a stored approval claims is not believed.
    const claim = {
      person: 'olga',
      principal: 'olga@example.org',
      fingerprint: '',
      at: '',
      signature: sign(key, item),
    };
    const verdict = checkAuthorization(
      { ...item, approvals: [claim] },
      'gw1',
      current,
      trust,
      oneOf,
      gateNowMs,
    );
    const late =
      expected === 'counted'
        ? 'authorized'
        : item.class === 'recovery' && item.kind !== 'rotation'
          ? no
          : 'quorum-missing';
    expect(codeOf(verdict)).toBe(late);
  });

  test.each([
    ['rollout', keys.olga, recovery, 'wrong-namespace'],
    ['rollout', keys.both, recovery, 'wrong-namespace'],
    ['emergency rotation', keys.both, operational, 'wrong-namespace'],
    ['rollout', keys.olga, 'git', 'wrong-namespace'],
    ['rollout', keys.olga, 'file', 'wrong-namespace'],
    ['rollout', keys.olga, 'siteward-operational-v2@example.org', 'wrong-namespace'],
    ['rollout', keys.olga, 'siteward-operational-v1@example.com', 'wrong-namespace'],
    ['rollout', keys.olga, 'SITEWARD-OPERATIONAL-V1@example.org', 'wrong-namespace'],
  ] as const)('%s signed in another namespace (%#): %s', (what, key, namespace, expected) => {
    const item = gateItem(kinds[what]);
    expect(codeOf(judgeSignature(item, sign(key, item, namespace), trust, oneOf, gateNowMs))).toBe(expected);
  });
});

describe('what was signed is another', () => {
  const others: Record<string, Partial<PendingItem>> = {
    kind: { kind: 'resolve' },
    site: { site: 'bud-02' },
    daemon: { daemon: 'e'.repeat(32) },
    commit: { commit: '8'.repeat(40) },
    device: { devices: [{ ...device, name: 'gw2' }] },
    'device key': { devices: [{ ...device, deviceKey: 'SHA256:other' }] },
    base: { devices: [{ ...device, baseSha256: 'a'.repeat(64) }] },
    plan: {
      planText: 'another plan\n',
      devices: [{ ...device, planSha256: sha256('another plan\n') }],
    },
    'number of devices': { devices: [device, { ...device, name: 'gw2' }] },
    'no device': { devices: [] },
  };

  test.each(Object.entries(others))('%s: no signature over it fits', (_, parts) => {
    const signature = sign(keys.olga, gateItem(parts));
    expect(codeOf(judgeSignature(gateItem(), signature, trust, oneOf, gateNowMs))).toBe('signature-invalid');
  });

  test.each(Object.entries(others))(
    '%s: nor does the document issued for it belong to this item',
    (_, parts) => {
      const foreign = gateItem({ document: gateItem(parts).document });
      const signature = sign(keys.olga, foreign);
      expect(codeOf(judgeSignature(foreign, signature, trust, oneOf, gateNowMs))).toBe('document-mismatch');
    },
  );

  test.each([
    ['another challenge', gateItem({}, 'a'.repeat(32))],
    [
      'one more line',
      { ...gateItem(), document: { ...gateItem().document!, text: `${gateItem().document!.text}\n` } },
    ],
  ])('%s: no signature over it fits', (_, signed) => {
    expect(codeOf(judgeSignature(gateItem(), sign(keys.olga, signed), trust, oneOf, gateNowMs))).toBe(
      'signature-invalid',
    );
  });

  test.each([
    ['another device', 'gw2', {}, 'device-not-listed', 'does not name gw2'],
    ['the site as a whole', null, {}, 'device-not-listed', 'does not name the site alone'],
    ['another plan', 'gw1', { planSha256: sha256('other') }, 'plan-changed', 'gw1: the plan is another'],
    ['another base', 'gw1', { baseSha256: 'a'.repeat(64) }, 'base-changed', 'gw1: what the plan starts from'],
    ['another device key', 'gw1', { deviceKey: 'SHA256:other' }, 'device-key-changed', 'gw1: its host key'],
  ] as const)('%s at execution', (_, name, change, code, words) => {
    const item = signedBy(gateItem(), [keys.olga, keys.omar]);
    const verdict = checkAuthorization(item, name, { ...current, ...change }, trust, twoOf, gateNowMs);
    expect(codeOf(verdict)).toBe(code);
    expect(verdict).toMatchObject({ message: expect.stringContaining(words) as string });
    if (code.endsWith('changed'))
      expect(verdict).toMatchObject({
        message: expect.stringMatching('a new document must be signed$') as string,
      });
  });
});

describe('the moment', () => {
  const moments: readonly (readonly [string, number, string, string])[] = [
    ['as it was issued', 0, 'counted', 'authorized'],
    ['a minute before, as two clocks differ', -60_000, 'counted', 'authorized'],
    ['more than a minute before', -60_001, 'not-yet-valid', 'not-yet-valid'],
    ['in its last moment', 3_599_999, 'counted', 'authorized'],
    ['when it ends', 3_600_000, 'expired', 'expired'],
    ['when the time is no number', NaN, 'not-yet-valid', 'not-yet-valid'],
    ['when the time is infinite', Infinity, 'expired', 'expired'],
  ];

  test.each(moments)('%s', (_, after, whenSigned, whenExecuted) => {
    const item = gateItem();
    expect(codeOf(judgeSignature(item, sign(keys.olga, item), trust, oneOf, gateNowMs + after))).toBe(
      whenSigned,
    );
    const signed = signedBy(item, [keys.olga], oneOf);
    expect(codeOf(checkAuthorization(signed, 'gw1', current, trust, oneOf, gateNowMs + after))).toBe(
      whenExecuted,
    );
  });

  test.each(['operational', 'recovery'] as const)(
    'with a clock that went back nothing counts: %s',
    (role) => {
      const item = gateItem({ kind: 'rotation', class: role });
      const doubtful = { ...trust, distrust: "this machine's clock went back" };
      expect(codeOf(judgeSignature(item, sign(keys.both, item), doubtful, oneOf, gateNowMs))).toBe(
        'clock-untrusted',
      );
      const signed = signedBy(item, [keys.both], oneOf);
      expect(codeOf(checkAuthorization(signed, 'gw1', current, doubtful, oneOf, gateNowMs))).toBe(
        'clock-untrusted',
      );
    },
  );
});

describe('how many persons', () => {
  const certificateFor = (key: SshKey, name: string): Buffer =>
    certify(authority, key, { principals: [`${name}@example.org`] });

  test.each<readonly [string, SshKey, Buffer | undefined, string]>([
    ['the same key again', keys.olga, undefined, 'same-person'],
    ['another key of the same person', keys['olga-2'], undefined, 'same-person'],
    ['the same key by a certificate', keys.olga, certificateFor(keys.olga, 'olga'), 'same-person'],
    [
      'a new key by a certificate of the same person',
      keys.stranger,
      certificateFor(keys.stranger, 'olga'),
      'same-person',
    ],
    [
      'the same key by a certificate for somebody else',
      keys.olga,
      certificateFor(keys.olga, 'omar'),
      'same-key',
    ],
    ['another person', keys.omar, undefined, 'counted'],
    ['another person by a certificate', keys.stranger, certificateFor(keys.stranger, 'omar'), 'counted'],
  ])('after one signature, %s', (_, key, certificate, expected) => {
    const item = signedBy(gateItem(), [keys.olga]);
    const signature = sign(key, item, operational, certificate);
    expect(codeOf(judgeSignature(item, signature, trust, twoOf, gateNowMs))).toBe(expected);
    // Had it come into the state all the same, it would not count at execution.
    const claim = { person: 'omar', principal: 'omar@example.org', fingerprint: 'x', at: '', signature };
    const smuggled = { ...item, approvals: [...item.approvals, claim] };
    expect(codeOf(checkAuthorization(smuggled, 'gw1', current, trust, twoOf, gateNowMs))).toBe(
      expected === 'counted' ? 'authorized' : 'quorum-missing',
    );
  });

  test.each([0, -1, NaN, 0.5, Infinity, 3])('a threshold of %s is never met by two', (threshold) => {
    const policy: Policy = { ...gatePolicy, approvals: { operational: threshold, recovery: threshold } };
    const item = signedBy(gateItem(), [keys.olga]);
    expect(judgeSignature(item, sign(keys.omar, item), trust, policy, gateNowMs)).toMatchObject({
      kind: 'counted',
      complete: false,
    });
    const both = signedBy(item, [keys.omar]);
    const verdict = checkAuthorization(both, 'gw1', current, trust, policy, gateNowMs);
    expect(codeOf(verdict)).toBe('quorum-missing');
    expect(verdict).toMatchObject({
      message: expect.stringContaining(`has 2 of ${threshold} signatures`) as string,
    });
  });

  test.each([0, -1, NaN, 0.5, Infinity, 4])(
    'a policy of %s persons is refused when it is loaded',
    (threshold) => {
      const policy: Policy = { ...gatePolicy, approvals: { operational: threshold, recovery: 1 } };
      expect(() => validatePolicy(policy, people)).toThrow(
        expect.objectContaining({ code: 'bad-policy' }) as Error,
      );
    },
  );

  test('nobody at all is not enough, nor is the sixteenth copy of one', () => {
    expect(codeOf(checkAuthorization(gateItem(), 'gw1', current, trust, oneOf, gateNowMs))).toBe(
      'quorum-missing',
    );
    const one = signedBy(gateItem(), [keys.olga]);
    const full = { ...one, approvals: Array.from({ length: 16 }, () => one.approvals).flat() };
    expect(codeOf(judgeSignature(full, sign(keys.omar, full), trust, twoOf, gateNowMs))).toBe(
      'too-many-signatures',
    );
    expect(codeOf(checkAuthorization(full, 'gw1', current, trust, twoOf, gateNowMs))).toBe('quorum-missing');
    // A seventeenth that came into the state is not looked at.
    const late = signedBy(gateItem(), [keys.olga, keys.omar]).approvals;
    const beyond = { ...full, approvals: [...full.approvals, ...late] };
    expect(codeOf(checkAuthorization(beyond, 'gw1', current, trust, twoOf, gateNowMs))).toBe(
      'quorum-missing',
    );
  });
});
