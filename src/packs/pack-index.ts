/**
 * The index of one of git's packs (version 2, SHA-1): where in the pack an object lies. Pure. Whatever it says is a
 * hint: what is found there is hashed, and sizes and places are bounded by who reads them.
 */

/** Kept in memory whole; a million objects take 28 MB. */
export const maxIndexBytes = 64 * 1024 * 1024;

const headerBytes = 8;
const fanoutBytes = 256 * 4;
const nameBytes = 20;
const trailerBytes = 2 * 20;
const magicAndVersion = 'ff744f6300000002';

export class PackIndex {
  readonly count: number;
  readonly #bytes: Buffer;
  /** Offsets from 2 GiB on, 8 bytes each. */
  readonly #large: number;

  private constructor(bytes: Buffer, count: number, large: number) {
    this.#bytes = bytes;
    this.count = count;
    this.#large = large;
  }

  /** Null: it is none, of another version, or of another hash. */
  static read(bytes: Buffer): PackIndex | null {
    const names = headerBytes + fanoutBytes;
    if (bytes.length < names + trailerBytes || bytes.toString('hex', 0, headerBytes) !== magicAndVersion)
      return null;
    for (let first = 1; first < 256; first++)
      if (fanout(bytes, first) < fanout(bytes, first - 1)) return null;
    const count = fanout(bytes, 255);
    // With longer names the sizes can't come out even.
    const large = (bytes.length - names - count * (nameBytes + 4 + 4) - trailerBytes) / 8;
    if (!Number.isInteger(large) || large < 0 || large > count) return null;
    return new PackIndex(bytes, count, large);
  }

  /** Null: it is not in the pack, or nowhere that a number can say. */
  offsetOf(name: Buffer): number | null {
    const first = name[0] ?? 0;
    let low = first === 0 ? 0 : fanout(this.#bytes, first - 1);
    let high = fanout(this.#bytes, first);
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = headerBytes + fanoutBytes + middle * nameBytes;
      const order = name.compare(this.#bytes, at, at + nameBytes);
      if (order === 0) return this.#offsetAt(middle);
      if (order < 0) high = middle;
      else low = middle + 1;
    }
    return null;
  }

  #offsetAt(place: number): number | null {
    const offsets = headerBytes + fanoutBytes + this.count * (nameBytes + 4);
    const offset = this.#bytes.readUInt32BE(offsets + place * 4);
    if (offset < 0x8000_0000) return offset;
    const large = offset - 0x8000_0000;
    if (large >= this.#large) return null;
    const far = this.#bytes.readBigUInt64BE(offsets + this.count * 4 + large * 8);
    return far > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(far);
  }
}

function fanout(bytes: Buffer, first: number): number {
  return bytes.readUInt32BE(headerBytes + first * 4);
}
