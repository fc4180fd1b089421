import { describe, expect, test } from 'vitest';
import type { Action } from '../../../../src/core/plan/action.ts';
import { routerosDialect as dialect } from '../../../../src/drivers/routeros/dialect.ts';
import { renderAction } from '../../../../src/drivers/routeros/render.ts';
import { item, section } from '../../../support/configurations.ts';

const filter = '/ip firewall filter';
const nameOnly = (property: string): string => `<secret:${property}>`;
const rule = (properties: Record<string, string>) =>
  item(filter, { action: 'accept', chain: 'input', ...properties });

describe('rows are selected by what they are', () => {
  test('by natural key', () => {
    const path = '/ip firewall address-list';
    const entry = item(path, { address: '192.0.2.1', list: 'my list' });
    expect(renderAction({ verb: 'remove', section: path, item: entry, before: null }, [], nameOnly)).toEqual([
      `${path} remove [${path} find where address="192.0.2.1" list="my list"]`,
    ]);
  });
  test('by content, booleans, numbers and times bare, the rest quoted', () => {
    const action: Action = {
      verb: 'remove',
      section: filter,
      item: rule({ disabled: 'yes', 'in-interface-list': '!LAN' }),
      before: null,
    };
    expect(renderAction(action, [section(filter, [action.item])], nameOnly)).toEqual([
      `${filter} remove [${filter} find where action="accept" chain="input" disabled=yes in-interface-list="!LAN"]`,
    ]);
  });
  test('the n-th where other rows have all of its properties too', () => {
    const [plain, wider] = [rule({}), rule({ protocol: 'tcp' })];
    const remove = (nth: number): readonly string[] =>
      renderAction(
        { verb: 'remove', section: filter, item: plain, before: null, nth },
        [section(filter, [wider, plain, plain])],
        nameOnly,
      );
    const find = `[${filter} find where action="accept" chain="input"]`;
    expect([...remove(0), ...remove(1)]).toEqual([
      `${filter} remove [:pick ${find} 1]`,
      `${filter} remove [:pick ${find} 2]`,
    ]);
  });
  test('the only item of a menu needs no selector', () => {
    const path = '/system identity';
    const action: Action = {
      verb: 'set',
      section: path,
      from: item(path, { name: 'a' }, ''),
      to: item(path, {}, ''),
    };
    expect(renderAction(action, [], nameOnly)).toEqual(['/system identity set name=MikroTik']);
  });
});

describe('values', () => {
  test('nothing that the console expands', () => {
    const action: Action = {
      verb: 'add',
      section: filter,
      item: rule({ comment: '$x "y" \\ \n; ]\xe9' }),
      before: null,
    };
    expect(renderAction(action, [], nameOnly)).toEqual([
      `${filter} add action=accept chain=input comment="\\$x \\"y\\" \\\\ \\n; ]\\E9"`,
    ]);
  });
  test('secrets are masked unless asked for', () => {
    const path = '/ppp secret';
    const action: Action = {
      verb: 'add',
      section: path,
      item: item(path, { name: 'a', password: 'p w' }),
      before: null,
    };
    expect(renderAction(action, [], nameOnly)).toEqual([`${path} add name=a password=<secret:password>`]);
    expect(renderAction(action, [], null)).toEqual([`${path} add name=a password="p w"`]);
  });
  test('what is taken away goes to its known default, is cleared, or is unset by itself', () => {
    const from = rule({ comment: 'x', disabled: 'yes', protocol: 'tcp' });
    const action: Action = { verb: 'set', section: filter, from, to: rule({}) };
    const find = (words: string): string => `[${filter} find where action="accept" chain="input"${words}]`;
    expect(renderAction(action, [section(filter, [from])], nameOnly)).toEqual([
      `${filter} set ${find(' comment="x" disabled=yes protocol="tcp"')} comment="" disabled=no`,
      `${filter} unset ${find(' protocol="tcp"')} protocol`,
    ]);
    expect(dialect.intermediates?.(from, rule({}))).toEqual([rule({ protocol: 'tcp' })]);
  });
  test('a service that is off by default goes back to off', () => {
    const set = (name: string): readonly string[] => {
      const row = (properties: Record<string, string>) => item('/ip service', properties, `name=${name}`);
      return renderAction(
        { verb: 'set', section: '/ip service', from: row({ disabled: 'x' }), to: row({}) },
        [],
        nameOnly,
      );
    };
    expect(set('www-ssl')[0]).toContain('disabled=yes');
    expect(set('www')[0]).toContain('disabled=no');
  });
});

test('places are named by the row that follows', () => {
  const [a, b] = [rule({ comment: 'a' }), rule({ comment: 'b' })];
  const before = [section(filter, [a, b])];
  const find = (comment: string): string =>
    `[${filter} find where action="accept" chain="input" comment="${comment}"]`;
  expect(
    renderAction({ verb: 'add', section: filter, item: rule({ comment: 'c' }), before: b }, before, nameOnly),
  ).toEqual([`${filter} add action=accept chain=input comment=c place-before=${find('b')}`]);
  expect(
    renderAction({ verb: 'move', section: filter, item: b, before: a, wasBefore: null }, before, nameOnly),
  ).toEqual([`${filter} move ${find('b')} ${find('a')}`]);
  expect(
    renderAction({ verb: 'move', section: filter, item: a, before: null, wasBefore: b }, before, nameOnly),
  ).toEqual([`${filter} move ${find('a')}`]);
});
