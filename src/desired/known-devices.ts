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
  /** Of the device's own folder. */
  readonly id: string;
  /** What was looked at elsewhere, and what was there. */
  readonly seen: ReadonlyMap<string, string | null>;
}

export class KnownDevices {
  readonly #known = new Map<string, Known>();

  /** By name, those that need not be read again. `folders` are the devices' folders. */
  async unchanged(
    tree: SourceTree,
    folders: readonly SourceEntry[],
  ): Promise<ReadonlyMap<string, DesiredDevice>> {
    const found = new Map<string, DesiredDevice>();
    // What many devices share is looked at once.
    const now = new Map<string, string | null | undefined>();
    for (const { name, id } of folders) {
      const known = this.#known.get(name);
      if (known?.id !== id) continue;
      let isUnchanged = true;
      for (const [path, then] of known.seen) {
        if (!now.has(path)) now.set(path, await idAt(tree, path));
        isUnchanged &&= now.get(path) === then;
      }
      if (isUnchanged) found.set(name, known.device);
    }
    return found;
  }

  /** `name` and `id` are those of the device's folder. */
  async read(tree: SourceTree, siteFolder: string, { name, id }: SourceEntry): Promise<DesiredDevice> {
    const folder = inFolder(inFolder(siteFolder, 'devices'), name);
    const seen = new Map<string, string | null>();
    const noting: SourceTree = {
      ...tree,
      note(path, found) {
        if (!path.startsWith(`${folder}/`)) seen.set(path, found);
      },
    };
    const device = await readDeviceFiles(noting, siteFolder, name);
    if (device.error === null && id !== null) this.#known.set(name, { device, id, seen });
    else this.#known.delete(name);
    return device;
  }

  /** Forgets devices that are gone. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
  }
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
