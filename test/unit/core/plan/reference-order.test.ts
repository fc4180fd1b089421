import { describe, expect, test } from 'vitest';
import type { Configuration, Item } from '../../../../src/core/item.ts';
import type { Action } from '../../../../src/core/plan/action.ts';
import { consoleRefusal } from '../../../../src/core/plan/console-rules.ts';
import { footprintState } from '../../../../src/core/plan/footprint.ts';
import { routerosDialect as dialect } from '../../../../src/drivers/routeros/dialect.ts';
import { configuration, item, section } from '../../../support/configurations.ts';
import { differencesBetween, planBetween, planOf } from '../../../support/plans.ts';
import {
  apply,
  checkOf,
  noteOf,
  readConfiguration,
  readDevice,
  rollBack,
  stage,
} from '../../../support/staged-scripts.ts';
import { startMachine } from '../../simulator/started-machine.ts';

const header = '# 2026-11-21 10:00:00 by RouterOS 7.15.3\n# software id = \n#\n';
const base = `${header}/interface bridge\nadd name=bridge1\n/interface vlan\nadd interface=bridge1 name=cams vlan-id=10\n`;

describe('rows that name each other', () => {
  test('are made without what closes the circle, and given it then; the rollback takes it away first', () => {
    const lists = `${header}/interface list\nadd include=b name=a\nadd include=a name=b\n${base.slice(header.length)}`;
    const [actual, desired] = [readConfiguration(base), readConfiguration(lists)];
    const plan = planOf(planBetween(actual, desired).made);
    expect(plan.actions.flatMap(({ forward }) => forward)).toEqual([
      '/interface list add name=b',
      '/interface list add include=b name=a',
      '/interface list set [/interface list find where name="b"] include=a',
    ]);
    const on = startMachine(base);
    stage(on, plan);
    expect(new Set(checkOf(on))).toEqual(new Set(['base']));
    apply(on);
    expect(noteOf(on, 'apply')).toBe('applied');
    expect(new Set(checkOf(on))).toEqual(new Set(['target']));
    expect(differencesBetween(readDevice(on), desired).differences).toEqual([]);
    rollBack(on);
    expect(noteOf(on, 'back')).toBe('rolled back');
    expect(footprintState(plan, readDevice(on), dialect).kind).toBe('base');
  });
});

describe('what the console would refuse is refused before it is asked', () => {
  const vlan = (name: string): Item =>
    item('/interface vlan', { interface: 'bridge1', name, 'vlan-id': '10' });
  const pool = item('/ip pool', { name: 'pool1', ranges: '192.0.2.1' });
  const server = (more: Record<string, string>): Item =>
    item('/ip dhcp-server', { interface: 'bridge1', name: 'dhcp1', ...more });
  const add = (one: Item): Action => ({ verb: 'add', section: one.section, item: one, before: null });
  const remove = (one: Item): Action => ({ verb: 'remove', section: one.section, item: one, before: null });
  const set = (from: Item, to: Item): Action => ({ verb: 'set', section: from.section, from, to });
  const refusal = (actual: Configuration, ...actions: Action[]): string | undefined =>
    consoleRefusal(actions, actual, dialect)?.code;
  const device = configuration(
    section('/interface bridge', [item('/interface bridge', { name: 'bridge1' })]),
    section('/interface vlan', [vlan('cams')]),
    section('/ip pool', [pool]),
    section('/ip dhcp-server', [server({ 'address-pool': 'pool1' })]),
  );

  test('a name that an interface of another kind has', () => {
    expect(refusal(device, add(vlan('bridge1')))).toBe('name-taken');
    expect(refusal(device, set(vlan('cams'), vlan('bridge1')))).toBe('name-taken');
    expect(refusal(device, remove(vlan('cams')), add(vlan('cams')))).toBeUndefined();
    expect(refusal(device, add(item('/ip pool', { name: 'cams', ranges: '192.0.2.9' })))).toBeUndefined();
  });
  test('a name of something that is made only later', () => {
    const other = item('/ip pool', { name: 'pool2', ranges: '192.0.2.2' });
    const user = server({ 'address-pool': 'pool2' });
    expect(refusal(device, set(server({ 'address-pool': 'pool1' }), user), add(other))).toBe(
      'missing-reference',
    );
    expect(refusal(device, add(other), set(server({ 'address-pool': 'pool1' }), user))).toBeUndefined();
  });
  test('the end of what is named until later', () => {
    const free = set(server({ 'address-pool': 'pool1' }), server({}));
    expect(refusal(device, remove(pool), free)).toBe('dangling-reference');
    expect(refusal(device, free, remove(pool))).toBeUndefined();
  });
  test('in a plan it is a refusal that names both', () => {
    const text = base.replace(
      '/interface vlan\n',
      '/interface ethernet\nset [ find default-name=ether2 ] name=lan2\n/interface vlan\n',
    );
    const { made } = planBetween(
      readConfiguration(text),
      readConfiguration(text.replace('name=cams', 'name=lan2')),
    );
    expect(made).toMatchObject({ kind: 'refused', code: 'name-taken' });
    expect(made.kind === 'refused' && made.message).toContain(
      '"lan2" is the name of an item of /interface ethernet',
    );
  });
});
