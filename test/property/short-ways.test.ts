/** Ways that are taken because they are shorter say what the long ones say. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ParsedText } from '../../src/core/dialect.ts';
import type { Configuration } from '../../src/core/item.ts';
import { routerosDialect as dialect } from '../../src/drivers/routeros/dialect.ts';
import { RowValues } from '../../src/drivers/routeros/row-values.ts';
import { seededRandom } from '../../src/simulator/random.ts';
import { anyConfiguration, editedFrom, item } from '../support/configurations.ts';
import { mutatedExport } from '../support/mutated-export.ts';
import { differencesBetween } from '../support/plans.ts';
import { noRealExports, realExports, whyNoRealExports } from '../support/real-exports.ts';

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

/** Names in one order, whatever order an object got them in. */
function asText(parsed: ParsedText): string {
  const items = parsed.configuration.sections.flatMap((one) =>
    one.items.map(({ section, key, created, properties, place, implied }) => [
      section,
      key,
      created,
      properties,
      place?.file,
      place?.line,
      place?.column,
      implied,
    ]),
  );
  const sections = parsed.configuration.sections.map(({ path, kind, items: own }) => [
    path,
    kind,
    own.length,
  ]);
  return JSON.stringify([sections, items, parsed.problems]);
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

test('a section that git has one row a line and the device wraps is read once; one with a fault is read twice', () => {
  const wish =
    '/ip firewall filter\nadd action=accept chain=input comment="long"\n\nadd action=drop chain=input\n' +
    '/interface bridge\nadd name=a\nadd name=a\n';
  const said =
    '# 2026-01-30 10:00:00 by RouterOS 7.18.2\r\n/interface bridge\r\nadd name=a\r\nadd name=a\r\n' +
    '/ip firewall filter\r\nadd action=accept chain=input \\\r\n    comment="long"\r\n\r\nadd action=drop chain=input\r\n';
  const [git, device] = [Buffer.from(wish), Buffer.from(said)];
  const { desired, actual } = dialect.parseBoth({ text: git, file: 'config.rsc' }, device, '7.18.2');
  const rows = (parsed: ParsedText, path: string) =>
    parsed.configuration.sections.find((one) => one.path === path)?.items ?? [];
  const shared = (path: string) =>
    rows(actual, path).map(({ properties }, i) => properties === rows(desired, path)[i]?.properties);
  expect([shared(filter), shared('/interface bridge')]).toEqual([
    [true, true],
    [false, false],
  ]);
  expect(asText(actual)).toBe(asText(dialect.parseActual(device, '7.18.2')));
});

describe.skipIf(noRealExports)(`both texts of a device read together${whyNoRealExports}`, () => {
  const { below } = seededRandom(20261121);
  const turned = (bytes: Uint8Array, how: number): Buffer => {
    const text = Buffer.from(bytes).toString('latin1').replaceAll('\r\n', '\n');
    // As people and `adopt` write it, one row a line; and wrapped where no device does.
    if (how === 6) return Buffer.from(text.replaceAll(/\\\n */g, ''), 'latin1');
    if (how === 7) {
      const wrap = (byte: string): string => (below(40) === 0 ? `${byte}\\\n${' '.repeat(below(3))}` : byte);
      return Buffer.from(text.replaceAll(/[^\n]/g, wrap), 'latin1');
    }
    // Lines as devices end them, lines of another section, a section's commands or the last of them once more.
    if (how === 1) return Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');
    const lines = text.split('\n');
    const from = below(lines.length);
    if (how === 2) lines.splice(below(lines.length), 0, ...lines.slice(from, from + 1 + below(3)));
    if (how === 3) lines.splice(from, 1 + below(2));
    if (how === 4) {
      const path = lines.filter((line) => /^\/[a-z0-9 -]+$/.test(line))[below(9)] ?? '';
      const rows = lines.filter((line) => /^(add|set) [^\\]*$/.test(line));
      lines.splice(lines.length - 1, 0, `${path} ${rows[below(Math.max(rows.length, 1))] ?? ''}`);
    }
    if (how === 5)
      lines.splice(from, 0, below(2) === 0 ? '' : '# a note', ...(below(2) === 0 ? ['  add name=x'] : []));
    return Buffer.from(lines.join('\n'), 'latin1');
  };
  test.each(realExports())('$file says what it says alone', { timeout: 120_000 }, ({ bytes }) => {
    for (let run = 0; run < (bytes.length > 50_000 ? 8 : 24); run++) {
      const [desired, actual] = [turned(bytes, run % 8), turned(mutatedExport(bytes, below), (run * 5) % 8)];
      const version = ['7.18.2', '6.49.10'][run % 2] ?? '';
      const [wish, said] = run % 3 === 0 ? [desired, turned(desired, below(8))] : [desired, actual];
      let alone;
      try {
        alone = dialect.parseActual(said, version);
      } catch {
        expect(() => dialect.parseBoth({ text: wish, file: 'config.rsc' }, said, version)).toThrow();
        continue;
      }
      const both = dialect.parseBoth({ text: wish, file: 'config.rsc' }, said, version);
      // As text: a comparison of such large values takes a hundred times as long.
      expect(asText(both.actual)).toBe(asText(alone));
      expect(asText(both.desired)).toBe(asText(dialect.parseDesired(wish, 'config.rsc', version)));
    }
  });
});
