/**
 * Makes the checks of a plan, one for each action, from its base and its target alone: a row by its key, rows of
 * one content by their number, a name by all the names that the plan gives it, a place by neighbours that stay.
 */
import { canonicalItem } from '../digest.ts';
import { assert } from '../errors.ts';
import { sameItem, type Item, type Section } from '../item.ts';
import type { Action } from './action.ts';
import { sameName, type Check, type FormCount, type FormFacts, type Slot } from './check.ts';
import { changesBetween, type Lookup } from './model.ts';
import { followGroup, lookupsOf, type GroupRows } from './order-group.ts';
import { inOldNames, renameOf, renamesOf } from './renames.ts';
import { defaultRow } from './scope.ts';

/** One check for each action, in their order; all but those of names speak in the names of the base. */
export function checksOf(
  actions: readonly Action[],
  base: readonly Section[],
  target: readonly Section[],
  facts: FormFacts,
): readonly Check[] {
  const plain = actions.filter((action) => renameOf(action, facts) === null);
  const counts = new Counts(base, inOldNames(target, renamesOf(actions, facts), facts));
  const places = new Map<string, ReadonlyMap<Action, Check>>();
  const placeOf = (action: Action & { verb: 'move' }): Check => {
    const group = facts.orderGroup(action.item) ?? '';
    const id = `${action.section}\n${group}`;
    const section = base.find((s) => s.path === action.section);
    assert(section !== undefined, 'a moved row stands in a section of the base');
    const checks = places.get(id) ?? placeChecks(section.path, followGroup(group, section, plain, facts));
    places.set(id, checks);
    const check = checks.get(action);
    assert(check !== undefined, 'each move has its check');
    return check;
  };
  const made = new Set(
    actions.flatMap((one) => (one.verb === 'add' && one.item.key !== null ? [rowId(one.item)] : [])),
  );
  return actions.map((action) => {
    switch (action.verb) {
      case 'add':
        return action.item.key === null
          ? { by: 'count', consumed: null, produced: counts.produced(action.item), between: [] }
          : keyCheck(null, action.item);
      case 'remove':
        return action.item.key === null
          ? { by: 'count', consumed: counts.consumed(action.item), produced: null, between: [] }
          : keyCheck(action.item, null);
      case 'set': {
        if (renameOf(action, facts) !== null) return nameCheck(action, actions, facts);
        if (action.from.key !== null) {
          const check = keyCheck(action.from, action.to);
          return made.has(rowId(action.from)) ? { ...check, inBase: false, completes: true } : check;
        }
        const between = (facts.intermediates?.(action.from, action.to) ?? []).map((form) =>
          counts.still(form),
        );
        return {
          by: 'count',
          consumed: counts.consumed(action.from),
          produced: counts.produced(action.to),
          between,
        };
      }
      case 'move':
        return placeOf(action);
    }
  });
}

/** A row that waits under a name of its own is renamed twice: its forms are followed through all renames. */
function nameCheck(action: Action & { verb: 'set' }, actions: readonly Action[], facts: FormFacts): Check {
  const sets = actions.filter((one) => one.verb === 'set' && renameOf(one, facts) !== null);
  const forms: Item[] = [action.from, action.to];
  const own = sets.indexOf(action);
  let at = 0;
  for (const one of sets.slice(0, own).reverse()) {
    if (one.verb !== 'set' || !sameName(one.to, forms[0])) continue;
    forms.unshift(one.from);
    at += 1;
  }
  for (const one of sets.slice(own + 1)) {
    if (one.verb === 'set' && sameName(one.from, forms.at(-1))) forms.push(one.to);
  }
  return { by: 'name', forms, at };
}

function rowId({ section, key }: Item): string {
  return `${section}\n${key ?? ''}`;
}

