/** The private keys of an age identity file, as `age-keygen` writes it, and what they open. Its words are never quoted back. */
import { Decrypter, armor } from 'age-encryption';
import { InvalidInput, messageOf } from '../core/errors.ts';

export interface IdentityFile {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** Throws `InvalidInput` invalid-value. */
export function addIdentities(decrypter: Decrypter, { file, bytes }: IdentityFile): void {
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

const armorHead = '-----BEGIN AGE ENCRYPTED FILE-----';
const binaryHead = 'age-encryption.org/v1\n';

export function isSealed(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
  return head.startsWith(binaryHead) || head.startsWith(armorHead);
}

/** What was sealed, armored or not. Throws `InvalidInput`: invalid-value, and secrets-sealed with `remedy`. */
export async function unseal(
  sealed: Uint8Array,
  identity: IdentityFile,
  remedy: string,
): Promise<Uint8Array> {
  const decrypter = new Decrypter();
  addIdentities(decrypter, identity);
  try {
    const text = Buffer.from(sealed).toString('latin1');
    return await decrypter.decrypt(text.startsWith(armorHead) ? armor.decode(text) : sealed);
  } catch (cause) {
    const message = `can't be opened with ${identity.file} (${messageOf(cause)}): ${remedy}`;
    throw new InvalidInput('secrets-sealed', message, null, { cause });
  }
}
