/** Why a signature, a certificate or a signed git object is refused, in the words that people read; and the bounds. */
import { describe, expect, test } from 'vitest';
import { parseAllowedSigners } from '../../../../src/core/sshsig/allowed-signers.ts';
import {
  certificateProblem,
  isCertificate,
  parseCertificate,
} from '../../../../src/core/sshsig/certificate.ts';
import { maxObjectBytes, verifyGitObject } from '../../../../src/core/sshsig/git-object.ts';
import type { GitObjectKind, GitObjectVerdict } from '../../../../src/core/sshsig/git-object.ts';
import { parsePublicKey } from '../../../../src/core/sshsig/public-key.ts';
import { noRevocations } from '../../../../src/core/sshsig/revocation.ts';
import { verifyWithOthers } from '../../../../src/core/sshsig/second-opinion.ts';
import { bothVerifiers } from '../../../../src/core/sshsig/signature.ts';
import type { Verifier } from '../../../../src/core/sshsig/verifiers.ts';
import { verifyWithNode } from '../../../../src/core/sshsig/verifiers.ts';
import { verifySignature, verifyWithAnyPrincipal } from '../../../../src/core/sshsig/verify.ts';
import type { SignatureQuestion } from '../../../../src/core/sshsig/verify.ts';
import { WireError } from '../../../../src/core/sshsig/wire.ts';
import { certify, makeSshKey, sshSignatureBlob, str } from '../../../support/ssh-keys.ts';
import type { CertificateChoices, SignatureChoices, SshKey } from '../../../support/ssh-keys.ts';
import { armor } from '../../../support/ssh-signature.ts';

const key = makeSshKey('ssh-ed25519');
const token = makeSshKey('sk-ssh-ed25519@openssh.com');
const authority = makeSshKey('ecdsa-sha2-nistp256');
const [namespace, message, empty] = ['file', Buffer.from('message'), Buffer.alloc(0)];
const nowMs = Date.parse('2026-06-01T12:00:00Z');

function questionOf(of: SshKey, choices: SignatureChoices, signers: string): SignatureQuestion {
  const parsed = parseAllowedSigners(Buffer.from(signers), 'any');
  if (!parsed.ok) throw new Error(parsed.reason);
  const signature = Buffer.from(armor(sshSignatureBlob(of, namespace, message, choices)));
  return { message, signature, namespace, allowedSigners: parsed.signers, revoked: noRevocations, nowMs };
}

function judge(
  of: SshKey,
  choices: SignatureChoices = {},
  changes: Partial<SignatureQuestion & { identity: string | null }> = {},
  verifiers = bothVerifiers,
  signers = `alice ${of.line}\n* cert-authority ${authority.line}\n`,
): string {
  const question = { ...questionOf(of, choices, signers), identity: 'alice', ...changes };
  const verdict = verifySignature(question, verifiers);
  return verdict.ok
    ? `${verdict.principal} by ${verdict.keyType}`
    : `${verdict.code}: ${verdict.reason} (${verdict.fingerprint})`;
}

