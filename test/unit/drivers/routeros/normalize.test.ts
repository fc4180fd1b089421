import { describe, expect, test } from 'vitest';
import { sameItem, type Configuration, type Item } from '../../../../src/core/item.ts';
import { readExport } from '../../../../src/drivers/routeros/export-syntax.ts';
import { toConfiguration, type NormalizeOptions } from '../../../../src/drivers/routeros/normalize.ts';
import { printConfiguration } from '../../../../src/drivers/routeros/print-configuration.ts';
import { networkOf } from '../../../../src/drivers/routeros/section-properties.ts';
import { noRealExports, realExports, whyNoRealExports } from '../../../support/real-exports.ts';

const parse = (text: string, options: NormalizeOptions = { role: 'desired' }) =>
  toConfiguration(readExport(Buffer.from(text, 'latin1'), 'config.rsc'), options);
const clean = (text: string, options?: NormalizeOptions): Configuration => {
  const { configuration, problems } = parse(text, options);
  expect(problems).toEqual([]);
  return configuration;
};
const itemsOf = (text: string, options?: NormalizeOptions): readonly Item[] =>
  clean(text, options).sections.flatMap((section) => section.items);
const brief = (text: string, options?: NormalizeOptions) =>
  itemsOf(text, options).map((item) => [item.key, Object.fromEntries(item.properties)]);
const problemsOf = (text: string, options?: NormalizeOptions) =>
  parse(text, options).problems.map(({ code, place, section }) => [
    code,
    place?.line,
    place?.column,
    section,
  ]);
const same = (a: Configuration, b: Configuration): boolean =>
  a.sections.length === b.sections.length &&
  a.sections.every((section, i) => {
    const other = b.sections[i];
    return (
      other?.path === section.path &&
      other.kind === section.kind &&
      other.items.length === section.items.length &&
      section.items.every((item, n) => {
        const twin = other.items[n];
        return twin !== undefined && sameItem(item, twin) && item.created === twin.created;
      })
    );
  });

describe('keys', () => {
  test.each([
    ['/interface vlan\nadd interface=ether1 name=v10 vlan-id=10\n', 'name=v10', true],
    [
      '/ip firewall address-list\nadd address=192.0.2.1/32 list=office\n',
      'address=192.0.2.1,list=office',
      true,
    ],
    ['/ip firewall filter\nadd action=drop chain=input\n', null, true],
    ['/ip dns static\nadd address=192.0.2.1 name=a\n', null, true],
    ['/ip route\nadd gateway=192.0.2.1\n', null, true],
    ['/interface ethernet\nset [ find default-name=ether1 ] mtu=1400\n', 'default-name=ether1', false],
    ['/ip service\nset telnet disabled=yes\n', 'name=telnet', false],
    ['/queue interface\nset ether1 queue=fifo\n', 'interface=ether1', false],
    ['/port\nset 0 name=usb1\n', 'number=0', false],
    ['/ppp profile\nset *FFFFFFFE remote-address=vpn\n', 'id=*FFFFFFFE', false],
    ['/ip hotspot profile\nset [ find default=yes ] dns-name=a\n', 'default=yes', false],
    ['/system identity\nset name=gw1\n', '', false],
    ['/ip nonsense\nadd name=x\n', null, true],
  ])('%j', (text, key, created) => {
    expect(itemsOf(text)).toMatchObject([{ key, created }]);
  });

  test('an item knows where it was written', () => {
    expect(itemsOf('/ip pool\n\n add name=a ranges=192.0.2.2\n')[0]?.place).toEqual({
      file: 'config.rsc',
      line: 3,
      column: 2,
    });
  });
});

