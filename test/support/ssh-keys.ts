/**
 * Keys of every kind, SSH signatures and certificates for tests, written apart from the code that verifies them.
 * A security key is an ordinary key that signs what a token would. Every field can be made wrong on purpose.
 */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export interface SshKey {
  readonly type: string;
  readonly privateKey: KeyObject;
  readonly blob: Buffer;
  /** What follows the type in the blob, and the nonce in a certificate. */
  readonly fields: Buffer;
  /** Null when it is no security key. */
  readonly application: string | null;
  /** `ssh-rsa AAAA…` */
  readonly line: string;
  readonly fingerprint: string;
}

export const keyTypes = [
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
] as const;
export type KeyType = (typeof keyTypes)[number];

export const str = (bytes: Uint8Array | string): Buffer => {
  const body = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes);
  return Buffer.concat([u32(body.length), body]);
};
export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
export const u64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
};
/** A positive number in its shortest form. */
export const mpint = (bytes: Uint8Array): Buffer => {
  let start = 0;
  while (start < bytes.length && bytes[start] === 0) start++;
  const short = bytes.subarray(start);
  return str((short[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), short]) : short);
};

export interface KeyChoices {
  readonly bits?: number;
  readonly application?: string;
}

export function makeSshKey(type: KeyType, { bits = 2048, application = 'ssh:' }: KeyChoices = {}): SshKey {
  const isToken = type.startsWith('sk-');
  const { privateKey, fields } = makePair(type, bits);
  const all = isToken ? Buffer.concat([fields, str(application)]) : fields;
  return keyOf(type, privateKey, all, isToken ? application : null);
}

export function keyOf(
  type: string,
  privateKey: KeyObject,
  fields: Buffer,
  application: string | null,
): SshKey {
  const blob = Buffer.concat([str(type), fields]);
  const fingerprint = `SHA256:${createHash('sha256').update(blob).digest('base64').replaceAll('=', '')}`;
  const line = `${type} ${blob.toString('base64')}`;
  return { type, privateKey, blob, fields, application, line, fingerprint };
}

function makePair(type: KeyType, bits: number): { privateKey: KeyObject; fields: Buffer } {
  const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');
  if (type.includes('ed25519')) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    return { privateKey, fields: str(bytes(publicKey.export({ format: 'jwk' }).x)) };
  }
  if (type === 'ssh-rsa') {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
    const { e, n } = publicKey.export({ format: 'jwk' });
    return { privateKey, fields: Buffer.concat([mpint(bytes(e)), mpint(bytes(n))]) };
  }
  const size = /nistp(\d+)/.exec(type)?.[1] ?? '256';
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: `P-${size}` });
  const { x, y } = publicKey.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)]);
  return { privateKey, fields: Buffer.concat([str(`nistp${size}`), str(point)]) };
}

export interface InnerChoices {
  /** Name of the signature; the right one when left out. */
  readonly name?: string;
  readonly flags?: number;
  readonly counter?: number;
}

/** The signature's own bytes by a key over some bytes: name, body, and what a security key adds. */
export function innerSignature(key: SshKey, data: Uint8Array, choices: InnerChoices = {}): Buffer {
  const { flags = 1, counter = 7 } = choices;
  const state = Buffer.concat([Buffer.from([flags]), u32(counter)]);
  const digest = (bytes: Uint8Array | string): Buffer => createHash('sha256').update(bytes).digest();
  const signed =
    key.application === null ? data : Buffer.concat([digest(key.application), state, digest(data)]);
  const name = choices.name ?? (key.type === 'ssh-rsa' ? 'rsa-sha2-512' : key.type);
  const body = signBody(key, name, Buffer.from(signed));
  return Buffer.concat([str(name), str(body), key.application === null ? Buffer.alloc(0) : state]);
}

function signBody(key: SshKey, name: string, data: Buffer): Buffer {
  if (key.type.includes('ed25519')) return sign(null, data, key.privateKey);
  if (key.type === 'ssh-rsa')
    return sign(
      name === 'rsa-sha2-256' ? 'sha256' : name === 'ssh-rsa' ? 'sha1' : 'sha512',
      data,
      key.privateKey,
    );
  const hash = key.type.includes('521') ? 'sha512' : key.type.includes('384') ? 'sha384' : 'sha256';
  const raw = sign(hash, data, { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return Buffer.concat([mpint(raw.subarray(0, raw.length / 2)), mpint(raw.subarray(raw.length / 2))]);
}

export interface SignatureChoices extends InnerChoices {
  readonly hash?: string;
  /** Stands in the signature instead of the key's blob: its certificate. */
  readonly certificate?: Buffer;
  /** Changes the inner signature after it was made. */
  readonly change?: (inner: Buffer) => Buffer;
}

/** The blob of `ssh-keygen -Y sign`, not armored. */
export function sshSignatureBlob(
  key: SshKey,
  namespace: string,
  message: Uint8Array | string,
  choices: SignatureChoices = {},
): Buffer {
  const { hash = 'sha512', change = (inner: Buffer) => inner } = choices;
  const digest = createHash(hash).update(message).digest();
  const signed = Buffer.concat([Buffer.from('SSHSIG'), str(namespace), str(''), str(hash), str(digest)]);
  return Buffer.concat([
    Buffer.from('SSHSIG'),
    u32(1),
    str(choices.certificate ?? key.blob),
    str(namespace),
    str(''),
    str(hash),
    str(change(innerSignature(key, signed, choices))),
  ]);
}

export interface CertificateChoices {
  readonly serial?: bigint;
  readonly role?: number;
  readonly keyId?: string;
  readonly principals?: readonly string[];
  readonly validAfter?: bigint;
  readonly validBefore?: bigint;
  readonly critical?: readonly (readonly [string, Buffer])[];
  readonly extensions?: readonly (readonly [string, Buffer])[];
  readonly reserved?: string;
  /** Stands in the certificate instead of the authority's blob. */
  readonly authorityBlob?: Buffer;
  readonly inner?: InnerChoices;
  /** Changes what is signed after it was signed. */
  readonly forge?: (signed: Buffer) => Buffer;
  readonly trailing?: Buffer;
}

/** A certificate for a key by an authority, good for alice in 2026 unless something else is chosen. */
export function certify(authority: SshKey, key: SshKey, choices: CertificateChoices = {}): Buffer {
  const pairs = (list: readonly (readonly [string, Buffer])[]): Buffer =>
    Buffer.concat(list.flatMap(([name, value]) => [str(name), str(value)]));
  const signed = Buffer.concat([
    str(`${key.type.replace('@openssh.com', '')}-cert-v01@openssh.com`),
    str(Buffer.alloc(32, 5)),
    key.fields,
    u64(choices.serial ?? 7n),
    u32(choices.role ?? 1),
    str(choices.keyId ?? 'id'),
    str(Buffer.concat((choices.principals ?? ['alice']).map(str))),
    u64(choices.validAfter ?? 1767225600n),
    u64(choices.validBefore ?? 1798761600n),
    str(pairs(choices.critical ?? [])),
    str(pairs(choices.extensions ?? [['permit-pty', Buffer.alloc(0)]])),
    str(choices.reserved ?? ''),
    str(choices.authorityBlob ?? authority.blob),
  ]);
  const inner = str(innerSignature(authority, signed, choices.inner));
  return Buffer.concat([choices.forge?.(signed) ?? signed, inner, choices.trailing ?? Buffer.alloc(0)]);
}
