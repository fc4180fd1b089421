/**
 * OpenSSH certificates: who an authority says a key belongs to, and until when. Every byte is read here, and a
 * certificate counts only once its authority's signature was checked; whether that authority is one of ours is
 * for the signers' lines to say. Never follows a certificate to another one.
 */
import { isCertificateType, kindOfCertificate, parsePublicKey, readKeyFields } from './public-key.ts';
import type { PublicKey } from './public-key.ts';
import { checkSignature } from './signature.ts';
import type { SignatureCheck } from './signature.ts';
import type { Verifiers } from './verifiers.ts';
import { decodeInnerSignature, maxKeyBytes, Reader, WireError, wireString } from './wire.ts';
import type { InnerSignature } from './wire.ts';

export interface Certificate {
  readonly type: string;
  /** The plain key that is certified. */
  readonly key: PublicKey;
  readonly serial: bigint;
  readonly isForUsers: boolean;
  readonly keyId: string;
  /** Exact names, no patterns; bytes as latin1. */
  readonly principals: readonly string[];
  /** Seconds since the epoch; the end is exclusive, and the greatest number is for ever. */
  readonly validAfter: bigint;
  readonly validBefore: bigint;
  readonly criticalOptions: ReadonlyMap<string, Buffer>;
  readonly reserved: Buffer;
  readonly authority: PublicKey;
  readonly signature: InnerSignature;
  /** What the authority signed. */
  readonly signed: Buffer;
}

const maxPrincipals = 256;
const maxOptions = 256;
const userCertificate = 1;
const hostCertificate = 2;

/** Does this blob say that it is a certificate? */
export function isCertificate(blob: Uint8Array): boolean {
  return isCertificateType(new Reader(blob).name());
}

/** Throws `WireError`. The authority's signature is not checked yet. */
export function parseCertificate(blob: Uint8Array): Certificate {
  if (blob.length > maxKeyBytes) throw new WireError('the certificate is too large');
  const reader = new Reader(blob);
  const type = reader.name();
  const kind = kindOfCertificate(type);
  reader.string(); // The nonce only keeps the authority from signing what others foresee.
  const start = reader.position;
  readKeyFields(kind, reader);
  const key = parsePublicKey(Buffer.concat([wireString(kind.type), reader.since(start)]));
  const serial = reader.uint64();
  const role = reader.uint32();
  if (role !== userCertificate && role !== hostCertificate)
    throw new WireError('the certificate is neither for users nor for hosts');
  const keyId = reader.name();
  const principals = readNames(new Reader(reader.string()));
  const validAfter = reader.uint64();
  const validBefore = reader.uint64();
  const criticalOptions = readOptions(new Reader(reader.string()));
  readOptions(new Reader(reader.string())); // Extensions only ever permit what is no business of signatures.
  const reserved = reader.string();
  const authority = parsePublicKey(reader.string());
  const signed = reader.since(0);
  const signature = decodeInnerSignature(reader.string());
  reader.end();
  return {
    type,
    key,
    serial,
    isForUsers: role === userCertificate,
    keyId,
    principals,
    validAfter,
    validBefore,
    criticalOptions,
    reserved,
    authority,
    signature,
    signed,
  };
}

/** Throws `WireError` when its authority can't have made such a signature. */
export function checkCertificate(
  { authority, signature, signed }: Certificate,
  knownAuthority: PublicKey | null,
  verifiers: Verifiers,
): SignatureCheck {
  return checkSignature(knownAuthority ?? authority, signature, signed, verifiers);
}

export const verifyRequired = 'verify-required';

/**
 * Why a signature must not be believed whatever the authority says; null when it may. An option that restricts
 * (`force-command`, `source-address`) can't be kept for a signature, nor can one that nobody here knows.
 */
export function certificateProblem(certificate: Certificate): string | null {
  const { isForUsers, principals, serial, criticalOptions, reserved } = certificate;
  if (!isForUsers) return 'it is for a host, not for a user';
  if (principals.length === 0) return 'it names no principals, so it would fit everybody';
  // Lists of revoked serials can't name it: OpenSSH passes over 0.
  if (serial === 0n) return 'it has no serial number, so it could not be revoked by one; sign it with -z';
  for (const [name, value] of criticalOptions) {
    if (name !== verifyRequired || value.length !== 0)
      return 'it has a critical option that can’t be kept for a signature';
  }
  if (reserved.length !== 0) return 'its reserved field is not empty';
  return null;
}

function readNames(reader: Reader): string[] {
  const names: string[] = [];
  while (!reader.isAtEnd) {
    if (names.length === maxPrincipals)
      throw new WireError(`the certificate has more than ${maxPrincipals} principals`);
    names.push(reader.name());
  }
  return names;
}

function readOptions(reader: Reader): Map<string, Buffer> {
  const options = new Map<string, Buffer>();
  while (!reader.isAtEnd) {
    const name = reader.name();
    if (options.has(name)) throw new WireError('the certificate has an option twice');
    if (options.size === maxOptions)
      throw new WireError(`the certificate has more than ${maxOptions} options`);
    options.set(name, reader.string());
  }
  return options;
}