describe('a signature', () => {
  const plain = 'the identity must be one plain name, without * ? , or a leading !';
  const signed = armor(sshSignatureBlob(key, namespace, message));
  test.each<[string, Parameters<typeof judge>[2], string]>([
    ['for nobody', { identity: '' }, 'empty-identity: the identity is empty (null)'],
    ['for a pattern', { identity: 'a*' }, `identity-not-plain: ${plain} (null)`],
    ['for a negated name', { identity: '!a' }, `identity-not-plain: ${plain} (null)`],
    ['over nothing', { message: empty }, 'empty-message: there is nothing that was signed (null)'],
    [
      'over something else',
      { message: Buffer.from('x') },
      `bad-signature: it does not fit these bytes (${key.fingerprint})`,
    ],
    [
      'for something else',
      { namespace: 'git' },
      'wrong-namespace: it was not made for the namespace git (null)',
    ],
    ['for no namespace', { namespace: '' }, 'wrong-namespace: it was not made for the namespace  (null)'],
    [
      'cut off',
      { signature: Buffer.from(signed.slice(0, -3)) },
      'malformed-signature: it does not end with -----END SSH SIGNATURE----- (null)',
    ],
    [
      'by a key that no line lists, and that can’t be verified to be a person’s',
      { requireUserVerification: true },
      `user-verification-missing: no security key has checked by PIN or fingerprint who made it, and that is required (${key.fingerprint})`,
    ],
    [
      'by a revoked key',
      { revoked: { ...noRevocations, keys: new Set([key.blob.toString('latin1')]) } },
      `revoked-key: the key ${key.fingerprint} is revoked (${key.fingerprint})`,
    ],
    ['that is good', { identity: null }, 'alice by ssh-ed25519'],
    ['that need not be by a security key', { requireUserVerification: false }, 'alice by ssh-ed25519'],
  ])('%s', (_, changes, expected) => expect(judge(key, {}, changes)).toBe(expected));

  test('about which two verifiers disagree', () => {
    const told = `verifier-disagreement: two verifiers disagree about it; report this (${key.fingerprint})`;
    expect(judge(key, {}, {}, { ...bothVerifiers, second: () => false })).toBe(told);
  });

  test('that a security key made without a touch, or without asking who touched it', () => {
    expect(judge(token, { flags: 0 })).toBe(
      `user-presence-missing: the security key was not touched for it (${token.fingerprint})`,
    );
    expect(judge(token, { flags: 1 })).toBe('alice by sk-ssh-ed25519@openssh.com');
    expect(judge(token, { flags: 1 }, { requireUserVerification: true })).toMatch(
      /^user-verification-missing: /,
    );
    expect(judge(token, { flags: 5 }, { requireUserVerification: true })).toBe(
      'alice by sk-ssh-ed25519@openssh.com',
    );
  });

  test('by a key that can’t be read', () => {
    const certificate = Buffer.concat([str('ssh-dss'), str('x')]);
    expect(judge(key, { certificate })).toBe(
      'unsupported-key-type: its kind of key is not accepted; use ed25519, ecdsa, rsa of 2048 bits or more, or a security key (null)',
    );
  });

  test('that makes a library fail in a way that nobody foresaw is refused all the same', () => {
    const question = { ...questionOf(key, {}, `alice ${key.line}`), identity: 'alice' };
    const broken = { ...question, allowedSigners: null as unknown as SignatureQuestion['allowedSigners'] };
    expect(verifySignature(broken)).toEqual({
      ok: false,
      code: 'malformed-signature',
      reason: 'it can’t be read',
      fingerprint: null,
    });
  });

  test('is for the first of the principals that its line names', () => {
    const question = questionOf(key, {}, `"b,c" ${key.line}`);
    expect(verifyWithAnyPrincipal({ ...question, principals: ['a', 'c', 'b'] })).toMatchObject({
      principal: 'c',
    });
  });
});

describe('each of the two verifiers', () => {
  const ask = (verifier: Verifier, of: SshKey, more: object): boolean => {
    const algorithm = parsePublicKey(of.blob).algorithm;
    let asked: Parameters<Verifier>[1] | null = null;
    judge(of, {}, {}, { first: (_, one) => ((asked = one), true), second: () => true });
    if (asked === null) throw new Error('no verifier was asked');
    return verifier(algorithm, { ...(asked as Parameters<Verifier>[1]), ...more });
  };
  const rsa = makeSshKey('ssh-rsa');
  const p521 = makeSshKey('ecdsa-sha2-nistp521');
  test.each([
    ['node', verifyWithNode],
    ['others', verifyWithOthers],
  ])('(%s) needs the data, the bytes and, but for Ed25519, the hash', (_, verifier) => {
    for (const of of [key, token, rsa, authority, p521]) {
      expect(ask(verifier, of, {}), of.type).toBe(true);
      expect(ask(verifier, of, { data: Buffer.from('x') }), of.type).toBe(false);
    }
    for (const of of [rsa, authority, p521]) expect(ask(verifier, of, { hash: null }), of.type).toBe(false);
    expect(ask(verifier, rsa, { hash: 'sha256' })).toBe(false);
  });
});

