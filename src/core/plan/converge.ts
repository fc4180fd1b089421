/**
 * The rollback as data: a list of steps that each look at the state and bring one thing nearer to the base. It
 * is made from base and plan, not from a list of inverse actions, so that it is right from any prefix of the
 * plan and of itself, and doing it twice is doing it once. The device's script is rendered from these steps;
 * here they run on the model. Each step counts as a change only if it did something.
 */
import { canonicalItem } from '../digest.ts';
import { sameItem, type Item, type Section } from '../item.ts';
import { actionsOf, type Action } from './action.ts';
import { takeNameBack, type Check, type FormFacts } from './check.ts';
import { checksOf, countForms } from './make-checks.ts';
import type { Model } from './model.ts';
import { ModelRefusal, changesBetween, type Lookup, type Row } from './model.ts';
import { isHidden, withoutHidden } from './hidden-secret.ts';
import { followGroup, groupOf, lookupsOf } from './order-group.ts';
import { renameOf } from './renames.ts';
import type { Plan } from './action.ts';

export type Step =
  /** A row that is called as in `from` is called as in `to` again; whatever names it follows. */
  | { readonly kind: 'rename'; readonly from: Item; readonly to: Item }
  /**
   * A keyed or only row: made again if it is missing, then each property that differs is set. Two runs may overlap and
   * both make it: all but the first go.
   */
  | {
      readonly kind: 'reset';
      readonly row: Item;
      /** A row that the plan makes: only while it is there, so that what it names can go before it. */
      readonly ifThere?: true;
      /** Null: unset. */
      readonly properties: readonly (readonly [name: string, value: string | null])[];
    }
  /**
   * Rows of exactly this form: while fewer than `count`, those of the other forms above `keep` are turned back; if that
   * is not enough one is added, at the end: its place is a matter of `order`. `alone`: no other step knows these
   * forms, so that what is left of them above the counts can go at once.
   */
  | {
      readonly kind: 'restore';
      readonly form: Item;
      readonly count: number;
      readonly donors: readonly { readonly form: Item; readonly keep: number }[];
      readonly alone: boolean;
    }
  /**
   * One pass over a chain: the rows are found once, then from its end each that is not behind `after` and in front of
   * `before` (indices; -1: none) is moved in front of `before`. A moved row stays the row that was found.
   */
  | {
      readonly kind: 'order';
      readonly section: string;
      readonly rows: readonly Lookup[];
      readonly moves: readonly { readonly row: number; readonly after: number; readonly before: number }[];
    }
  /** Rows of this form (keyed: of this key) above `keep` go. */
  | { readonly kind: 'surplus'; readonly form: Item; readonly keep: number };

export interface ConvergeFacts extends FormFacts {
  creationRank(section: string): number;
}

export function convergeSteps(
  plan: Pick<Plan, 'actions' | 'base' | 'target'>,
  facts: ConvergeFacts,
): readonly Step[] {
  const all = actionsOf(plan);
  const allChecks = checksOf(all, plan.base, plan.target, facts);
  const isPlain = (action: Action | undefined): boolean =>
    action !== undefined && renameOf(action, facts) === null;
  const actions = all.filter(isPlain);
  const checks = allChecks.filter((_, i) => isPlain(all[i]));
  // Names first: everything else speaks in those of the base.
  const names = all
    .flatMap((action): Step[] =>
      action.verb === 'set' && !isPlain(action) ? [{ kind: 'rename', from: action.to, to: action.from }] : [],
    )
    .reverse();
  const counts = countForms(plan.base);
  const onPath = new Set(
    plan.actions.filter((p) => p.reason === 'management-path').map((p) => p.action.section),
  );
  const rank = (section: string): number => facts.creationRank(section);
  const restores: Step[] = [];
  const surplus: Step[] = [];
  const uses = usesOf(checks);
  // From the end: what was made first goes last, and what went last comes back first.
  for (const check of checks.toReversed()) collect(check, counts, uses, restores, surplus);
  const places = plan.base.flatMap((section) =>
    section.kind === 'ordered' ? orderSteps(section, actions, facts) : [],
  );
  const adding = (step: Step): boolean =>
    step.kind === 'restore' || (step.kind === 'reset' && step.row.created);
  restores.sort(
    (a, b) =>
      Number(!onPath.has(sectionOfStep(a)) || adding(a)) -
        Number(!onPath.has(sectionOfStep(b)) || adding(b)) || rank(sectionOfStep(a)) - rank(sectionOfStep(b)),
  );
  surplus.sort(
    (a, b) =>
      Number(a.kind === 'surplus') - Number(b.kind === 'surplus') ||
      rank(sectionOfStep(b)) - rank(sectionOfStep(a)),
  );
  return [...names, ...restores, ...places, ...unique(surplus)];
}

