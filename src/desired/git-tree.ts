/** A commit's files by path. Each folder and each file is read once for all devices that share it. */
import type { GitObjects } from './git-objects.ts';
import type { SourceEntry, SourceTree } from './source-tree.ts';
import { inFolder } from './source-tree.ts';

interface GitEntry extends SourceEntry {
  readonly id: string;
}

export function gitTree(objects: GitObjects, root: string): SourceTree {
  const folders = new Map<string, Promise<ReadonlyMap<string, GitEntry> | null>>();
  const files = new Map<string, Promise<Uint8Array>>();

  function list(folder: string): Promise<ReadonlyMap<string, GitEntry> | null> {
    return once(folders, folder, async () => {
      const entry = folder === '' ? { kind: 'folder', id: root } : await entryOf(folder);
      if (entry?.kind !== 'folder') return null;
      const entries = await objects.readTree(entry.id);
      return new Map(entries.map(({ name, kind, oid }) => [name, { name, kind, id: oid }]));
    });
  }

  async function entryOf(path: string): Promise<GitEntry | undefined> {
    const slash = path.lastIndexOf('/');
    const parent = slash < 0 ? '' : path.slice(0, slash);
    const entry = (await list(parent))?.get(path.slice(slash + 1));
    return entry !== undefined && inFolder(parent, entry.name) === path ? entry : undefined;
  }

  return {
    list,
    read: (file) => once(files, file, async () => objects.read((await entryOf(file))?.id ?? '', 'blob')),
  };
}

function once<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  return made;
}
