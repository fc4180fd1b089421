/** Pairs of configurations, and what must hold of every plan between two of them. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Configuration, Item } from '../../src/core/item.ts';
import type { PlanResult } from '../../src/core/plan/plan.ts';
import { inNewNames } from '../../src/core/plan/renames.ts';
import { sortProperties } from '../../src/core/plan/scope.ts';
import { routerosDialect as dialect } from '../../src/drivers/routeros/dialect.ts';
import { propertyFacts } from '../../src/drivers/routeros/menus.ts';
import { planBetween, replaced } from './plans.ts';

/** Refusals that say what a person must do; anything else would be a plan that can't be proved. */
const honest = ['dangling-reference', 'plan-too-large', 'device-would-refuse'];

/** A plan is proved, and once it is carried out nothing is left but what is blocked; in parts, until nothing is. */
export function expectProvedAndSettled(actual: Configuration, desired: Configuration): PlanResult['kind'] {
  let now = actual;
  for (let part = 0; ; part++) {
    const { found, made } = planBetween(now, desired);
    if (made.kind === 'refused') expect(honest, made.message).toContain(made.code);
    if (made.kind === 'nothing') expect(found.differences).toEqual([]);
    if (made.kind !== 'plan') return part > 0 ? 'plan' : made.kind;
    expect(part, 'it does not settle').toBeLessThan(made.plan.left === undefined ? part + 1 : 20);
    now = replaced(now, made.plan.target);
    if (made.plan.left !== undefined) continue;
    const after = planBetween(now, desired);
    expect(after.found.differences).toEqual([]);
    expect(after.found.blocked).toEqual(found.blocked);
    return 'plan';
  }
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
