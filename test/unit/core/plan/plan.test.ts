import { describe, expect, test } from 'vitest';
import type { Configuration, Item } from '../../../../src/core/item.ts';
import type { Plan } from '../../../../src/core/plan/action.ts';
import { countForeignChanges, footprintState, judgesSecrets } from '../../../../src/core/plan/footprint.ts';
import type { PlanResult } from '../../../../src/core/plan/plan.ts';
import { planDigest, planText } from '../../../../src/core/plan/plan-text.ts';
import { provePlan } from '../../../../src/core/plan/prove.ts';
import { routerosDialect as dialect } from '../../../../src/drivers/routeros/dialect.ts';
import { configuration, item, section } from '../../../support/configurations.ts';
import { differencesBetween, planBetween, planOf } from '../../../support/plans.ts';

const filter = '/ip firewall filter';
const list = '/ip firewall address-list';
const rule = (comment: string, more: Record<string, string> = {}): Item =>
  item(filter, { action: 'accept', chain: 'forward', comment, ...more });
const rules = (...items: Item[]): Configuration => configuration(section(filter, items));
const entries = (...addresses: string[]): Configuration =>
  configuration(
    section(
      list,
      addresses.map((address) => item(list, { address, list: 'office' })),
    ),
  );

const plan = (
  desired: Configuration,
  actual: Configuration,
  more: Parameters<typeof planBetween>[2] = {},
): PlanResult =>
  planBetween(actual, desired, { caps: { items: 20, share: 1 }, secretsOnDevice: 'refuse', ...more }).made;
const made = planOf;
const steps = ({ actions }: Plan): readonly string[] =>
  actions.map(({ action }) => {
    const { properties } = action.verb === 'set' ? action.to : action.item;
    return `${action.verb} ${properties.find(([name]) => name === 'comment' || name === 'name')?.[1] ?? action.section}`;
  });

describe('order of actions', () => {
  test('the new rule stands before the old one goes', () => {
    const [old, fresh] = [
      rule('old', { protocol: 'udp', 'dst-port': '53' }),
      rule('fresh', { 'src-address': '192.0.2.1' }),
    ];
    expect(steps(made(plan(rules(fresh), rules(old))))).toEqual(['add fresh', 'remove old']);
  });
  test('rows are made in front of what stays, in their order', () => {
    const [a, b, x, y] = ['a', 'b', 'x', 'y'].map((name) =>
      rule(name, { 'src-address': `192.0.2.${name.charCodeAt(0)}` }),
    ) as [Item, Item, Item, Item];
    const { actions, target } = made(plan(rules(a, x, y, b), rules(a, b)));
    expect(actions.map(({ action }) => action)).toMatchObject([
      { item: x, before: b },
      { item: y, before: b },
    ]);
    expect(target[0]?.items).toEqual([a, x, y, b]);
  });
  test('what is named is made before what names it and goes after it', () => {
    const pool = configuration(
      section('/ip pool', [item('/ip pool', { name: 'pool', ranges: '192.0.2.10-192.0.2.20' })]),
    );
    const server = configuration(
      section('/ip dhcp-server', [
        item('/ip dhcp-server', { name: 'server', interface: 'ether1', 'address-pool': 'pool' }),
      ]),
    );
    const both = configuration(...server.sections, ...pool.sections);
    const none = configuration(section('/ip dhcp-server', []), section('/ip pool', []));
    expect(steps(made(plan(both, none)))).toEqual(['add pool', 'add server']);
    expect(steps(made(plan(none, both)))).toEqual(['remove server', 'remove pool']);
  });
  test('what the management path hangs on comes last', () => {
    const service = (properties: Record<string, string>): Configuration =>
      configuration(
        section(
          '/ip service',
          Object.keys(properties).length ? [item('/ip service', properties, 'name=ssh')] : [],
        ),
      );
    const desired = configuration(...service({ disabled: 'yes' }).sections, ...entries().sections);
    const actual = configuration(...service({}).sections, ...entries('192.0.2.1').sections);
    expect(made(plan(desired, actual)).actions.map(({ action }) => action.verb)).toEqual(['remove', 'set']);
  });
});

