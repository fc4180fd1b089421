/**
 * Objects out of the packs of a git repository on this machine. Reads what git itself writes by default, and says
 * nothing about the rest: what it does not find or can't follow is for the git library, which is slower and knows more.
 * Believes nothing: whoever asks hashes what comes. Never unpacks more than it was told it may.
 */
import { readFile, readdir, stat } from 'node:fs/promises';
import { inflateSync } from 'node:zlib';
import type { Base, PackedKind } from './pack-entry.ts';
import { applyDelta, maxHeadBytes, readEntryHead } from './pack-entry.ts';
import { PackFiles } from './pack-file.ts';
import { PackIndex, maxIndexBytes } from './pack-index.ts';

export interface PackedObject {
  readonly kind: PackedKind;
  readonly content: Buffer;
}

type Found = PackedObject | 'too-large' | null;

interface Pack {
  readonly file: string;
  readonly index: PackIndex;
  readonly bytes: number;
}

const packHeadBytes = 12;
const packTrailerBytes = 20;
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
  /** By the name of the index; null: not one to be read here. */
  #known = new Map<string, Pack | null>();

  constructor(gitdir: string, mostBytes: number) {
    this.#folder = `${gitdir}/objects/pack`;
    this.#mostBytes = mostBytes;
  }

  /** `too-large`: more than may be unpacked. Null: in no pack that is read here, or not as it has to be. */
  async find(oid: string): Promise<Found> {
    const name = Buffer.from(oid, 'hex');
    const known = await this.#findIn([...this.#known.values()], name);
    return known ?? this.#findIn(await this.#look(), name);
  }

  async #findIn(packs: readonly (Pack | null)[], name: Buffer): Promise<Found> {
    for (const pack of packs) {
      const offset = pack?.index.offsetOf(name) ?? null;
      if (pack === null || offset === null) continue;
      // One that `git gc` took away meanwhile, or that is damaged: another may hold the object too.
      const found = await this.#readObject(pack, offset).catch(() => null);
      if (found !== null) return found;
    }
    return null;
  }

  /** The packs that were not there before; forgets those that are gone. */
  async #look(): Promise<readonly (Pack | null)[]> {
    const names = (await readdir(this.#folder).catch(() => [])).filter((name) => name.endsWith('.idx'));
    const before = this.#known;
    const known = new Map<string, Pack | null>();
    const added: (Pack | null)[] = [];
    for (const name of names) {
      const old = before.get(name);
      const pack = old === undefined ? await this.#open(`${this.#folder}/${name}`).catch(() => null) : old;
      known.set(name, pack);
      if (old === undefined) added.push(pack);
    }
    this.#known = known;
    return added;
  }

  async #open(indexFile: string): Promise<Pack | null> {
    if ((await stat(indexFile)).size > maxIndexBytes) return null;
    const index = PackIndex.read(await readFile(indexFile));
    if (index === null) return null;
    const file = indexFile.replace(/idx$/, 'pack');
    const bytes = (await stat(file)).size;
    const head = await this.#files.read(file, bytes, 0, packHeadBytes);
    const isPack = head.toString('latin1', 0, 4) === 'PACK' && head.readUInt32BE(4) === 2;
    return isPack && head.readUInt32BE(8) === index.count ? { file, index, bytes } : null;
  }

  async #readObject(pack: Pack, offset: number): Promise<Found> {
    const deltas: Buffer[] = [];
    let unpacked = 0;
    for (let at = offset; deltas.length < mostDeltas;) {
      const entry = await this.#readEntry(pack, at);
      if (entry === null || entry === 'too-large') return entry;
      if (entry.base === null) return unfold(entry.kind, entry.content, deltas, this.#mostBytes);
      unpacked += entry.content.length;
      if (unpacked > this.#mostBytes) return 'too-large';
      deltas.push(entry.content);
      const { base } = entry;
      const next = 'back' in base ? at - base.back : pack.index.offsetOf(base.name);
      if (next === null) return null;
      at = next;
    }
    // Deltas that lead back to where they began.
    return null;
  }

  async #readEntry(pack: Pack, at: number): Promise<Entry | 'too-large' | null> {
    const end = pack.bytes - packTrailerBytes;
    if (at < packHeadBytes || at >= end) return null;
    const read = (from: number, length: number): Promise<Buffer> =>
      this.#files.read(pack.file, pack.bytes, from, Math.min(length, end - from));
    const first = await read(at, firstBytes);
    const head = readEntryHead(first.subarray(0, maxHeadBytes));
    if (head === null) return null;
    if (head.size > this.#mostBytes) return 'too-large';
    // As much as deflating can come to where it makes things longer.
    const packed = head.size + (head.size >> 10) + 64;
    const bytes =
      head.length + packed <= first.length
        ? first.subarray(head.length)
        : await read(at + head.length, packed);
    // Not in pieces of 16 KiB, of which most would stay empty.
    const chunkSize = Math.max(64, head.size + 1);
    const content = inflateSync(bytes, { chunkSize, maxOutputLength: Math.max(1, head.size) });
    return content.length === head.size ? { ...head, content } : null;
  }
}

type Entry =
  | { readonly kind: PackedKind; readonly base: null; readonly content: Buffer }
  | { readonly base: Base; readonly content: Buffer };

/** A few bytes of a delta can copy all of its base: what a chain of them makes is bounded as a whole. */
function unfold(kind: PackedKind, base: Buffer, deltas: readonly Buffer[], mostBytes: number): Found {
  let content: Buffer | null = base;
  let made = 0;
  for (const delta of deltas.toReversed()) {
    content = applyDelta(content, delta, mostBytes);
    if (content === null) return null;
    made += content.length;
    if (made > mostMade * mostBytes) return 'too-large';
  }
  return { kind, content };
}
