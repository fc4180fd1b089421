import { describe, expect, test } from 'vitest';
import type { PlanContext } from '../../../../src/core/dialect.ts';
import type { Configuration } from '../../../../src/core/item.ts';
import type { Action } from '../../../../src/core/plan/action.ts';
import { classifyByTable } from '../../../../src/drivers/routeros/tiers.ts';
import { configuration, item, section } from '../../../support/configurations.ts';

function context(base: Configuration = configuration(), own = false, action?: Action): PlanContext {
  const management = { address: '192.0.2.1', port: 22, from: '192.0.2.2', interface: null };
  const target = action === undefined ? base : after(base, action);
  return { base, target, management, isOwn: () => own };
}
/** With what is added in front. */
function after(base: Configuration, action: Action): Configuration {
  const there = base.sections.find(({ path }) => path === action.section)?.items ?? [];
  const items = action.verb === 'add' ? [action.item, ...there] : there;
  const others = base.sections.filter(({ path }) => path !== action.section);
  return configuration(...others, section(action.section, items));
}
const add = (path: string, properties: Record<string, string>): Action => ({
  verb: 'add',
  section: path,
  item: item(path, properties),
  before: null,
});
const set = (
  path: string,
  from: Record<string, string>,
  to: Record<string, string>,
  key?: string,
): Action => ({
  verb: 'set',
  section: path,
  from: item(path, from, key),
  to: item(path, to, key),
});

describe('benign', () => {
  test.each([
    add('/ip dns static', { name: 'a.example.org', address: '192.0.2.7' }),
    add('/ip firewall address-list', { list: 'office', address: '192.0.2.7' }),
    add('/queue simple', { name: 'q', target: '192.0.2.7/32' }),
    add('/ip dhcp-server lease', { address: '192.0.2.7', 'mac-address': '02:00:00:00:00:01' }),
    set('/system identity', { name: 'a' }, { name: 'b' }, ''),
    set('/snmp', {}, { contact: 'noc', location: 'cellar' }, ''),
    set('/system ntp client', {}, { servers: '192.0.2.3' }, ''),
    set(
      '/ip firewall filter',
      { chain: 'input', action: 'drop' },
      { chain: 'input', action: 'drop', comment: 'x' },
    ),
  ])('$section', (action) => {
    expect(classifyByTable(action, context())).toMatchObject({ class: 'benign', tier: 'benign' });
  });
});

describe('signed unless policy says otherwise', () => {
  test.each([
    add('/ip firewall filter', { chain: 'forward', action: 'accept' }),
    add('/ip firewall nat', {
      chain: 'dstnat',
      action: 'dst-nat',
      protocol: 'tcp',
      'dst-port': '443',
      'to-addresses': '192.0.2.7',
    }),
    set('/ip service', {}, { disabled: 'yes' }, 'name=telnet'),
    set('/ip dns', {}, { servers: '192.0.2.53' }, ''),
    set('/ip dhcp-server lease', { address: '192.0.2.7' }, { address: '192.0.2.7', 'address-lists': 'x' }),
  ])('$section', (action) => {
    expect(classifyByTable(action, context())).toMatchObject({ class: 'operational', tier: 'middle' });
  });
});

