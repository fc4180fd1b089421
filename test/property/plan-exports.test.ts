/** Real exports with a few rows edited: more menus than any generator knows, and rows as people write them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Configuration } from '../../src/core/item.ts';
import { routerosDialect as dialect } from '../../src/drivers/routeros/dialect.ts';
import { expectProvedAndSettled, mutated } from '../support/plan-pairs.ts';
import { noRealExports, realExports, whyNoRealExports } from '../support/real-exports.ts';

const pairs = 4_000;

function complete(bytes: Uint8Array): Configuration | null {
  try {
    return dialect.parseActual(bytes).configuration;
  } catch {
    return null;
  }
}

const exports = realExports()
  .filter(({ pure }) => pure)
  .flatMap(({ file, bytes }) => {
    const actual = complete(bytes);
    return actual === null ? [] : [{ file, actual }];
  });

describe.skipIf(noRealExports)(`four thousand edited real exports${whyNoRealExports}`, () => {
  test.each(exports)(
    '$file: every plan is proved, and nothing is left after it',
    { timeout: 300_000 },
    ({ actual }) => {
      const kinds = { nothing: 0, plan: 0, refused: 0 };
      fc.assert(
        fc.property(mutated(actual), (desired) => void (kinds[expectProvedAndSettled(actual, desired)] += 1)),
        { numRuns: Math.ceil(pairs / exports.length) },
      );
      expect(kinds.plan).toBeGreaterThan(0);
    },
  );
});