export function sectionOfStep(step: Step): string {
  switch (step.kind) {
    case 'rename':
      return step.from.section;
    case 'reset':
      return step.row.section;
    case 'restore':
    case 'surplus':
      return step.form.section;
    case 'order':
      return step.section;
  }
}

function collect(
  check: Check,
  counts: ReadonlyMap<string, number>,
  uses: ReadonlyMap<string, number>,
  restores: Step[],
  surplus: Step[],
): void {
  const had = (item: Item): number => counts.get(canonicalItem(item)) ?? 0;
  if (check.by === 'key') {
    const { properties } = check;
    const row = withoutHidden(check.row);
    // What is not known can't be written: what took its place stays.
    const back = properties.flatMap((p) => (isHidden(p.base) ? [] : [[p.name, p.base] as const]));
    if (check.inBase) restores.push({ kind: 'reset', row, properties: back });
    else if (check.completes === true) surplus.push({ kind: 'reset', row, ifThere: true, properties: back });
    else surplus.push({ kind: 'surplus', form: row, keep: 0 });
  } else if (check.by === 'count') {
    const donors = formsMade(check).map((form) => ({ form, keep: had(form) }));
    const own = check.consumed?.form;
    const forms = [...(own ? [own] : []), ...donors.map(({ form }) => form)];
    const alone = forms.every((form) => uses.get(canonicalItem(form)) === 1);
    if (own) restores.push({ kind: 'restore', form: own, count: had(own), donors, alone });
    if (own && alone) return;
    for (const form of forms) surplus.push({ kind: 'surplus', form, keep: had(form) });
  }
}

function formsMade(check: Check & { by: 'count' }): readonly Item[] {
  return [...(check.produced ? [check.produced.form] : []), ...check.between.map(({ form }) => form)];
}

/** How many checks know each form. */
function usesOf(checks: readonly Check[]): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  for (const check of checks) {
    if (check.by !== 'count') continue;
    const forms = [...(check.consumed ? [check.consumed.form] : []), ...formsMade(check)];
    for (const id of forms.map(canonicalItem)) uses.set(id, (uses.get(id) ?? 0) + 1);
  }
  return uses;
}

