/**
 * Devices' own backups beside the history: each sealed in a file of its own, named in an index of the device with the
 * revision that it belongs to. A file is durable before the index names it; one that no index names is what a power cut
 * left, and goes. One writer at a time; nothing here can open what was sealed.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { HistoryDisk } from './disk.ts';
import { damaged } from './git-object.ts';
import { oneWriter } from './one-writer.ts';
import { retained } from './retention.ts';
import type { KeepLimits } from './retention.ts';
import { requireRoom } from './room.ts';
import type { Seal } from './seal.ts';

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const entrySchema = z.strictObject({
  /** What it was called on the device; the file here has the same name. */
  name: z.string().regex(/^sw-backup-[0-9a-f]{12}$/),
  revision: z.string().regex(/^[0-9a-f]{40}$/),
  /** Seconds since the epoch. */
  atS: z.number().int(),
  /** As the device made it. */
  made: z.strictObject({ bytes: z.number().int(), sha256: digest }),
  /** As it lies here. */
  sealed: z.strictObject({ bytes: z.number().int(), sha256: digest }),
});
const indexSchema = z.strictObject({ v: z.literal(1), backups: z.array(entrySchema) });

export type BinaryBackup = Readonly<z.output<typeof entrySchema>>;

export interface FetchedBackup {
  readonly device: string;
  readonly name: string;
  /** The object name of the newest revision of the device. */
  readonly revision: string;
  readonly atMs: number;
  readonly bytes: Uint8Array;
}

const indexName = 'index.json';

export class BinaryBackups {
  readonly #folder: string;
  readonly #disk: HistoryDisk;
  readonly #seal: Seal;
  readonly #alone = oneWriter();

  #grownBytes = 0;

  constructor(folder: string, disk: HistoryDisk, seal: Seal) {
    this.#folder = folder;
    this.#disk = disk;
    this.#seal = seal;
  }

  /** Durable when it resolves. Throws `SitewardError` history-unwritable, history-damaged. */
  keep({ device, name, revision, atMs, bytes }: FetchedBackup): Promise<BinaryBackup> {
    return this.#alone(async () => {
      const sealed = await this.#seal(bytes);
      const entry = {
        name,
        revision,
        atS: Math.floor(atMs / 1000),
        made: { bytes: bytes.length, sha256: sha256(bytes) },
        sealed: { bytes: sealed.length, sha256: sha256(sealed) },
      };
      const folder = this.#folderOf(device);
      await this.#disk.makeFolder(folder);
      requireRoom(await this.#disk.freeBytes(folder), sealed.length);
      await this.#disk.writeSynced(this.#fileOf(device, name), sealed);
      await this.#disk.syncFolder(folder);
      const all = [entry, ...(await this.list(device))];
      await this.#writeIndex(device, all);
      await this.#removeOthers(device, all);
      this.#grownBytes += sealed.length;
      return entry;
    });
  }

  /** The newest first. Throws `SitewardError` history-damaged. */
  async list(device: string): Promise<readonly BinaryBackup[]> {
    const file = `${this.#folderOf(device)}/${indexName}`;
    const bytes = await this.#disk.read(file);
    if (bytes === null) return [];
    try {
      return indexSchema.parse(JSON.parse(bytes.toString('utf8'))).backups;
    } catch (cause) {
      throw damaged(`${file} is not what siteward writes`, cause);
    }
  }

  /** Sealed, as it was written. Throws `SitewardError` history-damaged for one that is missing or another. */
  async read(device: string, { name, sealed }: BinaryBackup): Promise<Buffer> {
    const bytes = await this.#disk.read(this.#fileOf(device, name));
    if (bytes !== null && sha256(bytes) === sealed.sha256) return bytes;
    throw damaged(
      `binary backup ${device}/${name}.age ${bytes === null ? 'is missing' : 'is another than was written'}`,
    );
  }

  /**
   * Drops what the limits no longer keep, as of revisions, and what belongs to none of the revisions that stay; the newest
   * stays, and the newest of each checkpoint. `nowMs` null: the clock is not believed. How many went.
   */
  prune(
    device: string,
    limits: KeepLimits,
    nowMs: number | null,
    {
      revisions,
      checkpoints,
    }: { readonly revisions: ReadonlySet<string>; readonly checkpoints: ReadonlySet<string> },
  ): Promise<number> {
    return this.#alone(async () => {
      const all = await this.list(device);
      const sized = all.map((entry) => ({ ...entry, bytes: entry.sealed.bytes }));
      const within = new Set(retained(sized, limits, nowMs).kept.map(({ name }) => name));
      const newest = new Map([...all].reverse().map(({ revision, name }) => [revision, name]));
      const stays = ({ name, revision }: BinaryBackup): boolean =>
        name === all[0]?.name ||
        (within.has(name) && revisions.has(revision)) ||
        (checkpoints.has(revision) && newest.get(revision) === name);
      const kept = all.filter(stays);
      if (kept.length < all.length) await this.#writeIndex(device, kept);
      await this.#removeOthers(device, kept);
      for (const one of all) if (!kept.includes(one)) this.#grownBytes -= one.sealed.bytes;
      return all.length - kept.length;
    });
  }

  /** By how much they take more than when this was opened; less than nothing after a pruning. */
  get grownBytes(): number {
    return this.#grownBytes;
  }

  /** Of all that are kept of the device. */
  async bytes(device: string): Promise<number> {
    return (await this.list(device)).reduce((sum, { sealed }) => sum + sealed.bytes, 0);
  }

  async #removeOthers(device: string, kept: readonly BinaryBackup[]): Promise<void> {
    const known = new Set([indexName, ...kept.map(({ name }) => `${name}.age`)]);
    const others = (await this.#disk.list(this.#folderOf(device))).filter((name) => !known.has(name));
    for (const name of others) await this.#disk.remove(`${this.#folderOf(device)}/${name}`);
    if (others.length > 0) await this.#disk.syncFolder(this.#folderOf(device));
  }

  async #writeIndex(device: string, backups: readonly BinaryBackup[]): Promise<void> {
    const file = `${this.#folderOf(device)}/${indexName}`;
    const text = `${JSON.stringify({ v: 1, backups }, null, 1)}\n`;
    await this.#disk.writeSynced(`${file}.lock`, Buffer.from(text));
    await this.#disk.rename(`${file}.lock`, file);
    await this.#disk.syncFolder(this.#folderOf(device));
  }

  #folderOf(device: string): string {
    return `${this.#folder}/${device}`;
  }

  #fileOf(device: string, name: string): string {
    return `${this.#folderOf(device)}/${name}.age`;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
