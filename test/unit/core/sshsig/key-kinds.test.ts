/** Signatures by every kind of key: what each may look like, and what is refused by name. */
import { describe, expect, test } from 'vitest';
import { parseAllowedSigners } from '../../../../src/core/sshsig/allowed-signers.ts';
import { parsePublicKey } from '../../../../src/core/sshsig/public-key.ts';
import { noRevocations } from '../../../../src/core/sshsig/revocation.ts';
import { bothVerifiers } from '../../../../src/core/sshsig/signature.ts';
import type { SignatureVerdict } from '../../../../src/core/sshsig/verdict.ts';
import type { Verifiers } from '../../../../src/core/sshsig/verifiers.ts';
import { verifySignature } from '../../../../src/core/sshsig/verify.ts';
import type { SignatureQuestion } from '../../../../src/core/sshsig/verify.ts';
import { keyOf, keyTypes, makeSshKey, mpint, sshSignatureBlob, str } from '../../../support/ssh-keys.ts';
import type { KeyType, SignatureChoices, SshKey } from '../../../support/ssh-keys.ts';
import { armor } from '../../../support/ssh-signature.ts';

const namespace = 'file';
const message = Buffer.from('message');
const keys = Object.fromEntries(keyTypes.map((type) => [type, makeSshKey(type)])) as Record<KeyType, SshKey>;
const skTypes = keyTypes.filter((type) => type.startsWith('sk-'));
const ecTypes = keyTypes.filter((type) => type.startsWith('ecdsa-'));

function judge(
  key: SshKey,
  choices: SignatureChoices = {},
  requireUserVerification = false,
  verifiers: Verifiers = bothVerifiers,
): SignatureVerdict {
  const blob = sshSignatureBlob(key, namespace, message, choices);
  return judgeBlob(blob, `alice ${key.line}\n`, { requireUserVerification }, verifiers);
}

function judgeBlob(
  blob: Buffer,
  signers: string,
  more: Partial<SignatureQuestion> = {},
  verifiers: Verifiers = bothVerifiers,
): SignatureVerdict {
  const parsed = parseAllowedSigners(Buffer.from(signers), 'any');
  if (!parsed.ok) throw new Error(parsed.reason);
  const question = {
    message,
    signature: Buffer.from(armor(blob)),
    namespace,
    identity: 'alice',
    allowedSigners: parsed.signers,
    revoked: noRevocations,
    nowMs: Date.parse('2026-06-01T12:00:00Z'),
  };
  return verifySignature({ ...question, ...more }, verifiers);
}

/** The inner signature with another body. */
const withBody =
  (change: (body: Buffer) => Buffer) =>
  (inner: Buffer): Buffer => {
    const at = 4 + inner.readUInt32BE(0);
    const size = inner.readUInt32BE(at);
    const body = inner.subarray(at + 4, at + 4 + size);
    return Buffer.concat([
      inner.subarray(0, at),
      str(change(Buffer.from(body))),
      inner.subarray(at + 4 + size),
    ]);
  };

/** r and s of an ECDSA body, as they stand there. */
function numbers(body: Buffer): [Buffer, Buffer] {
  const size = body.readUInt32BE(0);
  return [body.subarray(4, 4 + size), body.subarray(8 + size)];
}

