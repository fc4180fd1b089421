/**
 * The one key of a state folder: from it come the digests by which secrets are compared and shown, and what seals the
 * files that hold secrets. Made at the first start and kept beside them (0600), so that it guards copies of single files
 * and digests in the journal; given as a systemd credential it is not in the folder at all, and guards the folder, too.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { SecretWord } from '../core/dialect.ts';
import { SitewardError } from '../core/errors.ts';
import { digestOfHidden } from '../core/plan/hidden-secret.ts';
import { replaceDurably } from '../durable.ts';

/** Its file in the state folder, and its name among systemd's credentials. */
export const stateKeyName = 'state-key';
const keyBytes = 32;
const [nonceBytes, tagBytes] = [12, 16];
const cipher = 'aes-256-gcm';

export interface StateKey {
  /** Name and enough of the digest to tell two values apart. */
  readonly secretWord: SecretWord;
  /** The whole digest, for comparing. */
  readonly secretDigest: (value: string) => string;
  /** What a sealed file is called in the journal; no digest of its bytes, which would let one try values. */
  readonly nameOf: (bytes: Uint8Array) => string;
  readonly seal: (kind: string, bytes: Uint8Array) => Buffer;
  /** Null: it was sealed by another key, as another kind, or is damaged. */
  readonly open: (kind: string, sealed: Uint8Array) => Buffer | null;
}

/** The folder of systemd's credentials; null: there is none. */
export function credentialsFolder(environment: NodeJS.ProcessEnv = process.env): string | null {
  return environment['CREDENTIALS_DIRECTORY'] ?? null;
}

/** A key that is cut or gone is made anew. */
export async function openStateKey(
  state: string,
  credentials: string | null,
  random: (bytes: number) => Buffer,
): Promise<StateKey> {
  const keys = await keysOf(state, credentials);
  const [first = await makeKey(path.join(state, stateKeyName), random), ...others] = keys;
  return keyFrom(first, others, random);
}

/** Null: neither the state nor systemd has one; none is made. */
export async function existingStateKey(state: string, credentials: string | null): Promise<StateKey | null> {
  const [first, ...others] = await keysOf(state, credentials);
  return first === undefined ? null : keyFrom(first, others, randomBytes);
}

/** What was sealed before there was a credential can still be opened. */
async function keysOf(state: string, credentials: string | null): Promise<readonly Buffer[]> {
  const given = credentials === null ? null : await readKey(path.join(credentials, stateKeyName));
  if (given !== null && given.length < keyBytes)
    throw new SitewardError(
      'state-key-short',
      `the credential ${stateKeyName} has ${given.length} bytes, and a key needs ${keyBytes}: make it by head -c 32 /dev/urandom`,
    );
  const own = await readKey(path.join(state, stateKeyName));
  return [given, own?.length === keyBytes ? own : null].filter((key) => key !== null);
}

export function keyFrom(
  first: Uint8Array,
  others: readonly Uint8Array[],
  random: (bytes: number) => Buffer,
): StateKey {
  const derived = (key: Uint8Array, use: string): Buffer =>
    Buffer.from(hkdfSync('sha256', key, '', `siteward ${use}`, keyBytes));
  const [digestKey, nameKey] = [derived(first, 'secret digests'), derived(first, 'file names')];
  const sealing = [first, ...others].map((key) => derived(key, 'sealed files'));
  const secretDigest = (value: string): string =>
    createHmac('sha256', digestKey).update(value, 'latin1').digest('hex');
  return {
    secretDigest,
    // One that only the device knows came as its digest.
    secretWord: (property, value) =>
      `<secret:${property} ${(digestOfHidden(value) ?? secretDigest(value)).slice(0, 4)}>`,
    nameOf: (bytes) => createHmac('sha256', nameKey).update(bytes).digest('hex'),
    seal: (kind, bytes) => {
      const nonce = random(nonceBytes);
      const sealer = createCipheriv(cipher, sealing[0] ?? '', nonce).setAAD(Buffer.from(kind));
      const text = Buffer.concat([sealer.update(bytes), sealer.final()]);
      return Buffer.concat([nonce, sealer.getAuthTag(), text]);
    },
    open: (kind, sealed) => {
      for (const key of sealing) {
        const bytes = opened(key, kind, Buffer.from(sealed));
        if (bytes !== null) return bytes;
      }
      return null;
    },
  };
}

function opened(key: Buffer, kind: string, sealed: Buffer): Buffer | null {
  if (sealed.length < nonceBytes + tagBytes) return null;
  const opener = createDecipheriv(cipher, key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
    .setAAD(Buffer.from(kind))
    .setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
  try {
    return Buffer.concat([opener.update(sealed.subarray(nonceBytes + tagBytes)), opener.final()]);
  } catch {
    // The library says no more than that it does not fit.
    return null;
  }
}

async function readKey(file: string): Promise<Buffer | null> {
  return await readFile(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
}

async function makeKey(file: string, random: (bytes: number) => Buffer): Promise<Buffer> {
  const key = random(keyBytes);
  await replaceDurably(file, key);
  return key;
}
