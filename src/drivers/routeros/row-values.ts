/**
 * A row's values by name while a text is read. Exports list them by name, so that each is put behind the last one and
 * nothing is looked for; other orders cost an index. Never quadratic, whatever the text holds.
 */
import type { Properties } from '../../core/item.ts';

type Entry = readonly [name: string, value: string | null];

/** Up to so many a look at each is quicker than an index. */
const few = 16;

export class RowValues {
  readonly #entries: Entry[] = [];
  #isSorted = true;
  #index: Map<string, number> | null = null;

  get size(): number {
    return this.#entries.length;
  }

  /** `null` is an explicit unset; undefined: nothing was said. */
  get(name: string): string | null | undefined {
    const at = this.#find(name);
    return at < 0 ? undefined : this.#entries[at]?.[1];
  }

  /** Gives what stood there before; undefined: nothing did. */
  set(name: string, value: string | null): string | null | undefined {
    const entries = this.#entries;
    const last = entries[entries.length - 1];
    const isNext = this.#isSorted && (last === undefined || last[0] < name);
    const at = isNext ? -1 : this.#find(name);
    if (at >= 0) {
      const before = entries[at]?.[1];
      entries[at] = [name, value];
      return before;
    }
    if (!isNext) this.#isSorted = false;
    this.#index?.set(name, entries.length);
    entries.push([name, value]);
    return undefined;
  }

  entries(): Properties {
    return this.#entries;
  }

  /** Those that are kept, by name. */
  sorted(isKept: (name: string, value: string | null) => boolean): Properties {
    const entries = this.#entries;
    let first = 0;
    while (first < entries.length && isKept(entries[first]![0], entries[first]![1])) first++;
    if (first === entries.length && this.#isSorted) return entries;
    const kept = entries.slice(0, first);
    for (let i = first + 1; i < entries.length; i++) {
      const entry = entries[i]!;
      if (isKept(entry[0], entry[1])) kept.push(entry);
    }
    return this.#isSorted ? kept : kept.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }

  #find(name: string): number {
    const entries = this.#entries;
    if (entries.length <= few) {
      for (let i = 0; i < entries.length; i++) if (entries[i]?.[0] === name) return i;
      return -1;
    }
    this.#index ??= new Map(entries.map(([own], i) => [own, i]));
    return this.#index.get(name) ?? -1;
  }
}
