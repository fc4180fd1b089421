/**
 * The files of a site in a working tree, for `lint`: what `git add` would make of a folder. `.git` is not listed, a
 * folder with a repository of its own is a submodule, and no link is followed. Only reads.
 */
import { constants } from 'node:fs';
import type { Dirent } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileProblem, InvalidInput } from '../core/errors.ts';
import type { SourceEntry, SourceTree } from './source-tree.ts';
import { inFolder, printable } from './source-tree.ts';

const maxFileBytes = 32 * 1024 * 1024;

export function folderTree(root: string): SourceTree {
  return {
    async list(folder) {
      const entries = await entriesOf(path.join(root, folder), folder);
      if (entries === null) return null;
      const known = new Map<string, SourceEntry>();
      for (const entry of entries.filter(({ name }) => name !== '.git'))
        known.set(entry.name, {
          name: entry.name,
          kind: await kindOf(entry, path.join(root, folder, entry.name)),
          id: null,
        });
      return known;
    },
    async read(file) {
      const handle = await open(path.join(root, file), constants.O_RDONLY | constants.O_NOFOLLOW).catch(
        (cause: unknown) => {
          throw unreadable(file, cause);
        },
      );
      try {
        const { size } = await handle.stat();
        if (size > maxFileBytes)
          throw new InvalidInput(
            'too-large',
            `the file has ${size} bytes, at most ${maxFileBytes} are read`,
            {
              file: printable(file),
            },
          );
        return await handle.readFile();
      } finally {
        await handle.close();
      }
    },
  };
}

async function entriesOf(folder: string, shown: string): Promise<readonly Dirent[] | null> {
  try {
    // What `lstat` calls a folder: `readdir` would follow a link.
    return (await lstat(folder)).isDirectory() ? await readdir(folder, { withFileTypes: true }) : null;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unreadable(shown, cause);
  }
}

async function kindOf(entry: Dirent, at: string): Promise<SourceEntry['kind']> {
  if (entry.isSymbolicLink()) return 'symlink';
  if (entry.isFile()) return 'file';
  if (!entry.isDirectory()) return 'other';
  const inner = await lstat(path.join(at, '.git')).catch(() => null);
  return inner === null ? 'folder' : 'submodule';
}

function unreadable(file: string, cause: unknown): InvalidInput {
  return new InvalidInput('unreadable', fileProblem(cause), { file: printable(file) }, { cause });
}

/** The folder that holds the repository, from `folder` upwards; null: there is none. */
export async function workTreeOf(folder: string): Promise<string | null> {
  for (let at = folder; ; at = path.dirname(at)) {
    if ((await lstat(path.join(at, '.git')).catch(() => null)) !== null) return at;
    if (at === path.dirname(at)) return null;
  }
}

/** Folders with a `site.yaml`, `folder` itself or below it, as paths from `root`; sorted. */
export async function findSites(tree: SourceTree, folder: string, depth = 6): Promise<readonly string[]> {
  const entries = (await tree.list(folder)) ?? new Map<string, SourceEntry>();
  if (entries.get('site.yaml')?.kind === 'file') return [folder];
  if (depth === 0) return [];
  const below: string[] = [];
  for (const { name, kind } of entries.values())
    if (kind === 'folder' && !name.startsWith('.') && name !== 'node_modules')
      below.push(...(await findSites(tree, inFolder(folder, name), depth - 1)));
  return below.sort();
}
