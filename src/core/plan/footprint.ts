/**
 * Where a reading stands against a plan: base, target, in between, or something else; and what somebody else
 * changed meanwhile. Reads only; the checks are the same data that the device's own check is rendered from.
 */
import { canonicalItem } from '../digest.ts';
import { sectionOf, type Configuration, type Item, type Section } from '../item.ts';
import { actionsOf, type Action, type FootprintState, type Plan } from './action.ts';
import { evaluateAll, oldNamed, type Check, type FormFacts, type ItemState } from './check.ts';
import { checksOf } from './make-checks.ts';
import { Model } from './model.ts';
import { groupOf } from './order-group.ts';
import { groupBy } from './order.ts';
import { inOldNames, renameOf, renamesOf } from './renames.ts';

/** Whether the plan can only be judged by a reading that shows secrets: it makes, changes or removes one. */
export function judgesSecrets(plan: Pick<Plan, 'actions'>, facts: Pick<FormFacts, 'isSecret'>): boolean {
  return touchedSecrets(plan, facts).size > 0;
}

function touchedSecrets(
  plan: Pick<Plan, 'actions'>,
  { isSecret }: Pick<FormFacts, 'isSecret'>,
): ReadonlySet<string> {
  const items = actionsOf(plan).flatMap((action) =>
    action.verb === 'set' ? [action.from, action.to] : [action.item],
  );
  return new Set(
    items.flatMap(({ section, properties }) =>
      properties.flatMap(([name, value]) =>
        value !== null && value !== '' && isSecret?.(section, name) === true ? [`${section}\n${name}`] : [],
      ),
    ),
  );
}

/** Secrets that no action touches are left out, whether the reading shows them or not. */
function unjudged(plan: Pick<Plan, 'actions'>, facts: FormFacts): NonNullable<FormFacts['isSecret']> {
  const touched = touchedSecrets(plan, facts);
  return (section, name) => facts.isSecret?.(section, name) === true && !touched.has(`${section}\n${name}`);
}

/** Where an actual configuration stands against the plan. What `judgesSecrets` must be a reading that shows them. */
export function footprintState(
  plan: Pick<Plan, 'actions' | 'base' | 'target'>,
  actual: Configuration,
  facts: FormFacts,
): FootprintState {
  const judged: FormFacts = { ...facts, isSecret: unjudged(plan, facts) };
  const shown = (sections: readonly Section[]): readonly Section[] =>
    sections.map((section) => ({ ...section, items: section.items.map((item) => shownOf(item, judged)) }));
  const actions = actionsOf(plan).map((action) => shownAction(action, judged));
  const [base, target] = [shown(plan.base), shown(plan.target)];
  const read = base.map(({ path, kind }) => sectionOf(actual, path) ?? { path, kind, items: [] });
  const model = new Model(shown(read), facts);
  const items = evaluateAll(checksOf(actions, base, target, facts), actions, model, facts);
  const old = oldNamed(actions, model, facts);
  const plain = actions.filter((action) => renameOf(action, facts) === null);
  const all = (state: ItemState): boolean => items.every((item) => item === state);
  const order = (sections: readonly Section[]): boolean =>
    sameOrder(plain, inOldNames(sections, renamesOf(actions, facts), facts), old, facts);
  if (all('base') && order(base)) return { kind: 'base', items };
  if (all('target') && order(target)) return { kind: 'target', items };
  return { kind: items.includes('other') ? 'other' : 'mixed', items };
}

/** As an export shows it: without secrets. */
function shownOf(item: Item, facts: FormFacts): Item {
  const properties = item.properties.filter(([name]) => facts.isSecret?.(item.section, name) !== true);
  return properties.length === item.properties.length ? item : { ...item, properties };
}

function shownAction(action: Action, facts: FormFacts): Action {
  const shown = (item: Item | null): Item | null => item && shownOf(item, facts);
  switch (action.verb) {
    case 'set':
      return { ...action, from: shownOf(action.from, facts), to: shownOf(action.to, facts) };
    case 'move':
      return {
        ...action,
        item: shownOf(action.item, facts),
        before: shown(action.before),
        wasBefore: shown(action.wasBefore),
      };
    case 'add':
    case 'remove':
      return { ...action, item: shownOf(action.item, facts), before: shown(action.before) };
  }
}

