/** The examples of docs/routeros-language.md are true. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readExport } from '../../../../src/drivers/routeros/export-syntax.ts';
import { toConfiguration } from '../../../../src/drivers/routeros/normalize.ts';
import { printItem } from '../../../../src/drivers/routeros/print-configuration.ts';

const page = readFileSync(new URL('../../../../docs/routeros-language.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/^\| `(\/.*?)` +\| `(.*?)` +\|$/gm)].map(([, written, canonical]) => [
  written ?? '',
  canonical ?? '',
]);

function canonicalOf(line: string): readonly string[] {
  const text = readExport(Buffer.from(`${line}\n`, 'latin1'), 'example');
  const { configuration, problems } = toConfiguration(text, { role: 'text', version: '7.18.2' });
  expect(problems).toEqual([]);
  return configuration.sections.flatMap(({ items }) => items.map((item) => printItem(item)));
}

describe('what the page calls canonical', () => {
  test.each(examples)('%s', (written, canonical) => {
    expect(canonicalOf(written)).toEqual([canonical]);
    const menu = /^\S+(?: [a-z0-9-]+)*?(?= (?:add|set) )/.exec(written)?.[0] ?? '';
    expect(canonicalOf(`${menu} ${canonical}`)).toEqual([canonical]);
  });

  test('there are examples', () => {
    expect(examples.length).toBeGreaterThan(5);
  });
});