describe('what says nothing makes no difference', () => {
  test.each([
    [
      'booleans',
      '/ip pool\nadd name=a\n/ip dns static\nadd address=192.0.2.1 disabled=false name=a\n',
      '/ip pool\nadd name=a\n/ip dns static\nadd address=192.0.2.1 name=a\n',
    ],
    [
      'durations',
      '/ip dhcp-server\nadd interface=a lease-time=00:10:00 name=d\n',
      '/ip dhcp-server\nadd interface=a lease-time=600 name=d\n',
    ],
    [
      'a default',
      '/ip dns static\nadd address=192.0.2.1 name=a ttl=1d00:00:00\n',
      '/ip dns static\nadd address=192.0.2.1 name=a\n',
    ],
    ['an empty comment', '/ip pool\nadd comment="" name=a ranges=x\n', '/ip pool\nadd name=a ranges=x\n'],
    [
      'an unset without default',
      '/ip firewall filter\nadd chain=input !in-interface\n',
      '/ip firewall filter\nadd chain=input\n',
    ],
    [
      'a single host',
      '/ip firewall filter\nadd chain=input src-address=192.0.2.1/32\n',
      '/ip firewall filter\nadd chain=input src-address=192.0.2.1\n',
    ],
    [
      'the network',
      '/ip address\nadd address=192.0.2.9/24 interface=a network=192.0.2.0\n',
      '/ip address\nadd address=192.0.2.9/24 interface=a\n',
    ],
    [
      'the network of a host',
      '/ip address\nadd address=192.0.2.9/32 interface=a network=192.0.2.9\n',
      '/ip address\nadd address=192.0.2.9 interface=a\n',
    ],
    [
      'a set',
      '/ip firewall filter\nadd chain=input connection-state=related,established\n',
      '/ip firewall filter\nadd chain=input connection-state=established,related\n',
    ],
    [
      'MAC case',
      '/interface ethernet\nset [ find default-name=a ] mac-address=aa:bb:cc:00:00:01\n',
      '/interface ethernet\nset [ find default-name=a ] mac-address=AA:BB:CC:00:00:01\n',
    ],
    [
      'a route spelled out',
      '/ip route\nadd disabled=no distance=1 dst-address=0.0.0.0/0 gateway=192.0.2.1 pref-src="" routing-table=main scope=30 target-scope=10\n',
      '/ip route\nadd gateway=192.0.2.1\n',
    ],
    ['order of properties', '/ip pool\nadd ranges=x name=a\n', '/ip pool\nadd name=a ranges=x\n'],
    [
      'order of sections and rows said twice',
      '/system clock\nset time-zone-name=UTC\n/ip pool\nadd name=a\n/system clock\nset time-zone-autodetect=no\n',
      '/system clock\nset time-zone-autodetect=no time-zone-name=UTC\n/ip pool\nadd name=a\n',
    ],
    [
      'quoting, line ends and notes',
      '/ip pool\r\n# not ready\r\nadd name="a" \\\r\n    ranges=x\r\n',
      '/ip pool\nadd name=a ranges=x\n',
    ],
    ['terse form', '/ip pool add name=a\n', '/ip pool\nadd name=a\n'],
    ['a row of which only defaults are said', '/ip service\nset telnet disabled=no\n', '/ip service\n'],
  ])('%s', (_, a, b) => {
    expect(brief(a)).toEqual(brief(b));
    expect(same(clean(a), clean(b))).toBe(true);
  });
});

