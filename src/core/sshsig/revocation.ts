/**
 * Keys that count no more: the plain list of `ssh-keygen -Y verify -r`. Whatever can't be read refuses
 * everything, since it may be the line that mattered. Binary revocation lists are recognised and refuse, too.
 */
import { isCertificateType, isKeyType, parseListedKey, plainKeyOfCertificate } from './public-key.ts';
import { decodeBase64, WireError } from './wire.ts';

export interface Revocations {
  /** Base64 of whole key blobs. */
  readonly keys: ReadonlySet<string>;
}

export type ParsedRevocations =
  | { readonly ok: true; readonly revoked: Revocations }
  | {
      readonly ok: false;
      readonly code: 'revocation-unreadable' | 'krl-unsupported';
      readonly line: number;
      readonly reason: string;
    };

export const noRevocations: Revocations = { keys: new Set() };
export const maxRevocationBytes = 4 * 1024 * 1024;

const krlMagic = 'SSHKRL\n\0';

export function parseRevocations(file: Uint8Array): ParsedRevocations {
  const unreadable = (line: number, reason: string): ParsedRevocations => ({
    ok: false,
    code: 'revocation-unreadable',
    line,
    reason,
  });
  if (file.length > maxRevocationBytes)
    return unreadable(0, `the file is larger than ${maxRevocationBytes} bytes`);
  const text = Buffer.from(file).toString('latin1');
  if (text.startsWith(krlMagic)) {
    return {
      ok: false,
      code: 'krl-unsupported',
      line: 0,
      reason: 'binary revocation lists are not supported; list the keys as text',
    };
  }
  const keys = new Set<string>();
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.replace(/^[ \t]+/, '');
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    try {
      for (const blob of readKeyLine(trimmed)) keys.add(blob);
    } catch (error) {
      if (error instanceof WireError) return unreadable(index + 1, error.message);
      throw error;
    }
  }
  return { ok: true, revoked: { keys } };
}

/** The blob that is listed and, for a certificate, that of its key. */
function readKeyLine(line: string): string[] {
  const [type = '', base64 = ''] = line.split(/[ \t]+/, 2).map((word) => word.replace(/\r$/, ''));
  if (!isKeyType(type)) throw new WireError('it is not a public key');
  const key = parseListedKey(type, base64);
  if (!isCertificateType(type)) return [key.blob];
  const plain = plainKeyOfCertificate(decodeBase64(base64));
  return plain === null ? [key.blob] : [key.blob, plain.blob];
}
