import { describe, expect, test } from 'vitest';
import type { Configuration, Item } from '../../../../src/core/item.ts';
import { diffConfigurations, type DiffResult } from '../../../../src/core/plan/diff.ts';
import type { IgnoreRule, Owns } from '../../../../src/core/plan/scope.ts';
import { routerosDialect as dialect } from '../../../../src/drivers/routeros/dialect.ts';
import { configuration, item, section } from '../../../support/configurations.ts';

const filter = '/ip firewall filter';
const list = '/ip firewall address-list';
const rule = (properties: Record<string, string>): Item =>
  item(filter, { action: 'accept', chain: 'forward', ...properties });
const rules = (...items: Item[]): Configuration => configuration(section(filter, items));
const entries = (...addresses: string[]): Configuration =>
  configuration(
    section(
      list,
      addresses.map((address) => item(list, { address, list: 'office' })),
    ),
  );

interface Sides {
  readonly confirmed?: Configuration;
  readonly desired: Configuration;
  readonly actual: Configuration;
  readonly owns?: Owns;
  readonly ignore?: readonly IgnoreRule[];
}
function diff({ confirmed, desired, actual, owns = 'sections', ignore = [] }: Sides): DiffResult {
  return diffConfigurations({ confirmed: confirmed ?? null, desired, actual, owns, ignore, dialect });
}
const told = (result: DiffResult) =>
  result.differences.map(
    ({ label, base, target }) => `${label} ${base === null ? '+' : target === null ? '-' : '~'}`,
  );

describe('who moved', () => {
  const [a, b, c] = [
    entries('192.0.2.1'),
    entries('192.0.2.1', '192.0.2.2'),
    entries('192.0.2.1', '192.0.2.3'),
  ];

  test('before anything was confirmed every difference is desired', () => {
    expect(told(diff({ desired: b, actual: c }))).toEqual(['desired +', 'desired -']);
  });
  test('what git changed is desired, what the device changed is drift, side by side', () => {
    expect(told(diff({ confirmed: a, desired: b, actual: c }))).toEqual(['desired +', 'drift -']);
  });
  test('one item changed differently on both sides is a conflict that shows all three', () => {
    const at = (comment: string): Configuration =>
      rules(rule({ 'dst-port': '80', protocol: 'tcp', comment }));
    const found = diff({ confirmed: at('was'), desired: at('git'), actual: at('hand') }).differences;
    expect(found).toMatchObject([
      {
        label: 'conflict',
        confirmed: { properties: expect.arrayContaining([['comment', 'was']]) as unknown },
      },
    ]);
  });
  test('changed in git and deleted on the device is a conflict', () => {
    const at = (port: string): Item => rule({ 'dst-port': port, protocol: 'tcp', comment: 'web' });
    expect(told(diff({ confirmed: rules(at('80')), desired: rules(at('81')), actual: rules() }))).toEqual([
      'conflict +',
    ]);
  });
  test('both sides made the same change: nothing to do', () => {
    expect(told(diff({ confirmed: a, desired: b, actual: b }))).toEqual([]);
  });
});

describe('which rows are one object', () => {
  test('a changed property is a change, not a removal and an addition', () => {
    const [before, after] = [rule({ 'src-address': '192.0.2.1' }), rule({ 'src-address': '192.0.2.2' })];
    expect(diff({ desired: rules(after), actual: rules(before) }).differences).toMatchObject([
      { base: before, target: after },
    ]);
  });
  test('a route to the same destination in the same table is the same route, whichever way it goes', () => {
    const routes = (...rows: Record<string, string>[]): Configuration =>
      configuration(
        section(
          '/ip route',
          rows.map((row) => item('/ip route', row)),
        ),
      );
    const actual = routes({ gateway: '192.0.2.1' });
    const more = { 'dst-address': '10.0.0.0/8', gateway: '192.0.2.1' };
    expect(diff({ actual, desired: routes({ gateway: '192.0.2.254' }, more) }).differences).toMatchObject([
      {
        base: { properties: [['gateway', '192.0.2.1']] },
        target: { properties: [['gateway', '192.0.2.254']] },
      },
      { base: null },
    ]);
    const other = routes({ gateway: '192.0.2.254', 'routing-table': 'guests' });
    expect(told(diff({ actual, desired: other }))).toEqual(['desired +', 'desired -']);
  });

  test('rows of different chains are never one object', () => {
    const [before, after] = [
      rule({ chain: 'input', comment: 'x' }),
      rule({ chain: 'forward', comment: 'x' }),
    ];
    expect(told(diff({ desired: rules(after), actual: rules(before) }))).toEqual(['desired +', 'desired -']);
  });
  test('of equal rows one more is one addition', () => {
    expect(told(diff({ desired: rules(rule({}), rule({})), actual: rules(rule({})) }))).toEqual([
      'desired +',
    ]);
  });
  test('a static name that becomes another kind of record is replaced, since it can not be changed both ways', () => {
    const path = '/ip dns static';
    const a = configuration(
      section(path, [item(path, { name: 'a.example.org', address: '192.0.2.1', comment: 'x' })]),
    );
    const b = configuration(
      section(path, [item(path, { name: 'a.example.org', cname: 'b.example.org', comment: 'x' })]),
    );
    expect(told(diff({ desired: b, actual: a }))).toEqual(['desired +', 'desired -']);
  });
  test('a row that stands elsewhere is moved, one for the fewest', () => {
    const [a, b, c] = [rule({ comment: 'a' }), rule({ comment: 'b' }), rule({ comment: 'c' })];
    const found = diff({ desired: rules(c, a, b), actual: rules(a, b, c) }).differences;
    expect(found).toMatchObject([{ base: c, target: c, label: 'desired' }]);
    expect(
      diff({ confirmed: rules(c, a, b), desired: rules(c, a, b), actual: rules(a, b, c) }).differences,
    ).toMatchObject([{ label: 'drift' }]);
  });
});

