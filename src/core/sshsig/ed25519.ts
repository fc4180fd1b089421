/**
 * What every Ed25519 verifier should refuse and some let pass: keys that are no proper point or fit every
 * message, and a second spelling of a signature (RFC 8032, 5.1.7). Checked before any library is asked.
 */
import { WireError } from './wire.ts';

const groupOrder = littleEndian(
  Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex'),
);
const fieldPrime = 2n ** 255n - 19n;

// y coordinates (little endian) of the points of order 1, 2, 4 and 8. With such a key, one signature fits
// every message. The sign bit of x is masked before the comparison.
const smallOrder = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

/** Throws `WireError` unless these are the 32 bytes of a key that means something. */
export function checkEd25519Point(point: Uint8Array): void {
  if (point.length !== 32) throw new WireError('an Ed25519 key has 32 bytes');
  const y = Buffer.from(point);
  y[31] = (y[31] ?? 0) & 0x7f;
  // Only these could be at or above the prime, and a comparison of bytes is cheaper than one of numbers.
  if (y[31] === 0x7f && littleEndian(y) >= fieldPrime)
    throw new WireError('the Ed25519 key is not in its one right form');
  if (smallOrder.has(y.toString('hex')))
    throw new WireError('the Ed25519 key is of small order: it would fit every message', 'weak-key');
}

/** Right length, and S below the group order: S plus the order would verify as well, in lenient libraries. */
export function isEd25519Signature(signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  // The order is 2^252 and a little: what is below 2^252 is below it.
  return (signature[63] ?? 0) < 0x10 || littleEndian(signature.subarray(32)) < groupOrder;
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}
