import { describe, expect, test } from 'vitest';
import { diffConfigurations } from '../../../../src/core/plan/diff.ts';
import { routerosDialect as dialect } from '../../../../src/drivers/routeros/dialect.ts';

/** The eleven ways in which a device spells the same thing otherwise, each as two texts that must not differ. */
const header = (version: string): string =>
  `# 2026-11-21 10:00:00 by RouterOS ${version}\n# software id = \n#\n`;

function differs(desired: string, actual: string, versions = ['7.15.3', '7.15.3']): readonly unknown[] {
  const found = diffConfigurations({
    confirmed: null,
    desired: dialect.parseDesired(
      Buffer.from(header(versions[0] ?? '') + desired),
      'config.rsc',
      versions[1] ?? null,
    ).configuration,
    actual: dialect.parseActual(Buffer.from(header(versions[1] ?? '') + actual)).configuration,
    owns: 'sections',
    ignore: [],
    dialect,
  });
  return [...found.differences, ...found.blocked];
}

const pairs: readonly (readonly [name: string, desired: string, actual: string, versions?: string[]])[] = [
  [
    '1: yes, true and a default that is spelled out',
    '/ip firewall filter\nadd action=accept chain=input disabled=no\nadd action=drop chain=input disabled=true\n',
    '/ip firewall filter\nadd action=accept chain=input\nadd action=drop chain=input disabled=yes\n',
  ],
  [
    '1: what a rule does anyway, said or not',
    '/ip firewall mangle\nadd action=change-mss chain=forward new-mss=1360 protocol=tcp tcp-flags=syn\n/ip firewall filter\nadd action=fasttrack-connection chain=forward\n',
    '/ip firewall mangle\nadd action=change-mss chain=forward new-mss=1360 passthrough=yes protocol=tcp tcp-flags=syn\n/ip firewall filter\nadd action=fasttrack-connection chain=forward hw-offload=yes\n',
  ],
  [
    '2: a duration in seconds, in clock form and in units',
    '/ip dhcp-server lease\nadd address=192.0.2.9 lease-time=00:10:00 mac-address=00:11:22:33:44:55 server=a\nadd address=192.0.2.8 lease-time=1d00:00:00 mac-address=00:11:22:33:44:56 server=a\n',
    '/ip dhcp-server lease\nadd address=192.0.2.9 lease-time=10m mac-address=00:11:22:33:44:55 server=a\nadd address=192.0.2.8 lease-time=1d mac-address=00:11:22:33:44:56 server=a\n',
  ],
  [
    '3: a single host with and without its length',
    '/ip firewall address-list\nadd address=192.0.2.1/32 list=office\n',
    '/ip firewall address-list\nadd address=192.0.2.1 list=office\n',
  ],
  [
    '4: the network that follows from an address',
    '/ip address\nadd address=192.0.2.1/24 interface=ether1\n',
    '/ip address\nadd address=192.0.2.1/24 interface=ether1 network=192.0.2.0\n',
  ],
  [
    '5: a default route that says what it leads to, or not',
    '/ip route\nadd gateway=192.0.2.254\n',
    '/ip route\nadd disabled=no distance=1 dst-address=0.0.0.0/0 gateway=192.0.2.254 scope=30 target-scope=10\n',
  ],
  [
    '6: members of a set in another order',
    '/ip firewall filter\nadd action=accept chain=input connection-state=related,established\n',
    '/ip firewall filter\nadd action=accept chain=input connection-state=established,related\n',
  ],
  [
    '6: members of a list that the device keeps as it was typed',
    '/interface bridge vlan\nadd bridge=b tagged=b,ether2 untagged=ether3,ether4 vlan-ids=10\n/ip service\nset ssh address=192.0.2.0/24,10.0.0.0/8\n',
    '/interface bridge vlan\nadd bridge=b tagged=ether2,b untagged=ether4,ether3 vlan-ids=10\n/ip service\nset ssh address=10.0.0.0/8,192.0.2.0/24\n',
  ],
  [
    '7: numbers in another base or with a unit',
    '/interface bridge\nadd name=bridge1 priority=0x7000\n/queue simple\nadd max-limit=10000000/10000000 name=q target=192.0.2.0/24\n',
    '/interface bridge\nadd name=bridge1 priority=0x7000\n/queue simple\nadd max-limit=10M/10M name=q target=192.0.2.0/24\n',
  ],
  [
    '8: a MAC address in lower case',
    '/ip dhcp-server lease\nadd address=192.0.2.9 mac-address=00:11:aa:bb:cc:dd server=a\n',
    '/ip dhcp-server lease\nadd address=192.0.2.9 mac-address=00:11:AA:BB:CC:DD server=a\n',
  ],
  [
    '10: a property under the name that it had in another version',
    '/interface wireguard peers\nadd allowed-address=192.0.2.0/24 interface=wg1 is-responder=yes public-key="abc="\n',
    '/interface wireguard peers\nadd allowed-address=192.0.2.0/24 interface=wg1 public-key="abc=" responder=yes\n',
    ['7.16', '7.18'],
  ],
];

