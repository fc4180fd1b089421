/** Lines of a file by blocks: memory stays bounded whatever the file holds. Judges nothing. */
import { maxLineBytes } from './record.ts';
import type { ReadableFile } from './storage.ts';

export interface Line {
  /** Without its LF; valid until the next call. */
  readonly bytes: Uint8Array;
  /** False for what stands at the end without an LF, or is too long to be a line. */
  readonly complete: boolean;
}

const blockBytes = 1024 * 1024;

export class LineReader {
  readonly #file: ReadableFile;
  readonly #buffer = Buffer.allocUnsafe(blockBytes + maxLineBytes);
  #start = 0;
  #end = 0;
  #position = 0;

  constructor(file: ReadableFile) {
    this.#file = file;
  }

  /** Null at the end of the file. After an incomplete line nothing more is read. */
  async next(): Promise<Line | null> {
    let scanned = this.#start;
    for (;;) {
      const found = this.#buffer.subarray(0, this.#end).indexOf(10, scanned);
      if (found >= 0) {
        const bytes = this.#buffer.subarray(this.#start, found);
        this.#start = found + 1;
        return { bytes, complete: true };
      }
      const pending = this.#end - this.#start;
      if (pending >= maxLineBytes)
        return { bytes: this.#buffer.subarray(this.#start, this.#end), complete: false };
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#start = 0;
      this.#end = pending;
      scanned = pending;
      const read = await this.#file.read(
        this.#buffer.subarray(pending, pending + blockBytes),
        this.#position,
      );
      this.#position += read;
      this.#end += read;
      if (read === 0)
        return pending === 0 ? null : { bytes: this.#buffer.subarray(0, pending), complete: false };
    }
  }
}
