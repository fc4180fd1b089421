/** What an edited desired file looks like after a change on the device: the smallest difference a person would make. */
import { describe, expect, test } from 'vitest';
import { adoptOnto, type TakenOver } from '../../../../../src/drivers/routeros/adopt/adopt-onto.ts';
import { routerosDialect as dialect } from '../../../../../src/drivers/routeros/dialect.ts';
import type { Fragment } from '../../../../../src/core/fragments.ts';
import type { Owns } from '../../../../../src/core/plan/scope.ts';

const version = '7.18.2';
const header = `# 2026-01-30 10:00:00 by RouterOS ${version}\n`;

interface Case {
  readonly file: string;
  readonly device: string;
  readonly others?: readonly Fragment[];
  readonly vars?: Readonly<Record<string, string>>;
  readonly owns?: Owns;
  readonly unseen?: readonly string[];
}

function adopt({ file, device, others = [], vars = {}, owns = 'sections', unseen = [] }: Case): TakenOver {
  return adoptOnto({
    fragments: [...others, { file: 'config.rsc', text: Buffer.from(file, 'latin1') }],
    file: 'config.rsc',
    valueOf: (name) => vars[name] ?? null,
    owns,
    ignore: [],
    actual: dialect.parseActual(Buffer.from(header + device, 'latin1'), version).configuration,
    version,
    unseen: unseen.map((section) => ({ section, code: 'incomplete-section', message: 'not shown' })),
  });
}

const cases: readonly (readonly [string, Case, string])[] = [
  [
    'a property that changed, in the line as it was written',
    {
      file: '/ip address\n# the office\nadd comment="a b" \\\n    address=192.0.2.1/24   interface=ether1\n',
      device: '/ip address\nadd address=192.0.2.1/24 comment=c interface=ether1\n',
    },
    '/ip address\n# the office\nadd comment=c \\\n    address=192.0.2.1/24   interface=ether1\n',
  ],
  [
    'a property that is gone, and one that is new in its place of the alphabet',
    {
      file: '/ip dns static\nadd address=192.0.2.1 name=a.example.org ttl=1h\n',
      device: '/ip dns static\nadd address=192.0.2.1 comment=x name=a.example.org\n',
    },
    '/ip dns static\nadd address=192.0.2.1 comment=x name=a.example.org\n',
  ],
  [
    'a row that is new stands behind its neighbour, line ends as in the file',
    {
      file: '/ip firewall filter\r\nadd action=accept chain=input\r\n\r\n# last\r\nadd action=drop chain=input',
      device:
        '/ip firewall filter\nadd action=accept chain=input\nadd action=accept chain=input protocol=icmp\nadd action=drop chain=input\n',
    },
    '/ip firewall filter\r\nadd action=accept chain=input\r\nadd action=accept chain=input protocol=icmp\r\n\r\n# last\r\nadd action=drop chain=input',
  ],
  [
    'a row that moved takes the comment above it along',
    {
      file: '/ip firewall filter\nadd action=accept chain=input comment=1\n# two\nadd action=accept chain=input comment=2\nadd action=drop chain=input comment=3\n',
      device:
        '/ip firewall filter\nadd action=accept chain=input comment=1\nadd action=drop chain=input comment=3\nadd action=accept chain=input comment=2\n',
    },
    '/ip firewall filter\nadd action=accept chain=input comment=1\nadd action=drop chain=input comment=3\n# two\nadd action=accept chain=input comment=2\n',
  ],
  [
    'a variable stays where its value is the same',
    {
      file: '/interface vlan\nadd interface=${port} name="${port} guests" vlan-id=7\n',
      device: '/interface vlan\nadd interface=ether1 name="ether1 guests" vlan-id=8\n',
      vars: { port: 'ether1' },
    },
    '/interface vlan\nadd interface=${port} name="${port} guests" vlan-id=8\n',
  ],
  [
    'a name that changed, wherever it is used',
    {
      file: '/interface bridge\nadd name=lan\n/interface bridge port\nadd bridge=lan interface=ether2\n',
      device:
        '/interface bridge\nadd name=office\n/interface bridge port\nadd bridge=office interface=ether2\n',
    },
    '/interface bridge\nadd name=office\n/interface bridge port\nadd bridge=office interface=ether2\n',
  ],
  [
    'lines that name their menu, and a row of a menu elsewhere in the file',
    {
      file: '/ip dns static add address=192.0.2.1 name=a.example.org\n/system identity set name=a\n',
      device:
        '/ip dns static\nadd address=192.0.2.1 name=a.example.org\nadd address=192.0.2.2 name=b.example.org\n/system identity\nset name=b\n',
    },
    '/ip dns static add address=192.0.2.1 name=a.example.org\n/ip dns static add address=192.0.2.2 name=b.example.org\n/system identity set name=b\n',
  ],
  [
    'what the device set back to its default is not named any more; the section is',
    {
      file: '/ip dns\nset allow-remote-requests=yes\n/system note\nset show-at-login=no\n',
      device: '/system note\nset show-at-login=no\n',
    },
    '/ip dns\n/system note\nset show-at-login=no\n',
  ],
  [
    'a section that lost its last row is still named, at the end',
    {
      file: '/ip dns static add address=192.0.2.1 name=a.example.org\n/system identity set name=a',
      device: '/system identity\nset name=a\n',
    },
    '/system identity set name=a\n/ip dns static\n',
  ],
  [
    'a dotted name keeps its prefix when the one before it goes',
    {
      file: '/interface wifi\nadd configuration.country=Latvia .ssid=office name=wifi1\n',
      device: '/interface wifi\nadd configuration.ssid=guests name=wifi1\n',
    },
    '/interface wifi\nadd configuration.ssid=guests name=wifi1\n',
  ],
  [
    'a section that only the device has, where the file speaks for everything',
    {
      file: '/system identity\nset name=a\n',
      device: '/ip dns static\nadd address=192.0.2.1 name=a.example.org\n/system identity\nset name=a\n',
      owns: 'everything',
    },
    '/system identity\nset name=a\n/ip dns static\nadd address=192.0.2.1 name=a.example.org\n',
  ],
  [
    'only what the file names, where it speaks for items',
    {
      file: '/interface bridge\nadd mtu=1400 name=lan\n',
      device: '/interface bridge\nadd comment=x mtu=1450 name=lan\nadd name=other\n',
      owns: 'items',
    },
    '/interface bridge\nadd mtu=1450 name=lan\n',
  ],
  [
    'a secret that the device does not show stays',
    {
      file: '/ppp secret\nadd comment=old name=a password=secret\n',
      device: '/ppp secret\nadd comment=new name=a\n',
    },
    '/ppp secret\nadd comment=new name=a password=secret\n',
  ],
  [
    'a secret that the device shows does not come into the file',
    {
      file: '/ppp secret\nadd name=a password="${secret:ppp-a}"\n',
      device: '/ppp secret\nadd comment=new name=a password=open\nadd name=b password=open\n',
      vars: { 'secret:ppp-a': 'x' },
    },
    '/ppp secret\nadd comment=new name=a password="${secret:ppp-a}"\n# made anew from this line it has no password, unless it says password=${secret:NAME}\nadd name=b\n',
  ],
  [
    'a menu that nobody knows, in which nothing could be planned',
    {
      file: '/unheard of\nadd a=1 b=2\n',
      device: '/unheard of\nadd a=1 b=3\n',
    },
    '/unheard of\nadd a=1 b=3\n',
  ],
];

