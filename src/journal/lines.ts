/**
 * Lines of a file by blocks: memory stays bounded whatever the file holds, and only a new block is waited for, since a
 * wait for each line would cost more than the line. Judges nothing.
 */
import { isAscii } from 'node:buffer';
import { maxLineBytes } from './record.ts';
import type { ReadableFile } from './storage.ts';

const blockBytes = 1024 * 1024;

/** What a reader works in. Whoever reads many files hands in the same one: freed ones stay in memory for long. */
export function lineBuffer(): Buffer {
  return Buffer.allocUnsafe(blockBytes + maxLineBytes);
}

export class LineReader {
  readonly #file: ReadableFile;
  readonly #buffer: Buffer;
  #start = 0;
  #end = 0;
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
    const pending = this.left;
    if (pending >= maxLineBytes) return false;
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#start = 0;
    const read = await this.#file.read(this.#buffer.subarray(pending, pending + blockBytes), this.#position);
    this.#position += read;
    this.#end = pending + read;
    this.isAscii = isAscii(this.#buffer.subarray(0, this.#end));
    return read > 0;
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
