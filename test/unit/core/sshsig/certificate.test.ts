/** Certificates: each field made wrong, and the authority's signature really checked. */
import { describe, expect, test } from 'vitest';
import { parseAllowedSigners } from '../../../../src/core/sshsig/allowed-signers.ts';
import { parseCertificate } from '../../../../src/core/sshsig/certificate.ts';
import { noRevocations, parseRevocations } from '../../../../src/core/sshsig/revocation.ts';
import { bothVerifiers } from '../../../../src/core/sshsig/signature.ts';
import type { SignatureVerdict } from '../../../../src/core/sshsig/verdict.ts';
import { verifySignature } from '../../../../src/core/sshsig/verify.ts';
import type { SignatureQuestion } from '../../../../src/core/sshsig/verify.ts';
import { certify, keyTypes, makeSshKey, sshSignatureBlob, str } from '../../../support/ssh-keys.ts';
import type { CertificateChoices, KeyType, SignatureChoices, SshKey } from '../../../support/ssh-keys.ts';
import { armor } from '../../../support/ssh-signature.ts';

const namespace = 'file';
const message = Buffer.from('message');
const keys = Object.fromEntries(keyTypes.map((type) => [type, makeSshKey(type)])) as Record<KeyType, SshKey>;
const authority = makeSshKey('ssh-ed25519');
const key = keys['ecdsa-sha2-nistp256'];
const empty = Buffer.alloc(0);
const nowMs = Date.parse('2026-06-01T12:00:00Z');
const now = BigInt(nowMs / 1000);

interface Wrong {
  readonly cert?: CertificateChoices;
  readonly signature?: SignatureChoices;
  readonly signers?: string;
  readonly by?: SshKey;
  readonly of?: SshKey;
  readonly question?: Partial<SignatureQuestion & { identity: string | null }>;
}

function judge({
  cert,
  signature,
  signers,
  by = authority,
  of = key,
  question,
}: Wrong = {}): SignatureVerdict {
  const parsed = parseAllowedSigners(Buffer.from(signers ?? `alice cert-authority ${by.line}\n`), 'any');
  if (!parsed.ok) throw new Error(parsed.reason);
  const blob = sshSignatureBlob(of, namespace, message, { certificate: certify(by, of, cert), ...signature });
  return verifySignature({
    message,
    signature: Buffer.from(armor(blob)),
    namespace,
    identity: 'alice',
    allowedSigners: parsed.signers,
    revoked: noRevocations,
    nowMs,
    ...question,
  });
}

