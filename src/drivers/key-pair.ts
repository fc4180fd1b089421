/**
 * Key pairs for logging in to devices, in the forms that OpenSSH writes and devices take. What is made is handed out and
 * kept nowhere.
 */
import {
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { wireString, wireUnsigned } from '../core/sshsig/wire.ts';

export type KeyKind = 'ed25519' | 'rsa';

export interface KeyPair {
  /** Text of a private key file, without a passphrase. */
  readonly privateKey: string;
  /** One line: kind, key, comment. */
  readonly publicKey: string;
}

const rsaBits = 3072;
/** What stands in front of the 32 bytes of an Ed25519 key in PKCS#8 (RFC 8410, section 7). */
const ed25519Der = Buffer.from('302e020100300506032b657004220420', 'hex');
const ed25519Bytes = 32;

/**
 * An Ed25519 key ready to sign with; null: it is of another kind. OpenSSL takes ten times as long to make one of a PEM text,
 * which is what the SSH library gives it for each signature. `publicKey` is the blob of the other half.
 */
export function signingKey(pem: string, publicKey: Uint8Array): KeyObject | null {
  const der = Buffer.from(pem.replace(/-----[^-\n]*-----/g, ''), 'base64');
  if (!der.subarray(0, ed25519Der.length).equals(ed25519Der)) return null;
  if (der.length !== ed25519Der.length + ed25519Bytes) return null;
  const d = der.subarray(ed25519Der.length).toString('base64url');
  const x = Buffer.from(publicKey.subarray(-ed25519Bytes)).toString('base64url');
  return createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d, x }, format: 'jwk' });
}

export function makeKeyPair(kind: KeyKind, comment: string): KeyPair {
  return kind === 'rsa' ? rsaPair(comment) : ed25519Pair(comment);
}

function publicLine(kind: string, blob: Uint8Array, comment: string): string {
  return `${kind} ${Buffer.from(blob).toString('base64')} ${comment}`;
}

function bytesOf(jwk: JsonWebKey, field: 'x' | 'd' | 'n' | 'e'): Buffer {
  return Buffer.from(jwk[field] ?? '', 'base64url');
}

function rsaPair(comment: string): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: rsaBits });
  const jwk = publicKey.export({ format: 'jwk' });
  const blob = [wireString('ssh-rsa'), wireUnsigned(bytesOf(jwk, 'e')), wireUnsigned(bytesOf(jwk, 'n'))];
  return {
    privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    publicKey: publicLine('ssh-rsa', Buffer.concat(blob), comment),
  };
}

/** OpenSSH's own form: no other is read for this kind by the libraries that have to. */
function ed25519Pair(comment: string): KeyPair {
  const kind = 'ssh-ed25519';
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const [open, secret] = [bytesOf(jwk, 'x'), bytesOf(jwk, 'd')];
  const blob = Buffer.concat([wireString(kind), wireString(open)]);
  const check = randomBytes(4);
  const inner = Buffer.concat([
    check,
    check,
    blob,
    wireString(Buffer.concat([secret, open])),
    wireString(comment),
  ]);
  const padded = Buffer.concat([inner, Buffer.from([1, 2, 3, 4, 5, 6, 7]).subarray(0, -inner.length & 7)]);
  const one = Buffer.from([0, 0, 0, 1]);
  const parts = [
    wireString('none'),
    wireString('none'),
    wireString(''),
    one,
    wireString(blob),
    wireString(padded),
  ];
  const lines = Buffer.concat([Buffer.from('openssh-key-v1\0', 'latin1'), ...parts])
    .toString('base64')
    .replace(/.{70}/g, '$&\n');
  const fence = (word: string): string => `-----${word} OPENSSH PRIVATE KEY-----`;
  return {
    privateKey: `${fence('BEGIN')}\n${lines.trimEnd()}\n${fence('END')}\n`,
    publicKey: publicLine(kind, blob, comment),
  };
}
