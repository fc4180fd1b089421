/**
 * The footprint of a plan as data: what to read to tell whether the item of an action is as in the base, as in
 * the target, on the way, or something else; and what that says of a device in memory. The device's own check is
 * rendered from the same data, so that the two can't mean different things. Reads only; knows no time, no plan.
 */
import type { Item } from '../item.ts';
import type { Action, FootprintState } from './action.ts';
import { isHidden } from './hidden-secret.ts';
import type { Lookup, Model, Row } from './model.ts';
import { renameBetween, renameOf, type NameFacts } from './renames.ts';
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
  /** Null: absent, which is the default. A secret that is not known: any but the target's. */
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
      /** A step before makes the row, this one completes it: as in the base both without the row and before its step. */
      readonly completes?: true;
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

/** What a check says about a device, here the one in memory. */
export function evaluate(check: Check, model: Model): ItemState {
  switch (check.by) {
    case 'key': {
      const row = model.matching(check.row)[0] ?? null;
      const item = row?.item ?? (check.row.created ? null : defaultRow(check.row));
      const matches = (side: 'base' | 'target', there: boolean): boolean =>
        item === null
          ? !there
          : there && check.properties.every((p) => standsAs(p, side, valueOf(item, p.name)));
      if (matches('base', check.inBase)) return 'base';
      if (check.completes === true && matches('base', true)) return 'base';
      if (matches('target', check.inTarget)) return 'target';
      const mixed =
        item !== null &&
        check.inBase &&
        check.inTarget &&
        check.properties.every((p) => isHidden(p.base) || [p.base, p.target].includes(valueOf(item, p.name)));
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

function standsAs(property: TouchedProperty, side: 'base' | 'target', value: string | null): boolean {
  const { base, target } = property;
  return side === 'base' && isHidden(base) ? value !== target : value === property[side];
}

function outside(form: FormCount | null, count: number): boolean {
  return form !== null && (count < form.least || count > form.most);
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

/** Rows with this form's key and name, and with what else it says; a port that no text names is there all the same. */
export function namedLike(form: Item, model: Model): readonly Row[] {
  const alike = model.matching(form);
  if (alike.length === 0 && !form.created && valueOf(form, 'name') === null) return [{ item: form }];
  return alike.filter(
    ({ item }) =>
      sameName(item, form) && form.properties.every(([name, value]) => valueOf(item, name) === value),
  );
}

/** The row with that key and that name. */
export function sameName(a: Item, b: Item | undefined): boolean {
  return (
    b !== undefined && a.section === b.section && a.key === b.key && valueOf(a, 'name') === valueOf(b, 'name')
  );
}

function valueOf(item: Item, name: string): string | null {
  return item.properties.find(([n]) => n === name)?.[1] ?? null;
}