describe('the file that takes over what the device has', () => {
  test.each(cases)('%s', (_what, given, expected) => {
    const taken = adopt(given);
    expect(Buffer.from(taken.text).toString('latin1')).toBe(expected);
    expect(taken.left).toEqual([]);
  });

  test('sections that the file does not name are told with their rows, and taken over where it speaks for everything', () => {
    const file = '/system identity\nset name=a\n';
    const filter = '/ip firewall filter\nadd action=drop chain=input\n';
    const given = { file, device: `${filter}${file}` };
    const partial = adopt(given);
    expect(Buffer.from(partial.text).toString()).toBe(file);
    expect(partial.unnamed).toEqual([{ section: '/ip firewall filter', rows: 1 }]);
    const whole = adopt({ ...given, owns: 'everything' });
    expect(Buffer.from(whole.text).toString()).toBe(`${file}${filter}`);
    expect(whole.unnamed).toEqual([]);
    // Naming it is enough.
    const named = adopt({ ...given, file: `${file}/ip firewall filter\n` });
    expect(named).toMatchObject({ added: 1, unnamed: [] });
  });

  test('a line of another file is told, and left', () => {
    const taken = adopt({
      file: '/system identity\nset name=a\n',
      device: '/ip dns\nset servers=192.0.2.2\n/system identity\nset name=b\n',
      others: [{ file: 'groups/base.rsc', text: Buffer.from('/ip dns\nset servers=192.0.2.1\n') }],
    });
    expect(Buffer.from(taken.text).toString()).toBe('/system identity\nset name=b\n');
    expect(taken.left).toMatchObject([
      { code: 'other-file', section: '/ip dns', place: { file: 'groups/base.rsc', line: 2 } },
    ]);
  });
});

test('a new row that may have a secret says so above its line and to who runs it; one that is the device’s own does not', () => {
  const file = '/ppp secret\r\nadd name=bob password=${secret:bob}\r\n';
  const vars = { 'secret:bob': 'x' };
  const device =
    '/ppp secret\nadd name=bob\nadd comment=x name=eve\n/radius\nadd address=192.0.2.9 service=ppp\n/tool e-mail\nset from=me\n';
  const taken = adopt({ file, device, vars, owns: 'everything' });
  const remark = (property: string): string =>
    `# made anew from this line it has no ${property}, unless it says ${property}=\${secret:NAME}\r\n`;
  expect(Buffer.from(taken.text).toString('latin1')).toBe(
    `/ppp secret\r\nadd name=bob password=\${secret:bob}\r\n${remark('password')}add comment=x name=eve\r\n` +
      `${remark('secret')}/radius\r\nadd address=192.0.2.9 service=ppp\r\n/tool e-mail\r\nset from=me\r\n`,
  );
  expect(taken.secrets).toEqual([
    { section: '/ppp secret', row: 'name=eve', properties: ['password'] },
    { section: '/radius', row: 'address=192.0.2.9 service=ppp', properties: ['secret'] },
  ]);
  // What it says is what it would say again.
  const again = adopt({ file: Buffer.from(taken.text).toString('latin1'), device, vars, owns: 'everything' });
  expect([again.added, again.text, again.secrets]).toEqual([0, taken.text, []]);
});

test('what the device may not have shown whole is left as it is, and told', () => {
  const file = '/ppp secret\nadd name=user3\n/ip dns static\nadd address=192.0.2.1 name=a.example.org\n';
  const given = { file, device: '', unseen: ['/ppp secret', '/radius'] };
  const { text, removed, left } = adopt(given);
  expect(removed).toBe(1);
  expect(Buffer.from(text).toString('latin1')).toContain('/ppp secret\nadd name=user3\n');
  expect(left).toEqual([
    { section: '/ppp secret', code: 'incomplete-section', message: 'not shown', place: null },
  ]);
  // What is in it already, and what differs nowhere, is nobody's trouble.
  expect(adopt({ ...given, device: '/ppp secret\nadd name=user3\n' }).left).toEqual([]);
});
