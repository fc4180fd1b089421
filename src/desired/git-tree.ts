/** A commit's files by path. Each folder and each file is read once for all devices that share it. */
import type { Listing, TreeEntry } from './git-listing.ts';
import type { GitObjects } from './git-objects.ts';
import type { SourceTree } from './source-tree.ts';
import { inFolder } from './source-tree.ts';

/** Large folders as an earlier commit had them, by path. */
export type Listings = Map<string, { readonly id: string; readonly listing: Listing }>;

/** Entries of a folder that is worth remembering, and how many such folders are. */
const many = 100;
const mostListings = 16;

export function gitTree(objects: GitObjects, root: string, earlier: Listings): SourceTree {
  const folders = new Map<string, Promise<ReadonlyMap<string, TreeEntry> | null>>();
  const files = new Map<string, Promise<Uint8Array>>();

  function list(folder: string): Promise<ReadonlyMap<string, TreeEntry> | null> {
    return once(folders, folder, async () => {
      const entry = folder === '' ? { kind: 'folder', id: root } : await entryOf(folder);
      return entry?.kind === 'folder' ? await entriesOf(folder, entry.id) : null;
    });
  }

  async function entriesOf(folder: string, id: string): Promise<ReadonlyMap<string, TreeEntry>> {
    const before = earlier.get(folder);
    if (before?.id === id) return before.listing.entries;
    const listing = await objects.readTree(id, before?.listing);
    earlier.delete(folder);
    if (listing.order.length >= many) earlier.set(folder, { id, listing });
    for (const longest of [...earlier.keys()].slice(0, -mostListings)) earlier.delete(longest);
    return listing.entries;
  }

  async function entryOf(path: string): Promise<TreeEntry | undefined> {
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
