/**
 * Lines of a file by blocks: memory stays bounded whatever the file holds, and only a new block is waited for, since a
 * wait for each line would cost more than the line; it is read while the lines before it are judged. Judges nothing.
 */
import { isAscii } from 'node:buffer';
import { maxLineBytes } from './record.ts';
import type { ReadableFile } from './storage.ts';

const blockBytes = 256 * 1024;

/** What a reader works in. Whoever reads many files hands in the same one: freed ones stay in memory for long. */
export function lineBuffer(): Buffer {
  return Buffer.allocUnsafe(maxLineBytes + 4 * blockBytes);
}

export class LineReader {
  readonly #file: ReadableFile;
  readonly #buffer: Buffer;
  #start = 0;
  #end = 0;
  /** How many bytes come behind `#end`: the next block is read while the lines of this one are judged. */
  #ahead: Promise<number> | null = null;
  #position: number;
  /** Nothing but ASCII is in memory: said once for a block, since asking for each line would cost more. */
  isAscii = true;

  constructor(file: ReadableFile, position = 0, buffer = lineBuffer()) {
    this.#buffer = buffer;
    this.#file = file;
    this.#position = position;
  }

  /** The next line that is in memory, without its LF, valid until `fill`; null: there is none. */
  take(): Buffer | null {
    const found = this.#buffer.indexOf(10, this.#start);
    if (found < 0 || found >= this.#end) return null;
    const line = this.#buffer.subarray(this.#start, found);
    this.#start = found + 1;
    return line;
  }

  /** Reads on. False when nothing more comes: the file ended, or what is `left` is too long to be a line. */
  async fill(): Promise<boolean> {
    if (this.left >= maxLineBytes) return false;
    const read = await (this.#ahead ?? this.#read());
    this.#ahead = null;
    this.#end += read;
    this.#position += read;
    this.isAscii = isAscii(this.#buffer.subarray(this.#start, this.#end));
    if (read < blockBytes) return read > 0;
    this.#ahead = this.#read();
    // Whoever stops before it has come does not ask how it went.
    this.#ahead.catch(() => undefined);
    return true;
  }

  /** What is left is moved to the front first where nothing would fit behind it. */
  #read(): Promise<number> {
    if (this.#end + blockBytes > this.#buffer.length) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    return this.#file.read(this.#buffer.subarray(this.#end, this.#end + blockBytes), this.#position);
  }

  /** Bytes that were read and belong to no line yet. */
  get left(): number {
    return this.#end - this.#start;
  }

  /** The next line, wherever it is; null when no whole one follows. */
  async next(): Promise<Buffer | null> {
    for (;;) {
      const line = this.take();
      if (line !== null || !(await this.fill())) return line;
    }
  }
}
