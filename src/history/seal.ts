/**
 * What holds secrets is encrypted (age) to keys of the operators' before it is written: the daemon itself can't open it
 * again.
 */
import { Encrypter } from 'age-encryption';
import { InvalidInput } from '../core/errors.ts';

export type Seal = (bytes: Uint8Array) => Promise<Uint8Array>;

/** Throws `InvalidInput` for a recipient that is none. */
export function sealTo(recipients: readonly string[]): Seal {
  const encrypter = new Encrypter();
  for (const recipient of recipients)
    try {
      encrypter.addRecipient(recipient);
    } catch (cause) {
      throw new InvalidInput(
        'invalid-value',
        `history: recipients: ${recipient.slice(0, 16)}… is no age recipient; copy it as age-keygen -y prints it`,
        null,
        { cause },
      );
    }
  return (bytes) => encrypter.encrypt(bytes);
}
