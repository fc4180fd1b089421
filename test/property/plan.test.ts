import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalItem } from '../../src/core/digest.ts';
import type { Configuration } from '../../src/core/item.ts';
import { actionsOf } from '../../src/core/plan/action.ts';
import { footprintState } from '../../src/core/plan/footprint.ts';
import type { PlanResult } from '../../src/core/plan/plan.ts';
import { planText } from '../../src/core/plan/plan-text.ts';
import { routerosDialect as dialect } from '../../src/drivers/routeros/dialect.ts';
import { renderRollout } from '../../src/drivers/routeros/scripts.ts';
import { anyConfiguration, editedFrom } from '../support/configurations.ts';
import { differencesBetween, planBetween, replaced } from '../support/plans.ts';

const runs = { numRuns: 600 };

const differences = (confirmed: Configuration | null, desired: Configuration, actual: Configuration) =>
  differencesBetween(actual, desired, { confirmed });

const plan = (
  desired: Configuration,
  actual: Configuration,
  confirmed: Configuration | null = null,
): PlanResult => planBetween(actual, desired, { confirmed }).made;

const pair = anyConfiguration.chain((actual) => fc.tuple(fc.constant(actual), editedFrom(actual)));

test('a footprint reads as base before a plan and as target after it', () => {
  fc.assert(
    fc.property(pair, ([actual, desired]) => {
      const made = plan(desired, actual);
      if (made.kind !== 'plan') return;
      expect(footprintState(made.plan, actual, dialect).kind).toBe('base');
      expect(footprintState(made.plan, replaced(actual, made.plan.target), dialect).kind).toBe('target');
    }),
    runs,
  );
});

test('the same configurations give the same bytes, in plan text and in scripts', () => {
  fc.assert(
    fc.property(pair, ([actual, desired]) => {
      const [a, b] = [plan(desired, actual), plan(structuredClone(desired), structuredClone(actual))];
      if (a.kind !== 'plan' || b.kind !== 'plan') return;
      const times = { windowMs: 120_000, tickMs: 10_000, flushMs: 0 };
      expect(planText(a.plan, times)).toBe(planText(b.plan, times));
      expect(planText(a.plan, times)).toMatch(/^[\x20-\x7e\n]*$/);
      const sealed = JSON.parse(JSON.stringify(a.plan)) as typeof a.plan;
      expect(renderRollout('0123456789ab', sealed)).toEqual(renderRollout('0123456789ab', b.plan));
    }),
    { numRuns: 200 },
  );
});

test('a reordered chain takes as many moves as rows are off the longest increasing run, and no more', () => {
  fc.assert(
    fc.property(
      anyConfiguration.chain((c) =>
        fc.tuple(fc.constant(c), fc.shuffledSubarray(rulesOf(c), { minLength: rulesOf(c).length })),
      ),
      ([actual, order]) => {
        const desired = replaced(actual, [{ path: '/ip firewall filter', kind: 'ordered', items: order }]);
        const made = plan(desired, actual);
        const moves = made.kind === 'plan' ? actionsOf(made.plan) : [];
        expect(moves.every((action) => action.verb === 'move')).toBe(true);
        expect(moves.length).toBe(fewestMoves(rulesOf(actual), order));
      },
    ),
    runs,
  );
});

test('a change on the device alone is drift, one in git alone is desired, both are a conflict', () => {
  fc.assert(
    fc.property(pair, ([confirmed, changed]) => {
      const drift = differences(confirmed, confirmed, changed);
      expect(new Set(drift.differences.map((d) => d.label))).toEqual(
        new Set(drift.differences.length > 0 ? ['drift'] : []),
      );
      const desired = differences(confirmed, changed, confirmed);
      expect(new Set(desired.differences.map((d) => d.label))).toEqual(
        new Set(desired.differences.length > 0 ? ['desired'] : []),
      );
      expect(differences(confirmed, changed, changed).differences).toEqual([]);
      expect(plan(confirmed, changed, confirmed)).toEqual({ kind: 'nothing' });
    }),
    runs,
  );
});

function rulesOf(c: Configuration) {
  return [...(c.sections.find((s) => s.path === '/ip firewall filter')?.items ?? [])];
}

function fewestMoves(from: ReturnType<typeof rulesOf>, to: ReturnType<typeof rulesOf>): number {
  const chains = new Set(from.map((rule) => dialect.orderGroup(rule)));
  let moves = 0;
  for (const chain of chains) {
    const wanted = to.filter((rule) => dialect.orderGroup(rule) === chain).map(canonicalItem);
    const ranks = new Map<string, number[]>();
    wanted.forEach((content, i) => ranks.set(content, [...(ranks.get(content) ?? []), i]));
    const values = from
      .filter((rule) => dialect.orderGroup(rule) === chain)
      .map((rule) => ranks.get(canonicalItem(rule))?.shift() ?? -1);
    moves += values.length - longestRun(values);
  }
  return moves;
}

/** Length of the longest increasing subsequence by its definition, apart from how the planner finds it. */
function longestRun(values: readonly number[]): number {
  const best: number[] = [];
  values.forEach((value, i) => {
    best.push(1 + Math.max(0, ...best.slice(0, i).filter((_, j) => (values[j] ?? 0) < value)));
  });
  return Math.max(0, ...best);
}
