/** Ways that are taken because they are shorter say what the long ones say. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Configuration } from '../../src/core/item.ts';
import { routerosDialect as dialect } from '../../src/drivers/routeros/dialect.ts';
import { RowValues } from '../../src/drivers/routeros/row-values.ts';
import { anyConfiguration, editedFrom, item } from '../support/configurations.ts';
import { differencesBetween } from '../support/plans.ts';

const filter = '/ip firewall filter';
const list = '/ip firewall address-list';
const extra = {
  [filter]: item(filter, { chain: 'extra', action: 'accept' }),
  [list]: item(list, { list: 'extra', address: '203.0.113.9' }),
} as const;

/** With a row more in these sections, so that all their rows are matched and compared. */
function withExtra(configuration: Configuration): Configuration {
  const sections = configuration.sections.map((one) =>
    one.path === filter || one.path === list ? { ...one, items: [...one.items, extra[one.path]] } : one,
  );
  return { sections };
}

test('sections that are the same row by row differ in nothing, matched or not', () => {
  const given = anyConfiguration.chain((same) => fc.tuple(fc.constant(same), editedFrom(same)));
  fc.assert(
    fc.property(given, fc.boolean(), ([same, edited], isKnown) => {
      const confirmed = isKnown ? edited : null;
      expect(differencesBetween(structuredClone(same), same, { confirmed }).differences).toEqual([]);
      const found = differencesBetween(withExtra(same), same, { confirmed }).differences;
      const more = [filter, list].filter((path) => same.sections.some((one) => one.path === path));
      expect(found.map(({ section, target }) => [section, target]).sort()).toEqual(
        more.map((section) => [section, null]).sort(),
      );
    }),
    { numRuns: 400 },
  );
});

test('a text is judged the same wherever on the device its rows stand', () => {
  const given = anyConfiguration.chain((actual) => fc.tuple(fc.constant(actual), editedFrom(actual)));
  fc.assert(
    fc.property(given, ([actual, desired]) => {
      const turned = { sections: actual.sections.map((one) => ({ ...one, items: one.items.toReversed() })) };
      const judged = dialect.judgeDesired?.(desired, actual, '6.40');
      expect(judged).toEqual(dialect.judgeDesired?.(desired, turned, '6.40'));
      expect(dialect.judgeDesired?.(actual, turned, '6.40')).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test("a row's values are a map, in whatever order they come", () => {
  const name = fc.integer({ min: 0, max: 40 }).map((n) => `p${String(n).padStart(2, '0')}`);
  const value = fc.option(fc.constantFrom('a', 'b', ''));
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 60 }), fc.boolean(), (pairs, isOrdered) => {
      const given = isOrdered ? [...pairs].sort(([a], [b]) => (a < b ? -1 : 1)) : pairs;
      const [values, map] = [new RowValues(), new Map<string, string | null>()];
      for (const [own, said] of given) {
        expect(values.set(own, said)).toBe(map.get(own));
        map.set(own, said);
      }
      expect(values.size).toBe(map.size);
      expect(values.entries()).toEqual([...map]);
      for (const own of map.keys()) expect(values.get(own)).toBe(map.get(own));
      expect(values.get('none')).toBeUndefined();
      const kept = [...map].filter(([, said]) => said !== 'a').sort(([a], [b]) => (a < b ? -1 : 1));
      expect(values.sorted((_, said) => said !== 'a')).toEqual(kept);
    }),
    { numRuns: 500 },
  );
});
