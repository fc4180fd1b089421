/**
 * Public keys as SSH writes them. A key is the same as another only if all its bytes are: the same point as a
 * plain key and in a security key are two keys.
 */
import { createHash } from 'node:crypto';
import { keyKinds } from './key-kinds.ts';
import type { Algorithm, KeyKind } from './key-kinds.ts';
import { decodeBase64, maxKeyBytes, Reader, WireError } from './wire.ts';

export interface PublicKey {
  readonly kind: KeyKind;
  /** The whole blob, one code unit a byte: what equality is judged by. */
  readonly blob: string;
  /** `SHA256:` and unpadded base64, as `ssh-keygen -l` shows it. */
  readonly fingerprint: string;
  readonly algorithm: Algorithm;
  /** What a security key's signatures are for besides, usually `ssh:`; null for other kinds. */
  readonly application: string | null;
}

const byType = new Map(keyKinds.map((kind) => [kind.type, kind]));
const byCertificateType = new Map(keyKinds.map((kind) => [kind.certificateType, kind]));

export function isKeyType(type: string): boolean {
  return byType.has(type) || byCertificateType.has(type);
}

export function isCertificateType(type: string): boolean {
  return byCertificateType.has(type);
}

/** Of the key that is certified. Throws `WireError` for anything that is no type of certificate. */
export function kindOfCertificate(type: string): KeyKind {
  return known(byCertificateType.get(type));
}

/** As `ssh-keygen` names it to people: `ED25519`, `ECDSA-SK-CERT`. */
export function shownKeyType(type: string): string {
  const certified = byCertificateType.get(type);
  return certified === undefined ? (byType.get(type)?.shownAs ?? type) : `${certified.shownAs}-CERT`;
}

/** Throws `WireError`, also for unknown types and for certificates. */
export function parsePublicKey(blob: Uint8Array): PublicKey {
  if (blob.length > maxKeyBytes) throw new WireError('the key is too large');
  const reader = new Reader(blob);
  const kind = known(byType.get(reader.name()));
  const fields = readKeyFields(kind, reader);
  reader.end();
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.length);
  return { kind, blob: bytes.toString('latin1'), fingerprint: fingerprintOf(blob), ...fields };
}

/** What follows the type in a key, and the nonce in a certificate. */
export function readKeyFields(kind: KeyKind, reader: Reader): Pick<PublicKey, 'algorithm' | 'application'> {
  return { algorithm: kind.read(reader), application: kind.isSecurityKey ? reader.name() : null };
}

/** `type base64`, as files list keys; the type must be the one inside. Throws `WireError`. */
export function parseListedKey(type: string, base64: string): PublicKey {
  const key = parsePublicKey(decodeListedKey(base64));
  if (key.kind.type !== type) throw new WireError('the key is of another type than its line says');
  return key;
}

export function decodeListedKey(base64: string): Buffer {
  if (base64.length > maxKeyBytes * 2) throw new WireError('the key is too large');
  return decodeBase64(base64);
}

function fingerprintOf(blob: Uint8Array): string {
  // 32 bytes end in one `=`.
  return `SHA256:${createHash('sha256').update(blob).digest('base64').slice(0, -1)}`;
}

function known(kind: KeyKind | undefined): KeyKind {
  if (kind === undefined) {
    throw new WireError(
      'its kind of key is not accepted; use ed25519, ecdsa, rsa of 2048 bits or more, or a security key',
      'unsupported-key-type',
    );
  }
  return kind;
}
