/**
 * Renames: `set name=` instead of remove and add. A device follows a rename in every row that names the renamed one,
 * so a plan does everything else first, in the names of the base, and renames last; the rollback takes the names
 * back first. References that follow are a consequence, and never planned again.
 */
import type { Configuration, Item, Section } from '../item.ts';
import type { Action, Difference } from './action.ts';

export interface Rename {
  readonly section: string;
  readonly old: string;
  readonly now: string;
}

/** What a dialect knows about names; without it nothing is ever renamed. */
export interface NameFacts {
  /** The name by which other rows may mean this one; null: they can't, or it can't be changed. */
  nameOf?(item: Item): string | null;
  /** Rows of which menus can't be called the same: those of one namespace. Absent: each menu is its own. */
  nameSpaceOf?(section: string): string;
  /** The item with its own name and the names it holds replaced, all at once; the same object when nothing changes. */
  withNames?(item: Item, renames: readonly Rename[]): Item;
}

export function renameBetween(from: Item, to: Item, facts: NameFacts): Rename | null {
  const [old, now] = [facts.nameOf?.(from) ?? null, facts.nameOf?.(to) ?? null];
  return old === null || now === null || old === now ? null : { section: from.section, old, now };
}

export function renameOf(action: Action, facts: NameFacts): Rename | null {
  return action.verb === 'set' ? renameBetween(action.from, action.to, facts) : null;
}

export function renameOfDifference({ base, target }: Difference, facts: NameFacts): Rename | null {
  return base === null || target === null ? null : renameBetween(base, target, facts);
}

/** From the first name of each row to its last, where they were given one after the other. */
function netRenames(renames: readonly Rename[]): readonly Rename[] {
  const net: { section: string; old: string; now: string }[] = [];
  for (const { section, old, now } of renames) {
    const known = net.find((one) => one.section === section && one.now === old);
    if (known) known.now = now;
    else net.push({ section, old, now });
  }
  return net;
}

/** What all renames of a plan come to. */
export function renamesOf(actions: readonly Action[], facts: NameFacts): readonly Rename[] {
  return netRenames(actions.flatMap((action) => renameOf(action, facts) ?? []));
}

/** The same rows as they were called before the renames. */
export function inOldNames<T extends Section>(
  sections: readonly T[],
  renames: readonly Rename[],
  facts: NameFacts,
): readonly T[] {
  return inNewNames(sections, reversed(renames), facts);
}

export function reversed(renames: readonly Rename[]): readonly Rename[] {
  return renames.map(({ section, old, now }) => ({ section, old: now, now: old }));
}

/** The same rows under other names, all renamed at once. */
export function inNewNames<T extends Section>(
  sections: readonly T[],
  renames: readonly Rename[],
  facts: NameFacts,
): readonly T[] {
  return renames.length === 0 ? sections : sections.map((section) => withNames(section, renames, facts));
}

function withNames<T extends Section>(section: T, renames: readonly Rename[], facts: NameFacts): T {
  const items = section.items.map((item) => facts.withNames?.(item, renames) ?? item);
  return items.every((item, i) => item === section.items[i]) ? section : { ...section, items };
}

/** Sections in which a rename would show: the renamed row's own, and all that name it. */
export function sectionsThatFollow(
  actual: Configuration,
  renames: readonly Rename[],
  facts: NameFacts,
): readonly Section[] {
  return actual.sections.filter((section) => withNames(section, renames, facts) !== section);
}

export function sameNameSpace(a: string, b: string, facts: NameFacts): boolean {
  return a === b || (facts.nameSpaceOf !== undefined && facts.nameSpaceOf(a) === facts.nameSpaceOf(b));
}

/** In an order in which each new name is free; where names go in a circle, one row waits under a name of its own. */
export function orderRenames<T extends Rename>(
  renames: readonly T[],
  taken: ReadonlySet<string>,
  facts: NameFacts,
): readonly T[] {
  const blocks = (one: Rename, other: Rename): boolean =>
    one.old === other.now && sameNameSpace(one.section, other.section, facts);
  const open = [...renames];
  const ordered: T[] = [];
  while (open.length > 0) {
    const free = open.findIndex((one) => !open.some((other) => blocks(other, one)));
    const [next] = open.splice(Math.max(free, 0), 1);
    if (next === undefined) break;
    if (free >= 0) {
      ordered.push(next);
      continue;
    }
    let name = `${next.old}-swap`;
    while (taken.has(name)) name += '-swap';
    ordered.push({ ...next, now: name });
    open.push({ ...next, old: name });
  }
  return ordered;
}

/**
 * Rows of which one is to be called as another was: the names alone do not say which row is which, so one more property
 * must, in which all of them differ. Null: there is none. For rows that bring a key of their own: undefined, as for one
 * whose names nobody shares.
 */
export function telling(
  item: Item,
  renames: readonly (Rename & { readonly item: Item })[],
): string | null | undefined {
  if (!item.created) return undefined;
  const linked = new Set(renames.filter((one) => one.item === item));
  for (const one of linked) {
    for (const other of renames) {
      if (one.section === other.section && (one.now === other.old || one.old === other.now))
        linked.add(other);
    }
  }
  if (linked.size < 2) return undefined;
  const rows = [...linked].map((one) => new Map(one.item.properties));
  const names = [...(rows[0]?.keys() ?? [])].filter((name) => name !== 'name');
  const isTelling = (name: string): boolean =>
    rows.every((row) => row.get(name) != null) &&
    new Set(rows.map((row) => row.get(name))).size === rows.length;
  return names.find(isTelling) ?? null;
}
