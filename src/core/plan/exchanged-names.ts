/**
 * Rows that are as they were but for their names, which went round: two that swapped, or one that took the name that
 * another gave up. By the names alone each of them would seem to be changed, through states that a device refuses
 * (two VLANs of one number). Only where content says beyond doubt which row is which.
 */
import type { Dialect } from '../dialect.ts';
import { canonicalItem } from '../digest.ts';
import type { Configuration, Item } from '../item.ts';
import type { Label } from './action.ts';
import { groupBy } from './order.ts';
import { renameBetween, reversed, telling, type Rename } from './renames.ts';

export interface Exchanged {
  readonly from: Item;
  readonly to: Item;
  readonly rename: Rename;
  readonly label: Label;
}

interface Texts {
  readonly desired: Configuration;
  readonly actual: Configuration;
  readonly confirmed: Configuration | null;
  readonly dialect: Dialect;
}

export function exchangedNames(
  desired: readonly Item[],
  actual: readonly Item[],
  confirmed: readonly Item[],
  texts: Texts,
): readonly Exchanged[] {
  const found = closed(pairsByContent(desired, actual), desired, actual);
  const pairs = found.flatMap(({ from, to }): Omit<Exchanged, 'label'>[] => {
    const rename = renameBetween(from, to, texts.dialect);
    return rename === null ? [] : [{ from, to, rename }];
  });
  if (pairs.length === 0 || pairs.length < found.length) return [];
  const renames = pairs.map(({ from, rename }) => ({ ...rename, item: from }));
  if (pairs.some(({ from }) => telling(from, renames) === null)) return [];
  if (!usersFollow(renames, new Set(found.flatMap(({ from, to }) => [from, to])), texts)) return [];
  const label = labelOf(pairs, confirmed, texts.confirmed !== null);
  return label === null ? [] : pairs.map((pair) => ({ ...pair, label }));
}

interface Pair {
  readonly from: Item;
  readonly to: Item;
}

function contentOf({ section, properties }: Item): string {
  const rest = properties.filter(([name]) => name !== 'name');
  return canonicalItem({ section, key: null, created: true, properties: rest, place: null });
}

/** Rows of a content that no other row of their side has, under different names. */
function pairsByContent(desired: readonly Item[], actual: readonly Item[]): readonly Pair[] {
  const there = new Map(actual.map((item) => [item.key, item]));
  const changed = desired.filter((to) => {
    const same = there.get(to.key);
    return same !== undefined && contentOf(same) !== contentOf(to);
  });
  // Nothing to look for where no name stands for something else.
  if (changed.length === 0) return [];
  const [wanted, had] = [groupBy(desired, contentOf), groupBy(actual, contentOf)];
  return [...wanted].flatMap(([content, [to, ...twins]]) => {
    const [from, ...others] = had.get(content) ?? [];
    const clear = to && from && twins.length + others.length === 0 && from.key !== to.key;
    return clear === true ? [{ from, to }] : [];
  });
}

/** Of these, the ones that take a name which another of them gives up, or give up one that another takes. */
function closed(pairs: readonly Pair[], desired: readonly Item[], actual: readonly Item[]): readonly Pair[] {
  const [wanted, had] = [desired, actual].map((items) => new Set(items.map(({ key }) => key))) as [
    Set<string | null>,
    Set<string | null>,
  ];
  let left = pairs.filter(({ from, to }) => wanted.has(from.key) || had.has(to.key));
  for (;;) {
    const [given, taken] = [new Set(left.map(({ from }) => from.key)), new Set(left.map(({ to }) => to.key))];
    const kept = left.filter(
      ({ from, to }) =>
        (!wanted.has(from.key) || taken.has(from.key)) && (!had.has(to.key) || given.has(to.key)),
    );
    if (kept.length === left.length) return kept;
    left = kept;
  }
}

/** Whether at least as many rows go on naming the same object under its new name as the same name for another object. */
function usersFollow(
  renames: readonly Rename[],
  own: ReadonlySet<Item>,
  { desired, actual, dialect }: Texts,
): boolean {
  let balance = 0;
  for (const { path, items } of desired.sections) {
    const users = items.flatMap((item) => {
      const old = own.has(item) ? item : (dialect.withNames?.(item, reversed(renames)) ?? item);
      return old === item ? [] : [{ item, old }];
    });
    if (users.length === 0) continue;
    const there = new Set(
      actual.sections.filter((one) => one.path === path).flatMap((one) => one.items.map(canonicalItem)),
    );
    for (const { item, old } of users) {
      balance += Number(there.has(canonicalItem(old))) - Number(there.has(canonicalItem(item)));
    }
  }
  return balance >= 0;
}

/** Who gave the new names; null: not one of the two alone. */
function labelOf(pairs: readonly Pair[], confirmed: readonly Item[], hasConfirmed: boolean): Label | null {
  if (!hasConfirmed) return 'desired';
  const was = new Map(confirmed.map((item) => [item.key, contentOf(item)]));
  if (pairs.every(({ from }) => was.get(from.key) === contentOf(from))) return 'desired';
  return pairs.every(({ to }) => was.get(to.key) === contentOf(to)) ? 'drift' : null;
}
