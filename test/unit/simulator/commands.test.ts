import { describe, expect, it } from 'vitest';
import { SMALL_EXPORT, startMachine } from './started-machine.ts';
import type { Bench } from './started-machine.ts';

function exported(bench: Bench, path: string): readonly string[] {
  return bench.run(`/${path} export`).slice(4);
}

describe('commands on menus', () => {
  it('add gives an id in an expression, prints nothing by itself, and ids are never used again (S29, S31)', () => {
    const bench = startMachine();
    expect(bench.run('/ip dns static add name=a.example address=192.0.2.7')).toEqual([]);
    const [first] = bench.run(':put [/ip dns static add name=b.example address=192.0.2.8]');
    expect(first).toMatch(/^\*[0-9A-F]+$/);
    bench.run(`/ip dns static remove ${first}`);
    expect(bench.run(':put [/ip dns static add name=c.example address=192.0.2.9]')).not.toEqual([first]);
  });

  it('find compares after the type of the property, absent ones as their default (S30)', () => {
    const bench = startMachine();
    const count = (where: string): string =>
      bench.run(`/ip firewall filter print count-only where ${where}`)[0] ?? '';
    expect(count('chain=input')).toBe('2');
    expect(count('chain="input" disabled=no')).toBe('2');
    expect(count('chain=input comment="first rule" connection-state="established,related"')).toBe('1');
    expect(count('connection-state="related,established"')).toBe('1');
    expect(count('comment=""')).toBe('2');
    expect(count('in-interface=ether1 || chain=forward')).toBe('2');
    expect(count('!(chain=input)')).toBe('1');
    expect(count('comment~"^first"')).toBe('1');
    expect(count('dynamic=yes')).toBe('0');
  });

  it('durations, truths and MAC addresses are canonical when read back (S40, S42)', () => {
    const bench = startMachine();
    bench.run('/ip dns static add name=a.example address=192.0.2.7 ttl=00:10:00 disabled=true');
    expect(bench.run('/ip dns static print count-only where ttl=10m disabled=yes')).toEqual(['1']);
    expect(bench.run(':put [/ip dns static get [find name=a.example] ttl]')).toEqual(['00:10:00']);
    expect(bench.run(':put [:typeof [/ip dns static get [find name=a.example] disabled]]')).toEqual(['bool']);
    expect(exported(bench, 'ip dns static')).toEqual([
      'add address=192.0.2.7 disabled=yes name=a.example ttl=10m',
    ]);
  });

  it('set on an empty find, and remove of one, succeed silently (S27)', () => {
    const bench = startMachine();
    const before = exported(bench, 'ip firewall filter');
    expect(bench.run('/ip firewall filter set [find comment=none] action=drop; :put on')).toEqual(['on']);
    expect(bench.run('/ip firewall filter remove [find comment=none]; :put on')).toEqual(['on']);
    expect(exported(bench, 'ip firewall filter')).toEqual(before);
  });

  it('orders rows with place-before and move (S32)', () => {
    const bench = startMachine();
    const order = (): readonly string[] =>
      bench.run(':foreach i in=[/ip firewall filter find] do={:put [/ip firewall filter get $i action]}');
    bench.run('/ip firewall filter add chain=input action=log place-before=[find action=drop]');
    expect(order()).toEqual(['accept', 'log', 'drop', 'accept']);
    bench.run('/ip firewall filter move [find action=log]');
    expect(order()).toEqual(['accept', 'drop', 'accept', 'log']);
    bench.run('/ip firewall filter move [find action=log] [find chain=forward action=accept]');
    expect(order()).toEqual(['accept', 'drop', 'log', 'accept']);
  });

  it('takes values away with unset and with !name, and forgets what equals the default (S33)', () => {
    const bench = startMachine();
    bench.run('/ip firewall filter unset [find comment="first rule"] connection-state');
    bench.run('/ip firewall filter set [find comment="first rule"] comment="" disabled=yes');
    bench.run('/ip firewall filter set [find action=drop] !in-interface disabled=no');
    expect(exported(bench, 'ip firewall filter')).toEqual([
      'add action=accept chain=input disabled=yes',
      'add action=drop chain=input',
      'add action=accept chain=forward',
    ]);
  });

  it('computes network= of an address (S39)', () => {
    const bench = startMachine();
    bench.run('/ip address add address=198.51.100.130/26 interface=ether1');
    expect(exported(bench, 'ip address')).toContain(
      'add address=198.51.100.130/26 interface=ether1 network=198.51.100.128',
    );
  });

  it('renames references with the item (S35)', () => {
    const bench = startMachine();
    bench.run('/interface bridge set bridge1 name=lan');
    expect(exported(bench, 'ip address')).toEqual([
      'add address=192.0.2.1/24 interface=lan network=192.0.2.0',
    ]);
    expect(exported(bench, 'interface list member')).toEqual(['add interface=lan list=LAN']);
  });

  it('renames interfaces in the lists of a CAP (S35)', () => {
    const bench = startMachine(
      `${SMALL_EXPORT}/interface wireless cap\nset discovery-interfaces=bridge1 interfaces=ether2,ether1\n`,
    );
    bench.run('/interface bridge set bridge1 name=lan; /interface ethernet set ether1 name=radio');
    expect(exported(bench, 'interface wireless cap')).toEqual([
      'set discovery-interfaces=lan interfaces=ether2,radio',
    ]);
  });

  it('has builtin rows whether the export names them or not (S34)', () => {
    const bench = startMachine();
    expect(bench.run(':put [/ip service get ssh port]; :put [/ip service get telnet disabled]')).toEqual([
      '22',
      'true',
    ]);
    bench.run('/interface ethernet set [ find default-name=ether1 ] comment=uplink');
    bench.run('/ip service set ssh port=2222; /ip service set telnet disabled=no');
    expect(exported(bench, 'interface ethernet')).toEqual([
      'set [ find default-name=ether1 ] comment=uplink',
    ]);
    expect(exported(bench, 'ip service')).toEqual(['set ssh port=2222']);
  });

  it('policies of a group are added to by set (S38)', () => {
    const bench = startMachine();
    bench.run('/user group add name=ops policy=read,write; /user group set ops policy=ssh,!write');
    expect(bench.run(':put [/user group get ops policy]')).toEqual(['read,!write,ssh']);
  });

  it('prints facts and rows for people', () => {
    const bench = startMachine();
    expect(bench.run('/system resource print').join('\n')).toMatch(
      /uptime: 1d00:00:00\n.*version: 7\.18\.2 \(stable\)/s,
    );
    expect(bench.run('/system identity print')).toEqual(['  name: gw1']);
    expect(bench.run('/ip address print').at(-1)).toContain('address=192.0.2.1/24');
  });

  it('refuses a second script of one name; the switch takes it', () => {
    const add = '/system script add name=one source=":put 1"';
    expect(startMachine().run(`${add}; ${add}`)).toEqual(['failure: item with this name already exists']);
    const lax = startMachine(SMALL_EXPORT, { uniqueNames: false });
    expect(lax.run(`${add}; ${add}; :put [:len [/system script find]]`)).toEqual(['2']);
  });

  it('refuses a source beyond the limit', () => {
    const bench = startMachine(SMALL_EXPORT, { sourceLimit: 4 });
    expect(bench.run('/system script add name=s source="12345"')).toEqual(['failure: source too long']);
    expect(bench.run('/system script add name=s source="1234"')).toEqual([]);
  });

  it('appends to a source in pieces and gives it back byte for byte', () => {
    const bench = startMachine();
    bench.run('/system script add name=s source=":put 1\\n"');
    bench.run(
      '/system script set [find name="s"] source=([/system script get [find name="s"] source] . ":put \\"\\D0\\9E\\"\\n")',
    );
    expect(bench.run(':put [/system script get [find name="s"] source]')).toEqual([
      ':put 1\n:put "\xd0\x9e"\n',
    ]);
    expect(exported(bench, 'system script').join('')).toMatch(
      /^add dont-require-permissions=no name=s owner=admin policy=/,
    );
  });
});
