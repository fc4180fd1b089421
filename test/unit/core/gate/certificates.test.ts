/** The gate with certificates and security keys: one person and one key each count once, however they are listed. */
import { describe, expect, test } from 'vitest';
import { checkAuthorization, judgeSignature } from '../../../../src/core/gate/decide.ts';
import type { PendingItem } from '../../../../src/core/gate/pending.ts';
import { buildTrust } from '../../../../src/core/gate/trust.ts';
import type { Trust } from '../../../../src/core/gate/trust.ts';
import type { Person, Policy } from '../../../../src/core/site.ts';
import { gateItem, gateNowMs, gatePolicy, operational } from '../../../support/gate.ts';
import { certify, makeSshKey, sshSignatureBlob } from '../../../support/ssh-keys.ts';
import type { SignatureChoices, SshKey } from '../../../support/ssh-keys.ts';
import { armor } from '../../../support/ssh-signature.ts';

const authority = makeSshKey('ssh-ed25519');
const key = makeSshKey('ecdsa-sha2-nistp256');
const token = makeSshKey('sk-ssh-ed25519@openssh.com');
const people: Person[] = ['alice', 'bob'].map((name) => ({
  name,
  principals: [`${name}@example.org`],
  roles: ['operational'],
}));
const twoOf: Policy = { ...gatePolicy, approvals: { operational: 2, recovery: 2 } };
const line = (principals: string, options: string, of: SshKey): string =>
  `${principals} ${options}namespaces="${operational}" ${of.line}\n`;
const ofAuthority = line('*@example.org', 'cert-authority,', authority);

function trustOf(signers: string, revoked = ''): Trust {
  return buildTrust(
    { file: 'allowed_signers', bytes: Buffer.from(signers) },
    { file: 'revoked_keys', bytes: Buffer.from(revoked) },
    people,
    'example.org',
  );
}

function sign(by: SshKey, principals: readonly string[] | null, choices: SignatureChoices = {}): string {
  const document = gateItem().document?.text ?? '';
  const certificate = principals === null ? undefined : certify(authority, by, { principals });
  return armor(
    sshSignatureBlob(by, operational, document, {
      ...choices,
      ...(certificate === undefined ? {} : { certificate }),
    }),
  );
}

function judge(
  signature: string,
  trust: Trust,
  item: PendingItem = gateItem(),
): ReturnType<typeof judgeSignature> {
  return judgeSignature(item, signature, trust, twoOf, gateNowMs);
}

/** The item with these signatures, each as an approval of its own. */
function withApprovals(trust: Trust, signatures: readonly string[]): PendingItem {
  const approvals = signatures.map((signature) => {
    const verdict = judge(signature, trust);
    if (verdict.kind === 'refused') throw new Error(verdict.message);
    return verdict.approval;
  });
  return { ...gateItem(), approvals };
}

describe('a certificate at the gate', () => {
  const trust = trustOf(`${ofAuthority}${line('alice@example.org', '', key)}`);
  const alice = sign(key, ['alice@example.org']);

  test('counts for the person it names', () => {
    expect(judge(alice, trust)).toMatchObject({
      kind: 'counted',
      approval: { person: 'alice', principal: 'alice@example.org', fingerprint: key.fingerprint },
    });
  });

  test('and the plain key of one person count once', () => {
    expect(judge(sign(key, null), trust, withApprovals(trust, [alice]))).toMatchObject({
      code: 'same-person',
    });
    const other = sign(makeSshKey('ssh-ed25519'), ['alice@example.org']);
    expect(judge(other, trust, withApprovals(trust, [alice]))).toMatchObject({ code: 'same-person' });
  });

  test('for a second person does not make one key count twice', () => {
    const item = withApprovals(trust, [alice]);
    expect(judge(sign(key, ['bob@example.org']), trust, item)).toMatchObject({
      kind: 'refused',
      code: 'same-key',
    });
    const smuggled = withApprovals(trust, [alice, sign(key, ['bob@example.org'])]);
    const [device] = smuggled.devices;
    if (device === undefined) throw new Error('no device');
    expect(checkAuthorization(smuggled, device.name, device, trust, twoOf, gateNowMs)).toMatchObject({
      code: 'quorum-missing',
    });
    const genuine = withApprovals(trust, [alice, sign(makeSshKey('ssh-ed25519'), ['bob@example.org'])]);
    expect(checkAuthorization(genuine, device.name, device, trust, twoOf, gateNowMs)).toMatchObject({
      kind: 'authorized',
    });
  });

  test.each([
    ['for nobody', sign(key, ['mallory@example.org']), 'unknown-key'],
    ['without principals', sign(key, []), 'certificate-not-allowed'],
    [
      'that is forged',
      sign(key, null, {
        certificate: certify(makeSshKey('ssh-ed25519'), key, { authorityBlob: authority.blob }),
      }),
      'certificate-forged',
    ],
  ])('%s does not', (_, signature, code) => {
    expect(judge(signature, trustOf(ofAuthority))).toMatchObject({ kind: 'refused', code });
  });

  test('of a revoked authority does not', () => {
    expect(judge(alice, trustOf(ofAuthority, `${authority.line}\n`))).toMatchObject({ code: 'revoked-key' });
  });
});

test.each([
  ['that nobody touched', { flags: 0 }, 'user-presence-missing'],
  ['with a signature of another kind', { name: 'ssh-ed25519' }, 'unsupported-signature-type'],
] as const)('a security key %s does not count', (_, choices, code) => {
  const trust = trustOf(line('alice@example.org', '', token));
  expect(judge(sign(token, null), trust)).toMatchObject({ kind: 'counted' });
  expect(judge(sign(token, null, choices), trust)).toMatchObject({ kind: 'refused', code });
});

test('where the policy asks for it, only a security key that checked its holder counts, then and at execution', () => {
  const trust = trustOf(line('alice@example.org', '', token) + line('bob@example.org', '', key));
  const strict: Policy = { ...gatePolicy, userVerification: 'required' };
  const judgeStrictly = (signature: string) =>
    judgeSignature(gateItem(), signature, trust, strict, gateNowMs);
  const checked = sign(token, null, { flags: 5, counter: 9 });
  expect(judgeStrictly(checked)).toMatchObject({
    kind: 'counted',
    securityKey: { userPresent: true, userVerified: true, counter: 9 },
  });
  expect(judgeStrictly(sign(token, null))).toMatchObject({ code: 'user-verification-missing' });
  expect(judgeStrictly(sign(key, null))).toMatchObject({ code: 'user-verification-missing' });
  expect(judge(sign(key, null), trust)).toMatchObject({ kind: 'counted', securityKey: null });
  const item = withApprovals(trust, [sign(token, null)]);
  const [device] = item.devices;
  if (device === undefined) throw new Error('no device');
  const execute = (policy: Policy) => checkAuthorization(item, device.name, device, trust, policy, gateNowMs);
  expect(execute(gatePolicy)).toMatchObject({ kind: 'authorized' });
  expect(execute(strict)).toMatchObject({ code: 'quorum-missing' });
});

test('an RSA key that is too small is refused by name', () => {
  const small = makeSshKey('ssh-rsa', { bits: 1024 });
  expect(judge(sign(small, null), trustOf(ofAuthority))).toMatchObject({ code: 'weak-key' });
  expect(() => trustOf(line('alice@example.org', '', small))).toThrow('too weak');
});
