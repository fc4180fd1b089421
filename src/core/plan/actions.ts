/**
 * From differences to actions in the order of execution: what is made comes first, in order of reference; then
 * what is changed; then order; what goes comes last, in reverse, so that something new stands before the
 * old one falls. What the management path hangs on is changed after everything else.
 */
import type { Dialect } from '../dialect.ts';
import { assert } from '../errors.ts';
import { canonicalItem } from '../digest.ts';
import { sectionOf, type Configuration, type Item, type Section } from '../item.ts';
import type { Action, Difference, Label, Nth } from './action.ts';
import { isMove } from './diff.ts';
import { Model, changesBetween, type Row } from './model.ts';
import { groupBy } from './order.ts';
import { orderRenames, renameOfDifference, sectionsThatFollow, telling, type Rename } from './renames.ts';
import { addsInOrder, keepNamed, type Work, type WorkRow } from './reference-order.ts';
import { rankRows, targetSequence, type PlanRow, type Sequence } from './sequence.ts';

export interface LabelledAction {
  readonly label: Label;
  readonly action: Action;
}

export interface ActionList {
  readonly actions: readonly LabelledAction[];
  /** The touched sections whole, before and after; rows that a device brings along unnamed are spelled out. */
  readonly base: readonly Section[];
  readonly target: readonly Section[];
}

export interface ActionInput {
  readonly differences: readonly Difference[];
  readonly actual: Configuration;
  readonly desired: Configuration;
  readonly dialect: Dialect;
  /** Whether the daemon's own way to the device depends on what this action touches. */
  readonly onPath: (action: Action) => boolean;
}

/** Everything in the names of the base; then the renames, which the device follows wherever a name is used. */
export function listActions(input: ActionInput): ActionList {
  const { actual, dialect } = input;
  const isRename = (one: Difference): boolean => renameOfDifference(one, dialect) !== null;
  const list = listPlain({ ...input, differences: input.differences.filter((one) => !isRename(one)) });
  const renamed = input.differences.filter(isRename);
  if (renamed.length === 0) return list;
  const renames = renamed.flatMap((one) => {
    const rename = renameOfDifference(one, dialect);
    return rename && one.base ? [{ ...rename, item: one.base, label: one.label }] : [];
  });
  const base = withRenamed(list.base, actual, renames, dialect);
  const model = new Model(base, dialect);
  for (const { action } of list.actions) model.apply(action);
  const names = model.sections().flatMap(({ items }) => items.map((item) => dialect.nameOf?.(item) ?? ''));
  const last = orderRenames(renames, new Set([...names, ...renames.map(({ now }) => now)]), dialect).map(
    ({ section, old, now, item, label }): LabelledAction => {
      const own = renames.find((one) => one.item === item);
      const mark = telling(item, renames);
      const properties = item.properties.filter(([name]) => name === 'name' || name === mark);
      const called = (name: string): Item =>
        (own && dialect.withNames?.({ ...item, properties }, [{ section, old: own.old, now: name }])) ?? item;
      return { label, action: { verb: 'set', section, from: called(old), to: called(now) } };
    },
  );
  for (const { action } of last) model.apply(action);
  return { actions: [...list.actions, ...last], base, target: model.sections() };
}

/** The touched sections and those in which a rename shows; rows that a device brings along unnamed spelled out. */
function withRenamed(
  base: readonly Section[],
  actual: Configuration,
  renames: readonly (Rename & { readonly item: Item })[],
  dialect: Dialect,
): readonly Section[] {
  const touched = new Set(base.map(({ path }) => path));
  const follow = sectionsThatFollow(actual, renames, dialect).filter(({ path }) => !touched.has(path));
  const all = new Map([...base, ...follow].map((section) => [section.path, section]));
  for (const { section: path, item } of renames) {
    const section = all.get(path) ?? sectionOf(actual, path) ?? { path, kind: 'fixed' as const, items: [] };
    const there = section.items.some(({ key }) => key === item.key);
    all.set(path, there ? section : { ...section, items: [...section.items, item] });
  }
  return [...all.values()];
}