describe('what needs a signature in a whole plan', () => {
  test('more removals than the caps allow', () => {
    const result = made(
      plan(entries('192.0.2.1'), entries('192.0.2.1', '192.0.2.2', '192.0.2.3'), {
        caps: { items: 1, share: 1 },
        isOwn: () => true,
      }),
    );
    expect(result).toMatchObject({ class: 'operational', reason: 'caps-exceeded' });
  });
  test('a section that becomes empty', () => {
    expect(made(plan(entries(), entries('192.0.2.1'), { isOwn: () => true })).reason).toBe('section-emptied');
  });
  test('removing what siteward made, within the caps, needs none', () => {
    expect(
      made(plan(entries('192.0.2.1'), entries('192.0.2.1', '192.0.2.2'), { isOwn: () => true })).class,
    ).toBe('benign');
  });
});

describe('drift', () => {
  const [confirmed, actual] = [entries('192.0.2.1'), entries('192.0.2.1', '192.0.2.2')];
  const found = differencesBetween(actual, confirmed, { confirmed });
  test('is left alone', () => {
    expect(plan(confirmed, actual, found)).toEqual({ kind: 'nothing' });
  });
  test('is healed when asked for', () => {
    expect(made(plan(confirmed, actual, { ...found, labels: ['desired', 'drift'] })).actions).toMatchObject([
      { label: 'drift' },
    ]);
  });
  test('keeps its place when git changes something beside it', () => {
    const [a, b, hand, fresh] = ['a', 'b', 'hand', 'fresh'].map((name) =>
      rule(name, { 'src-address': `192.0.2.${name.length + name.charCodeAt(0)}` }),
    ) as [Item, Item, Item, Item];
    const three = { confirmed: rules(a, b), desired: rules(a, fresh, b), actual: rules(hand, a, b) };
    const mixed = differencesBetween(three.actual, three.desired, { confirmed: three.confirmed });
    expect(made(plan(three.desired, three.actual, mixed)).target[0]?.items).toEqual([hand, a, fresh, b]);
  });
});

describe('the base digest', () => {
  test('stays when something outside the footprint changes, moves when the footprint does', () => {
    const digest = (...base: string[]): string =>
      made(plan(entries('192.0.2.9', ...base.slice(1)), entries(...base))).baseDigest;
    expect(digest('192.0.2.1', '192.0.2.2')).toBe(digest('192.0.2.1', '192.0.2.3'));
    expect(digest('192.0.2.1', '192.0.2.2')).not.toBe(digest('192.0.2.4', '192.0.2.2'));
  });
});

describe('a plan that the proof must refuse', () => {
  const good = made(plan(entries('192.0.2.1', '192.0.2.2'), entries('192.0.2.1')));
  test('one that does not reach its target', () => {
    expect(provePlan({ ...good, target: good.base }, dialect)).toMatchObject({ proved: false });
  });
  test('one that changes something outside its footprint', () => {
    const target = entries('192.0.2.1', '192.0.2.2', '192.0.2.3').sections;
    expect(provePlan({ ...good, target }, dialect)).toMatchObject({
      proved: false,
      account: '1 items outside the footprint would change',
    });
  });
  test('one whose item is not there', () => {
    expect(provePlan({ ...good, base: good.target, target: good.target }, dialect)).toMatchObject({
      proved: false,
    });
  });
});

describe('where a reading stands', () => {
  const base = entries('192.0.2.1', '192.0.2.2');
  const target = entries('192.0.2.2', '192.0.2.3');
  const result = made(plan(target, base));
  test('in between and elsewhere', () => {
    expect(footprintState(result, entries('192.0.2.1', '192.0.2.2', '192.0.2.3'), dialect)).toEqual({
      kind: 'mixed',
      items: ['target', 'base'],
    });
    const one = made(
      plan(
        configuration(section(list, [item(list, { address: '192.0.2.2', list: 'office', comment: 'x' })])),
        entries('192.0.2.2'),
      ),
    );
    const other = configuration(
      section(list, [item(list, { address: '192.0.2.2', list: 'office', comment: 'y' })]),
    );
    expect(footprintState(one, other, dialect)).toEqual({ kind: 'other', items: ['other'] });
  });
  test('what others change is counted, in owned sections only', () => {
    const seen = configuration(
      ...entries('192.0.2.2', '192.0.2.3', '192.0.2.77').sections,
      ...rules(rule('x')).sections,
    );
    expect(countForeignChanges(result, base, seen, dialect)).toBe(2);
    expect(countForeignChanges(result, base, seen, dialect, [list])).toBe(1);
    expect(countForeignChanges(result, base, target, dialect)).toBe(0);
  });
});

