/** What stays of a history, for any history and any limits. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundaryAfter, retained } from '../../src/history/retention.ts';
import type { KeepLimits, Sized } from '../../src/history/retention.ts';
import type { Revision } from '../../src/history/revision.ts';

type SizedRevision = Sized & Pick<Revision, 'oid' | 'parent'>;

/** The newest first, never later than the one before. */
const branches = fc
  .array(fc.record({ gap: fc.nat(100), bytes: fc.nat(1000) }), { maxLength: 30 })
  .map((steps) => {
    let atS = 5000;
    return steps.map(({ gap, bytes }, at): SizedRevision => {
      atS -= gap;
      return { oid: `c${at}`, parent: at + 1 < steps.length ? `c${at + 1}` : null, atS, bytes };
    });
  });
const limit = (max: number): fc.Arbitrary<number | null> => fc.option(fc.integer({ min: 1, max }));
const anyLimits: fc.Arbitrary<KeepLimits> = fc.record({
  revisions: limit(40),
  ageMs: limit(3_000_000),
  bytes: limit(20_000),
});

test('the newest stays, all limits hold of the rest, and one more would break one', () => {
  fc.assert(
    fc.property(branches, anyLimits, (branch, limits) => {
      const nowMs = 5_000_000;
      const { kept, dropped } = retained(branch, limits, nowMs);
      expect([...kept, ...dropped]).toEqual(branch);
      expect(kept.length >= Math.min(1, branch.length)).toBe(true);
      const holds = (some: readonly Sized[]): boolean =>
        some.length <= (limits.revisions ?? Infinity) &&
        some.reduce((sum, { bytes }) => sum + bytes, 0) <= (limits.bytes ?? Infinity) &&
        some.slice(0, -1).every(({ atS }) => limits.ageMs === null || nowMs - atS * 1000 <= limits.ageMs);
      if (kept.length > 1) expect(holds(kept)).toBe(true);
      if (dropped.length > 0) expect(holds(branch.slice(0, kept.length + 1))).toBe(false);
      expect(retained(kept, limits, nowMs).dropped).toEqual([]);
      expect(retained(branch, { ...limits, revisions: null, bytes: null }, null).dropped).toEqual([]);
    }),
  );
});

test('from every reference one comes to what stays and to nothing that was dropped', () => {
  fc.assert(
    fc.property(branches, anyLimits, fc.func(fc.boolean()), (branch, limits, isLabelled) => {
      const others = new Set(['of-another']);
      const now = retained(branch, limits, 5_000_000);
      const checkpoints = branch.filter(({ oid }) => isLabelled(oid));
      const { boundary, roots } = boundaryAfter(others, now, checkpoints);
      const reached = new Set<string>();
      for (const start of [...branch.slice(0, 1), ...checkpoints]) {
        let one: SizedRevision | undefined = start;
        while (one !== undefined) {
          const { oid, parent }: SizedRevision = one;
          reached.add(oid);
          one = boundary.has(oid) ? undefined : branch.find((next) => next.oid === parent);
        }
      }
      expect(reached).toEqual(new Set([...now.kept, ...checkpoints].map(({ oid }) => oid)));
      expect(boundary).toEqual(new Set(['of-another', ...roots.map(({ oid }) => oid)]));
      // The same again, from where that left: nothing moves, and what may be left behind is still known.
      const again = boundaryAfter(boundary, retained(now.kept, limits, 5_000_000), checkpoints);
      expect(again).toEqual({ boundary, roots });
    }),
  );
});
