/** Pairs of configurations, and what must hold of every plan between two of them. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Configuration, Item } from '../../src/core/item.ts';
import type { Action, Plan } from '../../src/core/plan/action.ts';
import { followGroup, groupOf } from '../../src/core/plan/order-group.ts';
import type { PlanResult } from '../../src/core/plan/plan.ts';
import { inNewNames, renameOf } from '../../src/core/plan/renames.ts';
import { sortProperties } from '../../src/core/plan/scope.ts';
import { routerosDialect as dialect } from '../../src/drivers/routeros/dialect.ts';
import { propertyFacts } from '../../src/drivers/routeros/menus.ts';
import { anyConfiguration, editedFrom } from './configurations.ts';
import { planBetween, replaced } from './plans.ts';

/** Refusals that say what a person must do; anything else would be a plan that can't be proved. */
const honest = ['dangling-reference', 'plan-too-large', 'device-would-refuse', 'name-taken'];

/**
 * A plan is proved, keeps its order and moves no more than it must; and once it is carried out nothing is left but what
 * is blocked; in parts, until nothing is.
 */
export function expectProvedAndSettled(actual: Configuration, desired: Configuration): PlanResult['kind'] {
  let now = actual;
  for (let part = 0; ; part++) {
    const { found, made } = planBetween(now, desired);
    if (made.kind === 'refused') expect(honest, made.message).toContain(made.code);
    if (made.kind === 'nothing') expect(found.differences).toEqual([]);
    if (made.kind !== 'plan') return part > 0 ? 'plan' : made.kind;
    expectInOrder(made.plan);
    expectFewestMoves(made.plan);
    expect(part, 'it does not settle').toBeLessThan(made.plan.left === undefined ? part + 1 : 20);
    now = replaced(now, made.plan.target);
    if (made.plan.left !== undefined) continue;
    const after = planBetween(now, desired);
    expect(after.found.differences).toEqual([]);
    expect(after.found.blocked).toEqual(found.blocked);
    return 'plan';
  }
}

/** Makes before it breaks; what the way in hangs on comes after everything else that is changed or taken away. */
function expectInOrder({ actions }: Plan): void {
  const isRename = (action: Action): boolean => renameOf(action, dialect) !== null;
  const plain = actions.filter(({ action }) => !isRename(action));
  const verbs = plain.map(({ action }) => action.verb);
  const lastOf = (verb: string): number => verbs.lastIndexOf(verb as Action['verb']);
  const firstOf = (verb: string): number =>
    (verbs.indexOf(verb as Action['verb']) + verbs.length + 1) % (verbs.length + 1);
  expect(lastOf('add'), 'an addition after a removal').toBeLessThanOrEqual(firstOf('remove'));
  expect(lastOf('add'), 'an addition after a move').toBeLessThanOrEqual(firstOf('move'));
  expect(lastOf('move'), 'a move after a removal').toBeLessThanOrEqual(firstOf('remove'));
  const breaks = plain.filter(({ action }) => action.verb === 'set' || action.verb === 'remove');
  const onPath = breaks.map(({ reason }) => reason === 'management-path');
  const first = onPath.indexOf(true);
  const others = breaks
    .slice(first < 0 ? breaks.length : first)
    .filter(({ reason }) => reason !== 'management-path');
  // What the last changes name may only go after them.
  expect(
    others.filter(({ action }) => action.verb !== 'remove'),
    'a change after one of the way in',
  ).toEqual([]);
  const renames = actions.findIndex(({ action }) => isRename(action));
  if (renames >= 0) expect(actions.slice(renames).every(({ action }) => isRename(action))).toBe(true);
}

/** As many as rows that stay are off a longest common order of before and after, found by its definition. */
function expectFewestMoves({ actions, base }: Plan): void {
  for (const section of base) {
    const mine = actions.flatMap(({ action }) => (action.section === section.path ? [action] : []));
    const moves = mine.filter(({ verb }) => verb === 'move');
    if (section.kind !== 'ordered') expect(moves).toEqual([]);
    if (moves.length === 0) continue;
    const groups = new Set(moves.map((action) => groupOf(action, dialect)));
    const plain = mine.filter((action) => renameOf(action, dialect) === null);
    const fewest = [...groups].map((group) => {
      const { became } = followGroup(group, section, plain, dialect);
      const places = became.filter((place) => place >= 0);
      return places.length - longestRun(places);
    });
    expect(moves.length).toBe(fewest.reduce((sum, n) => sum + n, 0));
  }
}

