/**
 * Pairs rows that are most alike, for sections without a natural key. Cost is the number of properties that
 * differ; an equal comment is a hint that decides between equals, not identity. Rows pair only within one
 * order group. Linear for rows that differ in one property; compared one by one only in small groups.
 */
import type { Item } from '../item.ts';
import { groupBy } from './order.ts';

export interface Candidate {
  readonly item: Item;
  readonly position: number;
  /** Equal to its confirmed form. */
  readonly unchanged: boolean;
  /** Never paired: its form alone does not say which row it is. */
  readonly whole: boolean;
}

export interface Likeness {
  readonly groupOf: (item: Item) => string;
  readonly purposeOf: (item: Item) => string | null;
}

/** Above this many pairs in a group only rows that differ in one property are paired. */
const mostPairs = 250_000;

/**
 * Index in `left` to index in `right`. `oneUnchanged`: only pairs of which exactly one side is unchanged, since two
 * unchanged rows would be equal if they were one object, and two new ones were made by two people.
 */
export function pairSimilar(
  left: readonly Candidate[],
  right: readonly Candidate[],
  { groupOf, purposeOf }: Likeness,
  oneUnchanged: boolean,
): ReadonlyMap<number, number> {
  const pairs = new Map<number, number>();
  if (left.length === 0 || right.length === 0) return pairs;
  const leftGroups = groupBy(pairable(left), (i) => groupOf((left[i] as Candidate).item));
  const rightGroups = groupBy(pairable(right), (j) => groupOf((right[j] as Candidate).item));
  for (const [group, lefts] of leftGroups) {
    const rights = rightGroups.get(group) ?? [];
    if (lefts.length * rights.length <= mostPairs)
      pairByCost(left, right, lefts, rights, (a, b) => costOf(a, b, purposeOf), oneUnchanged, pairs);
    else pairByOneEdit(left, right, lefts, rights, oneUnchanged, pairs);
  }
  return pairs;
}

function pairable(candidates: readonly Candidate[]): readonly number[] {
  return [...candidates.keys()].filter((i) => candidates[i]?.whole === false);
}

function pairByCost(
  left: readonly Candidate[],
  right: readonly Candidate[],
  lefts: readonly number[],
  rights: readonly number[],
  cost: (a: Item, b: Item) => number | null,
  oneUnchanged: boolean,
  pairs: Map<number, number>,
): void {
  const scored: { i: number; j: number; cost: number; apart: number }[] = [];
  for (const i of lefts) {
    const a = left[i] as Candidate;
    for (const j of rights) {
      const b = right[j] as Candidate;
      if (oneUnchanged && a.unchanged === b.unchanged) continue;
      const least = cost(a.item, b.item);
      if (least !== null) scored.push({ i, j, cost: least, apart: Math.abs(a.position - b.position) });
    }
  }
  scored.sort((x, y) => x.cost - y.cost || x.apart - y.apart || x.i - y.i || x.j - y.j);
  const taken = new Set<number>();
  for (const { i, j } of scored) {
    if (pairs.has(i) || taken.has(j)) continue;
    pairs.set(i, j);
    taken.add(j);
  }
}

/** Null when less than half of the properties are the same, and not what they are for: then they are two objects. */
function costOf(a: Item, b: Item, purposeOf: Likeness['purposeOf']): number | null {
  const values = new Map(a.properties);
  let same = 0;
  let comment = false;
  for (const [name, value] of b.properties) {
    if (!values.has(name) || values.get(name) !== value) continue;
    same += 1;
    if (name === 'comment') comment = true;
  }
  const names = new Set([...values.keys(), ...b.properties.map(([name]) => name)]).size;
  const different = names - same;
  const purpose = purposeOf(a);
  const isForTheSame = purpose !== null && purpose === purposeOf(b);
  if (different > same && !isForTheSame && !(comment && different <= same + 1)) return null;
  return different - (comment ? 0.5 : 0) - (isForTheSame ? 0.75 : 0);
}

/** Rows that are equal once one property's value is left out. */
function pairByOneEdit(
  left: readonly Candidate[],
  right: readonly Candidate[],
  lefts: readonly number[],
  rights: readonly number[],
  oneUnchanged: boolean,
  pairs: Map<number, number>,
): void {
  const bySignature = new Map<string, number[]>();
  for (const j of rights) {
    for (const signature of signaturesOf((right[j] as Candidate).item)) {
      const rows = bySignature.get(signature);
      if (rows) rows.push(j);
      else bySignature.set(signature, [j]);
    }
  }
  for (const rows of bySignature.values()) rows.reverse();
  const taken = new Set<number>();
  for (const i of lefts) {
    const a = left[i] as Candidate;
    for (const signature of signaturesOf(a.item)) {
      const rows = bySignature.get(signature);
      while (rows && rows.length > 0 && taken.has(rows.at(-1) ?? -1)) rows.pop();
      const j = rows?.at(-1);
      if (j === undefined || (oneUnchanged && a.unchanged === (right[j] as Candidate).unchanged)) continue;
      rows?.pop();
      pairs.set(i, j);
      taken.add(j);
      break;
    }
  }
}

function signaturesOf(item: Item): readonly string[] {
  return item.properties.map(([left]) =>
    JSON.stringify([left, item.properties.filter(([name]) => name !== left)]),
  );
}
