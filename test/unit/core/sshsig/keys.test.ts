/** Keys and signatures at their bounds: the last one that is taken, the first that is not, and what is said of it. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { checkEd25519Point, isEd25519Signature } from '../../../../src/core/sshsig/ed25519.ts';
import {
  decodeListedKey,
  isCertificateType,
  isKeyType,
  kindOfCertificate,
  parseListedKey,
  parsePublicKey,
  shownKeyType,
} from '../../../../src/core/sshsig/public-key.ts';
import { checkSignature } from '../../../../src/core/sshsig/signature.ts';
import type { PreparedSignature } from '../../../../src/core/sshsig/verifiers.ts';
import { WireError } from '../../../../src/core/sshsig/wire.ts';
import { keyOf, makeSshKey, mpint, str, u32 } from '../../../support/ssh-keys.ts';

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof WireError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'nothing was refused';
}

const littleEndian = (value: bigint): Buffer =>
  Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
const fieldPrime = 2n ** 255n - 19n;
const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;

describe('an Ed25519 key', () => {
  test('may be any number below the prime of the field, with either sign', () => {
    for (const y of [2n, 0x7fn << 248n, fieldPrime - 2n, (1n << 255n) | 2n])
      expect(refusal(() => checkEd25519Point(littleEndian(y)))).toBe('nothing was refused');
  });

  test.each([fieldPrime, fieldPrime + 1n, 2n ** 255n - 1n, (1n << 255n) | fieldPrime])(
    'is not %s, which is another number written otherwise',
    (y) =>
      expect(refusal(() => checkEd25519Point(littleEndian(y)))).toBe(
        'malformed-signature: the Ed25519 key is not in its one right form',
      ),
  );

  test.each([0n, 1n, fieldPrime - 1n, (1n << 255n) | 1n])('of small order, as %s, is weak', (y) =>
    expect(refusal(() => checkEd25519Point(littleEndian(y)))).toBe(
      'weak-key: the Ed25519 key is of small order: it would fit every message',
    ),
  );

  test.each([31, 33])('has not %s bytes', (size) =>
    expect(refusal(() => checkEd25519Point(Buffer.alloc(size, 7)))).toBe(
      'malformed-signature: an Ed25519 key has 32 bytes',
    ),
  );

  test.each([
    ['0', 0n, true],
    ['2^252 - 1', 2n ** 252n - 1n, true],
    ['2^252', 2n ** 252n, true],
    ['the order less one', groupOrder - 1n, true],
    ['the order', groupOrder, false],
    ['the order and one', groupOrder + 1n, false],
    ['the greatest number', 2n ** 256n - 1n, false],
  ])('makes signatures whose second half is below the order of the group: %s', (_, s, expected) => {
    expect(isEd25519Signature(Buffer.concat([Buffer.alloc(32, 9), littleEndian(s)]))).toBe(expected);
  });

  test.each([0, 63, 65])('makes no signature of %s bytes', (size) =>
    expect(isEd25519Signature(Buffer.alloc(size))).toBe(false),
  );
});

describe('an RSA key', () => {
  const read = (exponent: Buffer, modulus: Buffer): string =>
    refusal(() => parsePublicKey(Buffer.concat([str('ssh-rsa'), mpint(exponent), mpint(modulus)])));
  const e = Buffer.from([1, 0, 1]);
  const ofBits = (bits: number): Buffer => {
    const bytes = Buffer.alloc(Math.ceil(bits / 8), 255);
    bytes[0] = 255 >> (bytes.length * 8 - bits);
    return bytes;
  };

  test.each([2048, 2049, 16_384])('of %s bits is taken', (bits) =>
    expect(read(e, ofBits(bits))).toBe('nothing was refused'),
  );

  test.each([
    [16_385, 'malformed-signature: an RSA key of 16385 bits is too large'],
    [2047, 'weak-key: an RSA key of 2047 bits is too weak; 2048 are the least'],
    [2041, 'weak-key: an RSA key of 2041 bits is too weak; 2048 are the least'],
  ])('of %s bits is not', (bits, reason) => expect(read(e, ofBits(bits))).toBe(reason));

  test.each([
    ['3', Buffer.from([3])],
    ['8 bytes', Buffer.alloc(8, 255)],
    ['257', Buffer.from([1, 1])],
  ])('may have the exponent of %s', (_, exponent) =>
    expect(read(exponent, ofBits(2048))).toBe('nothing was refused'),
  );

  const odd = 'weak-key: the RSA key has an exponent or a modulus that no RSA key has';
  test.each([
    ['1', Buffer.from([1])],
    ['2', Buffer.from([2])],
    ['65536', Buffer.from([1, 0, 0])],
    ['9 bytes', Buffer.alloc(9, 255)],
    ['0', Buffer.alloc(0)],
  ])('may not have the exponent of %s', (_, exponent) => expect(read(exponent, ofBits(2048))).toBe(odd));

  test('may not be even', () => {
    const modulus = ofBits(2048);
    modulus[255] = 254;
    expect(read(e, modulus)).toBe(odd);
  });
});

describe('an ECDSA key', () => {
  const p256 = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
  const p521 = 2n ** 521n - 1n;
  const big = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);
  const hex = (value: bigint, size: number): Buffer =>
    Buffer.from(value.toString(16).padStart(2 * size, '0'), 'hex');
  const read = (curve: string, point: Buffer): string =>
    refusal(() => parsePublicKey(Buffer.concat([str(`ecdsa-sha2-${curve}`), str(curve), str(point)])));
  const off = 'malformed-signature: the ECDSA key is not on its curve';

  test.each([
    ['nistp256', 65],
    ['nistp384', 97],
    ['nistp521', 133],
  ] as const)('on %s has %s bytes that begin with 4', (curve, size) => {
    const { fields } = makeSshKey(`ecdsa-sha2-${curve}`);
    const point = fields.subarray(-size);
    const reason = `malformed-signature: an ECDSA key on ${curve} has ${size} bytes, the first of them 4`;
    expect(read(curve, point)).toBe('nothing was refused');
    expect(read(curve, point.subarray(0, -1))).toBe(reason);
    expect(read(curve, Buffer.concat([point, Buffer.alloc(1)]))).toBe(reason);
    expect(read(curve, Buffer.concat([Buffer.from([3]), point.subarray(1)]))).toBe(reason);
  });

  test('is not the same point with a coordinate above the prime', () => {
    const point = makeSshKey('ecdsa-sha2-nistp521').fields.subarray(-132);
    const [x, y] = [big(point.subarray(0, 66)), big(point.subarray(66))];
    const at = (a: bigint, b: bigint): string =>
      read('nistp521', Buffer.concat([Buffer.from([4]), hex(a, 66), hex(b, 66)]));
    expect(at(x, y)).toBe('nothing was refused');
    expect([at(x + p521, y), at(x, y + p521), at(x + p521, y + p521)]).toEqual([off, off, off]);
  });

  test('is not the point at x = 0 with x written as the prime', () => {
    // The square root of the curve's b, since the prime leaves 3 when it is divided by 4.
    const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
    let y = 1n;
    for (const bit of ((p256 + 1n) / 4n).toString(2)) y = (y * y * (bit === '1' ? b : 1n)) % p256;
    const at = (x: bigint): string =>
      read('nistp256', Buffer.concat([Buffer.from([4]), hex(x, 32), hex(y, 32)]));
    expect([at(0n), at(p256)]).toEqual(['nothing was refused', off]);
  });
});

describe('the kinds of keys', () => {
  test.each([
    ['ssh-ed25519', 'ED25519'],
    ['ssh-rsa', 'RSA'],
    ['ecdsa-sha2-nistp384', 'ECDSA'],
    ['sk-ssh-ed25519@openssh.com', 'ED25519-SK'],
    ['ssh-ed25519-cert-v01@openssh.com', 'ED25519-CERT'],
    ['sk-ecdsa-sha2-nistp256-cert-v01@openssh.com', 'ECDSA-SK-CERT'],
    ['ssh-dss', 'ssh-dss'],
  ])('%s is shown as %s', (type, shown) => expect(shownKeyType(type)).toBe(shown));

  test('and their certificates are told apart from what is unknown', () => {
    const certificate = 'ssh-rsa-cert-v01@openssh.com';
    expect([isKeyType('ssh-rsa'), isKeyType(certificate), isKeyType('ssh-dss')]).toEqual([true, true, false]);
    expect([isCertificateType('ssh-rsa'), isCertificateType(certificate)]).toEqual([false, true]);
    expect(kindOfCertificate(certificate).type).toBe('ssh-rsa');
    expect(refusal(() => kindOfCertificate('ssh-rsa'))).toBe(
      'unsupported-key-type: its kind of key is not accepted; use ed25519, ecdsa, rsa of 2048 bits or more, or a security key',
    );
  });

  test('are read up to 16384 bytes, and listed in up to 32768 characters', () => {
    const { blob } = makeSshKey('ssh-ed25519');
    const ofSize = (size: number): string => refusal(() => parsePublicKey(Buffer.concat([blob], size)));
    expect(ofSize(16_384)).toBe('malformed-signature: there are bytes behind its end');
    expect(ofSize(16_385)).toBe('malformed-signature: the key is too large');
    expect(decodeListedKey('A'.repeat(32_768))).toHaveLength(24_576);
    expect(refusal(() => decodeListedKey('A'.repeat(32_769)))).toBe(
      'malformed-signature: the key is too large',
    );
  });

  test('are what their lines say', () => {
    const base64 = makeSshKey('ssh-ed25519').blob.toString('base64');
    expect(parseListedKey('ssh-ed25519', base64).kind.type).toBe('ssh-ed25519');
    expect(refusal(() => parseListedKey('ssh-rsa', base64))).toBe(
      'malformed-signature: the key is of another type than its line says',
    );
  });
});

describe('a signature', () => {
  const yes = { first: () => true, second: () => true };
  const data = Buffer.from('data');
  const none = Buffer.alloc(0);
  const signed = (type: string, body: Buffer, trailer = none) => ({ type, body, trailer });
  const keys = {
    ed25519: makeSshKey('ssh-ed25519'),
    rsa: makeSshKey('ssh-rsa'),
    p256: makeSshKey('ecdsa-sha2-nistp256'),
    token: makeSshKey('sk-ssh-ed25519@openssh.com'),
  };

  test('of a type that its key does not make is refused in words', () => {
    expect(
      refusal(() =>
        checkSignature(parsePublicKey(keys.rsa.blob), signed('ssh-ed25519', Buffer.alloc(64)), data, yes),
      ),
    ).toBe('unsupported-signature-type: a signature of that type is not accepted from its kind of key');
  });

  const numbers = (r: number, s: number): Buffer =>
    Buffer.concat([str(Buffer.alloc(r, 1)), str(Buffer.alloc(s, 1))]);
  test.each([
    ['Ed25519, of 63 bytes', keys.ed25519, signed('ssh-ed25519', Buffer.alloc(63))],
    ['RSA, longer than its modulus', keys.rsa, signed('rsa-sha2-256', Buffer.alloc(257, 1))],
    ['ECDSA, with r too long', keys.p256, signed('ecdsa-sha2-nistp256', numbers(33, 32))],
    ['ECDSA, with s too long', keys.p256, signed('ecdsa-sha2-nistp256', numbers(32, 33))],
  ])('%s, reaches no verifier', (_, key, one) => {
    expect(checkSignature(parsePublicKey(key.blob), one, data, yes)).toEqual({
      verdict: 'invalid',
      securityKey: null,
    });
  });

  test('of the wrong size by a security key still says what the key said', () => {
    const one = signed('sk-ssh-ed25519@openssh.com', Buffer.alloc(63), Buffer.from([4, 0, 0, 1, 0]));
    expect(checkSignature(parsePublicKey(keys.token.blob), one, data, yes)).toEqual({
      verdict: 'invalid',
      securityKey: { userPresent: false, userVerified: true, counter: 256 },
    });
  });

  test('that both verifiers refuse is invalid, and one that they do not agree on a disagreement', () => {
    const one = signed('ssh-ed25519', Buffer.alloc(64));
    const judge = (first: boolean, second: boolean): string =>
      checkSignature(parsePublicKey(keys.ed25519.blob), one, data, {
        first: () => first,
        second: () => second,
      }).verdict;
    expect([judge(true, true), judge(false, false), judge(true, false), judge(false, true)]).toEqual([
      'valid',
      'invalid',
      'disagreement',
      'disagreement',
    ]);
  });

  test('by a security key is over digests of its application, byte by byte, and of the data', () => {
    const application = 'ssh:\xe9';
    const { privateKey, fields } = keys.token;
    const key = keyOf(
      'sk-ssh-ed25519@openssh.com',
      privateKey,
      Buffer.concat([fields.subarray(0, 36), str(application)]),
      application,
    );
    const trailer = Buffer.concat([Buffer.from([1]), u32(9)]);
    const asked: PreparedSignature[] = [];
    const remember = (_: unknown, one: PreparedSignature): boolean => asked.push(one) > 0;
    checkSignature(
      parsePublicKey(key.blob),
      signed('sk-ssh-ed25519@openssh.com', Buffer.alloc(64), trailer),
      data,
      { first: remember, second: remember },
    );
    const digest = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();
    const wanted = Buffer.concat([digest(Buffer.from(application, 'latin1')), trailer, digest(data)]);
    expect(asked.map((one) => one.data)).toEqual([wanted, wanted]);
  });

  test('with zeros left out is given to the verifiers at its full length', () => {
    const asked: PreparedSignature[] = [];
    const remember = (_: unknown, one: PreparedSignature): boolean => asked.push(one) > 0;
    const verifiers = { first: remember, second: remember };
    checkSignature(
      parsePublicKey(keys.p256.blob),
      signed('ecdsa-sha2-nistp256', numbers(31, 32)),
      data,
      verifiers,
    );
    checkSignature(
      parsePublicKey(keys.rsa.blob),
      signed('rsa-sha2-512', Buffer.alloc(255, 1)),
      data,
      verifiers,
    );
    const zero = Buffer.alloc(1);
    expect(asked.map(({ hash, raw }) => [hash, raw.toString('hex')])).toEqual(
      [
        ['sha256', Buffer.concat([zero, Buffer.alloc(63, 1)]).toString('hex')],
        ['sha512', Buffer.concat([zero, Buffer.alloc(255, 1)]).toString('hex')],
      ].flatMap((one) => [one, one]),
    );
  });
});
