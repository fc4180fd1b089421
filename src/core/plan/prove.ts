/**
 * The proof before anything is sent (I7): on a model, forward reaches the target; the rollback reaches the base
 * from the base, from every prefix of the plan and from every prefix of itself; doing it twice is doing it
 * once; nothing outside the footprint changes. A plan that fails is a defect report, never a rollout.
 */
import { canonicalItem } from '../digest.ts';
import type { Item, Section } from '../item.ts';
import { actionsOf, type Action, type Plan } from './action.ts';
import { evaluateAll, type Check, type FormFacts } from './check.ts';
import { convergeSteps, runPass, stepCount, type ConvergeFacts, type Step } from './converge.ts';
import { countForeignChanges } from './footprint.ts';
import { isHidden } from './hidden-secret.ts';
import { checksOf } from './make-checks.ts';
import { Model, ModelRefusal, changesBetween, lookupOf } from './model.ts';
import { groupOf } from './order-group.ts';
import { groupBy } from './order.ts';
import { renamesOf } from './renames.ts';

export type Proof = { readonly proved: true } | { readonly proved: false; readonly account: string };

/** More states than this are sampled evenly; the first and the last always count. */
const mostStates = 1000;
/** A rollback pass repeats on the device until it is clean; equal rows out of order may take several. */
const mostPasses = 4;

export function provePlan(plan: Pick<Plan, 'actions' | 'base' | 'target'>, facts: ConvergeFacts): Proof {
  const actions = actionsOf(plan);
  const checks = checksOf(actions, plan.base, plan.target, facts);
  const outside = countForeignChanges(plan, { sections: plan.base }, { sections: plan.target }, facts);
  if (outside > 0) return failed(`${outside} items outside the footprint would change`);
  const base = footprintOnly(plan.base, actions, checks, facts);
  const target = footprintOnly(plan.target, actions, checks, facts);
  const steps = convergeSteps(plan, facts);

  const states: { readonly name: string; readonly model: Model }[] = [];
  const forward = new Model(base, facts);
  states.push({ name: 'the base', model: forward.copy() });
  try {
    actions.forEach((action, i) => {
      for (const model of betweenStates(forward, action, facts))
        states.push({ name: `the middle of step ${i + 1}`, model });
      forward.apply(action);
      states.push({ name: `step ${i + 1}`, model: forward.copy() });
    });
  } catch (error) {
    if (error instanceof ModelRefusal) return failed(`step ${states.length} can't be done: ${error.message}`);
    throw error;
  }
  const wrong = difference(forward, target, facts);
  if (wrong !== null) return failed(`the steps do not lead to the target: ${wrong}`);
  const marks = [
    { name: 'base', model: new Model(base, facts) },
    { name: 'target', model: forward },
  ] as const;
  for (const { name, model } of marks) {
    const i = evaluateAll(checks, actions, model, facts).findIndex((state) => state !== name);
    if (i >= 0) return failed(`the check of step ${i + 1} does not see the ${name}`);
  }
  for (const { name, model } of sample(states, mostStates)) {
    const account = rollsBack(model, steps, base, facts);
    if (account !== null) return failed(`the rollback from ${name} does not lead to the base: ${account}`);
  }
  for (const count of sample([...Array(stepCount(steps) + 1).keys()], mostStates)) {
    const model = forward.copy();
    runPass(model, steps, facts, count);
    const account = rollsBack(model, steps, base, facts);
    if (account !== null)
      return failed(`the rollback cut after ${count} steps does not lead to the base: ${account}`);
  }
  return { proved: true };
}

function failed(account: string): Proof {
  return { proved: false, account };
}

/** States inside one action, where the device needs several commands for it. */
function betweenStates(model: Model, action: Action, facts: FormFacts): readonly Model[] {
  if (action.verb !== 'set') return [];
  return (facts.intermediates?.(action.from, action.to) ?? []).map((form) => {
    const between = model.copy();
    between.set(between.get(lookupOf(action.from, action.nth)), changesBetween(action.from, form));
    return between;
  });
}

