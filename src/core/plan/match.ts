/**
 * Which row of one text is the same object as which row of another. By natural key where there is one; else
 * rows of equal content first (the n-th equal to the n-th), then the most similar within the same order
 * group, so that a changed property becomes a `set`. Never quadratic over a large section.
 */
import { canonicalItem } from '../digest.ts';
import type { Item } from '../item.ts';
import { groupBy } from './order.ts';
import { pairSimilar, type Candidate } from './similar.ts';

/** One object as the three texts see it: indices into the lists that were matched, null where it is missing. */
export interface Triple {
  confirmed: number | null;
  desired: number | null;
  actual: number | null;
}

export interface MatchInput {
  readonly confirmed: readonly Item[];
  readonly desired: readonly Item[];
  readonly actual: readonly Item[];
  /** False before anything was confirmed: then history says nothing about who moved. */
  readonly hasConfirmed: boolean;
  readonly groupOf: (item: Item) => string;
  /** What a row is there for; rows that are for the same are alike, whatever else they say. */
  readonly purposeOf: (item: Item) => string | null;
}

export function matchRows(input: MatchInput): readonly Triple[] {
  return matchKeyed(input).concat(matchByContent(input));
}

function matchKeyed(input: MatchInput): readonly Triple[] {
  const triples: Triple[] = [];
  const byKey = new Map<string, Triple>();
  /** The second and later rows of one key: the n-th of one side meets the n-th of the others. */
  const twins = new Map<string, Triple[]>();
  const fresh = (): Triple => {
    const triple = { confirmed: null, desired: null, actual: null };
    triples.push(triple);
    return triple;
  };
  for (const side of ['actual', 'desired', 'confirmed'] as const) {
    const items = input[side];
    for (let index = 0; index < items.length; index++) {
      const key = items[index]?.key ?? null;
      if (key === null) continue;
      let triple = byKey.get(key);
      if (triple === undefined) byKey.set(key, (triple = fresh()));
      else if (triple[side] !== null) {
        const others = twins.get(key) ?? [];
        twins.set(key, others);
        triple = others.find((other) => other[side] === null);
        if (triple === undefined) others.push((triple = fresh()));
      }
      triple[side] = index;
    }
  }
  return triples;
}

/** A bag of row indices by content; taking one gives the first that is left. */
class Bag {
  readonly #rows: Map<string, number[]>;
  constructor(items: readonly Item[]) {
    const unkeyed = [...items.keys()].filter((i) => items[i]?.key === null);
    this.#rows = groupBy(unkeyed, (i) => contentOf(items, i));
    for (const rows of this.#rows.values()) rows.reverse();
  }
  take(content: string): number | null {
    return this.#rows.get(content)?.pop() ?? null;
  }
  rest(): readonly number[] {
    return [...this.#rows.values()].flat().sort((a, b) => a - b);
  }
}

function contentOf(items: readonly Item[], index: number): string {
  const item = items[index];
  return item ? canonicalItem(item) : '';
}

function matchByContent(input: MatchInput): readonly Triple[] {
  const { confirmed, desired, actual } = input;
  const isUnkeyed = ({ key }: Item): boolean => key === null;
  if (!desired.some(isUnkeyed) && !actual.some(isUnkeyed)) return [];
  const triples: Triple[] = [];
  const actualBag = new Bag(actual);
  const confirmedBag = new Bag(confirmed);
  const lonelyDesired: number[] = [];
  desired.forEach((item, index) => {
    if (item.key !== null) return;
    const content = canonicalItem(item);
    const twin = actualBag.take(content);
    if (twin === null) lonelyDesired.push(index);
    else triples.push({ desired: index, actual: twin, confirmed: confirmedBag.take(content) });
  });
  // A row that equals its confirmed form was not touched on that side: the other side moved, or lost it.
  const wanted = lonelyDesired.map((index) => ({ index, was: confirmedBag.take(contentOf(desired, index)) }));
  const had = actualBag.rest().map((index) => ({ index, was: confirmedBag.take(contentOf(actual, index)) }));
  const lostBoth = [...confirmedBag.rest()];

  const whole = { desired: ambiguous(desired, actual), actual: ambiguous(actual, desired) };
  const candidates = (
    side: 'desired' | 'actual',
    rows: readonly { index: number; was: number | null }[],
  ): Candidate[] =>
    rows.map(({ index, was }) => ({
      item: itemAt(input[side], index),
      position: index,
      unchanged: was !== null,
      whole: whole[side](index),
    }));
  const pairs = pairSimilar(
    candidates('desired', wanted),
    candidates('actual', had),
    input,
    input.hasConfirmed,
  );
  const paired = new Set(pairs.values());
  wanted.forEach((row, i) => {
    const other = had[pairs.get(i) ?? -1];
    triples.push({
      desired: row.index,
      actual: other?.index ?? null,
      confirmed: row.was ?? other?.was ?? null,
    });
  });
  had.forEach((row, j) => {
    if (!paired.has(j)) triples.push({ desired: null, actual: row.index, confirmed: row.was });
  });
  return lostBoth.length === 0 ? triples : withHistory(triples, lostBoth, input);
}

/**
 * What changed on both sides, or on one and vanished on the other, finds its confirmed form by similarity. Two new
 * rows that only look alike are not one object: one was made in git and one by hand.
 */
function withHistory(
  triples: readonly Triple[],
  lost: readonly number[],
  input: MatchInput,
): readonly Triple[] {
  const open = triples.filter(
    (triple) => triple.confirmed === null && (triple.desired === null || triple.actual === null),
  );
  const history = lost.map((index) => ({
    item: itemAt(input.confirmed, index),
    position: index,
    unchanged: false,
    whole: false,
  }));
  const isOpen = new Set(open);
  const byHistory = new Map<number, Triple>();
  const result = triples.filter((triple) => !isOpen.has(triple));
  for (const side of ['desired', 'actual'] as const) {
    const mine = open.filter((triple) => triple[side] !== null);
    const rows = mine.map((triple) => {
      const position = triple[side] ?? 0;
      return { item: itemAt(input[side], position), position, unchanged: false, whole: false };
    });
    const found = pairSimilar(rows, history, input, false);
    mine.forEach((triple, i) => {
      const confirmed = lost[found.get(i) ?? -1] ?? null;
      const other = confirmed === null ? undefined : byHistory.get(confirmed);
      if (other) other[side] = triple[side];
      else {
        const known = { ...triple, confirmed };
        result.push(known);
        if (confirmed !== null) byHistory.set(confirmed, known);
      }
    });
  }
  return result;
}

function itemAt(items: readonly Item[], index: number): Item {
  return items[index] as Item;
}

/**
 * Rows whose form other rows have too: on the device they could not be told apart while one becomes the other, so
 * such a row comes or goes whole.
 */
function ambiguous(mine: readonly Item[], theirs: readonly Item[]): (index: number) => boolean {
  const unkeyed = (items: readonly Item[]): readonly Item[] => items.filter(({ key }) => key === null);
  const own = groupBy(unkeyed(mine), canonicalItem);
  const other = new Set(unkeyed(theirs).map(canonicalItem));
  return (index) => {
    const content = contentOf(mine, index);
    return other.has(content) || (own.get(content)?.length ?? 0) > 1;
  };
}
