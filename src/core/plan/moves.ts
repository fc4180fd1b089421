/**
 * Differences of order: the fewest rows per group that must move so that the others may stay. Who moved is judged
 * for a group as a whole, from the order in which it was last confirmed.
 */
import type { Item } from '../item.ts';
import type { Difference, Label } from './action.ts';
import type { Triple } from './match.ts';
import { groupBy, isIncreasing, longestIncreasing } from './order.ts';

/** Rows that stand in the wrong place, the fewest per group; who moved is judged for the group as a whole. */
export function findMoves(
  triples: readonly Triple[],
  desired: readonly Item[],
  actual: readonly Item[],
  hasConfirmed: boolean,
  groupOf: (item: Item) => string,
): readonly Difference[] {
  const pairs = triples.flatMap(({ confirmed, desired: d, actual: a }) =>
    d === null || a === null ? [] : [{ confirmed, d, a, item: desired[d] as Item }],
  );
  const found: { position: number; difference: Difference }[] = [];
  for (const group of groupBy(pairs, (pair) => groupOf(pair.item)).values()) {
    group.sort((x, y) => x.a - y.a);
    const order = group.map((pair) => pair.d);
    if (isIncreasing(order)) continue;
    const stays = new Set(longestIncreasing(order));
    const label = hasConfirmed ? orderLabel(group) : 'desired';
    group.forEach((pair, i) => {
      if (stays.has(i)) return;
      const { section } = pair.item;
      found.push({
        position: pair.d,
        difference: {
          label,
          section,
          base: actual[pair.a] ?? pair.item,
          target: actual[pair.a] ?? pair.item,
          confirmed: null,
        },
      });
    });
  }
  return found.sort((x, y) => x.position - y.position).map(({ difference }) => difference);
}

function orderLabel(group: readonly { confirmed: number | null; d: number; a: number }[]): Label {
  const known = group.filter((pair) => pair.confirmed !== null);
  const asActual = known.map((pair) => pair.confirmed ?? 0);
  const asDesired = [...known].sort((x, y) => x.d - y.d).map((pair) => pair.confirmed ?? 0);
  if (isIncreasing(asActual)) return 'desired';
  return isIncreasing(asDesired) ? 'drift' : 'conflict';
}
