/**
 * Objects out of the packs of a git repository on this machine, as git writes them by default: packs of version 2 with
 * an index of version 2. Believes nothing: whoever asks hashes what comes. Never unpacks more than it was told it may.
 * What is not there is told from what can't be read: the disk's own errors are thrown.
 */
import { readFile, readdir, stat } from 'node:fs/promises';
import { inflateSync } from 'node:zlib';
import { DeltaBases } from './delta-bases.ts';
import { ifThere, packedSize } from './found.ts';
import type { Found, FoundObject } from './found.ts';
import type { EntryHead } from './pack-entry.ts';
import {
  applyDelta,
  maxHeadBytes,
  packHeadBytes,
  packTrailerBytes,
  readEntryHead,
  readPackHead,
} from './pack-entry.ts';
import { PackFiles } from './pack-file.ts';
import { PackIndex, maxIndexBytes } from './pack-index.ts';

interface Pack {
  readonly file: string;
  readonly index: PackIndex;
  readonly bytes: number;
}

interface Delta {
  /** Of what it makes. */
  readonly place: number;
  readonly bytes: Buffer;
}

/** Read with an entry's head; most entries end in it. */
const firstBytes = 4096;
/** git makes no longer chains of deltas. */
const mostDeltas = 4096;
/** Times the largest object. */
const mostMade = 32;

export class Packs {
  readonly #folder: string;
  readonly #mostBytes: number;
  readonly #files = new PackFiles();
  readonly #bases = new DeltaBases();
  /** By the name of the index. */
  #known = new Map<string, Pack>();

  constructor(gitdir: string, mostBytes: number) {
    this.#folder = `${gitdir}/objects/pack`;
    this.#mostBytes = mostBytes;
  }

  async find(oid: string): Promise<Found> {
    const known = await this.findKnown(oid);
    return known === null || known === 'damaged' ? ((await this.findNew(oid)) ?? known) : known;
  }

  /** In the packs that were there at the last look. */
  findKnown(oid: string): Promise<Found> {
    return this.#findIn([...this.#known.values()], oid);
  }

  /** In those that came since; forgets the ones that went. `damaged` also for a pack that is not one to be read here. */
  async findNew(oid: string): Promise<Found> {
    const names = ((await ifThere(readdir(this.#folder))) ?? []).filter((name) => name.endsWith('.idx'));
    const before = this.#known;
    const known = new Map<string, Pack>();
    const added: Pack[] = [];
    let isWhole = true;
    for (const name of names) {
      const old = before.get(name);
      const pack = old ?? (await ifThere(this.#open(`${this.#folder}/${name}`)));
      if (pack === 'damaged') isWhole = false;
      else if (pack !== null) known.set(name, pack);
      if (pack !== null && pack !== 'damaged' && old === undefined) added.push(pack);
    }
    this.#known = known;
    return (await this.#findIn(added, oid)) ?? (isWhole ? null : 'damaged');
  }

  async #findIn(packs: readonly Pack[], oid: string): Promise<Found> {
    const name = Buffer.from(oid, 'hex');
    let found: Found = null;
    for (const pack of packs) {
      const place = pack.index.offsetOf(name);
      if (place === null) continue;
      // Another may hold it too, where `git gc` took this one away meanwhile or it is damaged.
      found = (await ifThere(this.#readObject(pack, place))) ?? found;
      if (found !== null && found !== 'damaged') return found;
    }
    return found;
  }

  async #open(indexFile: string): Promise<Pack | 'damaged'> {
    if ((await stat(indexFile)).size > maxIndexBytes) return 'damaged';
    const index = PackIndex.read(await readFile(indexFile));
    if (index === null) return 'damaged';
    const file = indexFile.replace(/idx$/, 'pack');
    const bytes = (await stat(file)).size;
    const head = await this.#files.read(file, bytes, 0, packHeadBytes);
    return readPackHead(head) === index.count ? { file, index, bytes } : 'damaged';
  }

  async #readObject(pack: Pack, offset: number): Promise<Exclude<Found, null>> {
    const deltas: Delta[] = [];
    let unpacked = 0;
    for (let place = offset; deltas.length < mostDeltas;) {
      const made = this.#bases.at(pack.file, place);
      if (made !== null) return this.#unfold(pack, made, deltas);
      const entry = await this.#readEntry(pack, place);
      if (entry === 'damaged' || entry === 'too-large') return entry;
      const { base, kind, content } = entry;
      if (base === null)
        return this.#unfold(pack, this.#bases.keep(pack.file, place, { kind, content }), deltas);
      unpacked += content.length;
      if (unpacked > this.#mostBytes) return 'too-large';
      deltas.push({ place, bytes: content });
      const next = 'back' in base ? place - base.back : pack.index.offsetOf(base.name);
      if (next === null) return 'damaged';
      place = next;
    }
    // Deltas that lead back to where they began.
    return 'damaged';
  }

  async #readEntry(
    pack: Pack,
    place: number,
  ): Promise<(EntryHead & { readonly content: Buffer }) | 'too-large' | 'damaged'> {
    const end = pack.bytes - packTrailerBytes;
    if (place < packHeadBytes || place >= end) return 'damaged';
    const read = (from: number, length: number): Promise<Buffer> =>
      this.#files.read(pack.file, pack.bytes, from, Math.min(length, end - from));
    const first = await read(place, firstBytes);
    const head = readEntryHead(first.subarray(0, maxHeadBytes));
    if (head === null) return 'damaged';
    if (head.size > this.#mostBytes) return 'too-large';
    const packed = packedSize(head.size);
    const isAllRead = head.length + packed <= first.length;
    const content = inflate(
      isAllRead ? first.subarray(head.length) : await read(place + head.length, packed),
      head.size,
    );
    return content === null ? 'damaged' : { ...head, content };
  }

  /** A few bytes of a delta can copy all of its base: what a chain of them makes is bounded as a whole. */
  #unfold({ file }: Pack, base: FoundObject, deltas: readonly Delta[]): Exclude<Found, null> {
    let last = base;
    let made = 0;
    for (const { place, bytes } of deltas.toReversed()) {
      const content = applyDelta(last.content, bytes, this.#mostBytes);
      if (content === null) return 'damaged';
      made += content.length;
      if (made > mostMade * this.#mostBytes) return 'too-large';
      last = this.#bases.keep(file, place, { kind: base.kind, content });
    }
    return last;
  }
}

/** Null: that is not what so many bytes were packed to. */
function inflate(packed: Buffer, size: number): Buffer | null {
  try {
    // Not in pieces of 16 KiB, of which most would stay empty.
    const content = inflateSync(packed, {
      chunkSize: Math.max(64, size + 1),
      maxOutputLength: Math.max(1, size),
    });
    return content.length === size ? content : null;
  } catch {
    // It throws for nothing but bytes that are none of its own, or too many of them.
    return null;
  }
}