/** Null when passes until a clean one lead to the base and one more changes nothing. */
function rollsBack(
  from: Model,
  steps: readonly Step[],
  base: readonly Section[],
  facts: FormFacts,
): string | null {
  const model = from.copy();
  for (let pass = 0; pass < mostPasses; pass++) {
    const result = runPass(model, steps, facts);
    if (result.changed === 0 && result.failed === 0) return difference(model, base, facts);
  }
  return `it is not clean after ${mostPasses} passes`;
}

/** Only rows that an action names, or that stand in a group whose order it touches. */
function footprintOnly(
  sections: readonly Section[],
  actions: readonly Action[],
  checks: readonly Check[],
  facts: FormFacts,
): readonly Section[] {
  // What a rename takes along can be anywhere.
  if (renamesOf(actions, facts).length > 0) return sections;
  const named = new Set<string>();
  const name = (item: Item): void => void named.add(identity(item));
  for (const check of checks) {
    if (check.by === 'key') name(check.row);
    if (check.by === 'count')
      [check.consumed, check.produced, ...check.between].forEach((form) => form && name(form.form));
  }
  const groups = new Set(actions.map((action) => `${action.section}\n${groupOf(action, facts)}`));
  return sections.map((section) => ({
    ...section,
    items: section.items.filter(
      (item) =>
        named.has(identity(item)) ||
        (section.kind === 'ordered' && groups.has(`${section.path}\n${facts.orderGroup(item) ?? ''}`)),
    ),
  }));
}

function identity(item: Item): string {
  return item.key === null ? canonicalItem(item) : `${item.section}\n${item.key}`;
}

/** Null when the model holds exactly these rows, each ordered group in this order; else what is wrong, without values. */
function difference(model: Model, sections: readonly Section[], facts: FormFacts): string | null {
  for (const { path, kind, items: wanted } of sections) {
    const lost = lostBy(wanted);
    const items = wanted.map((item) => without(item, lost));
    const have = model.rows(path).map((row) => without(row.item, lost));
    const [want, is] =
      kind === 'ordered' ? [grouped(items, facts), grouped(have, facts)] : [bag(items), bag(have)];
    for (const group of new Set([...want.keys(), ...is.keys()])) {
      const [a, b] = [want.get(group) ?? [], is.get(group) ?? []];
      if (a.length !== b.length) return `${path} has ${b.length} of ${a.length} rows`;
      const i = a.findIndex((content, at) => content !== b[at]);
      if (i >= 0) return `row ${i + 1} of ${path}`;
    }
  }
  return null;
}

/** Secrets that nobody here knows, by the row's key: what took their place stays. */
function lostBy(items: readonly Item[]): ReadonlyMap<string | null, ReadonlySet<string>> {
  const lost = new Map<string | null, ReadonlySet<string>>();
  for (const { key, properties } of items) {
    const names = properties.flatMap(([name, value]) => (isHidden(value) ? [name] : []));
    if (names.length > 0) lost.set(key, new Set(names));
  }
  return lost;
}

function without(item: Item, lost: ReadonlyMap<string | null, ReadonlySet<string>>): Item {
  const names = lost.get(item.key);
  return names === undefined
    ? item
    : { ...item, properties: item.properties.filter(([name]) => !names.has(name)) };
}

function grouped(items: readonly Item[], facts: FormFacts): ReadonlyMap<string, readonly string[]> {
  const groups = groupBy(items, (item) => facts.orderGroup(item) ?? '');
  return new Map([...groups].map(([group, rows]) => [group, rows.map(canonicalItem)]));
}

function bag(items: readonly Item[]): ReadonlyMap<string, readonly string[]> {
  return new Map([['', items.map(canonicalItem).sort()]]);
}

function sample<T>(values: readonly T[], most: number): readonly T[] {
  if (values.length <= most) return values;
  const step = (values.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => values[Math.round(i * step)] as T);
}
