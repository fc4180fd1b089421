/**
 * What holds secrets is encrypted (age) to keys of the operators' before it is written: the daemon itself can't open it
 * again.
 */
import { Encrypter } from 'age-encryption';

export type Seal = (bytes: Uint8Array) => Promise<Uint8Array>;

/** To recipients as the settings checked them. */
export function sealTo(recipients: readonly string[]): Seal {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return (bytes) => encrypter.encrypt(bytes);
}
