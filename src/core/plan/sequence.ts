/**
 * Where rows of ordered sections end up: each group as a sequence of rows with an identity of their own, so that
 * equal rows stay apart. Rows that nobody asked to move keep their place behind their predecessor.
 */
import { canonicalItem } from '../digest.ts';
import type { Item } from '../item.ts';
import { groupBy, longestIncreasing } from './order.ts';

/** One row through a plan; `base` null: it is added; `target` null: it is removed. */
export interface PlanRow {
  readonly base: Item | null;
  target: Item | null;
  /** Rank in the desired text, null where that does not name it. */
  wanted: number | null;
  /** Differs in place, and the difference is to be carried out. */
  reorder: boolean;
}

export interface Sequence {
  /** Rows of the target in order. */
  readonly rows: readonly PlanRow[];
  /** Of these, the ones that a plan must move. */
  readonly movers: ReadonlySet<PlanRow>;
}

/** Pairs each row with its rank in the desired text: the changed ones by object, the rest by equal content. */
export function rankRows(rows: readonly PlanRow[], desired: readonly Item[]): void {
  const identity = (item: Item): string => (item.key === null ? canonicalItem(item) : `key ${item.key}`);
  const ranks = groupBy(desired.keys(), (i) => identity(desired[i] as Item));
  for (const list of ranks.values()) list.reverse();
  for (const row of rows) {
    const item = row.target;
    if (item !== null) row.wanted = ranks.get(identity(item))?.pop() ?? null;
  }
}

/** The target order of one group; `rows` are its base rows in order, then the added ones. */
export function targetSequence(rows: readonly PlanRow[]): Sequence {
  const present = rows.filter((row) => row.base !== null && row.target !== null);
  const ordered = rows.some((row) => row.reorder) ? sortByWanted(present) : [...present];
  const rank = new Map(ordered.map((row, i) => [row, i]));
  const stays = new Set(longestIncreasing(present.map((row) => rank.get(row) ?? 0)));
  const movers = new Set(present.filter((_, i) => !stays.has(i)));
  const added = rows.filter((row) => row.base === null && row.target !== null);
  added.sort((a, b) => (a.wanted ?? Infinity) - (b.wanted ?? Infinity));
  return { rows: insertAdded(ordered, added), movers };
}

/** Rows that the desired text names in its order; the others stay behind the row they stood behind. */
function sortByWanted(present: readonly PlanRow[]): PlanRow[] {
  const named = present
    .filter((row) => row.wanted !== null)
    .sort((a, b) => (a.wanted ?? 0) - (b.wanted ?? 0));
  const followers = new Map<PlanRow | null, PlanRow[]>();
  let previous: PlanRow | null = null;
  for (const row of present) {
    if (row.wanted !== null) previous = row;
    else followers.set(previous, [...(followers.get(previous) ?? []), row]);
  }
  return [...(followers.get(null) ?? []), ...named.flatMap((row) => [row, ...(followers.get(row) ?? [])])];
}

/** Each added row directly before its next neighbour in the desired text, else directly behind its previous one. */
function insertAdded(ordered: PlanRow[], added: readonly PlanRow[]): readonly PlanRow[] {
  if (added.length === 0) return ordered;
  const named = ordered
    .filter((row) => row.wanted !== null)
    .sort((a, b) => (a.wanted ?? 0) - (b.wanted ?? 0));
  const before = new Map<PlanRow | null, PlanRow[]>();
  const behind = new Map<PlanRow, PlanRow[]>();
  let next = 0;
  for (const row of added) {
    while (next < named.length && (named[next]?.wanted ?? 0) < (row.wanted ?? Infinity)) next += 1;
    const successor = named[next];
    const predecessor = named[next - 1];
    if (successor) before.set(successor, [...(before.get(successor) ?? []), row]);
    else if (predecessor) behind.set(predecessor, [...(behind.get(predecessor) ?? []), row]);
    else before.set(null, [...(before.get(null) ?? []), row]);
  }
  const result = ordered.flatMap((row) => [...(before.get(row) ?? []), row, ...(behind.get(row) ?? [])]);
  return [...result, ...(before.get(null) ?? [])];
}