function unique(steps: readonly Step[]): readonly Step[] {
  const seen = new Set<string>();
  return steps.filter((step) => {
    if (step.kind !== 'surplus') return true;
    const id = canonicalItem(step.form);
    if (seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}

function orderSteps(section: Section, actions: readonly Action[], facts: FormFacts): readonly Step[] {
  const mine = actions.filter((action) => action.section === section.path);
  const groups = new Set(
    mine.filter((action) => action.verb !== 'set').map((action) => groupOf(action, facts)),
  );
  return [...groups].flatMap((group) => {
    const { base, became } = followGroup(group, section, actions, facts);
    const moved = movedRows(base, became, mine);
    const lookups = lookupsOf(base);
    const used: Lookup[] = [];
    const numbers = new Map<number, number>();
    const numberOf = (i: number): number => {
      const lookup = lookups[i];
      if (lookup === undefined) return -1;
      const known = numbers.get(i);
      if (known !== undefined) return known;
      numbers.set(i, used.length);
      return used.push(lookup) - 1;
    };
    const fixed: number[] = [];
    let last = -1;
    for (const i of base.keys()) {
      fixed.push(last);
      if (!moved.has(i)) last = i;
    }
    const order = [...moved].sort((a, b) => b - a);
    const moves = order.map((i) => ({
      row: numberOf(i),
      after: numberOf(fixed[i] ?? -1),
      before: numberOf(i + 1),
    }));
    return moves.length === 0 ? [] : [{ kind: 'order', section: section.path, rows: used, moves }];
  });
}

/** Base rows that the plan moves or takes away, and all rows that content alone can't tell from such a row. */
function movedRows(
  base: readonly Item[],
  became: readonly number[],
  actions: readonly Action[],
): ReadonlySet<number> {
  const contents = base.map((item) => item.key ?? canonicalItem(item));
  const times = new Map<string, number>();
  for (const content of contents) times.set(content, (times.get(content) ?? 0) + 1);
  const used = new Set(
    actions
      .flatMap((a) => (a.verb === 'set' ? [a.from, a.to] : [a.item]))
      .map((item) => item.key ?? canonicalItem(item)),
  );
  const movedForms = new Set(
    actions.filter((a) => a.verb === 'move').map(({ item }) => item.key ?? canonicalItem(item)),
  );
  const setBack = new Map(
    actions.flatMap((a) =>
      a.verb === 'set'
        ? [[a.from.key ?? canonicalItem(a.from), a.to.key ?? canonicalItem(a.to)] as const]
        : [],
    ),
  );
  return new Set(
    [...base.keys()].filter((i) => {
      const content = contents[i] ?? '';
      const alike = used.has(content) && (times.get(content) ?? 0) > 1;
      return (
        became[i] === -1 || alike || movedForms.has(content) || movedForms.has(setBack.get(content) ?? '\0')
      );
    }),
  );
}

export interface PassResult {
  readonly changed: number;
  readonly failed: number;
}

/** How many changes a rollback is made of at most once over; a pass may be cut between any two of them. */
export function stepCount(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => sum + (step.kind === 'order' ? step.moves.length : 1), 0);
}

/** One pass over the steps as the device does it: a step that fails is counted, the others go on. */
export function runPass(model: Model, steps: readonly Step[], facts: FormFacts, upTo = Infinity): PassResult {
  let changed = 0;
  let failed = 0;
  let left = upTo;
  const tried = (change: () => number): void => {
    if (left <= 0) return;
    left -= 1;
    try {
      changed += change();
    } catch (error) {
      if (!(error instanceof ModelRefusal)) throw error;
      failed += 1;
    }
  };
  for (const step of steps) {
    if (left <= 0) break;
    if (step.kind === 'order') runOrder(model, step, tried);
    else tried(() => runStep(model, step, facts));
  }
  return { changed, failed };
}

function runOrder(model: Model, step: Step & { kind: 'order' }, tried: (change: () => number) => void): void {
  const rows = step.rows.map((lookup) => model.find(lookup));
  const rowAt = (i: number): Row => {
    const row = rows[i] ?? null;
    if (row === null) throw new ModelRefusal(`no such item in ${step.section}`);
    return row;
  };
  for (const move of step.moves) {
    tried(() => {
      const row = rowAt(move.row);
      const after = move.after < 0 ? -1 : model.position(rowAt(move.after));
      const before = move.before < 0 ? null : rowAt(move.before);
      const at = model.position(row);
      if (after < at && (before === null || at < model.position(before))) return 0;
      model.move(row, before);
      return 1;
    });
  }
}

function runStep(model: Model, step: Exclude<Step, { kind: 'order' }>, facts: FormFacts): number {
  switch (step.kind) {
    case 'rename':
      return takeNameBack(model, step.from, step.to, facts) ? 1 : 0;
    case 'reset':
      return reset(model, step);
    case 'restore':
      return restore(model, step);
    case 'surplus': {
      const extra = model.matching(step.form).slice(step.keep);
      for (const row of extra) model.remove(row);
      return extra.length;
    }
  }
}

function restore(model: Model, step: Step & { kind: 'restore' }): number {
  const { form, count, alone } = step;
  let [there, changed] = [model.matching(form).length, 0];
  const remove = (row: Row): void => {
    model.remove(row);
    changed += 1;
  };
  if (alone) for (const row of model.matching(form).slice(count)) remove(row);
  for (const donor of step.donors) {
    for (const row of model.matching(donor.form).slice(donor.keep)) {
      if (there < count) {
        model.set(row, changesBetween(donor.form, form));
        there += 1;
        changed += 1;
      } else if (alone) remove(row);
    }
  }
  if (there >= count) return changed;
  model.add(form, null);
  return changed + 1;
}

function reset(model: Model, step: Step & { kind: 'reset' }): number {
  const [row, ...others] = model.matching(step.row);
  if (!row) {
    if (step.ifThere === true) return 0;
    if (!step.row.created) throw new ModelRefusal(`no such item in ${step.row.section}`);
    model.add(step.row, null);
    return 1;
  }
  for (const other of others) model.remove(other);
  const before = row.item;
  model.set(row, step.properties);
  return others.length + (sameItem(row.item, before) ? 0 : 1);
}
