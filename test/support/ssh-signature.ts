/** Ed25519 keys and SSH signatures for tests, written apart from the code that verifies them. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export interface TestKey {
  readonly privateKey: KeyObject;
  readonly blob: Buffer;
  /** `ssh-ed25519 AAAA…` */
  readonly line: string;
  readonly fingerprint: string;
}

const str = (bytes: Uint8Array | string): Buffer => {
  const body = Buffer.from(bytes as string, 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
};

export function makeKey(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const point = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const blob = Buffer.concat([str('ssh-ed25519'), str(point)]);
  const fingerprint = `SHA256:${createHash('sha256').update(blob).digest('base64').replaceAll('=', '')}`;
  return { privateKey, blob, line: `ssh-ed25519 ${blob.toString('base64')}`, fingerprint };
}

export function signatureBlob(
  key: TestKey,
  namespace: string,
  message: Uint8Array | string,
  hash = 'sha512',
): Buffer {
  const digest = createHash(hash).update(message).digest();
  const signed = Buffer.concat([Buffer.from('SSHSIG'), str(namespace), str(''), str(hash), str(digest)]);
  const inner = Buffer.concat([str('ssh-ed25519'), str(sign(null, signed, key.privateKey))]);
  const version = Buffer.from([0, 0, 0, 1]);
  return Buffer.concat([
    Buffer.from('SSHSIG'),
    version,
    str(key.blob),
    str(namespace),
    str(''),
    str(hash),
    str(inner),
  ]);
}

export function armor(blob: Uint8Array): string {
  const base64 = Buffer.from(blob).toString('base64');
  const lines = base64.match(/.{1,70}/g) ?? [];
  return ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----', ''].join('\n');
}

/** What `ssh-keygen -Y sign` would write. */
export function signMessage(key: TestKey, namespace: string, message: Uint8Array | string): string {
  return armor(signatureBlob(key, namespace, message));
}
