/**
 * Another writer's traces: what differs from the base outside a plan's footprint. Counted, never judged: it is
 * drift to be reported, no reason to roll back.
 */
import { canonicalItem } from '../digest.ts';
import { sectionOf, type Configuration, type Item } from '../item.ts';
import type { Plan } from './action.ts';
import { actionsOf, checksOf, type Check, type FormFacts } from './footprint.ts';

/** `owned`: paths of the sections that siteward looks at on this device. */
export function countForeignChanges(
  plan: Pick<Plan, 'actions' | 'base' | 'target'>,
  base: Configuration,
  actual: Configuration,
  owned: readonly string[],
  facts: FormFacts,
): number {
  const touched = touchedOf(checksOf(actionsOf(plan), plan.base, plan.target, facts));
  let changes = 0;
  for (const path of new Set(owned)) {
    const was = identitiesOf(sectionOf(base, path)?.items ?? [], touched);
    const is = identitiesOf(sectionOf(actual, path)?.items ?? [], touched);
    for (const [id, item] of was) if (is.get(id) !== item) changes += 1;
    for (const id of is.keys()) if (!was.has(id)) changes += 1;
  }
  return changes;
}

interface Touched {
  /** Names of the properties that the plan touches, by section and key; null: the row comes or goes. */
  readonly keys: ReadonlyMap<string, ReadonlySet<string> | null>;
  readonly contents: ReadonlySet<string>;
}

function touchedOf(checks: readonly Check[]): Touched {
  const keys = new Map<string, ReadonlySet<string> | null>();
  const contents = new Set<string>();
  for (const check of checks) {
    if (check.by === 'key') {
      const whole = check.row.created && !(check.inBase && check.inTarget);
      keys.set(idOf(check.row), whole ? null : new Set(check.properties.map((property) => property.name)));
    } else if (check.by === 'count') {
      for (const form of [check.consumed, check.produced, ...check.between]) {
        if (form) contents.add(canonicalItem(form.form));
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
    if (names && !item.created && properties.every(([name, v]) => (item.key ?? '').includes(`${name}=${v ?? ''}`))) continue;
    const id = item.key === null ? content : `key ${item.key}`;
    const n = (seen.get(id) ?? 0) + 1;
    seen.set(id, n);
    result.set(`${n} ${id}`, names ? canonicalItem({ ...item, properties }) : content);
  }
  return result;
}
