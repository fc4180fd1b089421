/**
 * What a verifier is asked, and the first of the two: node:crypto. It is given signatures in one strict form and
 * is told the hash and the padding; it never chooses. May throw when the library refuses a key.
 */
import { constants, verify } from 'node:crypto';
import type { Algorithm, HashName } from './key-kinds.ts';

export interface PreparedSignature {
  /** Null for Ed25519, which has its own. */
  readonly hash: HashName | null;
  readonly data: Buffer;
  /** Ed25519: R and S. RSA: as long as the modulus. ECDSA: r and s, as long as a coordinate each. */
  readonly raw: Buffer;
}

export type Verifier = (algorithm: Algorithm, signature: PreparedSignature) => boolean;

export interface Verifiers {
  readonly first: Verifier;
  readonly second: Verifier;
}

export function verifyWithNode(algorithm: Algorithm, { hash, data, raw }: PreparedSignature): boolean {
  const key = algorithm.keyObject();
  switch (algorithm.kind) {
    case 'ed25519':
      return verify(null, data, key, raw);
    case 'rsa':
      return hash !== null && verify(hash, data, { key, padding: constants.RSA_PKCS1_PADDING }, raw);
    case 'ecdsa':
      return hash !== null && verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, raw);
  }
}
