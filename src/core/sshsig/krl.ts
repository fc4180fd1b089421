/**
 * Binary revocation lists of OpenSSH (PROTOCOL.krl). Whatever can't be read to its last byte, or is of a kind
 * that is not known here, extensions and signatures included, makes the whole list unusable: it may be what
 * revokes. Keeps the list's version and date, so that a caller can refuse an older one.
 */
import { createHash } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import { parsePublicKey } from './public-key.ts';
import type { PublicKey } from './public-key.ts';
import { Reader, WireError } from './wire.ts';

export interface Krl {
  readonly version: bigint;
  /** Seconds since the epoch. */
  readonly generatedAt: bigint;
  /** Base64 of key blobs. */
  readonly keys: ReadonlySet<string>;
  /** Hex digests of key blobs. */
  readonly sha1: ReadonlySet<string>;
  readonly sha256: ReadonlySet<string>;
  /** By the authority's blob; `''` is for every authority. */
  readonly certificates: ReadonlyMap<string, RevokedCertificates>;
}

interface RevokedCertificates {
  readonly serials: Set<bigint>;
  /** Both ends included. */
  readonly ranges: { readonly from: bigint; readonly to: bigint }[];
  /** Bit n, counted from the last one, is the serial `from` + n. */
  readonly bitmaps: { readonly from: bigint; readonly bits: Buffer }[];
  readonly keyIds: Set<string>;
}

type KrlInMaking = Omit<Krl, 'keys' | 'sha1' | 'sha256' | 'certificates'> & {
  readonly keys: Set<string>;
  readonly sha1: Set<string>;
  readonly sha256: Set<string>;
  readonly certificates: Map<string, RevokedCertificates>;
};

const magic = Buffer.from('SSHKRL\n\0', 'latin1');
const anyAuthority = '';
const mostSerials = 2n ** 64n;

export function isKrl(file: Uint8Array): boolean {
  return magic.equals(file.subarray(0, magic.length));
}

/** Throws `WireError`. */
export function parseKrl(file: Uint8Array): Krl {
  const reader = new Reader(file);
  reader.take(magic.length);
  const format = reader.uint32();
  if (format !== 1) throw new WireError(`its format is ${format}, not 1`);
  const version = reader.uint64();
  const generatedAt = reader.uint64();
  reader.uint64(); // No flags are defined, and the next string is reserved; OpenSSH passes over both.
  reader.string();
  reader.name(); // A comment.
  const krl: KrlInMaking = {
    version,
    generatedAt,
    keys: new Set(),
    sha1: new Set(),
    sha256: new Set(),
    certificates: new Map(),
  };
  while (!reader.isAtEnd) readSection(krl, reader.uint8(), new Reader(reader.string()));
  return krl;
}

function readSection(krl: KrlInMaking, type: number, section: Reader): void {
  switch (type) {
    case 1:
      return readCertificates(krl, section);
    case 2:
      return readAll(section, () => krl.keys.add(section.string().toString('latin1')));
    case 3:
      return readAll(section, () => krl.sha1.add(readDigest(section, 20)));
    case 5:
      return readAll(section, () => krl.sha256.add(readDigest(section, 32)));
    default:
      throw new WireError(`it has a section of the kind ${type}, which is not known`);
  }
}

function readAll(section: Reader, readOne: () => unknown): void {
  while (!section.isAtEnd) readOne();
}

function readDigest(section: Reader, size: number): string {
  const digest = section.string();
  if (digest.length !== size) throw new WireError('a digest in it is of the wrong size');
  return digest.toString('hex');
}

function readCertificates(krl: KrlInMaking, section: Reader): void {
  const blob = section.string();
  const authority = blob.length === 0 ? anyAuthority : parsePublicKey(blob).blob;
  section.string(); // Reserved.
  const revoked = krl.certificates.get(authority) ?? {
    serials: new Set<bigint>(),
    ranges: [],
    bitmaps: [],
    keyIds: new Set<string>(),
  };
  krl.certificates.set(authority, revoked);
  while (!section.isAtEnd) readSubsection(revoked, section.uint8(), new Reader(section.string()));
}

function readSubsection(revoked: RevokedCertificates, type: number, section: Reader): void {
  switch (type) {
    case 0x20:
      return readAll(section, () => revoked.serials.add(serial(section.uint64())));
    case 0x21: {
      const [from, to] = [serial(section.uint64()), section.uint64()];
      section.end();
      if (to < from) throw new WireError('a range of serials in it ends before it begins');
      revoked.ranges.push({ from, to });
      return;
    }
    case 0x22:
      revoked.bitmaps.push(readBitmap(section));
      return;
    case 0x23:
      return readAll(section, () => revoked.keyIds.add(section.name()));
    default:
      throw new WireError(`it revokes certificates in a way (${type}) that is not known`);
  }
}

function readBitmap(section: Reader): RevokedCertificates['bitmaps'][number] {
  const from = section.uint64();
  const bits = section.string();
  section.end();
  if (from + BigInt(bits.length) * 8n > mostSerials)
    throw new WireError('a bitmap of serials in it goes beyond the greatest serial');
  if (from === 0n && hasBit(bits, 0n)) serial(0n);
  return { from, bits };
}

/** 0 means that a certificate has no serial, so that a list that revokes it means something else. */
function serial(value: bigint): bigint {
  if (value === 0n) throw new WireError('it revokes the serial 0, which no certificate has');
  return value;
}

function hasBit(bits: Buffer, index: bigint): boolean {
  if (index < 0n || index >= BigInt(bits.length) * 8n) return false;
  const at = Number(index);
  return ((bits[bits.length - 1 - (at >> 3)] ?? 0) & (1 << (at & 7))) !== 0;
}

/** What is revoked of this signer, in words; null when nothing is. */
export function revokedByKrl(krl: Krl, key: PublicKey, certificate: Certificate | null): string | null {
  if (holdsKey(krl, key)) return `the key ${key.fingerprint} is revoked`;
  if (certificate === null) return null;
  for (const authority of [certificate.authority.blob, anyAuthority]) {
    const revoked = krl.certificates.get(authority);
    if (revoked !== undefined && holdsCertificate(revoked, certificate))
      return `the certificate of the key ${key.fingerprint} is revoked`;
  }
  const { authority } = certificate;
  return holdsKey(krl, authority) ? `the certificate authority ${authority.fingerprint} is revoked` : null;
}

function holdsKey(krl: Krl, { blob }: PublicKey): boolean {
  if (krl.keys.has(blob)) return true;
  const bytes = Buffer.from(blob, 'latin1');
  const digest = (name: 'sha1' | 'sha256'): string => createHash(name).update(bytes).digest('hex');
  return (krl.sha1.size > 0 && krl.sha1.has(digest('sha1'))) || krl.sha256.has(digest('sha256'));
}

function holdsCertificate(revoked: RevokedCertificates, certificate: Certificate): boolean {
  const { serial, keyId } = certificate;
  return (
    revoked.keyIds.has(keyId) ||
    revoked.serials.has(serial) ||
    revoked.ranges.some(({ from, to }) => from <= serial && serial <= to) ||
    revoked.bitmaps.some(({ from, bits }) => hasBit(bits, serial - from))
  );
}
