/** What rows are made of: dynamic ones, canonical values, versions, what the device makes up by itself. */
import { describe, expect, it } from 'vitest';
import { SMALL_EXPORT, startMachine } from './started-machine.ts';

describe('model', () => {
  it('S37 dynamic rows are found and counted, not exported, and cannot be changed', () => {
    const bench = startMachine(SMALL_EXPORT, { dynamicRows: true });
    expect(bench.run('/ip route print count-only where dynamic=yes')).toEqual(['1']);
    expect(bench.run('/ip route export').join('\n')).not.toContain('192.0.2.0');
    expect(bench.run('/ip route remove [find where dynamic=yes]')).toEqual([
      'failure: can not remove dynamic item',
    ]);
    expect(bench.run('/ip route set [find where dynamic=yes] distance=2')).toEqual([
      'failure: can not change dynamic item',
    ]);
    bench.run('/ip address add address=198.51.100.1/24 interface=ether1');
    expect(bench.run('/ip route print count-only where dynamic=yes')).toEqual(['2']);
  });

  it('S41 a single host is printed with or without its length, as the property does it', () => {
    const bench = startMachine();
    bench.run('/ip firewall address-list add list=a address=192.0.2.7/32');
    expect(bench.run('/ip firewall address-list export').at(-1)).toBe('add address=192.0.2.7 list=a');
    bench.run('/user add name=alice group=read address=192.0.2.8');
    expect(bench.run(':put [/user get alice address]')).toEqual(['192.0.2.8/32']);
  });

  it('S43 properties of other versions are refused', () => {
    const line = '/ip ssh set password-authentication=yes';
    expect(startMachine(SMALL_EXPORT.replace('7.18.2', '7.21.5')).run(line)).toEqual([]);
    expect(startMachine(SMALL_EXPORT.replace('7.18.2', '7.15.3')).run(line)[0]).toMatch(
      /^expected end of command/,
    );
    expect(startMachine(SMALL_EXPORT.replace('7.18.2', '7.15.3'), { versionGates: false }).run(line)).toEqual(
      [],
    );
  });

  it('S44 rows that come with the model are there by number or name, and stay as the export had them', () => {
    const noise = '/disk\nset slot1 slot=usb1\n/port\nset 0 name=serial0\nset 1 name=usb1\n';
    const bench = startMachine(`# x by RouterOS 7.18.2\n${noise}`);
    expect(bench.run('/export').slice(1).join('\n')).toContain(noise.trim().split('\n/port')[0]);
    expect(bench.run(':put [:len [/port find]]')).toEqual(['2']);
  });

  it('S45 a WireGuard interface without a key makes one, and its public key is right', () => {
    const bench = startMachine();
    bench.run('/interface wireguard add name=wg1');
    const [key = ''] = bench.run(':put [/interface wireguard get wg1 public-key]');
    expect(Buffer.from(key, 'base64')).toHaveLength(32);
    expect(bench.run('/interface wireguard export').join('\n')).not.toContain('private-key');
    expect(bench.run('/interface wireguard export show-sensitive').join('\n')).toContain('private-key=');
    // RFC 7748, 6.1.
    bench.run('/interface wireguard add name=wg2 private-key="dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo="');
    expect(bench.run(':put [/interface wireguard get wg2 public-key]')).toEqual([
      'hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=',
    ]);
  });
});