describe('D16 always signed', () => {
  test.each([
    ['management-path', add('/ip firewall filter', { chain: 'input', action: 'drop' })],
    ['management-path', set('/ip service', {}, { disabled: 'yes' }, 'name=ssh')],
    ['management-path', add('/ip address', { address: '192.0.2.9/24', interface: 'ether1' })],
    ['executable', add('/system script', { name: 'x', source: ':put 1' })],
    ['executable', add('/tool netwatch', { host: '192.0.2.1', 'up-script': ':put 1' })],
    ['executable', set('/ip dhcp-server', { name: 'a' }, { name: 'a', 'lease-script': ':put 1' })],
    ['credentials', add('/ppp secret', { name: 'a', password: 'x' })],
    [
      'a secret would be lost',
      {
        verb: 'remove',
        section: '/ppp secret',
        item: item('/ppp secret', { name: 'a' }),
        before: null,
      } as const,
    ],
    ['clock', set('/system clock', {}, { 'time-zone-name': 'Europe/Budapest' }, '')],
    ['clock', set('/system ntp client', {}, { enabled: 'yes' }, '')],
    ['not known to the classifier', add('/future thing', { name: 'x' })],
  ])('%s', (reason, action) => {
    const verdict = classifyByTable(action, context(configuration(), false, action));
    expect(verdict).toMatchObject({ class: 'operational', tier: 'floor', reason });
  });

  test('an address-list that an input rule looks at, now or after the plan, also through a jump', () => {
    const filter = '/ip firewall filter';
    const base = configuration(
      section(filter, [
        item(filter, { chain: 'input', action: 'jump', 'jump-target': 'admins' }),
        item(filter, { chain: 'admins', action: 'accept', 'src-address-list': 'noc' }),
      ]),
    );
    const entry = (list: string): Action => add('/ip firewall address-list', { list, address: '192.0.2.7' });
    const judge = (action: Action) => classifyByTable(action, context(base, false, action));
    expect(judge(entry('noc'))).toMatchObject({ class: 'operational', reason: 'traffic and exposure' });
    expect(judge(entry('office')).class).toBe('benign');
    expect(judge(add(filter, { chain: 'admins', action: 'drop' })).reason).toBe('management-path');
  });
});

describe('a harmless looking item that reaches the way in by a detour is signed', () => {
  const mgmt = section('/ip firewall filter', [
    item('/ip firewall filter', { chain: 'input', action: 'accept', 'src-address-list': 'mgmt' }),
  ]);
  const mgmt6 = section('/ipv6 firewall filter', [
    item('/ipv6 firewall filter', { chain: 'input', action: 'accept', 'src-address-list': 'mgmt6' }),
  ]);
  const named = section('/ip firewall address-list', [
    item(
      '/ip firewall address-list',
      { address: 'vpn.example.org', list: 'mgmt' },
      'address=vpn.example.org,list=mgmt',
    ),
  ]);
  const base = configuration(mgmt, mgmt6, named);
  test.each<[string, Action]>([
    ['a name that fills a list', add('/ip dns static', { name: 'x.example.org', 'address-list': 'mgmt' })],
    [
      'a name that a list has as a member',
      add('/ip dns static', { name: 'vpn.example.org', address: '198.51.100.9' }),
    ],
    [
      'a name whose subdomains a list has',
      add('/ip dns static', { name: 'Example.org', 'match-subdomain': 'yes', address: '198.51.100.9' }),
    ],
    ['a pattern for any name', add('/ip dns static', { regexp: '.*', address: '198.51.100.9' })],
    [
      'a lease that fills a list',
      add('/ip dhcp-server lease', { address: '192.0.2.9', 'address-lists': 'mgmt' }),
    ],
    ['a list of the other family', add('/ipv6 firewall address-list', { address: '::/0', list: 'mgmt6' })],
    ['a queue for everybody', add('/queue simple', { name: 'q', 'max-limit': '1/1', target: '0.0.0.0/0' })],
    [
      'a queue for the daemon',
      add('/queue simple', { name: 'q', 'max-limit': '1/1', target: '192.0.2.0/24' }),
    ],
  ])('%s', (_what, action) => {
    expect(classifyByTable(action, context(base, false, action)).class).toBe('operational');
  });

  test('without such a detour they stay benign', () => {
    const queue = add('/queue simple', { name: 'q', 'max-limit': '1M/1M', target: '198.51.100.0/24' });
    const name = add('/ip dns static', { name: 'a.example.org', address: '198.51.100.9' });
    for (const action of [queue, name]) {
      expect(classifyByTable(action, context(configuration(mgmt, named), false, action)).class).toBe(
        'benign',
      );
    }
  });
});
