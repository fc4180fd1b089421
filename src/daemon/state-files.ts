/**
 * Texts that the journal refers to by digest: desired texts last confirmed, what signers read, issued documents, sealed
 * rollouts. A file is whole and durable before its digest can be recorded, and is believed only if it still has that
 * digest. Readable by the daemon's user alone. `desired` and `rollouts` may hold secrets: they are encrypted and called by a
 * keyed digest, both by the key in `state-key.ts`. What people sign holds none; `credentials` are the daemon's own private
 * keys and passwords, plain, for people name them in the settings.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, SitewardError } from '../core/errors.ts';
import { replaceDurably } from '../durable.ts';
import type { StateFileKind, StateFiles } from '../reconcile/state-files.ts';
import type { StateKey } from './state-key.ts';

const folders = {
  desired: 'desired',
  document: 'documents',
  plan: 'plans',
  rollout: 'rollouts',
  credential: 'credentials',
} as const;

/** Of devices: values that git or a device knows. */
const holdsSecrets: Readonly<Record<StateFileKind, boolean>> = {
  desired: true,
  rollout: true,
  credential: false,
  document: false,
  plan: false,
};

/** Encrypted, and called by a keyed digest. */
export function isSealed(kind: StateFileKind): boolean {
  return holdsSecrets[kind];
}

/** Where a file of the state lies, for people. */
export function stateFilePath(state: string, kind: keyof typeof folders, digest: string): string {
  return join(state, folders[kind], digest);
}

export async function openStateFiles(
  state: string,
  key: Pick<StateKey, 'nameOf' | 'seal' | 'open'>,
): Promise<StateFiles> {
  for (const folder of Object.values(folders))
    await mkdir(join(state, folder), { recursive: true, mode: 0o700 });
  const pathOf = (kind: keyof typeof folders, digest: string): string => stateFilePath(state, kind, digest);
  const digestOf: StateFiles['digestOf'] = (kind, bytes) =>
    isSealed(kind) ? key.nameOf(bytes) : createHash('sha256').update(bytes).digest('hex');
  return {
    digestOf,
    async put(kind, bytes) {
      const digest = digestOf(kind, bytes);
      const written = isSealed(kind) ? key.seal(`${kind} ${digest}`, bytes) : bytes;
      try {
        await replaceDurably(pathOf(kind, digest), written);
      } catch (error) {
        throw new SitewardError(
          'state-unwritable',
          `state: ${messageOf(error)}; free space or rights are missing`,
          {
            cause: error,
          },
        );
      }
      return digest;
    },
    async get(kind, digest) {
      const file = pathOf(kind, digest);
      const bytes = await readFile(file).catch((error: unknown) => {
        // Only what is not there is absent: a disk that can't say is no reason to go on without it.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw new SitewardError(
          'state-unreadable',
          `state: ${messageOf(error)}; check the disk and who owns ${file}`,
          { cause: error },
        );
      });
      if (bytes === null) return null;
      // The seal covers the name as well: what opens is what was put under it, whichever key made the name.
      if (isSealed(kind)) return key.open(`${kind} ${digest}`, bytes);
      return digestOf(kind, bytes) === digest ? bytes : null;
    },
    async remove(kind, digest) {
      await rm(pathOf(kind, digest), { force: true });
    },
    async keepOnly(kind, digests) {
      for (const name of await readdir(join(state, folders[kind]))) {
        if (!digests.has(name)) await rm(join(state, folders[kind], name), { force: true });
      }
    },
  };
}
