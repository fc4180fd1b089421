/**
 * What was lately made of packs, by its place: git writes an object as what differs from one that was written shortly
 * before, and that one from the one before it. Of so many bytes; what was not asked for the longest goes first.
 */
import type { FoundObject } from './found.ts';

const mostBytes = 8 * 1024 * 1024;

export class DeltaBases {
  readonly #kept = new Map<string, FoundObject>();
  #bytes = 0;

  at(file: string, place: number): FoundObject | null {
    const key = keyOf(file, place);
    const found = this.#kept.get(key);
    if (found === undefined) return null;
    this.#kept.delete(key);
    this.#kept.set(key, found);
    return found;
  }

  /** Of a place that nothing is kept of; gives back what is kept, which shares its memory with nothing else. */
  keep(file: string, place: number, { kind, content }: FoundObject): FoundObject {
    const made = { kind, content: Buffer.allocUnsafeSlow(content.length) };
    content.copy(made.content);
    this.#kept.set(keyOf(file, place), made);
    this.#bytes += content.length;
    for (const [key, oldest] of this.#kept) {
      if (this.#bytes <= mostBytes) break;
      this.#kept.delete(key);
      this.#bytes -= oldest.content.length;
    }
    return made;
  }
}

function keyOf(file: string, place: number): string {
  return `${place} ${file}`;
}
