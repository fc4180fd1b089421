/**
 * An exported state as one file: written under another name until it is whole and durable, never over one that exists,
 * and readable by its owner alone though it is sealed.
 */
import { createReadStream } from 'node:fs';
import { lstat, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { InvalidInput, fileProblem, messageOf, SitewardError } from '../core/errors.ts';
import { cutState, StateMoved } from './state-export.ts';
import type { StateHead } from './state-export.ts';
import { sync } from '../durable.ts';
import { importState } from './state-import.ts';
import type { Imported } from './state-import.ts';
import { opened, sealed } from './state-seal.ts';
import type { Key, Lock } from './state-seal.ts';
import { writeTar } from './state-tar.ts';

/** A state that changes faster than it can be read is read so often before that is said. */
const mostCuts = 5;

export interface Exported {
  readonly head: StateHead;
  readonly bytes: number;
}

/** Throws `SitewardError`: file-exists, no-state, journal-damaged, state-unreadable, state-busy. */
export async function exportState(
  { folder, file, lock }: { readonly folder: string; readonly file: string; readonly lock: Lock },
  now: Parameters<typeof cutState>[1],
): Promise<Exported> {
  const isThere = await lstat(file).then(
    () => true,
    () => false,
  );
  if (isThere)
    throw new SitewardError('file-exists', `${file} is there already; name another file, or remove it`);
  const partial = `${file}.partial`;
  try {
    for (let left = mostCuts; ; left--) {
      const { head, parts } = await cutState(folder, now);
      try {
        const bytes = await writeDurably(partial, await sealed(writeTar(parts), lock));
        await rename(partial, file);
        await sync(path.dirname(path.resolve(file)));
        return { head, bytes };
      } catch (error) {
        if (!(error instanceof StateMoved)) throw error;
        if (left <= 1) throw busy(folder, error);
      }
    }
  } catch (error) {
    await rm(partial, { force: true });
    throw asStateError(folder, file, error);
  }
}

/** As `importState`, from a file. Throws `InvalidInput` unreadable, state-sealed too. */
export async function importFile({
  folder,
  file,
  key,
  site,
}: {
  readonly folder: string;
  readonly file: string;
  readonly key: Key;
  readonly site: string | null;
}): Promise<Imported> {
  const source = createReadStream(file, { highWaterMark: 256 * 1024 });
  await new Promise<void>((resolve, reject) => {
    source.once('open', () => resolve());
    source.once('error', reject);
  }).catch((error: unknown) => {
    throw new InvalidInput('unreadable', fileProblem(error), { file }, { cause: error });
  });
  try {
    return await importState(folder, opened(source, key), site);
  } finally {
    source.destroy();
  }
}

async function writeDurably(file: string, content: AsyncIterable<Uint8Array>): Promise<number> {
  const handle = await open(file, 'w', 0o600);
  let bytes = 0;
  try {
    for await (const piece of content) {
      await handle.writeFile(piece);
      bytes += piece.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return bytes;
}

function busy(folder: string, cause: unknown): SitewardError {
  return new SitewardError(
    'state-busy',
    `${folder}: it changed ${mostCuts} times while it was read; run: siteward hold --all --reason export   and export again`,
    { cause },
  );
}

function asStateError(folder: string, file: string, error: unknown): unknown {
  if (error instanceof SitewardError) return error;
  const { code, path: at = '' } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' && at.startsWith(folder))
    return new SitewardError(
      'state-unreadable',
      `${at} may not be read by user ${process.geteuid?.() ?? 0}; run it as the daemon's user, or as root`,
      { cause: error },
    );
  return new SitewardError('not-exported', `${file}: ${messageOf(error)}; nothing was written`, {
    cause: error,
  });
}
