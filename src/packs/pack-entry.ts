/**
 * What stands in git's packs: their head, the head of an entry, and deltas. Pure; every length and place is checked before it is
 * used, so that no bytes make it read or write elsewhere, or more than they may.
 */
import type { ObjectKind } from './found.ts';

/** A number as packs and deltas write it, and where the bytes after it begin. */
interface Read {
  readonly value: number;
  readonly next: number;
}

/** The base of a delta: an earlier place in the same pack, or an object of it by name. */
export type Base = { readonly back: number } | { readonly name: Buffer };

export type EntryHead = {
  /** Of what is packed, once it is inflated. */
  readonly size: number;
  /** Where the packed bytes begin. */
  readonly length: number;
} & ({ readonly kind: ObjectKind; readonly base: null } | { readonly kind: null; readonly base: Base });

const nameBytes = 20;
/** Longest head there is: a size, and the base's name or how far back it is. */
export const maxHeadBytes = 10 + nameBytes;
const kinds: readonly (ObjectKind | null)[] = [null, 'commit', 'tree', 'blob', 'tag'];
const [backDelta, nameDelta] = [6, 7];

export const packHeadBytes = 12;
/** The hash of all before it. */
export const packTrailerBytes = 20;

/** How many entries follow; null: it is no pack of version 2. */
export function readPackHead(bytes: Buffer): number | null {
  if (bytes.length < packHeadBytes || bytes.toString('hex', 0, 8) !== '5041434b00000002') return null;
  return bytes.readUInt32BE(8);
}

/** Null: no entry of a pack begins so. */
export function readEntryHead(bytes: Buffer): EntryHead | null {
  const first = bytes[0];
  if (first === undefined) return null;
  const type = (first >> 4) & 7;
  const size = readSize(bytes, 1, first & 15, 16, first);
  if (size === null) return null;
  if (type === nameDelta) {
    const name = bytes.subarray(size.next, size.next + nameBytes);
    if (name.length < nameBytes) return null;
    return { kind: null, base: { name }, size: size.value, length: size.next + name.length };
  }
  if (type === backDelta) {
    const back = readBack(bytes, size.next);
    return back === null
      ? null
      : { kind: null, base: { back: back.value }, size: size.value, length: back.next };
  }
  const kind = kinds[type] ?? null;
  return kind === null ? null : { kind, base: null, size: size.value, length: size.next };
}

/** Seven bits a byte, the lowest first, as long as the byte before had its highest bit set. */
function readSize(bytes: Buffer, from: number, start: number, scale: number, before: number): Read | null {
  let [value, factor, next, byte] = [start, scale, from, before];
  while (byte >= 0x80) {
    const more = bytes[next++];
    if (more === undefined) return null;
    byte = more;
    value += (byte & 0x7f) * factor;
    factor *= 128;
    if (value > Number.MAX_SAFE_INTEGER) return null;
  }
  return { value, next };
}

/** The highest bits first, and one added for each byte but the first. */
function readBack(bytes: Buffer, from: number): Read | null {
  let value = -1;
  for (let next = from; ;) {
    const byte = bytes[next++];
    if (byte === undefined) return null;
    value = (value + 1) * 128 + (byte & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER) return null;
    if (byte < 0x80) return { value, next };
  }
}

/** The sizes of what a delta stands on and of what it makes, and where its orders begin. Null: it is none. */
export function readDeltaHead(delta: Buffer): { readonly base: number; readonly made: Read } | null {
  const base = readSize(delta, 0, 0, 1, 0x80);
  const made = base === null ? null : readSize(delta, base.next, 0, 1, 0x80);
  return base === null || made === null ? null : { base: base.value, made };
}

/** What the delta makes of its base; null where it is not one. `most` bounds what it may make. */
export function applyDelta(base: Buffer, delta: Buffer, most: number): Buffer | null {
  const head = readDeltaHead(delta);
  if (head === null || head.base !== base.length || head.made.value > most) return null;
  const made = Buffer.allocUnsafe(head.made.value);
  let filled = 0;
  for (let at = head.made.next; at < delta.length;) {
    const order = delta[at++] ?? 0;
    // Reserved; a version of git that knows what it means wrote a newer pack.
    if (order === 0) return null;
    const isCopy = order >= 0x80;
    const from = isCopy ? copiedPart(delta, at, order) : { start: at, size: order, next: at + order };
    const source = isCopy ? base : delta;
    if (from === null || from.start + from.size > source.length || filled + from.size > made.length)
      return null;
    source.copy(made, filled, from.start, from.start + from.size);
    filled += from.size;
    at = from.next;
  }
  return filled === made.length ? made : null;
}

interface Part {
  readonly start: number;
  readonly size: number;
  readonly next: number;
}

/** Four bits say which bytes of the start are there, three which of the size; a size of nothing means 64 KiB. */
function copiedPart(delta: Buffer, from: number, order: number): Part | null {
  let [start, size, next] = [0, 0, from];
  for (let bit = 0; bit < 7; bit++) {
    if ((order & (1 << bit)) === 0) continue;
    const byte = delta[next++];
    if (byte === undefined) return null;
    if (bit < 4) start += byte * 256 ** bit;
    else size += byte * 256 ** (bit - 4);
  }
  return { start, size: size === 0 ? 0x1_0000 : size, next };
}
