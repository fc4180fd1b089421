/**
 * Values for `${secret:name}`: from a file on this machine, and from `secrets.yaml.age` in the commit. Both are YAML
 * mappings of names to values; `gw1/name` is for the device gw1 alone, and this machine's file counts before the
 * commit's. A file that can't be used stops the devices that ask for a secret, and no other. Never logs a value.
 */
import * as z from 'zod';
import { sha256 } from '../core/digest.ts';
import { InvalidInput } from '../core/errors.ts';
import { isSealed, unseal } from '../settings/age-identity.ts';
import { readYaml } from '../settings/yaml-file.ts';
import type { SecretOf } from './compose.ts';

export interface SealedFile {
  readonly file: string;
  readonly bytes: Uint8Array;
}

export interface SecretSources {
  /** This machine's file, plain or sealed; null: none is named. Throws `InvalidInput`. */
  readonly local: (() => Promise<SealedFile>) | null;
  /** The text of an age identity file; null: none is named. Throws `InvalidInput`. */
  readonly identity: (() => Promise<SealedFile>) | null;
}

const secretWords = 'expected names of letters, digits, dashes and underscores, as NAME or DEVICE/NAME';
const valueWords = 'expected a text or a number';
const secretsSchema = z.record(
  z
    .string()
    .regex(/^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,62}\/)?[A-Za-z][A-Za-z0-9_-]{0,62}$/, { error: secretWords }),
  z
    .union([z.string().min(1).max(4096), z.number()], { error: valueWords })
    // Bytes, as every value of a configuration.
    .transform((written) => Buffer.from(String(written), 'utf8').toString('latin1')),
  { error: 'expected a mapping of names to values' },
);

export interface Secrets {
  /** Throws what is wrong with the files when a secret is asked for. */
  readonly of: SecretOf;
  /** Another one when any value, or what is wrong, is another. Stays in memory: values can be guessed from it. */
  readonly digest: string;
}

/** `sealed` is what the commit holds; null: nothing. */
export async function readSecrets(sources: SecretSources, sealed: SealedFile | null): Promise<Secrets> {
  if (sources.local === null && sealed === null) return { of: notSet, digest: '' };
  try {
    const files: ReadonlyMap<string, string>[] = [];
    if (sources.local !== null) files.push(await open(await sources.local(), sources));
    if (sealed !== null) {
      if (!isSealed(sealed.bytes))
        throw new InvalidInput('secrets-in-the-open', 'expected a file encrypted with age', {
          file: sealed.file,
        });
      files.push(await open(sealed, sources));
    }
    const of: SecretOf = (device, name) => {
      for (const key of [`${device}/${name}`, name])
        for (const file of files) {
          const value = file.get(key);
          if (value !== undefined) return value;
        }
      return null;
    };
    return { of, digest: sha256(JSON.stringify(files.map((file) => [...file]))) };
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    const of: SecretOf = () => {
      throw error;
    };
    return { of, digest: error.message };
  }
}

const notSet: SecretOf = (_device, name) => {
  throw new InvalidInput(
    'secrets-not-set',
    `the secret "${name}" is asked for, and no file holds secrets: name one under \`secrets: file:\` in the settings`,
  );
};

async function open(
  { file, bytes }: SealedFile,
  sources: SecretSources,
): Promise<ReadonlyMap<string, string>> {
  const plain = isSealed(bytes) ? await unsealed({ file, bytes }, sources.identity) : bytes;
  const read = readYaml(plain, file, secretsSchema);
  if (read.kind === 'valid') return new Map(Object.entries(read.value));
  throw read.problems[0] ?? new InvalidInput('invalid-value', 'the file can not be used', { file });
}

async function unsealed(
  { file, bytes }: SealedFile,
  identity: SecretSources['identity'],
): Promise<Uint8Array> {
  if (identity === null)
    throw new InvalidInput(
      'secrets-sealed',
      'the file is encrypted: name the age identity that opens it under `secrets: identity:` in the settings',
      { file },
    );
  const remedy = "encrypt it again to that identity's recipient";
  try {
    return await unseal(bytes, await identity(), remedy);
  } catch (error) {
    if (!(error instanceof InvalidInput) || error.place !== null) throw error;
    throw new InvalidInput(error.code, error.message, { file }, { cause: error.cause });
  }
}