function listPlain(input: ActionInput): ActionList {
  const works = [...groupBy(input.differences, (d) => d.section)].map(([path, found]) =>
    workOf(input, path, found),
  );
  const base = works.map((work) => work.base);
  const run = new Run(base, input.dialect);
  const rank = (work: Work): number => input.dialect.creationRank(work.path);
  const up = [...works].sort((a, b) => rank(a) - rank(b));
  const down = [...up].reverse();
  for (const work of up) run.open(work);

  const completed = addsInOrder(up, input).flatMap(({ work, row, without }) => {
    run.add(work, row, without);
    return without.length > 0 ? [{ work, row }] : [];
  });
  for (const { work, row } of completed) run.complete(work, row);
  const sets = up.flatMap((work) => work.rows.filter(isSet).map((row) => ({ work, row })));
  const late = new Set(sets.filter(({ work, row }) => input.onPath(plainSet(work, row))));
  for (const set of sets) if (!late.has(set)) run.set(set.work, set.row);
  for (const work of up) run.moves(work);
  const removes = down.flatMap((work) =>
    work.rows
      .filter(isRemove)
      .reverse()
      .map((row) => ({ work, row })),
  );
  const last = new Set(removes.filter(({ work, row }) => input.onPath(plainRemove(work, row))));
  keepNamed(
    [...late, ...last].flatMap(({ row }) => (row.base === null ? [] : [row.base])),
    removes,
    last,
    input,
  );
  for (const remove of removes) if (!last.has(remove)) run.remove(remove.work, remove.row);
  for (const { work, row } of late) run.set(work, row);
  for (const remove of removes) if (last.has(remove)) run.remove(remove.work, remove.row);
  return { actions: run.actions, base, target: run.model.sections() };
}

function isSet(row: PlanRow): boolean {
  return row.base !== null && row.target !== null && changesBetween(row.base, row.target).length > 0;
}

function isRemove(row: PlanRow): boolean {
  return row.base !== null && row.target === null;
}

function plainSet({ path }: Work, { base, target }: PlanRow): Action {
  assert(base !== null && target !== null, 'a set has both sides');
  return { verb: 'set', section: path, from: base, to: target };
}

function plainRemove({ path }: Work, { base }: PlanRow): Action {
  assert(base !== null, 'a removal has a base');
  return { verb: 'remove', section: path, item: base, before: null };
}

/** The rows of one section with what becomes of each. */
function workOf(input: ActionInput, path: string, found: readonly Difference[]): Work {
  const actual = sectionOf(input.actual, path);
  const desired = sectionOf(input.desired, path);
  const kind = actual?.kind ?? desired?.kind ?? 'unknown';
  const rows: WorkRow[] = (actual?.items ?? []).map((item) => newRow(item, item));
  const byObject = new Map(rows.map((row) => [row.base, row]));
  let byContent: Map<string, WorkRow[]> | null = null;
  const taken = new Set<WorkRow>();
  const alike = (item: Item): readonly WorkRow[] | undefined => {
    byContent ??= groupBy(rows, (row) => (row.base === null ? '' : canonicalItem(row.base)));
    return byContent.get(canonicalItem(item));
  };
  const rowOf = (item: Item): WorkRow => {
    const there = byObject.get(item) ?? alike(item)?.find((row) => !taken.has(row));
    if (there) return there;
    assert(!item.created, `a difference names an item that ${path} does not hold`);
    const plain = newRow(item, item);
    rows.push(plain);
    byObject.set(item, plain);
    return plain;
  };
  for (const difference of found) {
    if (isMove(difference) && difference.base) {
      const row = rowOf(difference.base);
      row.reorder = true;
      row.moveLabel = difference.label;
      continue;
    }
    const row = difference.base === null ? newRow(null, null) : rowOf(difference.base);
    if (difference.base === null) rows.push(row);
    taken.add(row);
    row.target = difference.target;
    row.label = difference.label;
  }
  const items = rows.flatMap((row) => (row.base === null ? [] : [row.base]));
  if (kind === 'ordered') rankRows(rows, desired?.items ?? []);
  return { path, ordered: kind === 'ordered', base: { path, kind, items }, rows };
}

function newRow(base: Item | null, target: Item | null): WorkRow {
  return { base, target, wanted: null, reorder: false, label: 'desired', moveLabel: 'desired' };
}

/** Does each action on a model as it is listed, so that the n-th of equal rows is always the right one. */
class Run {
  readonly model: Model;
  readonly actions: LabelledAction[] = [];
  readonly #dialect: Dialect;
  readonly #rows = new Map<PlanRow, Row>();
  readonly #sequences = new Map<Work, Map<string, Sequence>>();
  readonly #groups = new Map<Work, Map<string, readonly WorkRow[]>>();

