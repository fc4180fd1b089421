/**
 * Bytes of a pack by place. Entries that need each other lie near each other, so the surroundings are read with them and
 * kept: one reading serves hundreds of entries. No file stays open, since `git gc` may want it gone.
 */
import { open } from 'node:fs/promises';

const windowBytes = 128 * 1024;
/** Of a window, in front of what was asked for: a delta's base lies before it. */
const beforeBytes = 32 * 1024;

const mostWindows = 8;

interface Window {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly bytes: Promise<Buffer>;
}

export class PackFiles {
  /** The newest ones, the last used last: trees and files lie apart, and both are asked for in turn. */
  #windows: readonly Window[] = [];

  /** Fewer bytes where the file, which should end at `size`, ends before. Rejects with what the disk says. */
  async read(file: string, size: number, offset: number, length: number): Promise<Buffer> {
    const end = offset + length;
    if (length > windowBytes - beforeBytes) return readPart(file, offset, length);
    const known = this.#windows.find((one) => one.file === file && one.start <= offset && end <= one.end);
    const window = known ?? windowAt(file, size, offset, end);
    const others = this.#windows.filter((one) => one !== window);
    this.#windows = [...others.slice(-(mostWindows - 1)), window];
    try {
      return (await window.bytes).subarray(offset - window.start, end - window.start);
    } catch (error) {
      this.#windows = this.#windows.filter((one) => one !== window);
      throw error;
    }
  }
}

function windowAt(file: string, size: number, offset: number, end: number): Window {
  const start = Math.max(0, offset - beforeBytes);
  const until = Math.max(end, Math.min(size, start + windowBytes));
  return { file, start, end: until, bytes: readPart(file, start, until - start) };
}

/** Fewer bytes where the file ends before. */
export async function readPart(file: string, offset: number, length: number): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    for (let last = -1; filled < length && last !== 0; filled += last)
      last = (await handle.read(bytes, filled, length - filled, offset + filled)).bytesRead;
    return bytes.subarray(0, filled);
  } finally {
    await handle.close();
  }
}