describe('plan text', () => {
  const times = { windowMs: 120_000, tickMs: 10_000, flushMs: 45_000, verifiedBy: 'login and export only' };
  test('says everything that is signed, and nothing of device or base', () => {
    const actual = rules(rule('a', { protocol: 'tcp' }));
    const text = planText(made(plan(rules(rule('a', { protocol: 'udp' })), actual)), times);
    expect(text).toBe(`1. ~ /ip firewall filter #${/#([0-9a-f]{16})/.exec(text)?.[1] ?? ''}
   desired, operational, signed by default: traffic and exposure
 > /ip firewall filter set [/ip firewall filter find where action="accept" chain="forward" comment="a" protocol="tcp"] protocol=udp
 < /ip firewall filter set [/ip firewall filter find where action="accept" chain="forward" comment="a" protocol="udp"] protocol=tcp

window: 120s
tick: 10s
flush: 45s
rollback: exact, on the device itself, no reboot
verified by: login and export only
management path: untouched
total: 0 to add, 1 to change, 0 to remove, 0 to move
`);
    expect(planDigest(text)).toMatch(/^[0-9a-f]{64}$/);
  });
  test('a name can not end its line or look like another action', () => {
    const path = '/queue simple';
    const named = (name: string): Configuration =>
      configuration(section(path, [item(path, { name, target: '192.0.2.1/32' })]));
    const text = planText(made(plan(named('x\n2. + /user \xff'), configuration(section(path, [])))), times);
    expect(text.split('\n')[0]).toBe('1. + /queue simple name=x\\0A2. + /user \\FF');
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
  });
  test('secrets are masked', () => {
    const path = '/ppp secret';
    const desired = configuration(section(path, [item(path, { name: 'a', password: 'hunter2' })]));
    const text = planText(
      made(plan(desired, configuration(section(path, [])), { secretsOnDevice: 'allow' })),
      times,
    );
    expect(text).toContain('password=<secret:password>');
    expect(text).not.toContain('hunter2');
  });
});

describe('secrets, which exports hide', () => {
  const path = '/ppp secret';
  const row = (properties: Record<string, string>): Configuration =>
    configuration(section(path, [item(path, { name: 'a', ...properties })]));
  const desired = row({ password: 'hunter2', comment: 'x' });
  test('D14 a row is made with its secret, and is the target only with it, with nothing left to plan', () => {
    const result = made(plan(desired, configuration(section(path, [])), { secretsOnDevice: 'allow' }));
    expect(result.target[0]?.items[0]?.properties).toContainEqual(['password', 'hunter2']);
    expect(judgesSecrets(result, dialect)).toBe(true);
    expect(footprintState(result, desired, dialect).kind).toBe('target');
    expect(footprintState(result, row({ comment: 'x', password: 'other' }), dialect).kind).toBe('other');
    expect(plan(desired, row({ comment: 'x' }))).toEqual({ kind: 'nothing' });
  });
  test('no plan puts one on the device unless the settings allow it', () => {
    expect(plan(desired, configuration(section(path, [])))).toMatchObject({
      kind: 'refused',
      code: 'secret-on-device',
    });
  });
  test('beside a hidden secret other properties change, the secret does not', () => {
    const { actions } = made(plan(desired, row({ comment: 'y' })));
    expect(actions).toMatchObject([
      {
        action: {
          verb: 'set',
          to: {
            properties: [
              ['comment', 'x'],
              ['name', 'a'],
            ],
          },
        },
      },
    ]);
  });
});
