/**
 * The footprint of a plan as data: for each action, how to tell by reading alone whether its item is as in the
 * base, as in the target, on the way, or something else. The device's own check is rendered from the same data,
 * so that the two can't mean different things. Reads only; nothing here knows time or device.
 */
import { canonicalItem } from '../digest.ts';
import { assert } from '../errors.ts';
import { sameItem, type Item, type Section } from '../item.ts';
import type { Action, FootprintState, PlannedAction } from './action.ts';
import { Model, changesBetween, lookupOf, type Lookup, type Row } from './model.ts';
import { inOldNames, renameBetween, renameOf, renamesOf, type NameFacts } from './renames.ts';
import { defaultRow } from './scope.ts';

/** What a dialect must tell about forms and order. */
export interface FormFacts extends NameFacts {
  orderGroup(item: Item): string | null;
  intermediates?(from: Item, to: Item): readonly Item[];
  /** Left out where a reading is compared: exports hide them. */
  isSecret?(section: string, property: string): boolean;
}

/** How many rows have exactly this form: `least` to `most` ever; `turned` once the action has happened. */
export interface FormCount {
  readonly form: Item;
  readonly least: number;
  readonly most: number;
  /** The count at which this action has done its part. */
  readonly turned: number;
}

/** Between which rows a row stands; null: no neighbour on that side. */
export interface Slot {
  readonly after: Lookup | null;
  readonly before: Lookup | null;
}

export interface TouchedProperty {
  readonly name: string;
  /** Null: absent, which is the default. */
  readonly base: string | null;
  readonly target: string | null;
}

export type Check =
  /** A row found by its key (or the only one): there or not, and the properties that the plan touches. */
  | {
      readonly by: 'key';
      readonly row: Item;
      readonly inBase: boolean;
      readonly inTarget: boolean;
      readonly properties: readonly TouchedProperty[];
    }
  /** Rows found by content alone: how many of each form. */
  | {
      readonly by: 'count';
      readonly consumed: FormCount | null;
      readonly produced: FormCount | null;
      readonly between: readonly FormCount[];
    }
  /** What a row is called, out of all the names that the plan gives it: up to the `at`-th it is as in the base. */
  | { readonly by: 'name'; readonly forms: readonly Item[]; readonly at: number }
  /** A row's place among rows that nobody moves. */
  | {
      readonly by: 'place';
      readonly row: Lookup;
      /** The row of the base that the move puts it in front of; null: an added one, or the end. */
      readonly anchor: Lookup | null;
      readonly base: Slot;
      readonly target: Slot;
    };

export type ItemState = FootprintState['items'][number];

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
        if (action.from.key !== null) return keyCheck(action.from, action.to);
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

/** The row with that key and that name. */
function sameName(a: Item, b: Item | undefined): boolean {
  return (
    b !== undefined && a.section === b.section && a.key === b.key && valueOf(a, 'name') === valueOf(b, 'name')
  );
}

/** Rows with this form's key and name, whatever else they say. */
export function namedLike(form: Item, model: Model): readonly Row[] {
  const rows = model.matching(form).filter((row) => sameName(row.item, form));
  return rows.length > 0 || form.created || valueOf(form, 'name') !== null || model.matching(form).length > 0
    ? rows
    : [{ item: form }];
}

/** What all checks say: those of names on the device as it is, the others once it has its old names. */
export function evaluateAll(
  checks: readonly Check[],
  actions: readonly Action[],
  model: Model,
  facts: FormFacts,
): readonly ItemState[] {
  const old = oldNamed(actions, model, facts);
  return checks.map((check) => evaluate(check, check.by === 'name' ? model : old));
}

/** A copy of the device with the renames that have happened taken back; itself where there are none. */
export function oldNamed(actions: readonly Action[], model: Model, facts: FormFacts): Model {
  const renames = actions.filter((action) => renameOf(action, facts) !== null).reverse();
  if (renames.length === 0) return model;
  const copy = model.copy();
  for (const action of renames) {
    if (action.verb === 'set') takeNameBack(copy, action.to, action.from, facts);
  }
  return copy;
}

/** Whether there was a name to take back. */
export function takeNameBack(model: Model, now: Item, old: Item, facts: NameFacts): boolean {
  const rename = renameBetween(now, old, facts);
  if (rename === null || namedLike(now, model).length === 0) return false;
  model.rename(rename);
  return true;
}

function keyCheck(base: Item | null, target: Item | null): Check {
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

/** What a check says about a device, here the one in memory. */
export function evaluate(check: Check, model: Model): ItemState {
  switch (check.by) {
    case 'key': {
      const row = model.matching(check.row)[0] ?? null;
      const item = row?.item ?? (check.row.created ? null : defaultRow(check.row));
      const matches = (side: 'base' | 'target', there: boolean): boolean =>
        item === null ? !there : there && check.properties.every((p) => valueOf(item, p.name) === p[side]);
      if (matches('base', check.inBase)) return 'base';
      if (matches('target', check.inTarget)) return 'target';
      const mixed =
        item !== null &&
        check.inBase &&
        check.inTarget &&
        check.properties.every((p) => [p.base, p.target].includes(valueOf(item, p.name)));
      return mixed ? 'plan' : 'other';
    }
    case 'count': {
      const count = (form: FormCount | null): number =>
        form === null ? 0 : model.matching(form.form).length;
      const [c, p] = [count(check.consumed), count(check.produced)];
      if (outside(check.consumed, c) || outside(check.produced, p)) return 'other';
      const gone = check.consumed === null || c <= check.consumed.turned;
      const made = check.produced === null || p >= check.produced.turned;
      const kept = check.consumed === null || !gone;
      const missing = check.produced === null || !made;
      if (kept && missing) return 'base';
      if (gone && made) return 'target';
      return gone && check.between.some((form) => count(form) > form.turned) ? 'plan' : 'other';
    }
    case 'name': {
      const found = check.forms.flatMap((form, i) => namedLike(form, model).map(() => i));
      const [only, second] = found;
      if (only === undefined || second !== undefined) return 'other';
      return only <= check.at ? 'base' : 'target';
    }
    case 'place': {
      const row = model.find(check.row);
      if (row === null) return 'other';
      const position = model.position(row);
      const stands = (slot: Slot): boolean => {
        const after = slot.after && model.find(slot.after);
        const before = slot.before && model.find(slot.before);
        if ((slot.after && !after) || (slot.before && !before)) return false;
        return (!after || model.position(after) < position) && (!before || position < model.position(before));
      };
      return stands(check.base) ? 'base' : stands(check.target) ? 'target' : 'other';
    }
  }
}

function outside(form: FormCount | null, count: number): boolean {
  return form !== null && (count < form.least || count > form.most);
}

function valueOf(item: Item, name: string): string | null {
  return item.properties.find(([n]) => n === name)?.[1] ?? null;
}

export function actionsOf(plan: { readonly actions: readonly PlannedAction[] }): readonly Action[] {
  return plan.actions.map((planned) => planned.action);
}

export function groupOf(action: Action, facts: FormFacts): string {
  return facts.orderGroup(action.verb === 'set' ? action.from : action.item) ?? '';
}