describe('a certificate', () => {
  const made = (choices: CertificateChoices = {}): Buffer => certify(authority, key, choices);
  const by = (choices: CertificateChoices, flags?: number): string =>
    judge(key, { certificate: made(choices), ...(flags === undefined ? {} : { flags }) });
  const told = (why: string): string =>
    `certificate-not-allowed: its certificate can’t be used: ${why} (${key.fingerprint})`;
  const option = 'it has a critical option that can’t be kept for a signature';

  test.each<[string, CertificateChoices, string]>([
    ['for a host', { role: 2 }, told('it is for a host, not for a user')],
    ['for no names', { principals: [] }, told('it names no principals, so it would fit everybody')],
    [
      'without a serial',
      { serial: 0n },
      told('it has no serial number, so it could not be revoked by one; sign it with -z'),
    ],
    ['with an option', { critical: [['x', empty]] }, told(option)],
    ['with a value of an option', { critical: [['verify-required', str('x')]] }, told(option)],
    ['with something reserved', { reserved: 'x' }, told('its reserved field is not empty')],
    [
      'that is forged',
      { forge: (bytes) => bytes.fill(9, 40, 41) },
      `certificate-forged: its certificate was not signed by the authority that it names (${key.fingerprint})`,
    ],
    [
      'that asks for verification',
      { critical: [['verify-required', empty]] },
      `user-verification-missing: no security key has checked by PIN or fingerprint who made it, and that is required (${key.fingerprint})`,
    ],
    ['that is good', {}, 'alice by ssh-ed25519-cert-v01@openssh.com'],
  ])('%s', (_, choices, expected) => expect(by(choices)).toBe(expected));

  test('by a security key that nobody touched, and by one that somebody did', () => {
    const of = (flags: number): string =>
      judge(
        key,
        { certificate: certify(token, key, { inner: { flags } }) },
        {},
        bothVerifiers,
        `alice cert-authority ${token.line}`,
      );
    expect(of(0)).toBe(told('its authority is a security key that nobody touched'));
    expect(of(1)).toBe('alice by ssh-ed25519-cert-v01@openssh.com');
  });

  test('about which two verifiers disagree', () => {
    const second: Verifier = (algorithm, one) =>
      algorithm.kind !== 'ecdsa' && verifyWithOthers(algorithm, one);
    expect(judge(key, { certificate: made() }, {}, { ...bothVerifiers, second })).toBe(
      `verifier-disagreement: two verifiers disagree about it; report this (${key.fingerprint})`,
    );
  });

  const refusal = (choices: CertificateChoices): string => {
    try {
      return certificateProblem(parseCertificate(made(choices))) ?? 'nothing was refused';
    } catch (error) {
      if (error instanceof WireError) return error.message;
      throw error;
    }
  };
  const options = (n: number): readonly (readonly [string, Buffer])[] =>
    Array.from({ length: n }, (_, i) => [`o${i}`, empty] as const);
  test.each<[string, CertificateChoices, string]>([
    ['of a third kind', { role: 3 }, 'the certificate is neither for users nor for hosts'],
    ['of no kind', { role: 0 }, 'the certificate is neither for users nor for hosts'],
    ['with 256 principals', { principals: Array<string>(256).fill('a') }, 'nothing was refused'],
    [
      'with 257',
      { principals: Array<string>(257).fill('a') },
      'the certificate has more than 256 principals',
    ],
    ['with 256 extensions', { extensions: options(256) }, 'nothing was refused'],
    ['with 257', { extensions: options(257) }, 'the certificate has more than 256 options'],
    ['with 257 options', { critical: options(257) }, 'the certificate has more than 256 options'],
    [
      'with an option twice',
      { critical: [...options(1), ...options(1)] },
      'the certificate has an option twice',
    ],
    [
      'with an extension twice',
      { extensions: [...options(1), ...options(1)] },
      'the certificate has an option twice',
    ],
    ['with an empty name', { keyId: '' }, 'nothing was refused'],
  ])('%s', (_, choices, expected) => expect(refusal(choices)).toBe(expected));

  test('of 16384 bytes is read, and none that is larger', () => {
    const size = made({ extensions: [['x', empty]] }).length;
    const ofSize = (bytes: number): string => {
      // The authority's two numbers are of 32 bytes or 33 each.
      for (;;) {
        const one = made({ extensions: [['x', Buffer.alloc(bytes - size)]] });
        if (one.length !== bytes) continue;
        try {
          return parseCertificate(one).keyId;
        } catch (error) {
          return error instanceof WireError ? error.message : '';
        }
      }
    };
    expect([ofSize(16_384), ofSize(16_385)]).toEqual(['id', 'the certificate is too large']);
  });

  test('is told from a key', () => {
    expect([isCertificate(made()), isCertificate(key.blob), isCertificate(str('ssh-dss'))]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('a git object', () => {
  const sign = (payload: string, of = key): string =>
    armor(sshSignatureBlob(of, 'git', Buffer.from(payload, 'latin1')));
  const [tree, author, committer] = ['tree 1\n', 'author A <a@b> 1 +0000\n', 'committer A <a@b> 1 +0000\n'];
  const headers = `${tree}${author}${committer}`;
  /** As git writes it: the signature in a header of its own. */
  const commit = (head: string, body = '\ntext\n', tail = ''): string =>
    `${head}gpgsig ${sign(`${head}${tail}${body}`).trimEnd().replaceAll('\n', '\n ')}\n${tail}${body}`;
  const tagHeaders = 'object 1\ntype commit\ntag v1\ntagger A <a@b> 1 +0000\n';
  const tag = (payload: string): string => `${payload}${sign(payload)}`;

  function verdictOf(kind: GitObjectKind, raw: string | Buffer): GitObjectVerdict {
    const parsed = parseAllowedSigners(Buffer.from(`alice namespaces="git" ${key.line}`), 'any');
    if (!parsed.ok) throw new Error(parsed.reason);
    return verifyGitObject({
      kind,
      raw: typeof raw === 'string' ? Buffer.from(raw, 'latin1') : raw,
      identity: null,
      allowedSigners: parsed.signers,
      revoked: noRevocations,
      nowMs,
    });
  }
  const told = (kind: GitObjectKind, raw: string | Buffer): string => {
    const verdict = verdictOf(kind, raw);
    return verdict.ok ? verdict.principal : `${verdict.code}: ${verdict.reason}`;
  };
  const malformed = (why: string): string => `malformed-object: ${why}`;
  const order = malformed('its headers are not tree, parents, author, committer');
  const unreadable = malformed('its headers can’t be read');
  const endless = malformed('its headers have no end');
  const misplaced = malformed('it has a signature header that does not belong there');

  test.each([
    ['without parents', commit(headers)],
    ['with two parents', commit(`${tree}parent 1\nparent 2\n${author}${committer}`)],
    ['with an encoding', commit(headers, '\ntext\n', 'encoding latin1\n')],
    ['with a header of several lines', commit(`${headers}note a\n b\n c\n`)],
    ['with an empty text', commit(headers, '\n')],
    ['with any bytes', commit(headers, '\n\xff\xe9\r\n')],
    ['with a name of 64 letters', commit(`${headers}${'n'.repeat(64)} x\n`)],
    ['with a header that looks like one of a signature in its text', commit(headers, '\ngpgsig x\n')],
  ])('that is a commit %s is good', (_, raw) => expect(told('commit', raw)).toBe('alice'));

  test.each([
    ['without a signature', `${headers}\ntext\n`, 'unsigned: it has no signature'],
    ['without a tree', commit(`${author}${committer}`), order],
    ['with a parent behind its author', commit(`${tree}${author}parent 1\n${committer}`), order],
    ['with a parent behind its committer', commit(`${headers}parent 1\n`), order],
    ['with a committer in front', commit(`${tree}${committer}${author}`), order],
    [
      'with a header twice',
      commit(`${headers}note a\nnote b\n`),
      malformed('the header note is there twice'),
    ],
    [
      'with two committers',
      commit(`${headers}${committer}`),
      malformed('the header committer is there twice'),
    ],
    [
      'with two signatures',
      commit(headers, '\ntext\n', 'gpgsig x\n'),
      malformed('the header gpgsig is there twice'),
    ],
    ['with a signature of another kind', commit(headers, '\ntext\n', 'gpgsig-sha256 x\n'), misplaced],
    ['with a header that is like one of a signature', commit(`${headers}gpgsigX x\n`), misplaced],
    ['with a header that is no word', commit(`${headers}1x x\n`), unreadable],
    ['with a blank in front of a header', ` ${headers}\n`, unreadable],
    ['with a header without a value', commit(`${headers}x\n`), unreadable],
    ['with a name of 65 letters', commit(`${headers}${'n'.repeat(65)} x\n`), unreadable],
    ['without an end', headers.trimEnd(), endless],
    ['with nothing behind its headers', headers, endless],
    ['with nothing at all', '', unreadable],
    ['with a NUL', commit(headers, '\n\0\n'), malformed('there is a NUL in it')],
  ])('that is a commit %s is refused', (_, raw, expected) => expect(told('commit', raw)).toBe(expected));

  test('that is a tag is good', () => {
    expect(told('tag', tag(`${tagHeaders}\ntext\n`))).toBe('alice');
    expect(told('tag', tag(`${tagHeaders}\n`))).toBe('alice');
    expect(told('tag', tag(`${tagHeaders}note x\n\n\xff\r\n`))).toBe('alice');
  });

  const tagOrder = malformed('its headers are not object, type, tag, tagger');
  test.each([
    ['without a signature', `${tagHeaders}\ntext\n`, 'unsigned: it has no SSH signature'],
    ['without a tagger', tag('object 1\ntype commit\ntag v1\n\ntext\n'), tagOrder],
    ['with its headers in another order', tag('type commit\nobject 1\ntag v1\ntagger A\n\ntext\n'), tagOrder],
    ['that is a commit', commit(headers), tagOrder],
    ['with a tag twice', tag(`${tagHeaders}tag v2\n\ntext\n`), malformed('the header tag is there twice')],
    ['with a signature header', tag(`${tagHeaders}gpgsig x\n\ntext\n`), misplaced],
    ['whose headers can’t be read', 'object\n', unreadable],
    [
      'with a signature that is not in a line of its own',
      `${tagHeaders}\nx${sign(`${tagHeaders}\nx`)}`,
      'unsigned: it has no SSH signature',
    ],
    [
      'with text behind its signature',
      `${tag(`${tagHeaders}\ntext\n`)}x\n`,
      'malformed-signature: it does not end with -----END SSH SIGNATURE-----',
    ],
  ])('that is a tag %s is refused', (_, raw, expected) => expect(told('tag', raw)).toBe(expected));

  test('has at most 1024 headers', () => {
    const many = (n: number): string => Array.from({ length: n }, (_, i) => `n${i} x\n`).join('');
    expect(told('commit', commit(headers, '\n', many(1020)))).toBe('alice');
    expect(told('commit', commit(headers, '\n', many(1021)))).toBe(malformed('it has over 1024 headers'));
  });

  test('has a signature of at most 128 KiB in all its lines, wherever it stands', () => {
    const tooLarge = malformed('its signature is too large');
    const ofSize = (size: number, before = ''): string => {
      const start = `${headers}${before}gpgsig `;
      const filled = 'x'.repeat(size - 'gpgsig \n'.length);
      return told('commit', `${start}${filled}\n\ntext\n`);
    };
    expect(ofSize(131_072)).toBe('malformed-signature: it is larger than 65536 bytes');
    expect(ofSize(131_073)).toBe(tooLarge);
    expect(told('commit', commit(`${headers}note ${'x'.repeat(140_000)}\n`))).toBe('alice');
  });

  test('of 4 MiB is read, and none that is larger', () => {
    const payload = `${tagHeaders}\n`;
    const room = maxObjectBytes - tag(payload).length;
    const largest = tag(`${payload}${'x'.repeat(room - 1)}\n`);
    expect([largest.length, told('tag', largest)]).toEqual([4 * 1024 * 1024, 'alice']);
    expect(told('tag', Buffer.alloc(maxObjectBytes + 1))).toBe(malformed('it is larger than 4194304 bytes'));
  });

  test('is not signed for another namespace', () => {
    const raw = `${tagHeaders}\n${armor(sshSignatureBlob(key, 'file', `${tagHeaders}\n`))}`;
    expect(told('tag', raw)).toBe('wrong-namespace: it was not made for the namespace git');
  });
});
