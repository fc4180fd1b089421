import { describe, expect, test } from 'vitest';
import type { Configuration } from '../../../../src/core/item.ts';
import type { Plan } from '../../../../src/core/plan/action.ts';
import { footprintState } from '../../../../src/core/plan/footprint.ts';
import { routerosDialect as dialect } from '../../../../src/drivers/routeros/dialect.ts';
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
const base = `${header}/interface bridge
add name=bridge1
/interface ethernet
set [ find default-name=ether2 ] name=lan2
/ip pool
add name=pool1 ranges=192.0.2.10-192.0.2.99
/ip dhcp-server
add address-pool=pool1 interface=bridge1 name=dhcp1
/interface bridge port
add bridge=bridge1 interface=lan2
add bridge=bridge1 interface=ether3
/ip address
add address=192.0.2.1/24 interface=bridge1 network=192.0.2.0
/ip firewall filter
add action=accept chain=input in-interface=bridge1
add action=drop chain=input in-interface=!bridge1
`;

const read = readConfiguration;
const found = (desired: Configuration, actual: Configuration, confirmed: Configuration | null = null) =>
  differencesBetween(actual, desired, { confirmed });

const forward = (plan: Plan): readonly string[] => plan.actions.flatMap((action) => action.forward);
/** The whole way there and back on the simulated device, and nothing left to plan on the way. */
function expectThereAndBack(actualText: string, desiredText: string): Plan {
  const [actual, desired] = [read(actualText), read(desiredText)];
  const plan = planOf(planBetween(actual, desired).made);
  const on = startMachine(actualText);
  stage(on, plan);
  expect(new Set(checkOf(on))).toEqual(new Set(['base']));
  apply(on);
  expect(noteOf(on, 'apply')).toBe('applied');
  expect(footprintState(plan, readDevice(on), dialect).kind).toBe('target');
  expect(found(desired, readDevice(on)).differences).toEqual([]);
  rollBack(on);
  expect(noteOf(on, 'back')).toBe('rolled back');
  expect(footprintState(plan, readDevice(on), dialect).kind).toBe('base');
  expect(found(actual, readDevice(on)).differences).toEqual([]);
  return plan;
}

