import { describe, expect, test } from 'vitest';
import type { ManagementPath } from '../../../../src/core/site.ts';
import { onLink, planBetween } from '../../../support/path-plans.ts';

/** A small office; the daemon is 192.0.2.50 on the LAN, the device 192.0.2.1 on the bridge. */
const office = `
/interface bridge
add name=bridge
/interface vlan
add interface=bridge name=voice vlan-id=20
/interface list
add name=LAN
add name=WAN
/interface bridge port
add bridge=bridge interface=ether2
add bridge=bridge interface=ether3
/interface list member
add interface=bridge list=LAN
add interface=ether1 list=WAN
/ip address
add address=192.0.2.1/24 interface=bridge
add address=198.51.100.2/30 interface=ether1
/ip firewall address-list
add address=192.0.2.48/28 list=admins
add address=203.0.113.0/24 list=bad
/ip firewall filter
add action=accept chain=input comment=known connection-state=established,related
add action=drop chain=input connection-state=invalid
add action=drop chain=input src-address-list=bad
add action=accept chain=input comment=mgmt dst-port=22 protocol=tcp src-address-list=admins
add action=drop chain=input in-interface-list=!LAN
add action=drop chain=input comment=rest
/ip route
add dst-address=0.0.0.0/0 gateway=198.51.100.1
/ip service
set ssh address=192.0.2.0/24 port=22 vrf=main
set telnet disabled=yes
`;

interface Case {
  /** Replaced in the office, and with what. */
  readonly edits: readonly (readonly [string, string])[];
  readonly kind: string;
  /** Part of what the judge names. */
  readonly by?: string;
  readonly management?: Partial<ManagementPath>;
  readonly base?: string;
}

