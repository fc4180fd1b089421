/** What a signed `adopt` takes over: rows that people made and git names just as they are, and nothing else. */
import { describe, expect, test } from 'vitest';
import { canonicalItem, itemIdentity, sha256 } from '../../../src/core/digest.ts';
import type { Configuration, Item } from '../../../src/core/item.ts';
import { routerosDialect } from '../../../src/drivers/routeros/dialect.ts';
import { adoptable } from '../../../src/reconcile/adopt-items.ts';

const header = '# 2026-11-21 10:00:00 by RouterOS 7.18.2\n#\n';
const parsed = (text: string): Configuration =>
  routerosDialect.parseDesired(Buffer.from(text), 'config.rsc', '7.18.2').configuration;
const one = 'add address=192.0.2.1 name=one.example.org\n';
const two = 'add address=192.0.2.2 name=two.example.org\n';
const rows = `${header}/ip dns static\n${one}${two}/ip firewall address-list\nadd address=192.0.2.9 list=office\n`;
const actual = parsed(`${rows}/ip dns\nset servers=192.0.2.53\n`);
const keyOf = (item: Item): string => `${item.section} ${itemIdentity(item, routerosDialect)}`;
const names = (items: readonly Item[]): string[] =>
  items.map(({ properties }) => properties.at(-1)?.[1] ?? '');
const base = {
  actual,
  desired: actual,
  differences: [],
  own: new Map<string, string>(),
  sections: [],
  facts: routerosDialect,
};
const [first] = adoptable(base);

describe('taken over', () => {
  test('every row in both alike; what the device brings along has no maker', () => {
    expect(names(adoptable(base))).toEqual(['one.example.org', 'two.example.org', 'office']);
  });

  test('of the sections that were named only', () => {
    expect(names(adoptable({ ...base, sections: ['/ip dns static'] }))).toEqual([
      'one.example.org',
      'two.example.org',
    ]);
    expect(adoptable({ ...base, sections: ['/ip route'] })).toEqual([]);
  });
});

describe('not taken over', () => {
  test('what git does not name', () => {
    const desired = parsed(`${header}/ip dns static\n${one}`);
    expect(names(adoptable({ ...base, desired }))).toEqual(['one.example.org']);
  });

  test('what differs', () => {
    if (first === undefined) throw new Error('no item');
    const differences = [{ section: first.section, base: first }];
    expect(names(adoptable({ ...base, differences }))).toEqual(['two.example.org', 'office']);
  });

  test('what is siteward’s own and as it was; what was changed since is taken over anew', () => {
    if (first === undefined) throw new Error('no item');
    const own = new Map([[keyOf(first), sha256(canonicalItem(first))]]);
    expect(names(adoptable({ ...base, own }))).toEqual(['two.example.org', 'office']);
    expect(adoptable({ ...base, own: new Map([[keyOf(first), 'another']]) })).toHaveLength(3);
  });
});
