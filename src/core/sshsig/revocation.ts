/**
 * Keys that count no more, as `ssh-keygen -Y verify -r` reads them: a plain list of keys, or a binary list.
 * Whatever can't be read refuses everything, since it may be the line that mattered.
 */
import { checkCertificate, parseCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { isKrl, parseKrl, revokedByKrl } from './krl.ts';
import type { Krl } from './krl.ts';
import { decodeListedKey, isCertificateType, isKeyType, parseListedKey } from './public-key.ts';
import type { PublicKey } from './public-key.ts';
import { verifyWithNode } from './verifiers.ts';
import { WireError } from './wire.ts';
import { endOfWord, skipBlanks } from './words.ts';

export interface Revocations {
  /** Base64 of plain key blobs. */
  readonly keys: ReadonlySet<string>;
  /** When the file was a binary list. */
  readonly krl: Krl | null;
}

export type ParsedRevocations =
  | { readonly ok: true; readonly revoked: Revocations }
  | {
      readonly ok: false;
      readonly code: 'revocation-unreadable';
      /** From 1; 0 when it is no matter of a line. */
      readonly line: number;
      readonly reason: string;
    };

export const noRevocations: Revocations = { keys: new Set(), krl: null };
export const maxRevocationBytes = 256 * 1024;
/** Each costs a verification when the list is read. */
const maxCertificates = 8;

export function parseRevocations(file: Uint8Array): ParsedRevocations {
  if (file.length > maxRevocationBytes)
    return unreadable(0, `the file is larger than ${maxRevocationBytes} bytes`);
  let line = 0;
  try {
    if (isKrl(file)) return { ok: true, revoked: { keys: new Set(), krl: parseKrl(file) } };
    const keys = new Set<string>();
    let certificates = 0;
    for (const text of Buffer.from(file).toString('latin1').split('\n')) {
      line++;
      const start = skipBlanks(text, 0);
      if (start === text.length || text[start] === '#') continue;
      const { blob, isCertificate } = readKeyLine(text, start);
      if (isCertificate && ++certificates > maxCertificates) {
        throw new WireError(
          `there are more than ${maxCertificates} certificates in it; list the keys instead`,
        );
      }
      keys.add(blob);
    }
    return { ok: true, revoked: { keys, krl: null } };
  } catch (error) {
    if (error instanceof WireError) return unreadable(line, error.message);
    throw error;
  }
}

function unreadable(line: number, reason: string): ParsedRevocations {
  return { ok: false, code: 'revocation-unreadable', line, reason };
}

/** A certificate stands for the key in it, so all certificates of that key are revoked. */
function readKeyLine(text: string, start: number): { blob: string; isCertificate: boolean } {
  const typeEnd = endOfWord(text, start);
  const type = text.slice(start, typeEnd);
  if (!isKeyType(type)) throw new WireError('it is not a public key');
  const keyStart = skipBlanks(text, typeEnd);
  const word = text.slice(keyStart, endOfWord(text, keyStart));
  const base64 = word.endsWith('\r') ? word.slice(0, -1) : word;
  if (!isCertificateType(type)) return { blob: parseListedKey(type, base64).blob, isCertificate: false };
  const certificate = parseCertificate(decodeListedKey(base64));
  // A forged one makes the list unreadable for OpenSSH, too. What only takes away needs no second opinion.
  const { verdict } = checkCertificate(certificate, null, { first: verifyWithNode, second: () => true });
  if (certificate.type !== type || verdict !== 'valid') throw new WireError('the certificate is not genuine');
  return { blob: certificate.key.blob, isCertificate: true };
}

/** What is revoked of this signer, in words; null when nothing is. */
export function revocationOf(
  { keys, krl }: Revocations,
  key: PublicKey,
  certificate: Certificate | null,
): string | null {
  if (keys.has(key.blob)) return `the key ${key.fingerprint} is revoked`;
  if (certificate !== null && keys.has(certificate.authority.blob))
    return `the certificate authority ${certificate.authority.fingerprint} is revoked`;
  return krl === null ? null : revokedByKrl(krl, key, certificate);
}
