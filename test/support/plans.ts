/** Plans between two configurations, as the daemon makes them but for what a test says otherwise. */
import type { Configuration, Section } from '../../src/core/item.ts';
import type { Plan } from '../../src/core/plan/action.ts';
import { diffConfigurations, type DiffInput, type DiffResult } from '../../src/core/plan/diff.ts';
import { makePlan, type PlanInput, type PlanResult } from '../../src/core/plan/plan.ts';
import { routerosDialect as dialect } from '../../src/drivers/routeros/dialect.ts';

/** A way in that none of the made configurations knows of. */
export const elsewhere = { address: '198.51.100.1', port: 22, from: '198.51.100.9', interface: null };

export function differencesBetween(
  actual: Configuration,
  desired: Configuration,
  more: Partial<DiffInput> = {},
): DiffResult {
  return diffConfigurations({
    confirmed: null,
    desired,
    actual,
    owns: 'sections',
    ignore: [],
    dialect,
    ...more,
  });
}

export function planBetween(
  actual: Configuration,
  desired: Configuration,
  more: Partial<PlanInput & DiffInput> = {},
): { readonly found: DiffResult; readonly made: PlanResult } {
  const found = differencesBetween(actual, desired, more);
  const made = makePlan({
    differences: found.differences,
    desired,
    actual: found.actual,
    labels: ['desired', 'conflict'],
    caps: { items: 100, share: 1 },
    management: elsewhere,
    isOwn: () => false,
    secretsOnDevice: 'allow',
    dialect,
    ...more,
  });
  return { found, made };
}

export function planOf(result: PlanResult): Plan {
  if (result.kind !== 'plan') throw new Error(JSON.stringify(result));
  return result.plan;
}

/** The same device once these sections are as given. */
export function replaced(actual: Configuration, sections: readonly Section[]): Configuration {
  const by = new Map(sections.map((s) => [s.path, s]));
  const known = new Set(actual.sections.map((s) => s.path));
  return {
    sections: [
      ...actual.sections.map((s) => by.get(s.path) ?? s),
      ...sections.filter((s) => !known.has(s.path)),
    ],
  };
}
