/**
 * Devices as an earlier commit had them. One is read again only when something that it was made of is another now, or
 * something stands where nothing stood: of 10,000 files with five changed, five are read.
 */
import type { DesiredDevice } from './device-files.ts';
import { readDeviceFiles } from './device-files.ts';
import type { SourceEntry, SourceTree } from './source-tree.ts';
import { entryAt, inFolder } from './source-tree.ts';

interface Known {
  readonly device: DesiredDevice;
  /** Of the device's own folder; null: it is read again whatever that is. */
  readonly id: string | null;
  /** What was looked at elsewhere, and what was there; null: nothing was. */
  readonly seen: ReadonlyMap<string, string | null> | null;
}

const atOnce = 4;

export class KnownDevices {
  /** Those of the last commit, and no other. */
  #known: ReadonlyMap<string, Known> = new Map();

  has(name: string): boolean {
    return this.#known.has(name);
  }

  /** The devices of these folders. */
  async read(
    tree: SourceTree,
    siteFolder: string,
    folders: readonly SourceEntry[],
  ): Promise<DesiredDevice[]> {
    const known = new Map<string, Known>();
    const others: SourceEntry[] = [];
    // What many devices share is looked at once.
    const now = new Map<string, string | null | undefined>();
    for (const folder of folders) {
      const before = this.#known.get(folder.name);
      let isUnchanged = before !== undefined && before.id !== null && before.id === folder.id;
      for (const [path, then] of (isUnchanged ? before?.seen : null) ?? []) {
        if (!now.has(path)) now.set(path, await idAt(tree, path));
        isUnchanged &&= now.get(path) === then;
      }
      if (isUnchanged && before !== undefined) known.set(folder.name, before);
      else others.push(folder);
    }
    while (others.length > 0) {
      const some = others.splice(-atOnce);
      const read = await Promise.all(some.map((folder) => readAnew(tree, siteFolder, folder)));
      for (const one of read) known.set(one.device.name, one);
    }
    this.#known = known;
    return [...known.values()].map(({ device }) => device);
  }
}

/** `name` and `id` are those of the device's folder. */
async function readAnew(tree: SourceTree, siteFolder: string, { name, id }: SourceEntry): Promise<Known> {
  const folder = inFolder(inFolder(siteFolder, 'devices'), name);
  const seen = new Map<string, string | null>();
  const noting: SourceTree = {
    ...tree,
    note(path, found) {
      if (!path.startsWith(`${folder}/`)) seen.set(path, found);
    },
  };
  const device = await readDeviceFiles(noting, siteFolder, name);
  return { device, id: device.error === null ? id : null, seen: seen.size === 0 ? null : seen };
}

/** Where a link stands, reading says what is wrong: undefined, as in a tree that can't tell. */
async function idAt(tree: SourceTree, path: string): Promise<string | null | undefined> {
  try {
    const entry = await entryAt(tree, path);
    return entry === null ? null : (entry.id ?? undefined);
  } catch {
    return undefined;
  }
}
