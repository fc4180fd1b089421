import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalItem } from '../../src/core/digest.ts';
import type { Configuration, Item } from '../../src/core/item.ts';
import { actionsOf } from '../../src/core/plan/action.ts';
import { groupBy } from '../../src/core/plan/order.ts';
import { footprintState } from '../../src/core/plan/footprint.ts';
import type { PlanResult } from '../../src/core/plan/plan.ts';
import { planText } from '../../src/core/plan/plan-text.ts';
import { routerosDialect as dialect } from '../../src/drivers/routeros/dialect.ts';
import { renderRollout } from '../../src/drivers/routeros/scripts.ts';
import { anyConfiguration, configuration, editedFrom, item, section } from '../support/configurations.ts';
import { longestRun } from '../support/plan-pairs.ts';
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

test('a footprint reads as base before a plan and as target after it', { timeout: 120_000 }, () => {
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

test('the same configurations give the same bytes, in plan text and in scripts', { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(pair, ([actual, desired]) => {
      const [a, b] = [plan(desired, actual), plan(structuredClone(desired), structuredClone(actual))];
      if (a.kind !== 'plan' || b.kind !== 'plan') return;
      const times = { windowMs: 120_000, tickMs: 10_000, flushMs: 0, verifiedBy: 'login and export only' };
      expect(planText(a.plan, times)).toBe(planText(b.plan, times));
      expect(planText(a.plan, times)).toMatch(/^[\x20-\x7e\n]*$/);
      const sealed = JSON.parse(JSON.stringify(a.plan)) as typeof a.plan;
      expect(renderRollout('0123456789ab', sealed)).toEqual(renderRollout('0123456789ab', b.plan));
    }),
    { numRuns: 200 },
  );
});

const mangle = '/ip firewall mangle';
/** A chain of rows by letters, no two equal, and the same rows in another order. */
const orders = (most: number): fc.Arbitrary<readonly [string[], string[]]> =>
  fc
    .uniqueArray(fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz'), { maxLength: most })
    .chain((rows) => fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })));

function movesBetween(from: readonly string[], to: readonly string[]): number {
  const chain = (rows: readonly string[]): Configuration =>
    configuration(
      section(
        mangle,
        rows.map((comment) => item(mangle, { action: 'accept', chain: 'forward', comment })),
      ),
    );
  const made = plan(chain(to), chain(from));
  expect(made.kind).not.toBe('refused');
  const actions = made.kind === 'plan' ? actionsOf(made.plan) : [];
  expect(actions.every(({ verb }) => verb === 'move')).toBe(true);
  return actions.length;
}

test('a small chain takes the fewest moves that trying them all finds', { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(orders(6), ([from, to]) => {
      expect(movesBetween(from, to)).toBe(fewestByTrying(from, to));
    }),
    { numRuns: 2_000 },
  );
});

test('a chain takes as many moves as rows are off a longest common order', { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(orders(26), ([from, to]) => {
      expect(movesBetween(from, to)).toBe(fewestByTable(from, to));
    }),
    { numRuns: 2_000 },
  );
});

test(
  'equal rows keep their order among themselves, and no more than needed is moved for that',
  { timeout: 120_000 },
  () => {
    const shuffled = anyConfiguration.chain((c) =>
      fc.tuple(fc.constant(c), fc.shuffledSubarray(rulesOf(c), { minLength: rulesOf(c).length })),
    );
    fc.assert(
      fc.property(shuffled, ([actual, order]) => {
        const desired = replaced(actual, [{ path: '/ip firewall filter', kind: 'ordered', items: order }]);
        const made = plan(desired, actual);
        const moves = made.kind === 'plan' ? actionsOf(made.plan) : [];
        expect(moves.every((action) => action.verb === 'move')).toBe(true);
        expect(moves.length).toBe(fewestMoves(rulesOf(actual), order));
      }),
      { numRuns: 2_000 },
    );
  },
);

test(
  'a change on the device alone is drift, one in git alone is desired, both are a conflict',
  { timeout: 120_000 },
  () => {
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
  },
);

/** The fewest moves from one order to another by trying them all, a step at a time. */
function fewestByTrying(from: readonly string[], to: readonly string[]): number {
  const goal = to.join('\n');
  let front = new Map([[from.join('\n'), [...from]]]);
  const seen = new Set(front.keys());
  for (let steps = 0; ; steps++) {
    if (front.has(goal)) return steps;
    const next = new Map<string, string[]>();
    for (const rows of front.values()) {
      for (let at = 0; at < rows.length; at++) {
        for (let put = 0; put < rows.length; put++) {
          const moved = rows.toSpliced(at, 1).toSpliced(put, 0, rows[at] ?? '');
          const id = moved.join('\n');
          if (seen.has(id)) continue;
          seen.add(id);
          next.set(id, moved);
        }
      }
    }
    front = next;
  }
}

/** The fewest moves as rows that are in no longest common subsequence, by its table. */
function fewestByTable(from: readonly string[], to: readonly string[]): number {
  let above = to.map(() => 0);
  for (const row of from) {
    const line: number[] = [];
    to.forEach((other, j) => {
      line.push(row === other ? (above[j - 1] ?? 0) + 1 : Math.max(above[j] ?? 0, line[j - 1] ?? 0));
    });
    above = line;
  }
  return from.length - (above.at(-1) ?? 0);
}

function rulesOf(c: Configuration): Item[] {
  return [...(c.sections.find((one) => one.path === '/ip firewall filter')?.items ?? [])];
}

function fewestMoves(from: readonly Item[], to: readonly Item[]): number {
  const chains = new Set(from.map((rule) => dialect.orderGroup(rule)));
  let moves = 0;
  for (const chain of chains) {
    const wanted = to.filter((rule) => dialect.orderGroup(rule) === chain).map(canonicalItem);
    const ranks = groupBy(wanted.keys(), (i) => wanted[i] ?? '');
    const values = from
      .filter((rule) => dialect.orderGroup(rule) === chain)
      .map((rule) => ranks.get(canonicalItem(rule))?.shift() ?? -1);
    moves += values.length - longestRun(values);
  }
  return moves;
}