describe.each(keyTypes)('a key of the kind %s', (type) => {
  const key = keys[type];

  test.each(['sha256', 'sha512'])('signs, over %s', (hash) => {
    expect(judge(key, { hash })).toMatchObject({
      ok: true,
      principal: 'alice',
      fingerprint: key.fingerprint,
      keyType: type,
      securityKey: type.startsWith('sk-') ? { userPresent: true, userVerified: false, counter: 7 } : null,
    });
  });

  test('does not sign what it did not sign', () => {
    const changed = withBody((body) => {
      body[body.length - 2] = (body[body.length - 2] ?? 0) ^ 1;
      return body;
    });
    expect(judge(key, { change: changed })).toMatchObject({ ok: false, code: 'bad-signature' });
  });

  test('has nothing behind its signature', () => {
    const change = (inner: Buffer): Buffer => Buffer.concat([inner, Buffer.alloc(1)]);
    expect(judge(key, { change })).toMatchObject({ ok: false, code: 'malformed-signature' });
  });

  test.each(
    [...keyTypes, 'ssh-dss', 'rsa-sha2-384', 'toString', '__proto__'].filter((name) => name !== type),
  )('makes no signature called %s', (name) => {
    const change = (inner: Buffer): Buffer =>
      Buffer.concat([str(name), inner.subarray(4 + inner.readUInt32BE(0))]);
    expect(judge(key, { change })).toMatchObject({ ok: false, code: 'unsupported-signature-type' });
  });

  test('has nothing behind its bytes, and is refused wherever it is cut', () => {
    expect(() => parsePublicKey(Buffer.concat([key.blob, Buffer.alloc(1)]))).toThrow('behind its end');
    for (let size = 0; size < key.blob.length; size++)
      expect(() => parsePublicKey(key.blob.subarray(0, size))).toThrow();
  });

  test.each([
    ['first', { first: () => false }],
    ['second', { second: () => false }],
    ['first, by a throw,', { first: fails }],
    ['second, by a throw,', { second: fails }],
    ['second, by what is only like true,', { second: () => new Error('truthy') as unknown as boolean }],
  ])('is refused when the %s verifier alone says no', (_, one) => {
    expect(judge(key, {}, false, { ...bothVerifiers, ...one })).toMatchObject({
      ok: false,
      code: 'verifier-disagreement',
      fingerprint: key.fingerprint,
    });
  });

  test('is refused as well when only one verifier lets a wrong signature pass', () => {
    const change = withBody((body) =>
      body.fill((body[body.length - 2] ?? 0) ^ 1, body.length - 2, body.length - 1),
    );
    for (const one of [{ first: () => true }, { second: () => true }])
      expect(judge(key, { change }, false, { ...bothVerifiers, ...one })).toMatchObject({
        code: 'verifier-disagreement',
      });
  });
});

function fails(): boolean {
  throw new Error('the library fails');
}

describe.each(skTypes)('a security key of the kind %s', (type) => {
  const key = keys[type];

  test('must have been touched', () => {
    expect(judge(key, { flags: 0 })).toMatchObject({ ok: false, code: 'user-presence-missing' });
    expect(judge(key, { flags: 4 })).toMatchObject({ ok: false, code: 'user-presence-missing' });
  });

  test('must have checked who it was, where that is required', () => {
    expect(judge(key, { flags: 1 }, true)).toMatchObject({ ok: false, code: 'user-verification-missing' });
    expect(judge(key, { flags: 5, counter: 4_294_967_295 }, true)).toMatchObject({
      ok: true,
      securityKey: { userPresent: true, userVerified: true, counter: 4_294_967_295 },
    });
  });

  test('signs its flags, its counter and its application', () => {
    const changed = (at: number) => (inner: Buffer) => {
      const bytes = Buffer.from(inner);
      bytes[bytes.length - at] = (bytes[bytes.length - at] ?? 0) ^ 4;
      return bytes;
    };
    expect(judge(key, { change: changed(5) })).toMatchObject({ code: 'bad-signature' });
    expect(judge(key, { change: changed(1) })).toMatchObject({ code: 'bad-signature' });
    const fields = Buffer.concat([key.fields.subarray(0, -8), str('SSH:')]);
    expect(judge(keyOf(type, key.privateKey, fields, 'ssh:'))).toMatchObject({ code: 'bad-signature' });
  });

  test('signs without flags and counter for nobody', () => {
    const change = (inner: Buffer): Buffer => inner.subarray(0, -5);
    expect(judge(key, { change })).toMatchObject({ code: 'malformed-signature' });
  });

  test('is another key than the plain one with its point', () => {
    const plainType = type.replace('sk-', '').replace('@openssh.com', '') as KeyType;
    const plain = keyOf(plainType, key.privateKey, key.fields.subarray(0, -8), null);
    expect(judge(plain).ok).toBe(true);
    expect(judge(key, { certificate: plain.blob }).ok).toBe(false);
  });
});

test('a plain key can’t show who used it, where that is required', () => {
  expect(judge(keys['ssh-ed25519'], {}, true)).toMatchObject({ code: 'user-verification-missing' });
});

