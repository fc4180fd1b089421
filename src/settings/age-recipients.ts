/** Public age keys whose letters are right and that are none all the same: each has a checksum in it. */
import { InvalidInput, type Place } from '../core/errors.ts';

/** `at`: where the i-th stands. The library is read only where there is something to check: most commands have no use for it. */
export async function wrongRecipients(
  recipients: readonly string[],
  at: (index: number) => Place,
): Promise<readonly InvalidInput[]> {
  if (recipients.length === 0) return [];
  const { Encrypter } = await import('age-encryption');
  return recipients.flatMap((recipient, i) => {
    try {
      new Encrypter().addRecipient(recipient);
      return [];
    } catch (cause) {
      const message = `${recipient.slice(0, 16)}… is no age recipient, a letter in it is wrong; copy it as age-keygen -y prints it`;
      return [new InvalidInput('invalid-value', message, at(i), { cause })];
    }
  });
}
