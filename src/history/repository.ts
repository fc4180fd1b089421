/**
 * A bare git repository, written so that a power cut at any moment leaves one that git reads: objects are durable
 * before a reference names them, and a reference changes by a rename. One writer, this process. Reads what `git gc`
 * has packed, too.
 */
import { damaged, gitObject, isOid, packLoose, proved, readLoose } from './git-object.ts';
import type { GitObject } from './git-object.ts';
import type { ObjectKind } from '../packs/found.ts';
import type { HistoryDisk } from './disk.ts';
import { SitewardError, messageOf } from '../core/errors.ts';

/** Reads an object out of git's packs; null: it is in none. */
export type PackedObjects = (
  oid: string,
) => Promise<{ readonly kind: ObjectKind; readonly content: Buffer } | null>;

const config = `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
[gc]
\tauto = 0
`;

export class HistoryRepository {
  readonly folder: string;
  readonly #disk: HistoryDisk;
  readonly #packed: PackedObjects;
  #grownBytes = 0;

  constructor(folder: string, disk: HistoryDisk, packed: PackedObjects) {
    this.folder = folder;
    this.#disk = disk;
    this.#packed = packed;
  }

  /** Makes what is missing of an empty repository. `branch`: what plain `git log` shows. */
  async prepare(branch: string): Promise<void> {
    if ((await this.#disk.sizeOf(`${this.folder}/HEAD`)) !== null) return;
    for (const name of ['objects/pack', 'refs/heads', 'refs/tags'])
      await this.#disk.makeFolder(`${this.folder}/${name}`);
    await this.#replace('config', Buffer.from(config));
    await this.#replace('HEAD', Buffer.from(`ref: ${branch}\n`));
  }

  /** Throws `SitewardError`: history-damaged for one that is missing or is not what its name says. */
  async read(oid: string, kind: ObjectKind): Promise<GitObject> {
    const object = await this.find(oid);
    if (object === null) throw damaged(`object ${oid} is missing`);
    if (object.kind !== kind) throw damaged(`object ${oid} is a ${object.kind}, expected a ${kind}`);
    return object;
  }

  async find(oid: string): Promise<GitObject | null> {
    if (!isOid(oid)) throw damaged(`${JSON.stringify(oid.slice(0, 60))} is no name of an object`);
    const loose = await this.#disk.read(this.#objectPath(oid));
    if (loose !== null) return readLoose(oid, loose);
    const packed = await this.#packed(oid);
    return packed === null ? null : proved(oid, packed.kind, packed.content);
  }

  /** Durable when it resolves, together with all that was written before. */
  async write(objects: readonly GitObject[]): Promise<void> {
    const folders = new Set<string>();
    for (const object of objects) {
      const path = this.#objectPath(object.oid);
      if ((await this.#disk.sizeOf(path)) !== null) continue;
      const folder = path.slice(0, path.lastIndexOf('/'));
      await this.#disk.makeFolder(folder);
      const temporary = `${folder}/tmp_obj_${object.oid.slice(2)}`;
      const packed = await packLoose(object);
      await this.#disk.writeSynced(temporary, packed);
      await this.#disk.rename(temporary, path);
      this.#grownBytes += packed.length;
      folders.add(folder);
    }
    for (const folder of folders) await this.#disk.syncFolder(folder);
  }

  /** What it takes on the disk; null: it has no file of its own. */
  looseBytes(oid: string): Promise<number | null> {
    return this.#disk.sizeOf(this.#objectPath(oid));
  }

  /** They are durably gone when it resolves, in no order. What lies in a pack is left to git's own collection. */
  async removeObjects(oids: readonly string[]): Promise<void> {
    const folders = new Set<string>();
    for (const oid of oids) {
      const path = this.#objectPath(oid);
      const bytes = await this.#disk.sizeOf(path);
      if (bytes === null) continue;
      await this.#disk.remove(path);
      this.#grownBytes -= bytes;
      folders.add(path.slice(0, path.lastIndexOf('/')));
    }
    for (const folder of folders) await this.#disk.syncFolder(folder);
  }

  async ref(name: string): Promise<string | null> {
    const loose = await this.#disk.read(`${this.folder}/${name}`);
    if (loose === null) return (await this.#packedRefs()).get(name) ?? null;
    const oid = loose.toString('latin1').trim();
    if (!isOid(oid)) throw damaged(`reference ${name} names no object`);
    return oid;
  }

  /** References below the folder, by their last word. */
  async refs(folder: string): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const [name, oid] of await this.#packedRefs())
      if (name.startsWith(`${folder}/`)) found.set(name.slice(folder.length + 1), oid);
    for (const word of await this.#disk.list(`${this.folder}/${folder}`)) {
      if (word.endsWith('.lock')) continue;
      const oid = await this.ref(`${folder}/${word}`);
      if (oid !== null) found.set(word, oid);
    }
    return found;
  }

  /** What it names has to be durable already. */
  async setRef(name: string, oid: string): Promise<void> {
    await this.#replace(name, Buffer.from(`${oid}\n`));
  }

  /** Commits whose parents were dropped, as git itself keeps them. */
  async boundary(): Promise<ReadonlySet<string>> {
    const text = (await this.#disk.read(`${this.folder}/shallow`))?.toString('latin1') ?? '';
    return new Set(text.split('\n').filter(isOid));
  }

  async setBoundary(oids: ReadonlySet<string>): Promise<void> {
    const text = [...oids].sort().map((oid) => `${oid}\n`);
    await this.#replace('shallow', Buffer.from(text.join('')));
  }

  /** By how much objects take more than when this was opened; less than nothing after a pruning. */
  get grownBytes(): number {
    return this.#grownBytes;
  }

  /** What objects and packs take on the disk. */
  async bytes(): Promise<number> {
    let sum = 0;
    for (const folder of await this.#disk.list(`${this.folder}/objects`))
      for (const name of await this.#disk.list(`${this.folder}/objects/${folder}`))
        sum += (await this.#disk.sizeOf(`${this.folder}/objects/${folder}/${name}`)) ?? 0;
    return sum;
  }

  freeBytes(): Promise<number> {
    return this.#disk.freeBytes(this.folder);
  }

  /** A temporary name is one that git takes for a lock and never for content. */
  async #replace(name: string, bytes: Buffer): Promise<void> {
    const path = `${this.folder}/${name}`;
    const folder = path.slice(0, path.lastIndexOf('/'));
    await this.#disk.makeFolder(folder);
    await this.#disk.writeSynced(`${path}.lock`, bytes);
    await this.#disk.rename(`${path}.lock`, path);
    await this.#disk.syncFolder(folder);
  }

  async #packedRefs(): Promise<ReadonlyMap<string, string>> {
    const text = (await this.#disk.read(`${this.folder}/packed-refs`))?.toString('latin1') ?? '';
    const lines = [...text.matchAll(/^([0-9a-f]{40}) (refs\/\S+)$/gm)];
    return new Map(lines.map(([, oid = '', name = '']) => [name, oid]));
  }

  #objectPath(oid: string): string {
    return `${this.folder}/objects/${oid.slice(0, 2)}/${oid.slice(2)}`;
  }
}

/** What the disk said, as one of the daemon's own errors. */
export function asHistoryError(error: unknown): SitewardError {
  if (error instanceof SitewardError) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  const what = code === 'ENOSPC' || code === 'EDQUOT' ? 'there is no space left' : messageOf(error);
  return new SitewardError(
    'history-unwritable',
    `history: ${what}; make room or give the daemon its rights back: rollouts go on, and what devices have is kept again then`,
    { cause: error },
  );
}

export function blobOf(text: string): GitObject {
  return gitObject('blob', Buffer.from(text, 'latin1'));
}
