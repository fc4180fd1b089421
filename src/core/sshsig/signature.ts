/**
 * Does this signature fit these bytes and this key? Signatures are brought into one strict form first, so that
 * what one library lets pass and another does not never reaches either. Two verifiers must both say `true`.
 */
import { createHash } from 'node:crypto';
import { isEd25519Signature } from './ed25519.ts';
import type { Algorithm } from './key-kinds.ts';
import type { PublicKey } from './public-key.ts';
import { verifyWithOthers } from './second-opinion.ts';
import { verifyWithNode } from './verifiers.ts';
import type { Verifiers } from './verifiers.ts';
import { Reader, WireError } from './wire.ts';
import type { InnerSignature } from './wire.ts';

/** The ones that count. */
export const bothVerifiers: Verifiers = { first: verifyWithNode, second: verifyWithOthers };

/** What a security key says about the moment of signing; the signature covers it. */
export interface SecurityKeyState {
  readonly userPresent: boolean;
  readonly userVerified: boolean;
  /** Rises with each signature of the token; a lower one than last time hints at a copy. */
  readonly counter: number;
}

export interface SignatureCheck {
  readonly verdict: 'valid' | 'invalid' | 'disagreement';
  readonly securityKey: SecurityKeyState | null;
}

/** Throws `WireError` when the signature is not of a form that the key can have made. */
export function checkSignature(
  key: PublicKey,
  signature: InnerSignature,
  data: Buffer,
  verifiers: Verifiers,
): SignatureCheck {
  const hash = Object.hasOwn(key.kind.signatures, signature.type)
    ? key.kind.signatures[signature.type]
    : undefined;
  if (hash === undefined) {
    throw new WireError(
      'a signature of that type is not accepted from its kind of key',
      'unsupported-signature-type',
    );
  }
  const securityKey = readSecurityKeyState(key, signature.trailer);
  const raw = rawSignature(key.algorithm, signature.body);
  if (raw === null) return { verdict: 'invalid', securityKey };
  const prepared = { hash, raw, data: whatWasSigned(key, signature.trailer, data) };
  const first = booleanOf(() => verifiers.first(key.algorithm, prepared));
  const second = booleanOf(() => verifiers.second(key.algorithm, prepared));
  return { verdict: first !== second ? 'disagreement' : first ? 'valid' : 'invalid', securityKey };
}

/** Strictly `true` is true; a throw, or any other value, is not. */
function booleanOf(check: () => unknown): boolean {
  try {
    return check() === true;
  } catch {
    return false;
  }
}

const userPresentFlag = 0x01;
const userVerifiedFlag = 0x04;

function readSecurityKeyState(key: PublicKey, trailer: Buffer): SecurityKeyState | null {
  const reader = new Reader(trailer);
  if (!key.kind.isSecurityKey) {
    reader.end();
    return null;
  }
  const flags = reader.uint8();
  const counter = reader.uint32();
  reader.end();
  return {
    userPresent: (flags & userPresentFlag) !== 0,
    userVerified: (flags & userVerifiedFlag) !== 0,
    counter,
  };
}

/** A security key signs a digest of the bytes, beside its application, flags and counter. */
function whatWasSigned({ application }: PublicKey, trailer: Buffer, data: Buffer): Buffer {
  if (application === null) return data;
  const digest = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
  return Buffer.concat([digest(Buffer.from(application, 'latin1')), trailer, digest(data)]);
}

/** Null when no signature of such a key has that size. */
function rawSignature(algorithm: Algorithm, body: Buffer): Buffer | null {
  switch (algorithm.kind) {
    case 'ed25519':
      return isEd25519Signature(body) ? body : null;
    case 'rsa':
      // Leading zeros may be left out, as OpenSSH allows.
      return leftPadded(body, algorithm.modulus.length);
    case 'ecdsa': {
      const reader = new Reader(body);
      const r = leftPadded(reader.unsigned(), algorithm.curve.size);
      const s = leftPadded(reader.unsigned(), algorithm.curve.size);
      reader.end();
      return r === null || s === null ? null : Buffer.concat([r, s]);
    }
  }
}

function leftPadded(bytes: Buffer, size: number): Buffer | null {
  if (bytes.length > size) return null;
  return bytes.length === size ? bytes : Buffer.concat([Buffer.alloc(size - bytes.length), bytes]);
}
