/**
 * One Ed25519 verification by two libraries that must agree. What both let pass and RFC 8032 does not (S not
 * below the group order) is refused before either is asked. Never throws, never returns anything but these.
 */
import { verify } from 'node:crypto';
import nacl from 'tweetnacl';
import { littleEndian } from './public-key.ts';
import type { Ed25519Key } from './public-key.ts';

const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;

export type CryptoVerdict = 'valid' | 'invalid' | 'disagreement';

export function verifyEd25519(key: Ed25519Key, signature: Uint8Array, data: Uint8Array): CryptoVerdict {
  if (signature.length !== 64 || littleEndian(signature.subarray(32)) >= groupOrder) return 'invalid';
  const first = booleanOf(() => verify(null, data, key.keyObject, signature));
  const second = booleanOf(() => nacl.sign.detached.verify(data, signature, key.point));
  if (first !== second) return 'disagreement';
  return first ? 'valid' : 'invalid';
}

/** Strictly `true` is true; a throw, or any other value, is not. */
function booleanOf(check: () => unknown): boolean {
  try {
    return check() === true;
  } catch {
    return false;
  }
}
