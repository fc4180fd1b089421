/** A commit's files by path. Each folder and each file is read once for all devices that share it. */
import type { GitObjects } from './git-objects.ts';
import type { TreeEntry } from './git-objects.ts';
import type { SourceTree } from './source-tree.ts';
import { inFolder } from './source-tree.ts';

export function gitTree(objects: GitObjects, root: string): SourceTree {
  const folders = new Map<string, Promise<readonly TreeEntry[] | null>>();
  const files = new Map<string, Promise<Uint8Array>>();

  function list(folder: string): Promise<readonly TreeEntry[] | null> {
    return once(folders, folder, async () => {
      if (folder === '') return objects.readTree(root);
      const entry = await entryOf(folder);
      return entry?.kind === 'folder' ? objects.readTree(entry.oid) : null;
    });
  }

  async function entryOf(path: string): Promise<TreeEntry | undefined> {
    const slash = path.lastIndexOf('/');
    const parent = await list(slash < 0 ? '' : path.slice(0, slash));
    return parent?.find(({ name }) => inFolder(slash < 0 ? '' : path.slice(0, slash), name) === path);
  }

  return {
    list,
    read: (file) =>
      once(files, file, async () => {
        const entry = await entryOf(file);
        return objects.read(entry?.oid ?? '', 'blob');
      }),
  };
}

function once<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  return made;
}
