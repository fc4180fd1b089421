/** Which actions take something away, how many may, and in which words a signature is asked for. */
import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../../../src/core/dialect.ts';
import { classifyAction, removalsOf, strictest } from '../../../../src/core/gate/classify.ts';
import type { Removals } from '../../../../src/core/gate/classify.ts';
import type { Item } from '../../../../src/core/item.ts';
import type { Action } from '../../../../src/core/plan/action.ts';
import { routerosDialect } from '../../../../src/drivers/routeros/dialect.ts';
import { configuration, item, section } from '../../../support/configurations.ts';

const list = '/ip firewall address-list';
const plain = item(list, { address: '192.0.2.1', list: 'office' });
const timed = item(list, { address: '192.0.2.1', list: 'office', timeout: '1d' });
const noted = item(list, { address: '192.0.2.1', list: 'office', comment: 'x' });
const withNull = (of: Item, name: string): Item => ({ ...of, properties: [...of.properties, [name, null]] });
const set = (from: Item, to: Item): Action => ({ verb: 'set', section: list, from, to });
const add: Action = { verb: 'add', section: list, item: plain, before: null };
const remove: Action = { verb: 'remove', section: list, item: plain, before: null };

const benign: Verdict = { class: 'benign', tier: 'benign', reason: 'list' };
const middle: Verdict = { class: 'operational', tier: 'middle', reason: 'traffic' };
const capsExceeded: Verdict = { class: 'operational', tier: 'floor', reason: 'caps-exceeded' };
const none: Removals = { exceeded: false, emptied: new Set() };
const exceeded: Removals = { exceeded: true, emptied: new Set() };

function classify(
  action: Action,
  verdict: Verdict,
  { removals = none, own = false, inPieces }: { removals?: Removals; own?: boolean; inPieces?: boolean } = {},
): Verdict {
  return classifyAction({
    label: 'desired',
    action,
    context: {
      base: configuration(),
      target: configuration(),
      management: { address: '', port: 22, from: '', interface: null },
      isOwn: () => own,
    },
    removals,
    ...(inPieces === undefined ? {} : { inPieces }),
    rules: { sign: [], relax: [] },
    dialect: { ...routerosDialect, classify: () => verdict },
  });
}

describe('once the caps are exceeded, what takes something away is signed', () => {
  test.each([
    ['a row that goes', remove, capsExceeded],
    ['a property that is reset', set(timed, plain), capsExceeded],
    ['a property that is reset by name', set(timed, withNull(plain, 'timeout')), capsExceeded],
    ['a row that comes', add, benign],
    ['a property that is set', set(plain, timed), benign],
    ['a property that is changed', set(timed, { ...timed, properties: timed.properties }), benign],
    ['a comment that goes', set(noted, plain), benign],
    ['a property that had no value', set(withNull(plain, 'timeout'), plain), benign],
  ])('%s', (_, action, expected) => {
    expect(classify(action, benign, { removals: exceeded, own: true })).toEqual(expected);
  });

  test('and so is what empties its section, and nothing in another', () => {
    const of = (path: string): Removals => ({ exceeded: false, emptied: new Set([path]) });
    expect(classify(remove, benign, { removals: of(list), own: true }).reason).toBe('section-emptied');
    expect(classify(set(timed, plain), benign, { removals: of(list), own: true }).reason).toBe(
      'section-emptied',
    );
    expect(classify(remove, benign, { removals: of('/ip route'), own: true }).reason).toBe(
      'made by siteward',
    );
    expect(classify(add, benign, { removals: of(list) })).toEqual(benign);
  });
});

describe('the words of a verdict', () => {
  test('tell whose a removed row was', () => {
    expect(classify(remove, middle, { own: true })).toEqual({
      class: 'benign',
      tier: 'benign',
      reason: 'made by siteward',
    });
    expect(classify(remove, benign)).toEqual({
      class: 'operational',
      tier: 'middle',
      reason: 'not made by siteward',
    });
  });

  test('tell what is reset, where nothing else asks for a signature', () => {
    const reason = 'resets what siteward did not make';
    expect(classify(set(timed, plain), benign)).toEqual({ class: 'operational', tier: 'middle', reason });
    expect(classify(set(timed, plain), benign, { own: true })).toEqual(benign);
    expect(classify(set(timed, plain), middle)).toEqual(middle);
    expect(classify(set(noted, plain), benign)).toEqual(benign);
  });

  test('tell that no commit has meant a chain in pieces', () => {
    const expected = { class: 'operational', tier: 'floor', reason: 'chain-in-pieces' };
    expect(classify(add, benign, { inPieces: true })).toEqual(expected);
    expect(classify(add, benign, { inPieces: false })).toEqual(benign);
  });
});

describe('what a plan takes away', () => {
  const rows = (n: number): Item[] =>
    Array.from({ length: n }, (_, i) => item(list, { address: `192.0.2.${i}`, list: 'office' }));
  const caps = { items: 2, share: 0.1 };
  const count = (actions: readonly Action[], total: number): boolean =>
    removalsOf(actions, [], [], total, caps).exceeded;

  test('may be as much as both caps, and no more', () => {
    expect(count([remove, remove], 20)).toBe(false);
    expect(count([remove, remove, remove], 1000)).toBe(true);
    expect(count([remove, remove], 19)).toBe(true);
  });

  test('is counted without what comes or changes', () => {
    expect(count([remove, remove, add, add, set(plain, timed), set(noted, plain)], 1000)).toBe(false);
    expect(count([remove, remove, set(timed, plain)], 1000)).toBe(true);
  });

  test('empties sections in which people made rows, and has left none of theirs', () => {
    const brought: Item = { ...plain, created: false };
    const emptied = (before: readonly Item[], after: readonly Item[]): string[] => [
      ...removalsOf([], [section(list, before)], [section(list, after)], 100, caps).emptied,
    ];
    expect(emptied(rows(2), [])).toEqual([list]);
    expect(emptied(rows(2), [brought])).toEqual([list]);
    expect(emptied(rows(2), rows(1))).toEqual([]);
    expect(emptied([brought], [])).toEqual([]);
    expect(emptied([], [])).toEqual([]);
    expect([...removalsOf([], [section(list, rows(1))], [], 100, caps).emptied]).toEqual([list]);
  });
});

test('a plan without actions is benign, for no reason', () => {
  expect(strictest([])).toEqual({ class: 'benign', reason: '' });
  expect(strictest([benign, { class: 'recovery', reason: 'stolen' }, middle])).toEqual({
    class: 'recovery',
    reason: 'stolen',
  });
});
