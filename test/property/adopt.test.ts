/**
 * Real exports taken over as desired files: the file of a device plans nothing on it; after changes on the device the
 * edited file plans nothing either, and whatever did not change in it is as it was, byte for byte.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blockFaulty } from '../../src/core/plan/blocked.ts';
import { diffConfigurations } from '../../src/core/plan/diff.ts';
import type { Configuration } from '../../src/core/item.ts';
import { adoptOnto } from '../../src/drivers/routeros/adopt/adopt-onto.ts';
import { adoptedText } from '../../src/drivers/routeros/adopt/adopt-text.ts';
import { routerosDialect as dialect } from '../../src/drivers/routeros/dialect.ts';
import { mutatedExport } from '../support/mutated-export.ts';
import { noRealExports, realExports, whyNoRealExports } from '../support/real-exports.ts';

const file = 'config.rsc';
const parsed = (bytes: Uint8Array): Configuration | null => {
  try {
    return dialect.parseActual(bytes).configuration;
  } catch {
    return null;
  }
};

const exports = realExports()
  .filter(({ pure }) => pure)
  .flatMap((one) => {
    const actual = parsed(one.bytes);
    return actual === null ? [] : [{ ...one, actual }];
  });

/** What a device with this configuration would be planned from this file. */
function differences(text: Uint8Array, actual: Configuration, version: string): unknown {
  const { configuration: desired, problems } = dialect.parseDesired(text, file, version);
  expect(problems.filter(({ section }) => section === null)).toEqual([]);
  const found = diffConfigurations({
    confirmed: null,
    desired,
    actual,
    owns: 'sections',
    ignore: [],
    dialect,
  });
  const { differences: left, blocked } = blockFaulty(found, [
    ...problems,
    ...(dialect.judgeDesired?.(desired, actual, version) ?? []),
  ]);
  return [...left, ...blocked];
}

const lines = (text: Uint8Array): string[] => Buffer.from(text).toString('latin1').split('\n');
const isComment = (line: string): boolean => line.startsWith('#');

/** How many lines of one text are not in the other, as often as they are there. */
function missing(of: readonly string[], from: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const line of from) counts.set(line, (counts.get(line) ?? 0) + 1);
  return of.filter((line) => {
    const left = counts.get(line) ?? 0;
    counts.set(line, left - 1);
    return left <= 0;
  }).length;
}

describe.skipIf(noRealExports)(`taking over real exports${whyNoRealExports}`, () => {
  test.each(exports)('$file: the file of a device plans nothing on it', ({ actual, version }) => {
    const { text } = adoptedText('gw1', version, actual);
    expect(differences(Buffer.from(text, 'latin1'), actual, version)).toEqual([]);
  });

  test.each(exports)(
    '$file: after changes on the device the edited file plans nothing, and keeps the rest',
    { timeout: 120_000 },
    ({ bytes, version }) => {
      fc.assert(
        fc.property(fc.infiniteStream(fc.nat({ max: 1 << 30 })), fc.boolean(), (numbers, whole) => {
          const below = (limit: number): number => (numbers.next().value ?? 0) % limit;
          const changed = mutatedExport(bytes, below);
          const actual = parsed(changed);
          if (actual === null) return;
          // As a person keeps it: with remarks between the lines.
          const kept = whole
            ? Buffer.from(bytes)
            : Buffer.from(
                lines(bytes)
                  .map((line, i) => (/^add /.test(line) && i % 7 === 0 ? `# remark ${i}\n${line}` : line))
                  .join('\n'),
                'latin1',
              );
          const taken = adoptOnto({
            fragments: [{ file, text: kept }],
            file,
            valueOf: () => null,
            owns: 'sections',
            ignore: [],
            actual,
            version,
          });
          expect(taken.left).toEqual([]);
          expect(differences(taken.text, actual, version)).toEqual([]);
          const edits = taken.added + taken.changed + taken.removed + taken.moved;
          const [before, after] = [lines(kept), lines(taken.text)];
          expect(missing(before.filter(isComment), after.filter(isComment))).toBe(0);
          // Long rows are several lines.
          expect(missing(after, before)).toBeLessThanOrEqual(edits * 3);
          if (edits === 0) expect(Buffer.from(taken.text).equals(kept)).toBe(true);
        }),
        { numRuns: 8 },
      );
    },
  );
});
