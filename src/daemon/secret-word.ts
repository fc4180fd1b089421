/**
 * What plans show of a secret: its name and four hex digits of a digest keyed by this daemon, so that signers see that
 * it is another value, and nobody learns the value by trying. The key is made once and lies in the state.
 */
import { createHmac } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { SecretWord } from '../core/dialect.ts';

const keyBytes = 32;

/** A key that is cut or gone is made anew: then plans that wait are shown, and signed, once more. */
export async function openSecretWord(state: string, random: (bytes: number) => Buffer): Promise<SecretWord> {
  const file = path.join(state, 'secret-digest-key');
  const kept = await readFile(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  const key = kept?.length === keyBytes ? kept : await makeKey(file, random);
  return (property, value) => {
    const digest = createHmac('sha256', key).update(value, 'latin1').digest('hex');
    return `<secret:${property} ${digest.slice(0, 4)}>`;
  };
}

async function makeKey(file: string, random: (bytes: number) => Buffer): Promise<Buffer> {
  const key = random(keyBytes);
  const handle = await open(`${file}.new`, 'w', 0o600);
  try {
    await handle.writeFile(key);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
  return key;
}
