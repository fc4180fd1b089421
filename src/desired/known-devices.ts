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

  /** `entry` is the device's folder. */
  async read(tree: SourceTree, siteFolder: string, { name, id }: SourceEntry): Promise<DesiredDevice> {
    const known = this.#known.get(name);
    if (known !== undefined && known.id === id && (await isUnchanged(tree, known.seen))) return known.device;
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

async function isUnchanged(tree: SourceTree, seen: Known['seen']): Promise<boolean> {
  for (const [path, id] of seen) {
    // Where a link stands now, reading says what is wrong. A tree that can't tell is read, too.
    const now = await entryAt(tree, path).then(
      (entry) => (entry === null ? null : (entry.id ?? undefined)),
      () => undefined,
    );
    if (now !== id) return false;
  }
  return true;
}