test('a WebAuthn signature is refused', () => {
  const key = keys['sk-ecdsa-sha2-nistp256@openssh.com'];
  const change = (inner: Buffer): Buffer =>
    Buffer.concat([
      str('webauthn-sk-ecdsa-sha2-nistp256@openssh.com'),
      inner.subarray(4 + inner.readUInt32BE(0)),
    ]);
  expect(judge(key, { change })).toMatchObject({ code: 'unsupported-signature-type' });
});

describe('an RSA key', () => {
  const key = keys['ssh-rsa'];
  const partsOf = (e: Buffer, n: Buffer): Buffer => Buffer.concat([str('ssh-rsa'), e, n]);
  const jwk = key.privateKey.export({ format: 'jwk' });
  const modulus = Buffer.from(jwk.n ?? '', 'base64url');
  const exponent = Buffer.from([1, 0, 1]);

  test('signs with SHA-256 and SHA-512, and not with SHA-1', () => {
    expect(judge(key, { name: 'rsa-sha2-256' }).ok).toBe(true);
    expect(judge(key, { name: 'rsa-sha2-512' }).ok).toBe(true);
    expect(judge(key, { name: 'ssh-rsa' })).toMatchObject({ code: 'unsupported-signature-type' });
  });

  test('signs with the hash that it names', () => {
    const lie = (inner: Buffer): Buffer =>
      Buffer.concat([str('rsa-sha2-256'), inner.subarray(4 + inner.readUInt32BE(0))]);
    expect(judge(key, { change: lie })).toMatchObject({ code: 'bad-signature' });
  });

  test('may leave out the zeros in front of its signature, and may not add any', () => {
    const longer = withBody((body) => Buffer.concat([Buffer.alloc(1), body]));
    expect(judge(key, { change: longer })).toMatchObject({ code: 'bad-signature' });
    // One in 256 begins with a zero byte.
    let short = false;
    for (let n = 0; n < 5000 && !short; n++) {
      const text = Buffer.from(`message ${n}`);
      const change = withBody((body) => {
        short = body[0] === 0;
        return short ? body.subarray(1) : body;
      });
      const blob = sshSignatureBlob(key, namespace, text, { change });
      if (short)
        expect(judgeBlob(blob, `alice ${key.line}\n`, { message: text })).toMatchObject({ ok: true });
    }
    expect(short).toBe(true);
  });

  test.each([
    [
      'of 2047 bits',
      mpint(exponent),
      mpint(modulus.map((byte, at) => (at === 0 ? byte & 0x7f : byte))),
      'too weak',
    ],
    ['of 1024 bits', mpint(exponent), mpint(modulus.subarray(128)), 'too weak'],
    ['of no bits', mpint(exponent), str(''), 'too weak'],
    ['of 16392 bits', mpint(exponent), mpint(Buffer.alloc(2049, 255)), 'too large|key is too large'],
    [
      'with an even modulus',
      mpint(exponent),
      mpint(modulus.map((byte, at) => (at === 255 ? byte & 0xfe : byte))),
      'no RSA key has',
    ],
    ['with the exponent 1', mpint(Buffer.from([1])), mpint(modulus), 'no RSA key has'],
    ['with the exponent 0', str(''), mpint(modulus), 'no RSA key has'],
    ['with an even exponent', mpint(Buffer.from([4])), mpint(modulus), 'no RSA key has'],
    ['with a huge exponent', mpint(Buffer.alloc(9, 255)), mpint(modulus), 'no RSA key has'],
    ['with a negative modulus', mpint(exponent), str(Buffer.alloc(256, 255)), 'negative'],
    [
      'with zeros in front of its modulus',
      mpint(exponent),
      str(Buffer.concat([Buffer.alloc(2), modulus])),
      'one right form',
    ],
    ['with zeros in front of its exponent', str(Buffer.from([0, 3])), mpint(modulus), 'one right form'],
  ])('%s is refused', (_, e, n, reason) => {
    expect(() => parsePublicKey(partsOf(e, n))).toThrow(new RegExp(reason));
  });

  test('of 1024 bits is refused by name', () => {
    const small = makeSshKey('ssh-rsa', { bits: 1024 });
    expect(judgeBlob(sshSignatureBlob(small, namespace, message), '')).toMatchObject({ code: 'weak-key' });
  });

  test('of 3072 and 4096 bits signs', () => {
    for (const bits of [3072, 4096]) expect(judge(makeSshKey('ssh-rsa', { bits })).ok).toBe(true);
  });
});