  constructor(base: readonly Section[], dialect: Dialect) {
    this.model = new Model(base);
    this.#dialect = dialect;
  }

  open(work: Work): void {
    const there = this.model.rows(work.path);
    work.rows
      .filter((row) => row.base !== null)
      .forEach((row, i) => {
        const modelRow = there[i];
        if (modelRow) this.#rows.set(row, modelRow);
      });
    if (!work.ordered) return;
    const groups = groupBy(work.rows, (row) => this.#groupOf(row.base ?? row.target));
    this.#groups.set(work, groups);
    this.#sequences.set(work, new Map([...groups].map(([group, rows]) => [group, targetSequence(rows)])));
  }

  #groupOf(item: Item | null): string {
    return (item && this.#dialect.orderGroup(item)) ?? '';
  }

  /** The next row in the target's order that already stands where it will stay. */
  #anchorOf(work: Work, row: WorkRow): Row | null {
    const sequence = this.#sequences.get(work)?.get(this.#groupOf(row.base ?? row.target));
    if (!sequence) return null;
    const start = sequence.rows.indexOf(row);
    const next = sequence.rows
      .slice(start + 1)
      .find((other) => other.base !== null && !sequence.movers.has(other));
    return (next && this.#rows.get(next)) ?? null;
  }

  add(work: Work, row: WorkRow, without: readonly string[]): void {
    if (row.target === null) return;
    const properties = row.target.properties.filter(([name]) => !without.includes(name));
    const item = without.length === 0 ? row.target : { ...row.target, properties };
    const anchor = this.#anchorOf(work, row);
    const before = anchor === null ? { before: null } : { before: anchor.item, ...this.#beforeNth(anchor) };
    this.actions.push({
      label: row.label,
      action: { verb: 'add', section: work.path, item, ...before },
    });
    this.#rows.set(row, this.model.add(item, anchor));
  }

  /** A row that was made without some of its properties gets them. */
  complete(work: Work, row: WorkRow): void {
    const there = this.#rows.get(row);
    if (!there || row.target === null) return;
    const action = { verb: 'set' as const, section: work.path, from: there.item, to: row.target };
    this.actions.push({ label: row.label, action });
    this.model.set(there, changesBetween(there.item, row.target));
  }

  set(work: Work, row: WorkRow): void {
    const there = this.#rows.get(row);
    if (!there || row.base === null || row.target === null) return;
    const action = {
      verb: 'set' as const,
      section: work.path,
      from: there.item,
      to: row.target,
      ...this.#nth(there),
    };
    this.actions.push({ label: row.label, action });
    this.model.set(there, changesBetween(there.item, row.target));
  }

  moves(work: Work): void {
    for (const [group, sequence] of this.#sequences.get(work) ?? []) {
      const rows = sequence.rows as readonly WorkRow[];
      for (let i = rows.length - 1; i >= 0; i--) {
        const row = rows[i];
        const there = row && this.#rows.get(row);
        if (!row || !there || !sequence.movers.has(row)) continue;
        const next = rows[i + 1];
        const anchor = (next && this.#rows.get(next)) ?? null;
        const before =
          anchor === null ? { before: null } : { before: anchor.item, ...this.#beforeNth(anchor) };
        const wasBefore = this.#successor(work, group, row);
        const action = { verb: 'move' as const, section: work.path, item: there.item, wasBefore, ...before };
        this.actions.push({ label: row.moveLabel, action: { ...action, ...this.#nth(there) } });
        this.model.move(there, anchor);
      }
    }
  }

  remove(work: Work, row: WorkRow): void {
    const there = this.#rows.get(row);
    if (!there || row.base === null) return;
    const before = work.ordered ? this.#successor(work, this.#groupOf(row.base), row) : null;
    const action = {
      verb: 'remove' as const,
      section: work.path,
      item: there.item,
      before,
      ...this.#nth(there),
    };
    this.actions.push({ label: row.label, action });
    this.model.remove(there);
  }

  #successor(work: Work, group: string, row: WorkRow): Item | null {
    const based = (this.#groups.get(work)?.get(group) ?? []).filter((other) => other.base !== null);
    return based[based.indexOf(row) + 1]?.base ?? null;
  }

  #nth(row: Row): Nth {
    const nth = this.model.nth(row);
    return nth === 0 ? {} : { nth };
  }

  #beforeNth(row: Row): Nth {
    const beforeNth = this.model.nth(row);
    return beforeNth === 0 ? {} : { beforeNth };
  }
}