function judge({ edits, management, base = office }: Case) {
  const target = edits.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the base does not hold ${from}`);
    return text.replace(from, () => to);
  }, base);
  const plan = planBetween(base, target, management);
  if (plan === null) throw new Error('nothing to plan');
  return plan;
}

function check(one: Case): void {
  const { path } = judge(one);
  expect({ kind: path.kind, by: path.by }).toEqual({
    kind: one.kind,
    by: one.by === undefined ? path.by : (expect.stringContaining(one.by) as string),
  });
}

const rules = '/ip firewall filter\n';
const mgmt = 'add action=accept chain=input comment=mgmt dst-port=22 protocol=tcp src-address-list=admins\n';
const first = (rule: string) => [[rules, `${rules}add ${rule}\n`]] as const;

describe('what the path does not depend on stays untouched', () => {
  test.each<[string, Case['edits']]>([
    ['a forward rule', first('action=drop chain=forward')],
    ['a chain that nothing jumps to', first('action=drop chain=guests')],
    ['another service', [['telnet disabled=yes', 'telnet address=10.0.0.0/8 disabled=yes']]],
    ['a list that no rule on the way uses', [['list=bad\n', 'list=bad\nadd address=192.0.2.50 list=x\n']]],
    [
      'IPv6, for a session over IPv4',
      [['/ip route\n', '/ipv6 firewall filter\nadd action=drop chain=input\n/ip route\n']],
    ],
    ['a comment on the rule by which it comes in', [['comment=mgmt', 'comment=ssh']]],
  ])('%s', (_, edits) => {
    check({ edits, kind: 'untouched', by: '' });
  });
});

describe('the input chain, rule by rule', () => {
  const open = 'chain input';
  test.each<[string, Case['edits'], string, string?]>([
    ['a drop of something else', first('action=drop chain=input protocol=udp'), 'open', '"mgmt"'],
    [
      'a drop of another port',
      first('action=drop chain=input dst-port=23,80-90 protocol=tcp'),
      'open',
      '"mgmt"',
    ],
    ['a drop of others', first('action=drop chain=input src-address=!192.0.2.0/25'), 'open', '"mgmt"'],
    [
      'a drop of this source',
      first('action=drop chain=input comment=no src-address=192.0.2.50'),
      'closed',
      '"no"',
    ],
    ['a reject by range', first('action=reject chain=input src-address=192.0.2.40-192.0.2.60'), 'closed'],
    ['a tarpit by port', first('action=tarpit chain=input dst-port=20-25 protocol=tcp'), 'closed'],
    ['a drop of what comes from the LAN', first('action=drop chain=input in-interface-list=LAN'), 'closed'],
    ['a drop of what does not', first('action=drop chain=input in-interface=!bridge'), 'open'],
    [
      'a drop of what goes to another address',
      first('action=drop chain=input dst-address=198.51.100.2'),
      'open',
    ],
    ['a rule that is off', first('action=drop chain=input disabled=yes'), 'open', '"mgmt"'],
    [
      'a drop of strangers to a list',
      first('action=drop chain=input src-address-list=!admins'),
      'open',
      '"mgmt"',
    ],
    ['a drop of a list he is in', first('action=drop chain=input src-address-list=admins'), 'closed'],
    [
      'a drop of a list that may be filled',
      first('action=drop chain=input src-address-list=seen'),
      'undecidable',
    ],
    ['a limit', first('action=drop chain=input comment=slow limit=1,5:packet'), 'undecidable', '"slow"'],
    [
      'a limit on something else',
      first('action=drop chain=input limit=1,5:packet protocol=icmp'),
      'open',
      '"mgmt"',
    ],
    ['an accept with a limit', first('action=accept chain=input limit=1,5:packet'), 'open'],
    [
      'a later packet is dropped',
      first('action=drop chain=input comment=old connection-state=established'),
      'closed',
      '"old"',
    ],
    [
      'answers are dropped',
      first('action=drop chain=output comment=out src-port=22 protocol=tcp'),
      'closed',
      '"out"',
    ],
    ['other answers are', first('action=drop chain=output dst-address=!192.0.2.0/24'), 'open'],
    ['his list loses him', [['192.0.2.48/28', '192.0.2.64/28']], 'closed', '"rest"'],
    ['his rule goes', [[mgmt, '']], 'closed', '"rest"'],
    [
      'his rule goes, and so does the last one',
      [
        [mgmt, ''],
        ['add action=drop chain=input comment=rest\n', ''],
      ],
      'open',
      open,
    ],
    ['the last rule goes', [['add action=drop chain=input comment=rest\n', '']], 'open', '"mgmt"'],
    ['his interface leaves the list', [['add interface=bridge list=LAN\n', '']], 'open', '"mgmt"'],
    ['a list of another kind of entry', [['203.0.113.0/24', '192.0.2.50']], 'closed'],
    ['an unknown action', first('action=strange chain=input'), 'undecidable'],
  ])('%s', (_, edits, kind, by) => {
    check({ edits, kind, ...(by === undefined ? {} : { by }) });
  });

  const jump = first('action=jump chain=input jump-target=guests');
  const withChain = (chain: string): Case['edits'] => [
    [rules, `${rules}add action=jump chain=input jump-target=check protocol=tcp\n${chain}`],
  ];
  test.each<[string, Case['edits'], string]>([
    ['into an empty chain', jump, 'open'],
    ['into a chain that drops', withChain('add action=drop chain=check\n'), 'closed'],
    [
      'and back before it drops',
      withChain('add action=return chain=check dst-port=22 protocol=tcp\nadd action=drop chain=check\n'),
      'open',
    ],
    [
      'perhaps back before it drops',
      withChain('add action=return chain=check limit=1,5:packet\nadd action=drop chain=check\n'),
      'undecidable',
    ],
    ['in a circle', withChain('add action=jump chain=check jump-target=check\n'), 'undecidable'],
  ])('a jump %s', (_, edits, kind) => {
    check({ edits, kind });
  });
});

describe('what can not be decided and stays as it is, somebody being logged in decides', () => {
  const limited = office.replace(
    rules,
    `${rules}add action=drop chain=input comment=limit limit=!9,9:packet\n`,
  );
  const last = 'add action=drop chain=input comment=rest\n';
  test('a rule behind the deciding ones may come and go', () => {
    check({
      base: limited,
      edits: [[last, `${last}add action=drop chain=input protocol=gre\n`]],
      kind: 'open',
    });
  });
  test('one that is changed is in doubt', () => {
    check({
      base: limited,
      edits: [['limit=!9,9:packet', 'limit=!8,8:packet']],
      kind: 'undecidable',
      by: '"limit"',
    });
  });
  test('one that is gone never met the session', () => {
    check({
      base: limited,
      edits: [['add action=drop chain=input comment=limit limit=!9,9:packet\n', '']],
      kind: 'open',
    });
  });
  test('a list that may be filled by itself, and what fills it now', () => {
    const base = office.replace(
      rules,
      `${rules}add action=drop chain=input comment=seen src-address-list=seen\n`,
    );
    check({ base, edits: [[last, `${last}add action=drop chain=input protocol=gre\n`]], kind: 'open' });
    const filling = 'add action=add-src-to-address-list address-list=seen chain=forward\n';
    check({ base, edits: [[last, last + filling]], kind: 'undecidable', by: '"seen"' });
    const entry = 'list=bad\nadd address=192.0.2.50 list=seen\n';
    check({ base, edits: [['list=bad\n', entry]], kind: 'closed', by: '"seen"' });
  });
});

describe('more than one change at a time', () => {
  test('one more accept that may not match does not make up for one more drop', () => {
    const both =
      'action=accept chain=input limit=1,5:packet\nadd action=drop chain=input comment=b limit=2,5:packet';
    check({ edits: first(both), kind: 'undecidable', by: '"b"' });
  });
  test('a list of interfaces is what it includes without what it excludes, and its own', () => {
    const lists = (more: string) =>
      office
        .replace('add name=WAN\n', `add name=WAN\nadd exclude=WAN include=LAN name=ALL\n`)
        .replace('add interface=ether1 list=WAN\n', `add interface=ether1 list=WAN\n${more}`)
        .replace('add action=drop chain=input in-interface-list=!LAN\n', '');
    const edits = first('action=drop chain=input in-interface-list=ALL');
    check({ base: lists(''), edits, kind: 'closed' });
    check({ base: lists('add interface=bridge list=WAN\n'), edits, kind: 'open' });
    check({
      base: lists('add interface=bridge list=WAN\nadd interface=bridge list=ALL\n'),
      edits,
      kind: 'closed',
    });
  });
  test('to which address the device itself sends the session is not known', () => {
    const redirect = 'add action=redirect chain=dstnat dst-port=22 protocol=tcp to-ports=22\n';
    const base = office.replace('/ip route\n', `/ip firewall nat\n${redirect}/ip route\n`);
    check({ base, edits: first('action=drop chain=input dst-address=!192.0.2.1'), kind: 'undecidable' });
    check({ base, edits: first('action=drop chain=input src-address=203.0.113.9'), kind: 'open' });
  });
});

describe('the other tables', () => {
  const table = (name: string, rule: string): Case['edits'] => [
    ['/ip route\n', `/ip firewall ${name}\nadd ${rule}\n/ip route\n`],
  ];
  test.each<[string, Case['edits'], string]>([
    ['raw, another port', table('raw', 'action=drop chain=prerouting dst-port=53 protocol=tcp'), 'open'],
    ['raw, this port', table('raw', 'action=drop chain=prerouting dst-port=22 protocol=tcp'), 'closed'],
    ['raw, without tracking', table('raw', 'action=notrack chain=prerouting'), 'undecidable'],
    [
      'nat, another port',
      table('nat', 'action=dst-nat chain=dstnat dst-port=443 protocol=tcp to-addresses=192.0.2.9'),
      'open',
    ],
    [
      'nat, this port',
      table('nat', 'action=dst-nat chain=dstnat dst-port=22 protocol=tcp to-addresses=192.0.2.9'),
      'undecidable',
    ],
    [
      'mangle that marks it',
      table('mangle', 'action=mark-routing chain=output new-routing-mark=x'),
      'undecidable',
    ],
    [
      'mangle that does not',
      table('mangle', 'action=mark-packet chain=prerouting new-packet-mark=x protocol=udp'),
      'open',
    ],
  ])('%s', (_, edits, kind) => {
    check({ edits, kind });
  });
});

describe('address, interfaces and the way back', () => {
  const addresses = '/ip address\n';
  const routes = '/ip route\n';
  test.each<[string, Case['edits'], string, string?]>([
    [
      'its address is off',
      [['192.0.2.1/24 interface=bridge', '192.0.2.1/24 disabled=yes interface=bridge']],
      'closed',
      '192.0.2.1/24',
    ],
    ['its address goes', [['add address=192.0.2.1/24 interface=bridge\n', '']], 'closed', '192.0.2.1/24'],
    [
      'its address moves',
      [['192.0.2.1/24 interface=bridge', '192.0.2.1/24 interface=ether4']],
      'undecidable',
    ],
    [
      'another address comes',
      [[addresses, `${addresses}add address=10.9.9.1/24 interface=ether4\n`]],
      'open',
    ],
    [
      'another network reaches over the daemon',
      [[addresses, `${addresses}add address=192.0.2.33/26 interface=ether4\n`]],
      'undecidable',
    ],
    ['a route elsewhere', [[routes, `${routes}add dst-address=10.0.0.0/8 gateway=198.51.100.1\n`]], 'open'],
    [
      'a nearer route over the daemon',
      [[routes, `${routes}add dst-address=192.0.2.48/28 gateway=198.51.100.1\n`]],
      'undecidable',
      '/ip route',
    ],
    ['its bridge is off', [['add name=bridge\n', 'add disabled=yes name=bridge\n']], 'closed', 'name=bridge'],
    [
      'its bridge filters VLANs',
      [['add name=bridge\n', 'add name=bridge vlan-filtering=yes\n']],
      'undecidable',
      'name=bridge',
    ],
    [
      'one of its ports is off',
      [['add bridge=bridge interface=ether2', 'add bridge=bridge disabled=yes interface=ether2']],
      'undecidable',
    ],
    ['one of its ports has another pvid', [['interface=ether2', 'interface=ether2 pvid=20']], 'undecidable'],
    [
      'a VLAN of its bridge',
      [
        [
          '/interface bridge port\n',
          '/interface bridge vlan\nadd bridge=bridge tagged=ether2 vlan-ids=7\n/interface bridge port\n',
        ],
      ],
      'undecidable',
    ],
    ['a VLAN above it goes', [['add interface=bridge name=voice vlan-id=20\n', '']], 'open'],
    [
      'an interface elsewhere',
      [
        [
          '/interface vlan\n',
          '/interface ethernet\nset [ find default-name=ether5 ] disabled=yes\n/interface vlan\n',
        ],
      ],
      'open',
    ],
    [
      'a port of its bridge, by its own row',
      [
        [
          '/interface vlan\n',
          '/interface ethernet\nset [ find default-name=ether2 ] disabled=yes\n/interface vlan\n',
        ],
      ],
      'undecidable',
    ],
    [
      'filters of all bridges',
      [['/interface vlan\n', '/interface bridge filter\nadd action=drop chain=input\n/interface vlan\n']],
      'undecidable',
    ],
    [
      'another client of DHCP',
      [[addresses, `/ip dhcp-client\nadd interface=ether4\n${addresses}`]],
      'undecidable',
    ],
  ])('%s', (_, edits, kind, by) => {
    const edited = edits.map(([from, to]) => [from, to] as const);
    check({ edits: edited, kind, ...(by === undefined ? {} : { by }) });
  });

  const routed = { from: '10.0.5.9' };
  const viaGateway = office
    .replace(routes, `${routes}add dst-address=10.0.0.0/16 gateway=192.0.2.254\n`)
    .replace('address=192.0.2.0/24', 'address=10.0.0.0/8')
    .replace('192.0.2.48/28', '10.0.5.0/24');
  test('from behind a gateway: the route there must stay', () => {
    const base = viaGateway;
    check({
      base,
      management: routed,
      edits: [['gateway=192.0.2.254', 'gateway=192.0.2.253']],
      kind: 'undecidable',
    });
    check({ base, management: routed, edits: [['10.0.0.0/16', '10.7.0.0/16']], kind: 'undecidable' });
    check({
      base,
      management: routed,
      edits: [['dst-address=0.0.0.0/0', 'distance=2 dst-address=0.0.0.0/0']],
      kind: 'open',
    });
  });
  test('from behind a gateway: by which interface it comes in is known only if the settings say so', () => {
    const edits = first('action=drop chain=input in-interface=!bridge');
    check({ base: viaGateway, management: routed, edits, kind: 'undecidable' });
    check({
      base: viaGateway,
      management: { ...routed, told: true, interface: 'ether2' },
      edits,
      kind: 'open',
    });
  });
});

describe('service, user and group', () => {
  const base = `${office}/user group\nadd name=robots policy=ssh,read,write,policy\n/user\nadd address=192.0.2.0/24 group=robots name=siteward\nadd group=full name=eva\n`;
  test.each<[string, Case['edits'], string, string?]>([
    [
      'ssh is off',
      [['set ssh address=192.0.2.0/24', 'set ssh address=192.0.2.0/24 disabled=yes']],
      'closed',
      'name=ssh',
    ],
    ['ssh moves', [['port=22 vrf', 'port=2222 vrf']], 'closed', 'name=ssh'],
    [
      'ssh lets others in',
      [['ssh address=192.0.2.0/24', 'ssh address=198.51.100.0/24']],
      'closed',
      'name=ssh',
    ],
    [
      'ssh lets fewer in',
      [['ssh address=192.0.2.0/24', 'ssh address=10.0.0.0/8,192.0.2.32/27']],
      'open',
      'name=ssh',
    ],
    [
      'ssh lets IPv6 in',
      [['ssh address=192.0.2.0/24', 'ssh address=2001:db8::/64']],
      'undecidable',
      'name=ssh',
    ],
    ['ssh in a VRF', [['vrf=main', 'vrf=mgmt']], 'undecidable', 'name=ssh'],
    ['the user is off', [['name=siteward', 'name=siteward disabled=yes']], 'closed', 'name=siteward'],
    [
      'the user goes',
      [['add address=192.0.2.0/24 group=robots name=siteward\n', '']],
      'closed',
      'name=siteward',
    ],
    [
      'the user may come from elsewhere',
      [['add address=192.0.2.0/24 group', 'add address=10.0.0.0/8 group']],
      'closed',
    ],
    ['another user', [['name=eva', 'name=eva disabled=yes']], 'open'],
    [
      'the group loses ssh',
      [['policy=ssh,read,write,policy', 'policy=read,write,policy']],
      'closed',
      'name=robots',
    ],
    ['the group loses something else', [['policy=ssh,read,write,policy', 'policy=ssh,read']], 'undecidable'],
    ['keys', [['/user\n', '/ip ssh\nset strong-crypto=yes\n/user\n']], 'undecidable', '/ip ssh'],
  ])('%s', (_, edits, kind, by) => {
    check({ base, edits, kind, ...(by === undefined ? {} : { by }) });
  });
});

describe('a session that the device sees otherwise', () => {
  const simulated = { address: '127.0.0.1', port: 40_022, from: '127.0.0.1' };
  test.each<[string, Case['edits'], string]>([
    [
      'an address elsewhere',
      [['/ip address\n', '/ip address\nadd address=10.9.9.1/24 interface=ether4\n']],
      'undecidable',
    ],
    ['an interface elsewhere', [['add interface=bridge name=voice vlan-id=20\n', '']], 'undecidable'],
    ['a drop of a source', first('action=drop chain=input src-address=203.0.113.9'), 'undecidable'],
    ['a drop of another protocol', first('action=drop chain=input protocol=udp'), 'open'],
    ['a drop of another port', first('action=drop chain=input dst-port=80 protocol=tcp'), 'open'],
    ['a drop of everything', first('action=drop chain=input'), 'closed'],
    ['a forward rule', first('action=drop chain=forward'), 'untouched'],
    ['ssh off', [['set ssh address=192.0.2.0/24', 'set ssh disabled=yes address=192.0.2.0/24']], 'closed'],
    ['ssh for fewer', [['ssh address=192.0.2.0/24', 'ssh address=192.0.2.0/26']], 'undecidable'],
  ])('%s', (_, edits, kind) => {
    check({ edits, kind, management: simulated });
  });
  test('what the settings say of it is believed', () => {
    const edits = first('action=drop chain=input src-address=203.0.113.9');
    check({ edits, kind: 'open', management: { ...onLink, told: true } });
  });
  test('a source that could not have come in is not believed', () => {
    const from = '192.0.2.7';
    check({
      edits: first('action=drop chain=input src-address=203.0.113.9'),
      kind: 'undecidable',
      management: { from },
    });
  });
  test('a private source behind the default route was translated somewhere', () => {
    const edits = first('action=drop chain=input src-address=203.0.113.9');
    const base = office.replace(' src-address-list=admins', '');
    check({ base, edits, kind: 'undecidable', management: { from: '10.1.1.1' } });
  });
  test('over IPv6 nothing is decided', () => {
    const management = { address: '2001:db8::1', from: '2001:db8::5' };
    check({ edits: first('action=drop chain=input protocol=udp'), kind: 'undecidable', management });
    check({ edits: first('action=drop chain=forward'), kind: 'untouched', management });
  });
});

test('proved open, an action keeps its own tier; closed, every action on the way is signed for the path', () => {
  expect(judge({ edits: first('action=drop chain=input protocol=udp'), kind: '' }).reason).toBe(
    'traffic and exposure',
  );
  expect(judge({ edits: first('action=drop chain=input protocol=tcp'), kind: '' }).reason).toBe(
    'management-path',
  );
  const entry = judge({ edits: [['list=bad\n', 'list=bad\nadd address=203.0.114.1 list=bad\n']], kind: '' });
  expect(entry).toMatchObject({
    class: 'operational',
    reason: 'traffic and exposure',
    path: { kind: 'open' },
  });
});