describe.each(ecTypes)('an ECDSA key of the kind %s', (type) => {
  const key = keys[type];
  const size = { nistp256: 32, nistp384: 48, nistp521: 66 }[type.slice(-8)] ?? 0;
  const curveName = type.slice(-8);
  const point = key.fields.subarray(4 + curveName.length + 4);
  const keyWith = (name: string, bytes: Buffer): Buffer => Buffer.concat([str(type), str(name), str(bytes)]);

  test.each([
    ['r of zero', (r: Buffer, s: Buffer) => [str(''), str(s), r]],
    ['s of zero', (r: Buffer) => [str(r), str('')]],
    ['r and s of zero', () => [str(''), str('')]],
    ['a number that is too long', (_: Buffer, s: Buffer) => [str(Buffer.alloc(size + 1, 1)), str(s)]],
  ])('makes no signature with %s', (_, make) => {
    const change = withBody((body) => Buffer.concat(make(...numbers(body)).slice(0, 2)));
    expect(judge(key, { change })).toMatchObject({ code: 'bad-signature' });
  });

  test.each([
    ['a negative number', (r: Buffer, s: Buffer) => [str(Buffer.concat([Buffer.from([0x80]), r])), str(s)]],
    ['zeros in front', (r: Buffer, s: Buffer) => [str(Buffer.concat([Buffer.alloc(2), r])), str(s)]],
    ['one number', (r: Buffer) => [str(r)]],
    ['three numbers', (r: Buffer, s: Buffer) => [str(r), str(s), str(s)]],
  ])('makes no signature of %s', (_, make) => {
    const change = withBody((body) => Buffer.concat(make(...numbers(body))));
    expect(judge(key, { change })).toMatchObject({ code: 'malformed-signature' });
  });

  test('signs with small numbers', () => {
    // A number with a zero byte in front comes up once in 128 signatures.
    for (let n = 0; n < 400; n++) expect(judge(key, { counter: n }).ok).toBe(true);
  }, 60_000);

  test.each([
    ['compressed', Buffer.concat([Buffer.from([2]), point.subarray(1, 1 + size)])],
    ['hybrid', Buffer.concat([Buffer.from([6]), point.subarray(1)])],
    ['at infinity', Buffer.from([0])],
    ['off its curve', Buffer.concat([point.subarray(0, -1), Buffer.from([(point[2 * size] ?? 0) ^ 1])])],
    ['above the prime', Buffer.concat([Buffer.from([4]), Buffer.alloc(2 * size, 255)])],
    ['one byte longer', Buffer.concat([point, Buffer.alloc(1)])],
  ])('with a point that is %s is refused', (_, bytes) => {
    expect(() => parsePublicKey(keyWith(curveName, bytes))).toThrow(/ECDSA key/);
  });

  test('that names another curve is refused', () => {
    const other = curveName === 'nistp256' ? 'nistp384' : 'nistp256';
    expect(() => parsePublicKey(keyWith(other, point))).toThrow('another curve');
  });
});

test.each(['ssh-dss', 'ssh-mldsa44-ed25519@openssh.com', 'ssh-ed25519-cert-v02@openssh.com', 'ssh-ed448'])(
  'a key of the kind %s is refused by name',
  (type) => {
    const stranger = keyOf(type, keys['ssh-ed25519'].privateKey, keys['ssh-ed25519'].fields, null);
    const blob = sshSignatureBlob(keys['ssh-ed25519'], namespace, message, { certificate: stranger.blob });
    expect(judgeBlob(blob, '')).toMatchObject({ code: 'unsupported-key-type' });
    expect(parseAllowedSigners(Buffer.from(`alice ${stranger.line}`), 'any').ok).toBe(false);
  },
);
