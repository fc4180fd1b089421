/**
 * The rows among which order means something (a chain of a firewall), before a plan and after it: which row
 * became which, what a move takes where, and how a row without a key is found among equal ones.
 */
import { canonicalItem } from '../digest.ts';
import type { Item, Section } from '../item.ts';
import type { Action } from './action.ts';
import type { FormFacts } from './check.ts';
import { Model, lookupOf, type Lookup } from './model.ts';

/** What a `move` does, as indices into the base rows of its group; `before` -1: a row that the plan adds, or none. */
export interface Moved {
  readonly row: number;
  readonly before: number;
}

export interface GroupRows {
  /** Rows of the group in base and target, and for each base row its index in the target (-1: it goes). */
  readonly base: readonly Item[];
  readonly target: readonly Item[];
  readonly became: readonly number[];
  readonly moved: ReadonlyMap<Action, Moved>;
}

/** The rows of one order group before and after, paired by following the actions on a model. */
export function followGroup(
  group: string,
  section: Section,
  actions: readonly Action[],
  facts: FormFacts,
): GroupRows {
  const model = new Model([section]);
  const inGroup = (item: Item): boolean => (facts.orderGroup(item) ?? '') === group;
  const baseRows = model.rows(section.path).filter((row) => inGroup(row.item));
  const base = baseRows.map((row) => row.item);
  const baseIndex = new Map(baseRows.map((row, i) => [row, i]));
  const indexOf = (item: Item | null, nth?: number): number =>
    item === null ? -1 : (baseIndex.get(model.get(lookupOf(item, nth))) ?? -1);
  const moved = new Map<Action, Moved>();
  for (const action of actions) {
    if (action.section !== section.path) continue;
    if (action.verb === 'move' && inGroup(action.item)) {
      const before = indexOf(action.before, action.beforeNth);
      moved.set(action, { row: indexOf(action.item, action.nth), before });
    }
    model.apply(action);
  }
  const targetRows = model.rows(section.path).filter((row) => inGroup(row.item));
  const index = new Map(targetRows.map((row, i) => [row, i]));
  return {
    base,
    target: targetRows.map((row) => row.item),
    became: baseRows.map((row) => index.get(row) ?? -1),
    moved,
  };
}

/** For each row of a list the lookup that finds it there: by key, else the n-th of its content. */
export function lookupsOf(items: readonly Item[]): readonly Lookup[] {
  const seen = new Map<string, number>();
  return items.map((item) => {
    if (item.key !== null) return lookupOf(item);
    const content = canonicalItem(item);
    const nth = seen.get(content) ?? 0;
    seen.set(content, nth + 1);
    return lookupOf(item, nth);
  });
}

export function groupOf(action: Action, facts: FormFacts): string {
  return facts.orderGroup(action.verb === 'set' ? action.from : action.item) ?? '';
}