describe('what is no difference', () => {
  for (const [name, desired, actual, versions] of pairs) {
    test(`class ${name}`, () => {
      expect(differs(desired, actual, versions)).toEqual([]);
      expect(differs(actual, actual, [versions?.[1] ?? '7.15.3', versions?.[1] ?? '7.15.3'])).toEqual([]);
    });
  }

  test('class 9: rows that a model brings along in menus which the file does not name', () => {
    const desired = '/system identity\nset name=gw1\n';
    const noise =
      '/port\nset 0 name=serial0\n/disk\nset slot1 slot=slot1\n/system note\nset show-at-login=no\n';
    expect(differs(desired, `${noise}${desired}`)).toEqual([]);
  });

  test.each([
    ['/interface bridge\nadd name=b', ' admin-mac=00:11:22:33:44:55 auto-mac=no'],
    [
      '/interface ethernet\nset [ find default-name=ether1 ] comment=x',
      ' advertise=10M-half,100M-full speed=100Mbps',
    ],
    ['/interface wireguard\nadd name=wg1', ' listen-port=13231 mtu=1420 private-key="a="'],
    ['/interface wireguard peers\nadd interface=wg1 public-key="a="', ' name=peer1'],
    ['/interface eoip\nadd name=e remote-address=192.0.2.1 tunnel-id=1', ' mac-address=00:11:22:33:44:55'],
    ['/system script\nadd name=s source=a', ' owner=admin'],
    ['/system scheduler\nadd name=s on-event=a', ' start-date=2026-01-30 start-time=10:00:00'],
    [
      '/interface wireless security-profiles\nset [ find default=yes ] mode=dynamic-keys',
      ' supplicant-identity=gw1',
    ],
    ['/port\nset 0 baud-rate=9600', ' name=serial0'],
    ['/disk\nset slot1 comment=x', ' slot=slot1 type=hardware'],
  ])('class 9: what a device makes up in a row that the file names: %s', (row, made) => {
    expect(differs(`${row}\n`, `${row}${made}\n`)).toEqual([]);
    expect(differs(`${row}\n`, `${row}${made} comment=moved\n`)).toHaveLength(1);
  });

  test('class 9: a whole row that the file does not name, in a menu that it names', () => {
    const port = '/interface ethernet\nset [ find default-name=ether1 ] comment=x\n';
    expect(differs(port, `${port}set [ find default-name=ether2 ] speed=100Mbps\n`)).toEqual([]);
    expect(differs('/port\n', '/port\nset 0 name=serial0\nset 1 name=usb1\n')).toEqual([]);
  });

  test('class 6: one member more is one change, from the text that the device has', () => {
    const row = (tagged: string): string =>
      `/interface bridge vlan\nadd bridge=b tagged=${tagged} vlan-ids=10\n`;
    const [changed] = differs(row('b,ether2,ether5'), row('ether2,b'));
    expect(changed).toMatchObject({
      base: { properties: expect.arrayContaining([['tagged', 'ether2,b']]) as unknown },
      target: { properties: expect.arrayContaining([['tagged', 'b,ether2,ether5']]) as unknown },
    });
    // A list of which the first may count for more than the second stays a list.
    const bond = (slaves: string): string => `/interface bonding\nadd name=x slaves=${slaves}\n`;
    expect(differs(bond('ether1,ether2'), bond('ether2,ether1'))).toHaveLength(1);
  });

  test('class 9: what the file does name is wanted', () => {
    const bridge = '/interface bridge\nadd admin-mac=00:11:22:33:44:66 auto-mac=no name=b\n';
    const other = '/interface bridge\nadd admin-mac=00:11:22:33:44:55 auto-mac=no name=b\n';
    expect(differs(bridge, other)).toMatchObject([{ target: { key: 'name=b' } }]);
    expect(differs(bridge, '/interface bridge\nadd name=b\n')).toHaveLength(1);
  });

  test('class 11: what the device supplies and the file does not name is reported as unknown, not guessed', () => {
    const found = differs(
      '/interface wireless\nset [ find default-name=wlan1 ] ssid=x\n',
      '/interface wireless\nset [ find default-name=wlan1 ] mode=ap-bridge ssid=x\n',
    );
    const other = differs(
      '/interface ethernet\nset [ find default-name=ether1 ] comment=x\n',
      '/interface ethernet\nset [ find default-name=ether1 ] comment=x mac-address=00:11:22:33:44:55\n',
    );
    expect([...found, ...other]).toMatchObject([{ code: 'unknown-default' }, { code: 'unknown-default' }]);
  });
});
