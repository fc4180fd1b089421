/**
 * The kinds of keys that can sign, one row each: how their bytes are read, and which signatures they may make.
 * What is not in this table is refused: DSA, SHA-1, WebAuthn, and whatever comes after today. Bytes are checked
 * here (sizes, the point on its curve); the library's key object is made when it is first needed.
 */
import { createPublicKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { checkEd25519Point } from './ed25519.ts';
import { WireError } from './wire.ts';
import type { Reader } from './wire.ts';

export type HashName = 'sha256' | 'sha384' | 'sha512';

export interface Curve {
  /** `nistp256`, … */
  readonly name: string;
  /** Bytes of a coordinate. */
  readonly size: number;
  readonly jwk: string;
  readonly prime: bigint;
  /** The curve is y² = x³ - 3x + b. */
  readonly b: bigint;
}

interface Made {
  /** Made once, since making it costs as much as a verification. Throws when the library refuses the key. */
  readonly keyObject: () => KeyObject;
}
export type Algorithm =
  | ({ readonly kind: 'ed25519'; readonly point: Buffer } & Made)
  | ({ readonly kind: 'rsa'; readonly exponent: Buffer; readonly modulus: Buffer } & Made)
  | ({ readonly kind: 'ecdsa'; readonly curve: Curve; readonly point: Buffer } & Made);

export interface KeyKind {
  /** `ssh-ed25519`, … */
  readonly type: string;
  /** What a certificate for such a key calls itself. */
  readonly certificateType: string;
  /** As `ssh-keygen` names it to people. */
  readonly shownAs: string;
  /** Names of the signatures it may make, and the hash that each is over (null: the algorithm's own). */
  readonly signatures: Readonly<Record<string, HashName | null>>;
  /** A security key: its application follows, and its signatures carry flags and a counter. */
  readonly isSecurityKey: boolean;
  /** The fields between the type and the application. Throws `WireError`. */
  readonly read: (reader: Reader) => Algorithm;
}

const vendor = '@openssh.com';

const curves = {
  nistp256: curve('nistp256', 'P-256', 32, 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n, [
    '5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b',
  ]),
  nistp384: curve('nistp384', 'P-384', 48, 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n, [
    'b3312fa7e23ee7e4988e056be3f82d19181d9c6efe814112',
    '0314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef',
  ]),
  nistp521: curve('nistp521', 'P-521', 66, 2n ** 521n - 1n, [
    '0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e1',
    '56193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00',
  ]),
};

export const keyKinds: readonly KeyKind[] = [
  kind('ssh-ed25519', 'ED25519', { 'ssh-ed25519': null }, readEd25519),
  kind('ssh-rsa', 'RSA', { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512' }, readRsa),
  kind('ecdsa-sha2-nistp256', 'ECDSA', { 'ecdsa-sha2-nistp256': 'sha256' }, readEcdsa(curves.nistp256)),
  kind('ecdsa-sha2-nistp384', 'ECDSA', { 'ecdsa-sha2-nistp384': 'sha384' }, readEcdsa(curves.nistp384)),
  kind('ecdsa-sha2-nistp521', 'ECDSA', { 'ecdsa-sha2-nistp521': 'sha512' }, readEcdsa(curves.nistp521)),
  kind('sk-ssh-ed25519@openssh.com', 'ED25519-SK', { 'sk-ssh-ed25519@openssh.com': null }, readEd25519),
  kind(
    'sk-ecdsa-sha2-nistp256@openssh.com',
    'ECDSA-SK',
    { 'sk-ecdsa-sha2-nistp256@openssh.com': 'sha256' },
    readEcdsa(curves.nistp256),
  ),
];

function kind(
  type: string,
  shownAs: string,
  signatures: KeyKind['signatures'],
  read: KeyKind['read'],
): KeyKind {
  const bare = type.endsWith(vendor) ? type.slice(0, -vendor.length) : type;
  const certificateType = `${bare}-cert-v01${vendor}`;
  return { type, certificateType, shownAs, signatures, isSecurityKey: type.startsWith('sk-'), read };
}

function curve(name: string, jwk: string, size: number, prime: bigint, b: readonly string[]): Curve {
  return { name, size, jwk, prime, b: BigInt(`0x${b.join('')}`) };
}

function readEd25519(reader: Reader): Algorithm {
  const point = reader.string();
  checkEd25519Point(point);
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') };
  return { kind: 'ed25519', point, keyObject: once(() => fromJwk(jwk)) };
}

const leastModulusBits = 2048;
const mostModulusBits = 16_384;
const mostExponentBytes = 8;

function readRsa(reader: Reader): Algorithm {
  const exponent = reader.unsigned();
  const modulus = reader.unsigned();
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  if (bits < leastModulusBits) {
    throw new WireError(
      `an RSA key of ${bits} bits is too weak; ${leastModulusBits} are the least`,
      'weak-key',
    );
  }
  if (bits > mostModulusBits) throw new WireError(`an RSA key of ${bits} bits is too large`);
  // An even number is no RSA modulus or exponent; with the exponent 1 everybody could sign; a huge one costs time.
  const [last = 0] = exponent.subarray(-1);
  const isOdd = (last & 1) === 1 && ((modulus[modulus.length - 1] ?? 0) & 1) === 1;
  if (!isOdd || exponent.length > mostExponentBytes || (exponent.length === 1 && last < 3)) {
    throw new WireError('the RSA key has an exponent or a modulus that no RSA key has', 'weak-key');
  }
  const jwk = { kty: 'RSA', e: exponent.toString('base64url'), n: modulus.toString('base64url') };
  return { kind: 'rsa', exponent, modulus, keyObject: once(() => fromJwk(jwk)) };
}

function readEcdsa(curve: Curve): (reader: Reader) => Algorithm {
  return (reader) => {
    if (reader.name() !== curve.name) throw new WireError('the key names another curve than its type');
    const point = reader.string();
    const { size, prime, b } = curve;
    if (point.length !== 1 + 2 * size || point[0] !== 4)
      throw new WireError(`an ECDSA key on ${curve.name} has ${1 + 2 * size} bytes, the first of them 4`);
    const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)];
    const [bigX, bigY] = [BigInt(`0x${x.toString('hex')}`), BigInt(`0x${y.toString('hex')}`)];
    if (bigX >= prime || bigY >= prime || (bigY * bigY - bigX * (bigX * bigX - 3n) - b) % prime !== 0n)
      throw new WireError('the ECDSA key is not on its curve');
    const jwk = { kty: 'EC', crv: curve.jwk, x: x.toString('base64url'), y: y.toString('base64url') };
    return { kind: 'ecdsa', curve, point, keyObject: once(() => fromJwk(jwk)) };
  };
}

function fromJwk(key: JsonWebKey): KeyObject {
  return createPublicKey({ key, format: 'jwk' });
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
