import { describe, expect, it } from 'vitest';
import { Device } from '../../../src/simulator/device/device.ts';
import { whyUnreachable, type ReachedAt } from '../../../src/simulator/network/reachability.ts';

const TEXT = `# 2026-11-20 09:15:02 by RouterOS 7.18.2
/interface bridge
add name=lan
/interface vlan
add interface=lan name=voice vlan-id=20
/interface list
add name=LAN
add name=WAN
/interface bridge port
add bridge=lan interface=ether2
/interface list member
add interface=lan list=LAN
/ip address
add address=192.0.2.1/24 interface=lan
add address=198.51.100.2/30 interface=ether1
add address=203.0.113.1/24 interface=voice
/ip firewall address-list
add address=192.0.2.48/28 list=admins
/ip firewall filter
/ip firewall raw
/ip firewall nat
/ip route
add dst-address=0.0.0.0/0 gateway=198.51.100.1
/ip service
set telnet disabled=yes
`;
const LAN: ReachedAt = { address: '192.0.2.1', interface: 'ether2', from: '192.0.2.50' };
const WAN: ReachedAt = { address: '198.51.100.2', interface: 'ether1', from: '198.18.0.9' };

function judge(text: string, at: Partial<ReachedAt> = LAN): string | undefined {
  const bytes = Buffer.from(text, 'latin1');
  const device = new Device(bytes, { version: undefined, user: 'admin', monotonic: () => 0, flushMs: 0 });
  return whyUnreachable(device, { ...LAN, ...at });
}

/** With lines put in at the head of a section. */
function why(section: string, lines: string, at?: Partial<ReachedAt>): string | undefined {
  return judge(
    TEXT.replace(`${section}\n`, () => `${section}\n${lines}\n`),
    at,
  );
}
const filter = (...rules: readonly string[]): string =>
  rules.map((rule) => `add chain=input ${rule}`).join('\n');

describe('a new connection', () => {
  it('is taken without a rule, from the LAN and from outside', () => {
    expect(why('/ip route', '')).toBeUndefined();
    expect(why('/ip route', '', WAN)).toBeUndefined();
  });

  it.each<[string, string | undefined]>([
    [filter('action=drop'), 'input, first packet'],
    [filter('action=drop connection-state=established'), 'input, later packets'],
    [filter('action=accept src-address-list=admins', 'action=drop'), undefined],
    [filter('action=accept src-address-list=!admins', 'action=drop'), 'input, first packet'],
    [filter('action=drop in-interface-list=!LAN'), undefined],
    [filter('action=drop in-interface=lan'), 'input, first packet'],
    [filter('action=drop protocol=tcp dst-port=1-21,23'), undefined],
    [filter('action=tarpit protocol=tcp dst-port=20-25'), 'input, first packet'],
    [
      filter('action=jump jump-target=a', 'action=accept') +
        '\nadd chain=a action=return\nadd chain=a action=drop',
      undefined,
    ],
    [
      filter('action=jump jump-target=a', 'action=accept') + '\nadd chain=a action=drop',
      'input, first packet',
    ],
    ['add chain=output action=drop', 'filter output'],
  ])('%s', (lines, expected) => {
    expect(why('/ip firewall filter', lines)).toBe(expected);
  });

  it('meets raw and translation before the filter', () => {
    expect(why('/ip firewall raw', 'add chain=prerouting action=drop src-address=192.0.2.0/24')).toBe(
      'raw prerouting',
    );
    expect(why('/ip firewall raw', 'add chain=prerouting action=notrack')).toBeUndefined();
    const nat = 'add chain=dstnat protocol=tcp dst-port=22 action=';
    expect(why('/ip firewall nat', `${nat}dst-nat to-addresses=192.0.2.9`)).toBe('sent elsewhere');
    expect(why('/ip firewall nat', `${nat}redirect to-ports=23`)).toBe('nobody listens on that port');
    expect(
      why('/ip firewall nat', 'add chain=dstnat protocol=tcp dst-port=2222 action=redirect to-ports=22', {
        port: 2222,
      }),
    ).toBeUndefined();
  });

  it('needs an address, a link and a way back', () => {
    expect(why('/ip route', '', { address: '192.0.2.2' })).toBe('no such address');
    const off = TEXT.replace('add bridge=lan interface', 'add bridge=lan disabled=yes interface');
    expect(judge(off)).toBe('answers leave by lan');
    expect(why('/ip route', 'add blackhole dst-address=192.0.2.48/28')).toBe('no way back');
    expect(why('/ip route', 'add dst-address=192.0.2.48/28 gateway=198.51.100.1')).toBe(
      'answers leave by ether1',
    );
  });

  it('goes to the VLAN of the port when the bridge filters', () => {
    const at = { address: '203.0.113.1', from: '203.0.113.9' };
    const filtering = (rest: string): string | undefined => {
      const port = 'add bridge=lan interface=ether2 pvid=20';
      const text = TEXT.replace('add name=lan', 'add name=lan vlan-filtering=yes')
        .replace('add bridge=lan interface=ether2', port)
        .replace('/interface list\n', `${rest}/interface list\n`);
      return judge(text, at);
    };
    expect(filtering('/interface bridge vlan\nadd bridge=lan tagged=lan vlan-ids=20\n')).toBeUndefined();
    expect(filtering('')).toBe('no link');
  });

  it('must be let in by the service', () => {
    expect(why('/ip service', 'set ssh address=10.0.0.0/8')).toBe('not for this address');
    expect(why('/ip service', 'set ssh address=10.0.0.0/8,192.0.2.50')).toBeUndefined();
    expect(why('/ip service', 'set ssh disabled=yes')).toBe('service disabled');
  });
});
