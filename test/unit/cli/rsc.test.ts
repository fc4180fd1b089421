import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../support/command-line.ts';
import { noRealExports, realExports, whyNoRealExports } from '../../support/real-exports.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'siteward-rsc-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const header = '# 2026-01-30 10:00:00 by RouterOS 7.18.2\n# software id = \n#\n';
let files = 0;
function file(text: string | Uint8Array): string {
  const name = path.join(folder, `${++files}.rsc`);
  writeFileSync(name, typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  return name;
}
const rsc = (...words: string[]) => runCommandLine(['rsc', ...words]);
const plan = (actual: string, desired: string, ...words: string[]) =>
  rsc('plan', file(header + actual), file(desired), ...words);

describe('print', () => {
  test('gives back every byte, also what it refuses', async () => {
    const text = `${header}\r\n/ip address # x\n:if (true) do={}\r\n`;
    const answer = await rsc('print', file(text));
    expect(answer).toMatchObject({ code: 2, stdout: text });
    expect(answer.stderr).toMatch(/:6:1: error: this is script text/);
  });
  test('reads standard input', async () => {
    const answer = await runCommandLine(['rsc', 'print', '-'], '/ip address\n');
    expect(answer).toEqual({ code: 0, stdout: '/ip address\n', stderr: '' });
  });
});

test('fmt: sections once and in order, properties sorted, one spelling, defaults gone, comments kept', async () => {
  const text = `# 2026-01-30 10:00:00 by RouterOS 7.18.2
# mine
/ip address
# the LAN
add interface=bridge1 address=192.0.2.1/24 \\
    disabled=no
/interface bridge
add name=bridge1 ageing-time=300 comment="a\\_b"

/ip address
add address=192.0.2.9/24 interface=bridge1
# the end
`;
  const canonical = `# by RouterOS 7.18.2
# mine
/interface bridge
add comment="a b" name=bridge1
/ip address
# the LAN
add address=192.0.2.1/24 interface=bridge1
add address=192.0.2.9/24 interface=bridge1
# the end
`;
  expect(await rsc('fmt', file(text))).toEqual({ code: 0, stdout: canonical, stderr: '' });
  expect((await rsc('fmt', file(canonical))).stdout).toBe(canonical);
  expect(await rsc('diff', file(text), file(canonical))).toMatchObject({
    code: 0,
    stdout: 'no difference\n',
  });
});

const rules = (...comments: string[]): string =>
  ['/ip firewall filter', ...comments.map((c) => `add action=accept chain=input comment=${c}`), ''].join(
    '\n',
  );

test('diff: grouped by menu, old and new, a move is a move, secrets masked', async () => {
  const a = `${rules('a', 'b', 'c')}/ppp secret\nadd name=x password=old-one\n/ip pool\nadd name=p ranges=192.0.2.1\n`;
  const b = `${rules('c', 'a', 'b')}/ppp secret\nadd name=x password=new-one\n/ip pool\nadd name=p ranges=192.0.2.2\nadd name=q ranges=192.0.2.3\n`;
  const answer = await rsc('diff', file(a), file(b));
  expect(answer).toMatchObject({ code: 1, stderr: '' });
  expect(answer.stdout).toBe(
    ` /ip firewall filter
  > chain=input action=accept comment=c  before chain=input action=accept comment=a
 /ppp secret
  ~ name=x  password=<secret:password> → another, hidden here
 /ip pool
  ~ name=p  ranges=192.0.2.1 → 192.0.2.2
  + name=q ranges=192.0.2.3
1 to add, 2 to change, 0 to remove, 1 to move
`.replace(/chain=input action=accept/g, 'action=accept chain=input'),
  );
  const json = JSON.parse((await rsc('diff', '--json', file(a), file(b))).stdout) as {
    differences: { verb: string }[];
  };
  expect(json.differences.map(({ verb }) => verb)).toEqual(['move', 'set', 'set', 'add']);
});

describe('plan', () => {
  const actual = '/ip pool\nadd name=p ranges=192.0.2.1\n/system identity\nset name=gw1\n';
  const desired = '/ip pool\nadd name=p ranges=192.0.2.2\nadd name="q \\$" ranges=192.0.2.3\n';
  test('for people', async () => {
    const answer = await plan(actual, desired);
    expect(answer).toMatchObject({ code: 1, stderr: '' });
    expect(answer.stdout.split('\n').slice(1)).toEqual([
      ' /ip pool',
      '  + name="q \\$" ranges=192.0.2.3',
      '  ~ name=p  ranges=192.0.2.1 → 192.0.2.2',
      '1 to add, 1 to change, 0 to remove',
      '',
    ]);
  });
  test('a default route says which it is, and what is unset what that stands for', async () => {
    const answer = await plan(
      '/ip route\nadd gateway=192.0.2.1\nadd dst-address=10.0.0.0/8 gateway=192.0.2.1\n/ip service\nset ftp disabled=yes\n',
      '/ip route\nadd gateway=192.0.2.2\nadd dst-address=10.0.0.0/8 gateway=192.0.2.2\n/ip service\n',
    );
    expect(answer.stdout.split('\n').slice(1)).toEqual([
      ' /ip service',
      '  ~ name=ftp  disabled=yes → (default no)',
      ' /ip route',
      '  ~ dst-address=0.0.0.0/0  gateway=192.0.2.1 → 192.0.2.2',
      '  ~ dst-address=10.0.0.0/8  gateway=192.0.2.1 → 192.0.2.2',
      '0 to add, 3 to change, 0 to remove',
      '',
    ]);
  });
  test('commands forward and back', async () => {
    expect((await plan(actual, desired, '--commands')).stdout).toBe(
      '/ip pool add name="q \\$" ranges=192.0.2.3\n/ip pool set [/ip pool find where name="p"] ranges=192.0.2.2\n',
    );
    expect((await plan(actual, desired, '--inverse')).stdout).toBe(
      '/ip pool set [/ip pool find where name="p"] ranges=192.0.2.1\n/ip pool remove [/ip pool find where name="q \\$"]\n',
    );
  });
  test('as one device of the plan answer', async () => {
    const answer = JSON.parse((await plan(actual, desired, '--json')).stdout) as object;
    expect(answer).toMatchObject({
      device: null,
      commit: null,
      base: null,
      actions: [{ id: 1, verb: 'add' }, { verb: 'set' }],
    });
  });
  test('what is owned', async () => {
    expect((await plan(actual, desired, '--owns', 'everything', '--commands')).stdout).toContain(
      '/system identity set',
    );
    expect((await plan(actual, '/ip pool\n', '--commands')).stdout).toContain('remove');
    expect(await plan(actual, '/ip pool\n', '--owns', 'items')).toMatchObject({ code: 0 });
  });
  test('a secret is in the commands and nowhere else', async () => {
    const secret = '/ppp secret\nadd name=x password=planted-secret\n';
    expect((await plan(actual, secret, '--commands')).stdout).toContain('planted-secret');
    for (const form of [[], ['--json']])
      expect((await plan(actual, secret, ...form)).stdout).not.toContain('planted-secret');
  });
  test('what an export hides is said not to come back', async () => {
    const [hidden, shown] = ['', ' password=planted-secret'].map(
      (more) => `/ppp secret\nadd name=x${more}\n`,
    );
    const none = '/ppp secret\n';
    const words =
      '/ppp secret name=x: what the export hides (password) does not come back: set it by hand afterwards';
    expect(await plan(hidden ?? '', none, '--inverse')).toMatchObject({
      code: 1,
      stdout: '/ppp secret add name=x\n',
      stderr: `${words}\n`,
    });
    expect((await plan(hidden ?? '', none)).stdout).toContain(` rollback is not exact: ${words}\n`);
    expect(JSON.parse((await plan(hidden ?? '', none, '--json')).stdout)).toMatchObject({
      actions: [{ lost: ['password'] }],
    });
    expect(await plan(shown ?? '', none, '--inverse')).toMatchObject({
      stdout: '/ppp secret add name=x password=planted-secret\n',
      stderr: '',
    });
  });
  test('a port that nobody renamed can be named', async () => {
    const ports = '/interface ethernet\nset [ find default-name=ether1 ] comment=x\n';
    const both = `${ports}/interface bridge\nadd name=b\n/interface bridge port\nadd bridge=b interface=ether1\n`;
    expect((await plan(ports, both, '--commands')).stdout).toBe(
      '/interface bridge add name=b\n/interface bridge port add bridge=b interface=ether1\n',
    );
  });
  test('a row that only its id names', async () => {
    const row = (rate: string) => `/ppp profile\nset *FFFFFFFE comment=${rate}\n`;
    expect((await plan(row('a'), row('b'), '--commands')).stdout).toBe(
      '/ppp profile set [/ppp profile find where .id=*FFFFFFFE] comment=b\n',
    );
  });
  test.each([
    ['7.18.2', '/ip hotspot', 'disabled=no interface=a name=a', 'interface=a name=a', 'disabled=yes'],
    ['7.18.2', '/ip dhcp-client', 'disabled=yes interface=a', 'interface=a', 'disabled=no'],
    ['6.49.10', '/ip dhcp-client', 'disabled=no interface=a', 'interface=a', 'disabled=yes'],
    ['6.49.10', '/interface bridge', 'ingress-filtering=yes name=a', 'name=a', 'ingress-filtering=no'],
    ['7.18.2', '/interface bridge', 'ingress-filtering=no name=a', 'name=a', 'ingress-filtering=yes'],
    ['7.18.2', '/interface l2tp-server', 'disabled=yes name=a user=a', 'name=a user=a', 'disabled=no'],
    [
      '7.18.2',
      '/ip dhcp-server lease',
      'address=192.0.2.9 lease-time=1d',
      'address=192.0.2.9',
      'lease-time=0s',
    ],
  ])('%s: what %s means without a property, there and back', async (version, menu, named, plain, reset) => {
    const text = (row: string) =>
      `# 2026-01-30 10:00:00 by RouterOS ${version}\n# software id = \n#\n${menu}\nadd ${row}\n`;
    const [there, back] = [
      await rsc('plan', file(text(named)), file(text(plain)), '--commands'),
      await rsc('plan', file(text(plain)), file(text(named)), '--inverse'),
    ];
    expect([there.stderr, back.stderr]).toEqual(['', '']);
    expect(there.stdout.trimEnd().endsWith(`] ${reset}`)).toBe(true);
    expect(back.stdout).toBe(there.stdout);
  });
  test('a service on its own port again', async () => {
    const [moved, plain] = ['set ssh port=2222', 'set ssh address=192.0.2.0/24'].map(
      (row) => `/ip service\n${row}\n`,
    );
    expect((await plan(moved ?? '', plain ?? '', '--commands')).stdout).toContain(
      'address=192.0.2.0/24 port=22\n',
    );
    expect((await plan(plain ?? '', moved ?? '', '--inverse')).stdout).toContain(
      'address=192.0.2.0/24 port=22\n',
    );
  });
  test('a new row without the name that the device would make up', async () => {
    const pool = '/ip pool\nadd ranges=192.0.2.1\n';
    expect((await plan('/ip pool\n', pool)).stdout).toContain('can\'t be made without "name"');
    expect(await plan(pool, '/ip pool\n', '--commands')).toMatchObject({ code: 1, stderr: '' });
  });
  test('a port of a bridge that is gone can be neither made nor brought back', async () => {
    const [none, port] = ['/interface bridge port\n', '/interface bridge port\nadd interface=ether1\n'];
    expect(await plan(none, port, '--commands')).toMatchObject({ code: 2, stdout: '' });
    expect((await plan(none, port)).stdout).toContain('(missing-property)');
    expect((await plan(port, none)).stdout).toContain('(no-way-back)');
  });
  test('a property by the name that it has in the device’s version', async () => {
    const peers = (name: string) =>
      `/interface wireguard peers\nadd interface=wg1 public-key="a=" ${name}=yes\n`;
    expect(await plan(peers('responder'), peers('is-responder'))).toMatchObject({ code: 0 });
  });
});

describe('bad input: a diagnostic of its own, and no plan', () => {
  const good = '/ip pool\nadd name=p ranges=192.0.2.1\n';
  const other = '/ip pool\nadd name=p ranges=192.0.2.2\n';
  const cases: readonly (readonly [string, string, string, string, number])[] = [
    ['a cut export', `${header}/ip pool\nadd name=p ran`, good, 'truncated-export', 5],
    [
      'an export cut where the line goes on',
      `${header}/ip pool\nadd name=p \\\n`,
      good,
      'truncated-export',
      5,
    ],
    ['an error line', `${header}#error exporting "/ip ssh" (timeout)\n${good}`, other, 'export-error', 4],
    ['an interruption', `${header}${good}#interrupted\n`, other, 'export-interrupted', 6],
    ['no header', good, other, 'header-missing', 1],
    ['an empty export', '', good, 'empty-export', 0],
    ['an empty file', header + good, '', 'empty-text', 1],
    ['a cut desired export', header + good, `${header}/ip pool\nadd name=p`, 'truncated-export', 5],
    ['an open quote', header + good, '/ip pool\nadd comment="x name=p\n', 'unbalanced-quote', 2],
    ['a variable in quotes', header + good, '/ip pool\nadd name="x $y"\n', 'variable', 2],
    ['a variable', header + good, '/ip pool\nadd name=$y\n', 'variable', 2],
    [
      'a name that nothing has',
      header + good,
      '/ip address\nadd address=192.0.2.1/24 interface=nowhere\n',
      'missing-reference',
      2,
    ],
    [
      'a port by the name that it had before somebody renamed it',
      `${header}/interface ethernet\nset [ find default-name=ether1 ] name=wan\n`,
      '/ip address\nadd address=192.0.2.1/24 interface=ether1\n',
      'missing-reference',
      2,
    ],
    ['a key twice', header + good, `${good}add name=p ranges=192.0.2.9\n`, 'duplicate-key', 3],
    [
      'the name of another interface',
      header + good,
      '/interface bridge\nadd name=b\n/interface vlan\nadd interface=b name=b vlan-id=3\n',
      'duplicate-key',
      2,
    ],
    [
      'the name of an interface that is on the device',
      `${header}/interface bridge\nadd name=b\n`,
      '/interface vlan\nadd interface=b name=b vlan-id=3\n',
      'duplicate-key',
      2,
    ],
    [
      'several rows at once',
      header + good,
      '/interface ethernet\nset ether1,ether2 mtu=1400\n',
      'bad-selector',
      2,
    ],
    [
      'an address that can be none',
      header + good,
      '/ip address\nadd address=1.2.3.400/24 interface=ether1\n',
      'impossible-address',
      2,
    ],
    ['a newer menu', header + good, '/app settings\nset disk=x\n', 'newer-version', 2],
    [
      'a newer property',
      header + good,
      '/ip dhcp-server\nadd name=d interface=ether1 use-reconfigure=yes\n',
      'newer-version',
      2,
    ],
    ['script text', header + good, '/ip pool\n:if (true) do={ add name=x }\n', 'not-an-export', 2],
  ];
  test.each(cases)('%s', async (_what, actual, desired, code, line) => {
    for (const form of [[], ['--commands'], ['--inverse']]) {
      const answer = await rsc('plan', file(actual), file(desired), ...form);
      expect(answer).toMatchObject({ code: 2, stdout: '' });
      expect(answer.stderr).toContain(`(${code})`);
      if (line > 0) expect(answer.stderr).toMatch(new RegExp(`\\.rsc:${line}:\\d+: error: `));
    }
    const json = JSON.parse((await rsc('plan', '--json', file(actual), file(desired))).stdout) as object;
    expect(json).toMatchObject({ error: { code } });
  });

  test('several in one file, each with its line, secrets masked', async () => {
    const text =
      '/ppp secret\nadd name=x password=planted-one $a\nadd name=y password="planted two" name=\nadd pass word=z\n';
    const answer = await rsc('check', file(text));
    expect(answer.code).toBe(1);
    expect(answer.stdout.match(/\.rsc:[234]:\d+: error:/g)).toHaveLength(3);
    expect(answer.stdout).not.toContain('planted');
    expect(answer.stdout).toContain('add name=y password=*** name=\n');
  });

  test('check of a good file', async () => {
    expect(await rsc('check', file(good))).toMatchObject({ code: 0, stderr: '' });
  });

  test('check of an address that can be none', async () => {
    const answer = await rsc('check', file('/ip dns\nset servers=1.1.1.1,8.8.8.888\n'));
    expect(answer).toMatchObject({ code: 1, stderr: '' });
    expect(answer.stdout).toMatch(/\.rsc:2:13: error: "servers" is no IPv4 address.*\(impossible-address\)/);
  });

  test('what is only unknown is told, with its place, and is no fault', async () => {
    const text = '/ip nowhere\nadd name=x\n/ip dns static\nadd address=192.0.2.1 colour=red name=a.example\n';
    const answer = await rsc('check', file(text));
    expect(answer).toMatchObject({ code: 0, stderr: '' });
    expect(answer.stdout).toMatch(/\.rsc:2:1: unknown: menu \/ip nowhere: carried as it is/);
    expect(answer.stdout).toMatch(/\.rsc:4:1: unknown: "colour" of \/ip dns static: carried as it is/);
    const json = JSON.parse((await rsc('check', '--json', file(text))).stdout) as { unknown: unknown };
    expect(json.unknown).toMatchObject([
      { section: '/ip nowhere', property: null, line: 2 },
      { section: '/ip dns static', property: 'colour', line: 4 },
    ]);
  });

  test('a line that goes on from a secret is not shown', async () => {
    const answer = await rsc('check', file('/ppp secret\nadd name=x password=\\\n    "planted $a"\n'));
    expect(answer.stdout).toContain('not shown');
    expect(answer.stdout).not.toContain('planted');
  });

  test('usage', async () => {
    expect(await rsc('diff', '-', '-')).toMatchObject({ code: 2 });
    expect(await rsc('fmt', path.join(folder, 'absent'))).toMatchObject({ code: 2 });
    expect(await rsc('plan', 'x')).toMatchObject({ code: 2 });
  });
});

describe.skipIf(noRealExports)(`real exports${whyNoRealExports}`, () => {
  test.each(realExports())('$file ($version)', async ({ bytes, pure }) => {
    const name = file(bytes);
    const printed = await rsc('print', name);
    expect(Buffer.from(printed.stdout, 'utf8').length).toBeGreaterThan(0);
    if (!pure) return;
    const once = await rsc('fmt', name);
    expect(once.code).toBe(0);
    const canonical = file(once.stdout);
    expect((await rsc('fmt', canonical)).stdout).toBe(once.stdout);
    expect(await rsc('diff', name, canonical)).toEqual({ code: 0, stdout: 'no difference\n', stderr: '' });
    expect(await rsc('plan', name, name, '--commands')).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});