describe('what says something stays', () => {
  test('key, chain and action, also where they equal a default', () => {
    expect(brief('/ip firewall filter\nadd action=accept chain=input\n')).toEqual([
      [null, { action: 'accept', chain: 'input' }],
    ]);
  });
  test('a network of its own', () => {
    expect(brief('/ip address\nadd address=192.0.2.1 interface=a network=192.0.2.2\n')).toEqual([
      ['address=192.0.2.1,interface=a', { address: '192.0.2.1', interface: 'a', network: '192.0.2.2' }],
    ]);
  });
  test('what equals the default of other rows', () => {
    expect(brief('/ip service\nset www-ssl disabled=no\n')).toEqual([['name=www-ssl', { disabled: 'no' }]]);
    expect(brief('/ip service\nset www-ssl disabled=yes\nset www disabled=no\n')).toEqual([]);
  });
  test('a lease on any server', () => {
    expect(brief('/ip dhcp-server lease\nadd address=192.0.2.2 mac-address=aa:bb:cc:00:00:01\n')).toEqual([
      ['address=192.0.2.2,server=', { address: '192.0.2.2', 'mac-address': 'AA:BB:CC:00:00:01' }],
    ]);
  });
  test('an unset of what has a default', () => {
    expect(brief('/interface 6to4\nadd !keepalive name=a\n')).toEqual([
      ['name=a', { keepalive: null, name: 'a' }],
    ]);
  });
  test('values of unknown menus and properties, as written', () => {
    expect(brief('/ip nonsense\nadd disabled=false t=00:10:00\n')).toEqual([
      [null, { disabled: 'false', t: '00:10:00' }],
    ]);
    expect(brief('/ip pool\nadd name=a new-thing=true\n')).toEqual([
      ['name=a', { name: 'a', 'new-thing': 'true' }],
    ]);
  });
  test('a default that changed, unless the version is known', () => {
    const text = '/ip dhcp-client\nadd disabled=no interface=a\n';
    expect(brief(text)).toEqual([['interface=a', { disabled: 'no', interface: 'a' }]]);
    expect(brief(text, { role: 'desired', version: '7.18.2' })).toEqual([
      ['interface=a', { interface: 'a' }],
    ]);
    expect(brief(text, { role: 'desired', version: '6.49.10' })).toEqual([
      ['interface=a', { disabled: 'no', interface: 'a' }],
    ]);
    expect(brief(`# x by RouterOS 7.18.2\n${text}`)).toEqual([['interface=a', { interface: 'a' }]]);
  });
  test('a renamed property, unless the version is known', () => {
    const old = '/interface wireguard peers\nadd interface=w is-responder=yes public-key=k\n';
    const now = old.replace('is-responder', 'responder');
    expect(brief(old)).not.toEqual(brief(now));
    expect(brief(old, { role: 'desired', version: '7.18' })).toEqual(
      brief(now, { role: 'desired', version: '7.18' }),
    );
    expect(brief(now, { role: 'desired', version: '7.16' })).toEqual(brief(old));
  });
  test('the order of rows and of lists', () => {
    expect(brief('/ip dns\nset servers=192.0.2.9,192.0.2.1\n')).toEqual([
      ['', { servers: '192.0.2.9,192.0.2.1' }],
    ]);
    expect(brief('/ip firewall filter\nadd chain=b\nadd chain=a\n').map(([, p]) => p)).toEqual([
      { chain: 'b' },
      { chain: 'a' },
    ]);
  });
  test('a port by its name, whatever selects it', () => {
    const ports = (line: string): unknown => brief(`/interface ethernet\n${line}\n`);
    expect(ports('set ether1 mtu=1400')).toEqual([['default-name=ether1', { mtu: '1400' }]]);
    expect(ports('set [ find name=ether1 ] mtu=1400')).toEqual(ports('set ether1 mtu=1400'));
    expect(ports('set [ find default-name=ether2 ] name=ether1\nset ether1 mtu=1400')).toEqual([
      ['default-name=ether2', { mtu: '1400', name: 'ether1' }],
    ]);
    expect(brief('/interface wireless\nadd name=guest\nset guest ssid=x\n')).toEqual([
      ['name=guest', { name: 'guest', ssid: 'x' }],
    ]);
  });
  test('rows of a device that share what should be a key are told apart by content', () => {
    const text = '/ip pool\nadd name=a ranges=x\nadd name=a ranges=y\nadd name=a ranges=z\nadd name=b\n';
    expect(itemsOf(text, { role: 'device' }).map((item) => item.key)).toEqual([null, null, null, 'name=b']);
  });
  test('a section that is named but has no rows', () => {
    expect(clean('/ip pool\n').sections).toEqual([{ path: '/ip pool', kind: 'keyed', items: [] }]);
  });
  test('several set commands on one row are one row', () => {
    const text =
      '/interface ethernet\nset [ find default-name=a ] mtu=1400\nset [ find default-name=a ] comment=x mtu=1400\n';
    expect(brief(text)).toEqual([['default-name=a', { comment: 'x', mtu: '1400' }]]);
  });
  test('flags', () => {
    expect(brief('/routing table\nadd fib name=t\n')).toEqual([['name=t', { fib: '', name: 't' }]]);
  });
});

describe('kinds', () => {
  test.each([
    ['/ip firewall nat\n', 'ordered'],
    ['/ip nonsense\n', 'unknown'],
    ['/interface ovpn-server server\nset enabled=yes\n', 'singleton'],
    ['/interface ovpn-server server\nadd name=a\n', 'keyed'],
    ['/tool mac-server\nadd interface=a\n', 'unknown'],
  ])('%j is %s', (text, kind) => {
    expect(clean(text).sections[0]?.kind).toBe(kind);
  });
});

describe("siteward's own objects", () => {
  const text =
    '/system script\nadd name=sw-lock source=x\nadd name=mine source=y\n/system scheduler\nadd name=sw-1-tick\n';
  test('are left out of what a device said', () => {
    expect(brief(text, { role: 'device' })).toEqual([['name=mine', { name: 'mine', source: 'y' }]]);
  });
  test('can not be desired', () => {
    expect(problemsOf(text)).toEqual([
      ['reserved-name', 2, 1, '/system script'],
      ['reserved-name', 5, 1, '/system scheduler'],
    ]);
  });
});