describe('a certificate', () => {
  test('lets its key sign, and tells by whose leave', () => {
    expect(judge()).toEqual({
      ok: true,
      principal: 'alice',
      fingerprint: key.fingerprint,
      keyType: 'ecdsa-sha2-nistp256-cert-v01@openssh.com',
      certificate: { keyId: 'id', serial: '7', authority: authority.fingerprint },
      securityKey: null,
    });
  });

  test.each(keyTypes.flatMap((of) => keyTypes.map((by) => [of, by] as const)))(
    'for %s by %s is good',
    (of, by) => {
      expect(judge({ of: keys[of], by: keys[by] })).toMatchObject({ ok: true });
    },
  );

  const wrong: [string, Wrong, string][] = [
    ['for a host', { cert: { role: 2 } }, 'certificate-not-allowed'],
    ['for neither users nor hosts', { cert: { role: 3 } }, 'malformed-signature'],
    ['without principals', { cert: { principals: [] } }, 'certificate-not-allowed'],
    ['without a serial', { cert: { serial: 0n } }, 'certificate-not-allowed'],
    ['with a reserved field', { cert: { reserved: 'x' } }, 'certificate-not-allowed'],
    [
      'with a critical option that is unknown',
      { cert: { critical: [['x@example.org', empty]] } },
      'certificate-not-allowed',
    ],
    [
      'with a forced command',
      { cert: { critical: [['force-command', str('true')]] } },
      'certificate-not-allowed',
    ],
    [
      'with a source address',
      { cert: { critical: [['source-address', str('192.0.2.0/24')]] } },
      'certificate-not-allowed',
    ],
    [
      'with a value where none belongs',
      { cert: { critical: [['verify-required', str('no')]] } },
      'certificate-not-allowed',
    ],
    [
      'with a critical option twice',
      {
        cert: {
          critical: [
            ['verify-required', empty],
            ['verify-required', empty],
          ],
        },
      },
      'malformed-signature',
    ],
    [
      'with an extension twice',
      {
        cert: {
          extensions: [
            ['a', empty],
            ['a', empty],
          ],
        },
      },
      'malformed-signature',
    ],
    [
      'with more than 256 principals',
      { cert: { principals: Array<string>(257).fill('alice') } },
      'malformed-signature',
    ],
    ['with a NUL in a principal', { cert: { principals: ['alice\0'] } }, 'malformed-signature'],
    ['with a NUL in its name', { cert: { keyId: 'a\0b' } }, 'malformed-signature'],
    ['for somebody else', { cert: { principals: ['bob'] } }, 'principal-mismatch'],
    ['for a pattern', { cert: { principals: ['*'] } }, 'principal-mismatch'],
    ['for another case', { cert: { principals: ['Alice'] } }, 'principal-mismatch'],
    ['that ends now', { cert: { validBefore: now } }, 'key-expired'],
    ['that begins in a second', { cert: { validAfter: now + 1n } }, 'key-not-yet-valid'],
    ['that ends before it begins', { cert: { validAfter: now, validBefore: now - 1n } }, 'key-expired'],
    ['with bytes behind it', { cert: { trailing: Buffer.alloc(1) } }, 'malformed-signature'],
    ['by a certificate', { cert: { authorityBlob: certify(authority, authority) } }, 'unsupported-key-type'],
    [
      'that names another authority than its maker',
      { cert: { authorityBlob: keys['ssh-ed25519'].blob } },
      'certificate-forged',
    ],
    [
      'by an authority with SHA-1',
      { by: keys['ssh-rsa'], cert: { inner: { name: 'ssh-rsa' } } },
      'unsupported-signature-type',
    ],
    [
      'by a small authority',
      { by: makeSshKey('ssh-rsa', { bits: 1024 }), signers: `alice ${key.line}` },
      'weak-key',
    ],
    [
      'by a security key that nobody touched',
      { by: keys['sk-ssh-ed25519@openssh.com'], cert: { inner: { flags: 0 } } },
      'certificate-not-allowed',
    ],
    ['by an authority that is not listed', { signers: `alice cert-authority ${key.line}\n` }, 'unknown-key'],
    ['by an authority that is listed as a key', { signers: `alice ${authority.line}\n` }, 'unknown-key'],
    ['whose key is listed by itself', { signers: `alice ${key.line}\n` }, 'unknown-key'],
    [
      'outside the patterns of its authority',
      { signers: `bob cert-authority ${authority.line}\n` },
      'principal-mismatch',
    ],
    [
      'for another namespace',
      { signers: `alice cert-authority,namespaces="git" ${authority.line}\n` },
      'namespace-not-allowed',
    ],
    [
      'by an authority that has expired',
      { signers: `alice cert-authority,valid-before="20260101Z" ${authority.line}\n` },
      'key-expired',
    ],
    ['of a time that is not known', { question: { nowMs: NaN } }, 'key-not-yet-valid'],
    ['of a time before all time', { question: { nowMs: -1 }, cert: { validAfter: 0n } }, 'key-not-yet-valid'],
  ];
  test.each(wrong)('%s is refused', (_, parts, code) => {
    expect(judge(parts)).toMatchObject({ ok: false, code });
  });

  const right: [string, Wrong][] = [
    ['with 256 principals', { cert: { principals: [...Array<string>(255).fill('b'), 'alice'] } }],
    ['with an extension that is unknown', { cert: { extensions: [['role@example.org', str('x')]] } }],
    ['of all time', { cert: { validAfter: 0n, validBefore: 2n ** 64n - 1n } }],
    ['in its first second', { cert: { validAfter: now } }],
    ['in its last second', { cert: { validBefore: now + 1n } }],
    ['with the greatest serial', { cert: { serial: 2n ** 64n - 1n } }],
    [
      'that a second line allows',
      { signers: `bob cert-authority ${authority.line}\n* cert-authority ${authority.line}\n` },
    ],
    ['by an RSA authority with SHA-256', { by: keys['ssh-rsa'], cert: { inner: { name: 'rsa-sha2-256' } } }],
  ];
  test.each(right)('%s is good', (_, parts) => {
    expect(judge(parts)).toMatchObject({ ok: true, principal: 'alice' });
  });

  test('whose principal is not ASCII is compared byte by byte', () => {
    const name = Buffer.from('jos\u00e9', 'utf8').toString('latin1');
    expect(
      judge({
        cert: { principals: [name] },
        signers: `* cert-authority ${authority.line}`,
        question: { identity: 'jos\u00e9' },
      }),
    ).toMatchObject({ ok: true });
  });

  test('without an identity is for the first of its principals that the authority may name', () => {
    const signers = `"b*,al*" cert-authority ${authority.line}\n`;
    const cert = { principals: ['eve', '', 'b*', 'alice', 'bob'] };
    expect(judge({ cert, signers, question: { identity: null } })).toMatchObject({
      ok: true,
      principal: 'alice',
    });
  });

  test('that asks for verification holds its security key to it', () => {
    const of = keys['sk-ssh-ed25519@openssh.com'];
    const cert = { critical: [['verify-required', empty]] as const };
    expect(judge({ of, cert })).toMatchObject({ code: 'user-verification-missing' });
    expect(judge({ of, cert, signature: { flags: 5 } })).toMatchObject({
      ok: true,
      securityKey: { userVerified: true },
    });
    expect(judge({ cert })).toMatchObject({ code: 'user-verification-missing' });
  });

  test('that needs no touch does not get away without one', () => {
    const of = keys['sk-ecdsa-sha2-nistp256@openssh.com'];
    const cert = { extensions: [['no-touch-required', empty]] as const };
    expect(judge({ of, cert, signature: { flags: 0 } })).toMatchObject({ code: 'user-presence-missing' });
  });

  test('with any byte changed after it was signed does not count', () => {
    const size = certify(authority, key).length;
    let refusals = 0;
    for (let at = 0; at < size; at++) {
      const forge = (signed: Buffer): Buffer => {
        if (at < signed.length) signed[at] = (signed[at] ?? 0) ^ 1;
        return signed;
      };
      const certificate = certify(authority, key, { forge });
      if (certificate.equals(certify(authority, key))) continue;
      refusals++;
      expect(judge({ signature: { certificate } }).ok, `byte ${at}`).toBe(false);
    }
    expect(refusals).toBeGreaterThan(200);
  });

  test('over the cap is not read', () => {
    const extensions = [['x', Buffer.alloc(16 * 1024)]] as const;
    expect(() => parseCertificate(certify(authority, key, { extensions }))).toThrow('too large');
  });

  test('with its signature blanked is forged', () => {
    const certificate = certify(authority, key);
    certificate.fill(0, certificate.length - 64);
    expect(judge({ signature: { certificate } })).toMatchObject({ code: 'certificate-forged' });
  });

  test('about which the verifiers disagree is refused', () => {
    const parsed = parseAllowedSigners(Buffer.from(`alice cert-authority ${authority.line}`), 'any');
    const question = {
      message,
      signature: Buffer.from(
        armor(sshSignatureBlob(key, namespace, message, { certificate: certify(authority, key) })),
      ),
      namespace,
      identity: 'alice',
      allowedSigners: parsed.ok ? parsed.signers : [],
      revoked: noRevocations,
      nowMs,
    };
    const second: typeof bothVerifiers.second = (algorithm, prepared) =>
      algorithm.kind !== 'ed25519' && bothVerifiers.second(algorithm, prepared);
    expect(verifySignature(question, { ...bothVerifiers, second })).toMatchObject({
      code: 'verifier-disagreement',
    });
  });

  test.each([
    ['its key', key.line, 'revoked-key'],
    ['its authority', authority.line, 'revoked-key'],
    [
      'itself',
      `ecdsa-sha2-nistp256-cert-v01@openssh.com ${certify(authority, key).toString('base64')}`,
      'revoked-key',
    ],
    [
      'another certificate of its key',
      `ecdsa-sha2-nistp256-cert-v01@openssh.com ${certify(authority, key, { serial: 9n }).toString('base64')}`,
      'revoked-key',
    ],
  ])('is revoked by a plain list of %s', (_, line, code) => {
    const parsed = parseRevocations(Buffer.from(`# gone\n ${line} comment\n`));
    if (!parsed.ok) throw new Error(parsed.reason);
    expect(judge({ question: { revoked: parsed.revoked } })).toMatchObject({ ok: false, code });
  });

  test.each([
    ['forged', certify(authority, key, { forge: (signed) => signed.fill(0, 60, 61) }), 'ecdsa-sha2-nistp256'],
    ['of another type than its line says', certify(authority, key), 'ssh-ed25519'],
  ])('that is %s makes a plain list unreadable', (_, blob, type) => {
    const line = `${type}-cert-v01@openssh.com ${blob.toString('base64')}\n`;
    expect(parseRevocations(Buffer.from(line))).toMatchObject({
      ok: false,
      code: 'revocation-unreadable',
      line: 1,
    });
  });

  test('more than 8 times makes a plain list unreadable', () => {
    const line = `ecdsa-sha2-nistp256-cert-v01@openssh.com ${certify(authority, key).toString('base64')}\n`;
    expect(parseRevocations(Buffer.from(line.repeat(8)))).toMatchObject({ ok: true });
    expect(parseRevocations(Buffer.from(line.repeat(9)))).toMatchObject({ ok: false, line: 9 });
  });
});