describe('what is owned', () => {
  const two = configuration(...entries('192.0.2.1').sections, ...rules(rule({})).sections);

  test('sections that the file does not name are left alone', () => {
    expect(told(diff({ desired: entries('192.0.2.1'), actual: two }))).toEqual([]);
  });
  test('everything is owned when the file is the whole configuration', () => {
    expect(told(diff({ desired: entries('192.0.2.1'), actual: two, owns: 'everything' }))).toEqual([
      'desired -',
    ]);
  });
  test('of items only those named now or when last confirmed', () => {
    const actual = entries('192.0.2.1', '192.0.2.2', '192.0.2.3');
    expect(told(diff({ desired: entries('192.0.2.1'), actual, owns: 'items' }))).toEqual([]);
    const confirmed = entries('192.0.2.1', '192.0.2.2');
    expect(told(diff({ confirmed, desired: entries('192.0.2.1'), actual, owns: 'items' }))).toEqual([
      'desired -',
    ]);
  });
  test('of items only the properties named', () => {
    const path = '/ip service';
    const at = (properties: Record<string, string>): Configuration =>
      configuration(section(path, [item(path, properties, 'name=www')]));
    const result = diff({
      desired: at({ disabled: 'yes' }),
      actual: at({ address: '192.0.2.0/24' }),
      owns: 'items',
    });
    expect(result.differences).toMatchObject([
      {
        target: {
          properties: [
            ['address', '192.0.2.0/24'],
            ['disabled', 'yes'],
          ],
        },
      },
    ]);
  });
  test('ignored rows and properties are no difference, and rows are counted', () => {
    const actual = entries('192.0.2.1', '192.0.2.9');
    const ignore = [{ section: list, where: { address: '192.0.2.9' }, properties: null }];
    expect(diff({ desired: entries('192.0.2.1'), actual, ignore })).toEqual({
      differences: [],
      blocked: [],
      ignored: 1,
      actual,
      doubts: [],
    });
    const named = rules(rule({ comment: 'by hand', protocol: 'tcp' }));
    const properties = [{ section: filter, where: {}, properties: ['comment'] }];
    expect(
      told(diff({ desired: rules(rule({ protocol: 'tcp' })), actual: named, ignore: properties })),
    ).toEqual([]);
    const changed = diff({
      desired: rules(rule({ protocol: 'udp' })),
      actual: named,
      ignore: properties,
    }).differences;
    expect(changed).toMatchObject([{ target: rule({ comment: 'by hand', protocol: 'udp' }) }]);
  });
  test('a row that is not there yet is added as git says it, ignored properties too', () => {
    const ignore = [{ section: filter, where: {}, properties: ['comment', 'disabled'] }];
    const [first, second] = ['one', 'two'].map((comment) =>
      rule({ comment, disabled: 'yes', protocol: 'tcp' }),
    );
    if (first === undefined || second === undefined) throw new Error('two rows');
    const found = diff({ desired: rules(first, second), actual: rules(), ignore });
    expect(found.differences).toMatchObject([
      { base: null, target: first },
      { base: null, target: second },
    ]);
    expect(diff({ desired: rules(first, second), actual: rules(first, second), ignore }).differences).toEqual(
      [],
    );
  });
});

describe('what is never guessed', () => {
  test('a row that the device brings along goes back to how it came, where that is known', () => {
    const path = '/ip service';
    const actual = configuration(section(path, [item(path, { disabled: 'yes' }, 'name=www')]));
    const result = diff({ desired: configuration(section(path, [])), actual });
    expect(result.differences).toMatchObject([
      { base: { key: 'name=www' }, target: { key: 'name=www', properties: [] } },
    ]);
  });
  test('where it is not known the section is blocked, and the others are not', () => {
    const path = '/interface ethernet';
    const actual = configuration(
      section(path, [item(path, { 'mac-address': '02:00:00:00:00:01' }, 'default-name=ether1')]),
      ...entries().sections,
    );
    const result = diff({
      desired: configuration(section(path, []), ...entries('192.0.2.1').sections),
      actual,
    });
    expect(result.blocked).toMatchObject([{ section: path, code: 'unknown-default' }]);
    expect(told(result)).toEqual(['desired +']);
  });
  test('a menu that no table knows blocks only itself', () => {
    const path = '/future thing';
    const at = (name: string): Configuration =>
      configuration(section(path, [item(path, { name })]), ...entries('192.0.2.1').sections);
    expect(diff({ desired: at('a'), actual: at('a') }).blocked).toEqual([]);
    expect(diff({ desired: at('a'), actual: at('b') })).toMatchObject({
      differences: [],
      blocked: [{ section: path, code: 'unknown-section' }],
    });
  });
});

test('a hundred thousand list entries are compared in linear time', () => {
  const many = (from: number): Configuration =>
    entries(
      ...Array.from(
        { length: 100_000 },
        (_, i) => `10.${(from + i) >> 16}.${((from + i) >> 8) & 255}.${(from + i) & 255}`,
      ),
    );
  expect(diff({ desired: many(5), actual: many(0) }).differences).toHaveLength(10);
});
