/** The private keys of an age identity file, as `age-keygen` writes it. Its words are never quoted back. */
import type { Decrypter } from 'age-encryption';
import { InvalidInput } from '../core/errors.ts';

/** Throws `InvalidInput` invalid-value. */
export function addIdentities(decrypter: Decrypter, file: string, bytes: Uint8Array): void {
  const lines = Buffer.from(bytes).toString('latin1').split(/\r?\n/);
  const identities = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const unusable = (): InvalidInput =>
    new InvalidInput('invalid-value', 'expected an age identity, as age-keygen writes it', { file });
  if (identities.length === 0) throw unusable();
  try {
    for (const line of identities) decrypter.addIdentity(line.trim());
  } catch {
    // The library's words would quote the key.
    throw unusable();
  }
}
