import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../../../src/core/dialect.ts';
import { classifyAction, removalsOf, strictest } from '../../../../src/core/gate/classify.ts';
import type { Item } from '../../../../src/core/item.ts';
import type { Action, Label } from '../../../../src/core/plan/action.ts';
import { routerosDialect } from '../../../../src/drivers/routeros/dialect.ts';
import type { Policy } from '../../../../src/core/site.ts';
import { configuration, item, section } from '../../../support/configurations.ts';

const list = '/ip firewall address-list';
const entry = item(list, { address: '192.0.2.1', list: 'office' });
const nothing = { exceeded: false, emptied: new Set<string>() };

function classify(
  action: Action,
  verdict: Verdict,
  more: { label?: Label; removals?: typeof nothing; own?: boolean; rules?: Rules } = {},
) {
  const dialect = { ...routerosDialect, classify: () => verdict };
  const management = { address: '', port: 22, from: '', interface: null };
  const context = {
    base: configuration(),
    target: configuration(),
    management,
    isOwn: () => more.own ?? false,
  };
  return classifyAction({
    label: more.label ?? 'desired',
    action,
    context,
    removals: more.removals ?? nothing,
    rules: more.rules ?? { sign: [], relax: [] },
    dialect,
  });
}

type Rules = Pick<Policy, 'sign' | 'relax'>;

const benign: Verdict = { class: 'benign', tier: 'benign', reason: 'list' };
const middle: Verdict = { class: 'operational', tier: 'middle', reason: 'traffic' };
const floor: Verdict = { class: 'operational', tier: 'floor', reason: 'management-path' };
const add: Action = { verb: 'add', section: list, item: entry, before: null };
const remove: Action = { verb: 'remove', section: list, item: entry, before: null };

describe('the strictest reason wins', () => {
  test('a benign addition stays benign', () => {
    expect(classify(add, benign)).toEqual(benign);
  });
  test('what two sides changed differently is signed, however harmless', () => {
    expect(classify(add, benign, { label: 'conflict' })).toMatchObject({ tier: 'floor', reason: 'conflict' });
  });
  test('removing what siteward made is benign, anything else is not', () => {
    expect(classify(remove, middle, { own: true }).class).toBe('benign');
    expect(classify(remove, benign)).toMatchObject({ class: 'operational', reason: 'not made by siteward' });
  });
  test('provenance does not lower the floor', () => {
    expect(classify(remove, floor, { own: true })).toEqual(floor);
  });
  test('caps and emptied sections are signed even if siteward made it all', () => {
    expect(classify(remove, middle, { own: true, removals: { ...nothing, exceeded: true } }).reason).toBe(
      'caps-exceeded',
    );
    expect(
      classify(remove, middle, { own: true, removals: { ...nothing, emptied: new Set([list]) } }).reason,
    ).toBe('section-emptied');
  });
  test('a benign property that is reset on an item of somebody else is signed; a changed one is not', () => {
    const set = (from: Item, to: Item): Action => ({ verb: 'set', section: list, from, to });
    const timed = item(list, { address: '192.0.2.1', list: 'office', timeout: '1d' });
    expect(classify(set(timed, entry), benign).tier).toBe('middle');
    expect(classify(set(entry, timed), benign).tier).toBe('benign');
  });
});

describe('local policy', () => {
  const everything: Rules = { sign: ['*'], relax: [] };
  const relaxed: Rules = { sign: [], relax: [list, '/ip firewall*', '/ip*'] };

  test('makes a signature needed where there was none, by the menu, from above, or for all', () => {
    for (const sign of [[list], ['/ip firewall*'], ['*']]) {
      expect(classify(add, benign, { rules: { sign, relax: [] } })).toEqual({
        class: 'operational',
        tier: 'middle',
        reason: 'local policy: list',
      });
    }
    for (const sign of [['/ip firewall'], ['/ip firewall address'], ['/ip firewall address*'], []])
      expect(classify(add, benign, { rules: { sign, relax: [] } })).toEqual(benign);
    expect(classify(remove, middle, { own: true, rules: everything }).class).toBe('operational');
  });

  test('relaxes the middle tier, removals of what others made included', () => {
    const expected = { class: 'benign', tier: 'benign', reason: 'local policy: traffic' };
    expect(classify(add, middle, { rules: relaxed })).toEqual(expected);
    expect(classify(remove, middle, { rules: relaxed }).class).toBe('benign');
    expect(classify(add, middle, { rules: { sign: [], relax: ['/ip route'] } })).toEqual(middle);
  });

  test('never lowers the floor, whichever reason put it there', () => {
    expect(classify(add, floor, { rules: relaxed })).toEqual(floor);
    for (const more of [
      { label: 'conflict' as const },
      { removals: { ...nothing, exceeded: true } },
      { removals: { ...nothing, emptied: new Set([list]) } },
    ])
      expect(classify(remove, benign, { ...more, rules: relaxed })).toMatchObject({
        class: 'operational',
        tier: 'floor',
      });
  });

  test('that says both asks for the signature', () => {
    expect(classify(add, middle, { rules: { sign: [list], relax: [list] } })).toEqual(middle);
  });
});

test('removals count against both caps, and resets count too', () => {
  const base = [section(list, [entry, item(list, { address: '192.0.2.2', list: 'office' })])];
  const one = removalsOf([remove], base, [section(list, [entry])], 100, { items: 20, share: 0.1 });
  expect(one).toEqual({ exceeded: false, emptied: new Set() });
  expect(removalsOf([remove], base, [section(list, [])], 100, { items: 20, share: 0.1 }).emptied).toEqual(
    new Set([list]),
  );
  expect(removalsOf([remove, remove], base, base, 100, { items: 1, share: 0.1 }).exceeded).toBe(true);
  expect(removalsOf([remove, remove], base, base, 19, { items: 20, share: 0.1 }).exceeded).toBe(true);
});

test('a plan has the strictest class of its actions and its first reason', () => {
  expect(strictest([benign, middle, floor])).toEqual({ class: 'operational', reason: 'traffic' });
  expect(strictest([benign])).toEqual({ class: 'benign', reason: 'list' });
});
