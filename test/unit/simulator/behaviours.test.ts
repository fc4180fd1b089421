/** Each numbered behaviour of a RouterOS device has a test that says its number. */
import { readFileSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';

const LAST = 70;

function numbersIn(text: string): Set<number> {
  const found = new Set<number>();
  for (const [, from, to] of text.matchAll(/\bS(\d\d)(?:-S(\d\d))?\b/g)) {
    for (let number = Number(from); number <= Number(to ?? from); number++) found.add(number);
  }
  return found;
}

it('every behaviour S01 to S70 is named by a test', () => {
  const tested = new Set<number>();
  for (const folder of ['./', '../../daemon/']) {
    const url = new URL(folder, import.meta.url);
    for (const name of readdirSync(url)) {
      if (!name.endsWith('.test.ts') || name === 'behaviours.test.ts') continue;
      if (folder !== './' && !name.startsWith('simulator-')) continue;
      const lines = readFileSync(new URL(name, url), 'utf8').split('\n');
      // Titles of tests and rows of their tables, not file heads.
      for (const line of lines.filter((one) => !one.startsWith('/*')))
        for (const number of numbersIn(line)) tested.add(number);
    }
  }
  const missing = Array.from({ length: LAST }, (_, i) => i + 1).filter((number) => !tested.has(number));
  expect(missing).toEqual([]);
});