/** Whether the known rows of each touched group stand in the given order; rows unknown to it do not count. */
function sameOrder(
  actions: readonly Action[],
  sections: readonly Section[],
  model: Model,
  facts: FormFacts,
): boolean {
  for (const { path, items, kind } of sections) {
    if (kind !== 'ordered') continue;
    const touched = new Set(actions.filter((a) => a.section === path).map((a) => groupOf(a, facts)));
    const positions = new Map<string, number[]>();
    model.rows(path).forEach((row, i) => {
      const id = row.item.key ?? canonicalItem(row.item);
      positions.set(id, [...(positions.get(id) ?? []), i]);
    });
    for (const [group, rows] of groupBy(items, (item) => facts.orderGroup(item) ?? '')) {
      if (!touched.has(group)) continue;
      let previous = -1;
      for (const item of rows) {
        const found = positions.get(item.key ?? canonicalItem(item))?.shift();
        if (found === undefined) continue;
        if (found < previous) return false;
        previous = found;
      }
    }
  }
  return true;
}

/**
 * Another writer's traces: what differs from the base outside the footprint. Counted, never judged. `owned`: paths
 * of the sections that siteward looks at on this device; all that either text has when it is not said.
 */
export function countForeignChanges(
  plan: Pick<Plan, 'actions' | 'base' | 'target'>,
  base: Configuration,
  actual: Configuration,
  facts: FormFacts,
  owned: readonly string[] = [...base.sections, ...actual.sections].map((section) => section.path),
): number {
  const touched = touchedOf(checksOf(actionsOf(plan), plan.base, plan.target, facts), facts);
  const actions = actionsOf(plan);
  const renamed = renamesOf(actions, facts).length > 0;
  const is = renamed ? oldNamed(actions, new Model(actual.sections, facts), facts).configuration() : actual;
  let changes = 0;
  for (const path of new Set(owned)) {
    const shown = (from: Configuration): readonly Item[] =>
      (sectionOf(from, path)?.items ?? []).map((item) => shownOf(item, facts));
    const was = identitiesOf(shown(base), touched);
    const have = identitiesOf(shown(is), touched);
    for (const [id, item] of was) if (have.get(id) !== item) changes += 1;
    for (const id of have.keys()) if (!was.has(id)) changes += 1;
  }
  return changes;
}

interface Touched {
  /** Names of the properties that the plan touches, by section and key; null: the row comes or goes. */
  readonly keys: ReadonlyMap<string, ReadonlySet<string> | null>;
  readonly contents: ReadonlySet<string>;
}

function touchedOf(checks: readonly Check[], facts: FormFacts): Touched {
  const keys = new Map<string, ReadonlySet<string> | null>();
  const contents = new Set<string>();
  for (const check of checks) {
    if (check.by === 'key') {
      const whole = check.row.created && !(check.inBase && check.inTarget);
      keys.set(idOf(check.row), whole ? null : new Set(check.properties.map((property) => property.name)));
    } else if (check.by === 'count') {
      for (const form of [check.consumed, check.produced, ...check.between]) {
        if (form) contents.add(canonicalItem(shownOf(form.form, facts)));
      }
    }
  }
  return { keys, contents };
}

function idOf(item: Item): string {
  return `${item.section}\n${item.key ?? ''}`;
}

/** Keyed rows with their content, the n-th of equal unkeyed ones; what the plan touches is left out. */
function identitiesOf(items: readonly Item[], touched: Touched): ReadonlyMap<string, string> {
  const result = new Map<string, string>();
  const seen = new Map<string, number>();
  for (const item of items) {
    const content = canonicalItem(item);
    if (item.key === null && touched.contents.has(content)) continue;
    const names = item.key === null ? undefined : touched.keys.get(idOf(item));
    if (names === null) continue;
    const properties = names ? item.properties.filter(([name]) => !names.has(name)) : item.properties;
    // A builtin row is exported only while something on it is not as it came.
    if (
      names &&
      !item.created &&
      properties.every(([name, v]) => (item.key ?? '').includes(`${name}=${v ?? ''}`))
    )
      continue;
    const id = item.key === null ? content : `key ${item.key}`;
    const n = (seen.get(id) ?? 0) + 1;
    seen.set(id, n);
    result.set(`${n} ${id}`, names ? canonicalItem({ ...item, properties }) : content);
  }
  return result;
}