describe('problems', () => {
  test.each([
    [
      'the same key twice',
      '/ip pool\nadd name=a ranges=x\nadd name=a ranges=y\n',
      ['duplicate-key', 3, 1, '/ip pool'],
    ],
    ['two values in a command', '/ip pool\nadd name=a name=b\n', ['contradiction', 2, 12, '/ip pool']],
    [
      'two values for a row',
      '/system identity\nset name=a\nset name=b\n',
      ['contradiction', 3, 1, '/system identity'],
    ],
    [
      'a ghost',
      '/ip address\nadd address=192.0.2.1/24 interface=*1F\n',
      ['ghost-reference', 2, 36, '/ip address'],
    ],
    [
      'a ghost in a list',
      '/interface bridge vlan\nadd bridge=b tagged=a,*1F vlan-ids=1\n',
      ['ghost-reference', 2, 21, '/interface bridge vlan'],
    ],
    [
      'a selector for all rows',
      '/interface lte\nset [ find ] name=a\n',
      ['bad-selector', 2, 1, '/interface lte'],
    ],
    [
      'a selector with two conditions',
      '/ip pool\nset [ find name=a ranges=x ] comment=y\n',
      ['bad-selector', 2, 1, '/ip pool'],
    ],
    ['another verb', '/ip firewall filter\nremove [find]\n', ['not-declarative', 2, 1, null]],
    ['a bare word that is no flag', '/ip pool\nadd name=a ranges\n', ['unknown-flag', 2, 12, '/ip pool']],
    ['an error line', '#error exporting /ip ssh\n/ip pool\n', ['export-error', 1, 1, null]],
    ['script text', '/ip pool\n:put 1\n', ['not-an-export', 2, 1, null]],
    ['a command at the root', '/\nadd name=a\n', ['no-section', 2, 1, null]],
  ])('%s', (_, text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  test('a duplicate names the other place', () => {
    expect(parse('/ip pool\nadd name=a\nadd name=a\n').problems[0]?.message).toContain('line 2');
  });

  test('messages hold no value', () => {
    const text =
      '/ppp secret\nadd name=a password=hunter2 password=hunter3\nadd name=a password=hunter2\nadd name=b password=a hunter2\nadd name=c password=a hunter2[\n/ip pool\nadd x="hunter2$y"\n';
    const said = JSON.stringify(parse(text).problems);
    expect(parse(text).problems.length).toBe(5);
    expect(said).not.toContain('hunter');
  });
});

test.each([
  ['192.0.2.9/24', '192.0.2.0'],
  ['10.255.255.255/9', '10.128.0.0'],
  ['192.0.2.9', '192.0.2.9'],
  ['1.2.3.4/0', '0.0.0.0'],
  ['1.2.3.4/33', null],
  ['x', null],
])('network of %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

describe('printing a configuration', () => {
  test('prints what a person would write', () => {
    const text = [
      '/interface ethernet',
      'set [ find default-name=ether1 ] comment="a b\\D0\\9E" mtu=1400',
      '/interface 6to4',
      'add !keepalive name=t',
      '/port',
      'set 0 name=usb1',
      '/routing table',
      'add fib name=t',
      '/system identity',
      'set name=gw1',
      '',
    ].join('\n');
    expect(printConfiguration(clean(text))).toBe(text);
  });
});

describe.skipIf(noRealExports)(`real exports${whyNoRealExports}`, () => {
  const pure = realExports().filter(({ pure }) => pure);
  test.each(pure)('$file ($version) becomes items without problems', ({ bytes, file }) => {
    const text = readExport(bytes, file);
    expect(toConfiguration(text, { role: 'device' }).problems).toEqual([]);
    const cut = text.pieces.at(-1)?.raw.endsWith('\n') === true ? 0 : 1;
    const errors = cut + text.pieces.filter((piece) => piece.raw.startsWith('#error')).length;
    const ghosts = [
      ...Buffer.from(bytes)
        .toString('latin1')
        .matchAll(/=\*[0-9A-F]+(?=\s)/g),
    ].length;
    expect(toConfiguration(text, { role: 'desired' }).problems.length).toBe(errors + ghosts);
  });

  test.each(realExports())('$file is the same after printing and reading, twice', ({ bytes, file }) => {
    const once = toConfiguration(readExport(bytes, file), { role: 'device' }).configuration;
    const printed = printConfiguration(once);
    expect(printed).toMatch(/^[\x20-\x7e\n]*$/);
    const { configuration, problems } = parse(printed, { role: 'device' });
    expect(problems).toEqual([]);
    expect(same(configuration, once)).toBe(true);
    expect(printConfiguration(configuration)).toBe(printed);
  });
});