describe('a new name', () => {
  test('of a row that others name is one command, and what names it follows', () => {
    const plan = expectThereAndBack(base, base.replaceAll('bridge1', 'core'));
    expect(forward(plan)).toEqual([
      '/interface bridge set [/interface bridge find where name="bridge1"] name=core',
    ]);
  });

  test('of a port', () => {
    const plan = expectThereAndBack(
      base,
      base
        .replace('interface=ether3', 'interface=cam')
        .replace('name=lan2\n', 'name=lan2\nset [ find default-name=ether3 ] name=cam\n'),
    );
    expect(forward(plan)).toEqual([
      '/interface ethernet set [/interface ethernet find where default-name="ether3"] name=cam',
    ]);
  });

  test('of a port that is to be called as it came', () => {
    const plan = expectThereAndBack(
      base,
      base
        .replace(
          '/interface ethernet\nset [ find default-name=ether2 ] name=lan2\n',
          '/interface ethernet\nset [ find default-name=ether2 ] comment=x\n',
        )
        .replaceAll('lan2', 'ether2'),
    );
    expect(forward(plan).at(-1)).toMatch(/name=ether2$/);
  });

  test('comes after what else changes, which is said in the old name', () => {
    const desired = base
      .replaceAll('bridge1', 'core')
      .replace('ranges=192.0.2.10', 'ranges=192.0.2.20')
      .replace(
        '/ip address\n',
        '/ip address\nadd address=198.51.100.1/24 interface=core network=198.51.100.0\n',
      );
    expect(forward(expectThereAndBack(base, desired))).toEqual([
      '/ip address add address=198.51.100.1/24 interface=bridge1',
      '/ip pool set [/ip pool find where name="pool1"] ranges=192.0.2.20-192.0.2.99',
      '/interface bridge set [/interface bridge find where name="bridge1"] name=core',
    ]);
  });

  test('two ports swap names through one of their own', () => {
    const swapped = base
      .replace('name=lan2\n', 'name=ether3\nset [ find default-name=ether3 ] name=lan2\n')
      .replaceAll('interface=lan2', 'interface=X')
      .replaceAll('interface=ether3', 'interface=lan2')
      .replaceAll('interface=X', 'interface=ether3');
    const plan = expectThereAndBack(base, swapped);
    expect(forward(plan).map((line) => line.replace(/^.* /, ''))).toEqual([
      'name=lan2-swap',
      'name=lan2',
      'name=ether3',
    ]);
  });

  describe('of two rows that swap theirs', () => {
    const vlans = base.replace(
      '/ip pool\n',
      '/interface vlan\nadd interface=bridge1 name=cams vlan-id=10\nadd interface=bridge1 name=phones vlan-id=20\n/ip pool\n',
    );
    const used = vlans.replace(
      '/ip address\n',
      '/ip address\nadd address=10.0.0.1/24 interface=cams network=10.0.0.0\n',
    );
    const swapNames = (text: string): string =>
      text
        .replaceAll(/\bcams\b/g, 'X')
        .replaceAll(/\bphones\b/g, 'cams')
        .replaceAll(/\bX\b/g, 'phones');

    test('goes through a third one, and what names them follows', () => {
      expect(forward(expectThereAndBack(used, swapNames(used)))).toEqual([
        '/interface vlan set [/interface vlan find where name="cams"] name=cams-swap',
        '/interface vlan set [/interface vlan find where name="phones"] name=cams',
        '/interface vlan set [/interface vlan find where name="cams-swap"] name=phones',
      ]);
    });
    test('goes the same way in a menu of another kind', () => {
      const pools = (a: string, b: string): string =>
        base.replace('add name=pool1 ', `add name=${a} ranges=10.1.0.1-10.1.0.9\nadd name=${b} `);
      const plan = expectThereAndBack(
        pools('pool2', 'pool1'),
        pools('pool1', 'pool2').replace('address-pool=pool1', 'address-pool=pool2'),
      );
      expect(forward(plan).every((line) => / name=[a-z0-9-]+$/.test(line))).toBe(true);
      expect(plan.actions).toHaveLength(3);
    });
    test('is a change of the rows where what names them is to have the other one', () => {
      const two = used.replace('interface=cams', 'interface=cams comment=x');
      const swapped = two
        .replace('name=cams vlan-id=10', 'name=cams vlan-id=11')
        .replace('name=phones vlan-id=20', 'name=phones vlan-id=10')
        .replace('vlan-id=11', 'vlan-id=20');
      const lines = forward(planOf(planBetween(read(two), read(swapped)).made));
      expect(lines.map((line) => line.replace(/^.* /, ''))).toEqual(['vlan-id=20', 'vlan-id=10']);
    });
    test('is one after the other where one takes the name that the other gives up', () => {
      const shifted = used.replaceAll('phones', 'voice').replaceAll('cams', 'phones');
      expect(forward(expectThereAndBack(used, shifted)).map((line) => line.replace(/^.* /, ''))).toEqual([
        'name=voice',
        'name=phones',
      ]);
    });
    test('by hand is drift', () => {
      const { differences } = found(read(used), read(swapNames(used)), read(used));
      expect(differences.map(({ label }) => label)).toEqual(['drift', 'drift']);
    });
  });

  test('is given in every menu whose rows have nothing but a name to be known by', () => {
    const queue = `${base}/queue simple\nadd max-limit=1M/2M name=guests target=192.0.2.0/25\n`;
    expect(forward(expectThereAndBack(queue, queue.replace('guests', 'visitors')))).toEqual([
      '/queue simple set [/queue simple find where name="guests"] name=visitors',
    ]);
  });

  test('may be that of a row in another menu', () => {
    const types = `${base}/queue type\nadd kind=sfq name=guests\n/queue simple\nadd max-limit=1M/2M name=g target=192.0.2.0/25\n`;
    expectThereAndBack(types, types.replace('name=g ', 'name=guests '));
  });

  test('is never given where rows hold what no export shows', () => {
    const user = (name: string): string =>
      `${base}/ppp secret\nadd name=${name} profile=default service=l2tp\n`;
    const verbs = planOf(planBetween(read(user('alice')), read(user('bob'))).made).actions.map(
      ({ action }) => action.verb,
    );
    expect(verbs).toEqual(['add', 'remove']);
  });

  test('of a port that the file does not name at all is the one it came with', () => {
    const desired = base
      .replace('/interface ethernet\nset [ find default-name=ether2 ] name=lan2\n', '')
      .replaceAll('lan2', 'ether2');
    const { made } = planBetween(read(base), read(desired), { owns: 'everything' });
    expect(forward(planOf(made))).toEqual([
      '/interface ethernet set [/interface ethernet find where default-name="ether2"] name=ether2',
    ]);
  });

  test('is followed by what names interfaces in a menu of which no table says so', () => {
    const isis = (name: string): string =>
      `${base.replace('name=lan2', `name=${name}`).replace('interface=lan2', `interface=${name}`)}/routing isis instance\nadd areas=49.0001 name=isis1 system-id=0000.0000.0001\n`;
    const template = (name: string): string =>
      `${isis(name)}/routing isis interface-template\nadd instance=isis1 interfaces=${name} levels=l2\n`;
    const lines = forward(planOf(planBetween(read(isis('lan2')), read(template('up1'))).made));
    expect(lines[0]).toContain('interfaces=lan2');
    expect(lines.at(-1)).toMatch(/ name=up1$/);
  });

  test('is refused while the old one is to be used again at once', () => {
    const desired = base
      .replace('name=lan2\n', 'name=lan2\nset [ find default-name=ether3 ] name=cam\n')
      .replace('interface=lan2', 'interface=cam');
    expect(found(read(desired), read(base)).blocked).toMatchObject([
      { code: 'rename-collision', section: '/interface ethernet' },
    ]);
  });

  test('given by hand is drift, and says nothing else about what follows', () => {
    const actual = read(base.replaceAll('bridge1', 'core'));
    const { differences } = found(read(base), actual, read(base));
    expect(differences).toMatchObject([
      {
        label: 'drift',
        section: '/interface bridge',
        base: { key: 'name=core' },
        target: { key: 'name=bridge1' },
      },
    ]);
  });

  test('given here and by hand is a conflict or two rows, never a silent choice', () => {
    const port = (name: string): Configuration => read(base.replaceAll('lan2', name));
    expect(found(port('b'), port('c'), port('a')).differences).toMatchObject([{ label: 'conflict' }]);
  });
});