function keyCheck(base: Item | null, target: Item | null): Check & { by: 'key' } {
  const row = base ?? target;
  if (row === null) throw new TypeError('a check needs an item');
  const nothing = { ...row, properties: [] };
  const names = new Map(changesBetween(base ?? nothing, target ?? nothing));
  const [was, is] = [new Map(base?.properties), new Map(target?.properties)];
  const key = new Set(base && target ? [] : defaultRow(row).properties.map(([name]) => name));
  const properties = [...names.keys()]
    .filter((name) => !key.has(name))
    .map((name) => ({ name, base: was.get(name) ?? null, target: is.get(name) ?? null }));
  return { by: 'key', row, inBase: base !== null, inTarget: target !== null, properties };
}

/** Counts of forms, and how many actions so far have used each. */
class Counts {
  readonly #base: ReadonlyMap<string, number>;
  readonly #target: ReadonlyMap<string, number>;
  readonly #used = new Map<string, number>();

  constructor(base: readonly Section[], target: readonly Section[]) {
    this.#base = countForms(base);
    this.#target = countForms(target);
  }

  #range(form: Item): { form: Item; least: number; most: number; had: number } {
    const content = canonicalItem(form);
    const had = this.#base.get(content) ?? 0;
    const has = this.#target.get(content) ?? 0;
    return { form, least: Math.min(had, has), most: Math.max(had, has), had };
  }

  #use(form: Item): number {
    const content = canonicalItem(form);
    const used = (this.#used.get(content) ?? 0) + 1;
    this.#used.set(content, used);
    return used;
  }

  consumed(item: Item): FormCount {
    const { had, ...range } = this.#range(item);
    return { ...range, turned: had - this.#use(item) };
  }

  produced(item: Item): FormCount {
    const { had, ...range } = this.#range(item);
    return { ...range, turned: had + this.#use(item) };
  }

  still(item: Item): FormCount {
    const { had, ...range } = this.#range(item);
    return { ...range, turned: had };
  }
}

export function countForms(sections: readonly Section[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { items } of sections) {
    for (const item of items) {
      // A key counts itself.
      if (item.key !== null) continue;
      const content = canonicalItem(item);
      counts.set(content, (counts.get(content) ?? 0) + 1);
    }
  }
  return counts;
}

/** The place checks of one group: every row by both of its forms, neighbours only among rows that nobody moves. */
function placeChecks(section: string, rows: GroupRows): ReadonlyMap<Action, Check> {
  const [inBase, inTarget] = [lookupsOf(rows.base), lookupsOf(rows.target)];
  const known = rows.base.map((_, b): Lookup => {
    const forms = [inTarget[rows.became[b] ?? -1], inBase[b]].flatMap((lookup) => lookup?.forms ?? []);
    const [first, second] = forms;
    const same = first && second && sameItem(first.item, second.item) && first.nth === second.nth;
    return { section, forms: first && (same === true || first.item.key !== null) ? [first] : forms };
  });
  const movers = new Set([...rows.moved.values()].map((moved) => moved.row));
  const slots = (order: readonly number[]): ReadonlyMap<number, Slot> => {
    const result = new Map<number, { after: Lookup | null; before: Lookup | null }>();
    let after: Lookup | null = null;
    let open: { after: Lookup | null; before: Lookup | null }[] = [];
    for (const b of order) {
      if (movers.has(b)) {
        const slot = { after, before: null };
        open.push(slot);
        result.set(b, slot);
        continue;
      }
      after = known[b] ?? null;
      for (const slot of open) slot.before = after;
      open = [];
    }
    return result;
  };
  const kept = [...rows.base.keys()].filter((b) => (rows.became[b] ?? -1) >= 0);
  const baseSlots = slots(kept);
  const targetSlots = slots([...kept].sort((x, y) => (rows.became[x] ?? 0) - (rows.became[y] ?? 0)));
  const nowhere: Slot = { after: null, before: null };
  return new Map(
    [...rows.moved].map(([action, { row, before }]) => [
      action,
      {
        by: 'place',
        row: known[row] ?? { section, forms: [] },
        anchor: known[before] ?? null,
        base: baseSlots.get(row) ?? nowhere,
        target: targetSlots.get(row) ?? nowhere,
      },
    ]),
  );
}
