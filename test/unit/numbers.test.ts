/**
 * What has a number has a test that says it: the ways in which a known panic-revert goes wrong (D01 to D17), the rows of
 * who dies when (W01 to W10), and the simulator's behaviours (S01 to S70). Titles and rows of their tables count; what
 * is only said in a remark does not.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../', import.meta.url);

/** Text between quotes on lines that are no remark, of all files of tests whose path fits. */
function quotedIn(fits: (file: string) => boolean): readonly string[] {
  const files = (readdirSync(root, { recursive: true }) as string[]).filter(
    (file) => file.endsWith('.test.ts') && fits(file),
  );
  expect(files.length).toBeGreaterThan(0);
  return files.flatMap((file) =>
    readFileSync(new URL(file, root), 'utf8')
      .split('\n')
      .filter((line) => !/^\s*(?:\/\/|\/?\*)/.test(line))
      .flatMap((line) => [...line.matchAll(/(['"`])(.*?)\1/g)].map(([, , text = '']) => text)),
  );
}

function numbersIn(titles: readonly string[], letter: string): ReadonlySet<number> {
  const found = new Set<number>();
  for (const title of titles)
    for (const [, from, to] of title.matchAll(
      new RegExp(`\\b${letter}(\\d\\d)(?:-${letter}(\\d\\d))?\\b`, 'g'),
    ))
      for (let number = Number(from); number <= Number(to ?? from); number++) found.add(number);
  return found;
}

const simulators = (file: string): boolean => /^(?:unit\/simulator\/|daemon\/simulator-)/.test(file);

test.each([
  ['D', 17, 'a defect of a known panic-revert', () => true],
  ['W', 10, 'a row of who dies when', () => true],
  ['S', 70, 'a behaviour of the device', simulators],
] as const)('%s01 to %s%i: each has a test of that number (%s)', (letter, last, _what, fits) => {
  const tested = numbersIn(quotedIn(fits), letter);
  const missing = Array.from({ length: last }, (_, i) => i + 1).filter((number) => !tested.has(number));
  expect(missing).toEqual([]);
});

test('the tables of the defects and of who dies when name each number', () => {
  const page = readFileSync(new URL('../docs/routeros-device.md', root), 'utf8');
  expect([...numbersIn([page], 'D')]).toHaveLength(17);
  expect([...numbersIn([page], 'W')]).toHaveLength(10);
});