/** Length of the longest increasing subsequence by its definition, apart from how the planner finds it. */
export function longestRun(values: readonly number[]): number {
  const best: number[] = [];
  values.forEach((value, i) => {
    best.push(1 + Math.max(0, ...best.slice(0, i).filter((_, j) => (values[j] ?? 0) < value)));
  });
  return Math.max(0, ...best);
}

/** The pairs that a generator makes come in four shares of their own cases, so that they run side by side. */
export const madePairs = 18_000;

export function proveMadePairs(share: 1 | 2 | 3 | 4): void {
  const pair = anyConfiguration.chain((actual) => fc.tuple(fc.constant(actual), editedFrom(actual)));
  fc.assert(
    fc.property(pair, ([actual, desired]) => void expectProvedAndSettled(actual, desired)),
    { numRuns: madePairs / 4, seed: (fc.readConfigureGlobal().seed ?? 0) + share },
  );
}

const edit = fc.record({
  what: fc.constantFrom('remove', 'value', 'comment', 'move', 'twin', 'disable', 'rename'),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  to: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

/** The same configuration with a few rows edited as a person would: by the kind of menu and the type of the value. */
export function mutated(base: Configuration): fc.Arbitrary<Configuration> {
  return fc.array(edit, { minLength: 1, maxLength: 8 }).map((edits) => edits.reduce(editOnce, base));
}

function editOnce(base: Configuration, { what, at, to }: Edit): Configuration {
  const rows = base.sections.reduce((sum, { items }) => sum + items.length, 0);
  let index = Math.floor(at * rows);
  const section = base.sections.find(({ items }) => (index -= items.length) < 0);
  const row = section?.items[index + section.items.length];
  if (section === undefined || row === undefined) return base;
  if (what === 'rename') return renamed(base, row, other(to, section.items.length));
  const items = [...section.items];
  const place = items.indexOf(row);
  const there = other(to, items.length);
  switch (what) {
    case 'remove':
      items.splice(place, 1);
      break;
    case 'move':
      items.splice(place, 1);
      items.splice(there, 0, row);
      break;
    case 'twin':
      if (row.key !== null || !row.created) return base;
      items.splice(there, 0, row);
      break;
    case 'comment':
      items[place] = withValue(row, 'comment', `edited ${there}`);
      break;
    case 'disable':
      items[place] = withValue(row, 'disabled', 'yes');
      break;
    case 'value':
      items[place] = withOtherValue(row, to);
  }
  return { sections: base.sections.map((one) => (one === section ? { ...section, items } : one)) };
}

function other(to: number, length: number): number {
  return Math.floor(to * length);
}

/** Under a new name, or under that of another row which gets this one's; everything that names them follows. */
function renamed(base: Configuration, row: Item, at: number): Configuration {
  const { section } = row;
  const old = dialect.nameOf?.(row) ?? null;
  if (old === null) return base;
  const rows = base.sections.find(({ path }) => path === section)?.items ?? [];
  const second = rows[at] && dialect.nameOf?.(rows[at]);
  const swap = !row.created && typeof second === 'string' && second !== old;
  const renames = swap
    ? [
        { section, old, now: second },
        { section, old: second, now: old },
      ]
    : [{ section, old, now: `${old}-new` }];
  return { sections: inNewNames(base.sections, renames, dialect) };
}

function withValue(row: Item, name: string, value: string): Item {
  if (propertyFacts(row.section, name) === undefined) return row;
  const others = row.properties.filter(([own]) => own !== name);
  return { ...row, properties: sortProperties([...others, [name, value]]) };
}

/** Another value of the same type; what names the row stays as it is. */
function withOtherValue(row: Item, to: number): Item {
  const own = row.properties.filter(
    ([name, value]) => value !== null && row.key?.includes(`${name}=`) !== true,
  );
  const [name, value] = own[Math.floor(to * own.length)] ?? [];
  if (name === undefined || value === null || value === undefined || name === 'chain') return row;
  const type = propertyFacts(row.section, name)?.type ?? null;
  if (type === 'bool') return withValue(row, name, value === 'yes' ? 'no' : 'yes');
  if (type === 'number' && /^\d{1,6}$/.test(value)) return withValue(row, name, String(Number(value) + 1));
  return name === 'comment' || type === null ? withValue(row, name, `${value}x`) : row;
}
