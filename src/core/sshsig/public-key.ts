/**
 * Public keys as SSH writes them. Ed25519 can be verified with; the other kinds are recognised, so that a
 * file may list them and a refusal can say so. A key is the same as another only if all its bytes are.
 */
import { createHash, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { decodeBase64, maxKeyBytes, Reader, WireError, wireString } from './wire.ts';

export interface Ed25519Key {
  readonly kind: 'ed25519';
  readonly point: Buffer;
  /** Made once, since making it costs as much as a verification. */
  readonly keyObject: KeyObject;
}

export interface PublicKey {
  /** `ssh-ed25519`, … */
  readonly type: string;
  /** Base64 of the whole blob: what equality is judged by. */
  readonly blob: string;
  /** `SHA256:` and unpadded base64, as `ssh-keygen -l` shows it. */
  readonly fingerprint: string;
  /** Null for kinds that are known but can't be verified with. */
  readonly algorithm: Ed25519Key | null;
}

const plainTypes = new Set([
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
]);
const certificatePattern =
  /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519|sk-ecdsa-sha2-nistp256)-cert-v01@openssh\.com$/;

export function isKeyType(type: string): boolean {
  return plainTypes.has(type) || isCertificateType(type);
}

export function isCertificateType(type: string): boolean {
  return certificatePattern.test(type);
}

export function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** Throws `WireError`. Unknown types throw as well: nothing is known about what their bytes mean. */
export function parsePublicKey(blob: Uint8Array): PublicKey {
  if (blob.length > maxKeyBytes) throw new WireError('the key is too large');
  const reader = new Reader(blob);
  const type = reader.name();
  if (!isKeyType(type)) throw new WireError('its key type is unknown');
  const algorithm = type === 'ssh-ed25519' ? parseEd25519(reader) : null;
  if (type === 'ssh-rsa') checkRsa(reader);
  return { type, blob: Buffer.from(blob).toString('base64'), fingerprint: fingerprintOf(blob), algorithm };
}

/** `type base64`, as files list keys; the type must be the one inside. Throws `WireError`. */
export function parseListedKey(type: string, base64: string): PublicKey {
  if (base64.length > maxKeyBytes * 2) throw new WireError('the key is too large');
  const key = parsePublicKey(decodeBase64(base64));
  if (key.type !== type) throw new WireError('the key is of another type than its line says');
  return key;
}

/**
 * The plain key inside a certificate, for revocation lists, where a certificate stands for its key.
 * Null for types whose plain key can't be verified with anyway.
 */
export function plainKeyOfCertificate(blob: Uint8Array): PublicKey | null {
  const reader = new Reader(blob);
  if (reader.name() !== 'ssh-ed25519-cert-v01@openssh.com') return null;
  reader.string(); // nonce
  return parsePublicKey(Buffer.concat([wireString('ssh-ed25519'), wireString(reader.string())]));
}

function parseEd25519(reader: Reader): Ed25519Key {
  const point = reader.string();
  reader.end();
  if (point.length !== 32) throw new WireError('an Ed25519 key has 32 bytes');
  checkPoint(point);
  const x = point.toString('base64url');
  return {
    kind: 'ed25519',
    point,
    keyObject: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }),
  };
}

/** An RSA key below 2048 bits is refused wherever it stands, also before RSA can be verified with. */
function checkRsa(reader: Reader): void {
  reader.string();
  const modulus = reader.string();
  reader.end();
  const significant = modulus[0] === 0 ? modulus.subarray(1) : modulus;
  const bits = significant.length * 8 - Math.clz32(significant[0] ?? 0) + 24;
  if (bits < 2048) throw new WireError(`an RSA key of ${bits} bits is too weak; 2048 are the least`);
}

// y coordinates (little endian) of the points of order 1, 2, 4 and 8. With such a key, one signature fits
// every message. The sign bit of x is masked before the comparison.
const smallOrder = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);
const fieldPrime = 2n ** 255n - 19n;

function checkPoint(point: Buffer): void {
  const y = Buffer.from(point);
  y[31] = (y[31] ?? 0) & 0x7f;
  if (littleEndian(y) >= fieldPrime) throw new WireError('the Ed25519 key is not in its one right form');
  if (smallOrder.has(y.toString('hex')))
    throw new WireError('the Ed25519 key is of small order: it would fit every message');
}

export function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}
