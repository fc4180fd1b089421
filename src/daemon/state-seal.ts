/**
 * An exported state as an age file, streamed: sealed to recipients or with a passphrase, opened with an identity or the
 * passphrase. What was opened of a file that is cut or changed ends in an error, never in silence.
 */
import { ReadableStream } from 'node:stream/web';
import { Decrypter, Encrypter } from 'age-encryption';
import { InvalidInput, messageOf } from '../core/errors.ts';
import { addIdentities } from '../settings/age-identity.ts';

export type Lock =
  | { readonly recipients: readonly string[] }
  /** A file with the passphrase, as read. */
  | { readonly file: string; readonly passphrase: Uint8Array };

export type Key =
  | { readonly file: string; readonly identity: Uint8Array }
  | { readonly file: string; readonly passphrase: Uint8Array };

const leastPassphrase = 12;

/** Throws `InvalidInput` for a lock that is none. */
export async function sealed(
  plain: AsyncIterable<Uint8Array>,
  lock: Lock,
): Promise<AsyncIterable<Uint8Array>> {
  const encrypter = new Encrypter();
  if ('passphrase' in lock) {
    const passphrase = passphraseOf(lock.passphrase);
    if (passphrase.length < leastPassphrase)
      throw new InvalidInput(
        'invalid-value',
        `expected a passphrase of at least ${leastPassphrase} characters; make one: openssl rand -base64 24`,
        { file: lock.file },
      );
    encrypter.setPassphrase(passphrase);
  } else {
    for (const recipient of lock.recipients)
      try {
        encrypter.addRecipient(recipient);
      } catch (cause) {
        throw new InvalidInput(
          'invalid-value',
          `--recipient: expected age1…, as age-keygen -y prints it, got ${JSON.stringify(recipient.slice(0, 100))}`,
          null,
          { cause },
        );
      }
  }
  return await encrypter.encrypt(ReadableStream.from(plain));
}

/** Throws `InvalidInput` when it can't be opened, also in the middle of it. */
export async function* opened(stream: AsyncIterable<Uint8Array>, key: Key): AsyncGenerator<Uint8Array> {
  const decrypter = new Decrypter();
  if ('identity' in key) addIdentities(decrypter, { file: key.file, bytes: key.identity });
  else decrypter.addPassphrase(passphraseOf(key.passphrase));
  try {
    yield* await decrypter.decrypt(ReadableStream.from(stream));
  } catch (cause) {
    throw new InvalidInput(
      'state-sealed',
      `can’t be opened with ${key.file} (${messageOf(cause)}): it is sealed to another key, or cut or changed`,
      null,
      { cause },
    );
  }
}

function passphraseOf(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
