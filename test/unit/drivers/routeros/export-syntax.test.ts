import { describe, expect, test } from 'vitest';
import { printExport, readExport } from '../../../../src/drivers/routeros/export-syntax.ts';
import type { Command } from '../../../../src/drivers/routeros/export-command.ts';
import { noRealExports, realExports, whyNoRealExports } from '../../../support/real-exports.ts';

const read = (text: string) => readExport(Buffer.from(text, 'latin1'), 'x.rsc');
const commandsOf = (text: string): Command[] => read(text).pieces.flatMap((piece) => piece.command ?? []);
const argsOf = (line: string) => {
  const text = read(`/x\n${line}\n`);
  expect(text.problems).toEqual([]);
  return text.pieces.flatMap((piece) => piece.command?.args ?? []).map(({ name, value }) => [name, value]);
};
const firstProblem = (text: string) => {
  const problem = read(text).problems[0];
  return problem && [problem.code, problem.place?.line, problem.place?.column];
};

describe('header', () => {
  test('v6 hardware', () => {
    const text = read(
      '# jan/02/1970 00:04:23 by RouterOS 6.48\n# software id = AB12-CD34\n#\n# model = hAP\n# serial number = 0A1B\n',
    );
    expect(text.header).toEqual({
      version: '6.48',
      date: 'jan/02/1970 00:04:23',
      model: 'hAP',
      softwareId: 'AB12-CD34',
      serialNumber: '0A1B',
    });
  });

  test('CHR, after comments of somebody else, CRLF', () => {
    const text = read(
      '# mine\r\n# 2026-01-04 19:59:42 by RouterOS 7.19.1\r\n# system id = HL/t\r\n#\r\n/ip address\r\n',
    );
    expect(text.header).toMatchObject({ version: '7.19.1', softwareId: 'HL/t', model: null });
  });

  test('a comment after the first section is no header', () => {
    expect(read('/ip address\n# x by RouterOS 7.1\n').header.version).toBeNull();
  });
});

describe('grammar', () => {
  test('sections with blanks or slashes, terse lines that leave the section as it was', () => {
    const text = read(
      '/ip/firewall/filter\nadd chain=a\n/ip address add address=192.0.2.1/24\nadd chain=b\n',
    );
    expect(text.problems).toEqual([]);
    expect(text.pieces.map((piece) => piece.path)).toEqual([
      '/ip firewall filter',
      '/ip firewall filter',
      '/ip address',
      '/ip firewall filter',
    ]);
  });

  test('the slash form of a whole command', () => {
    const [command] = commandsOf('/ip/address/add address=192.0.2.1/24\n');
    expect(command).toMatchObject({ verb: 'add', args: [{ name: 'address', value: '192.0.2.1/24' }] });
  });

  test.each([
    ['set disabled=yes', { kind: 'none' }],
    ['set !comment', { kind: 'none' }],
    ['set', { kind: 'none' }],
    ['set telnet disabled=yes', { kind: 'name', name: 'telnet' }],
    ['set "a b" disabled=yes', { kind: 'name', name: 'a b' }],
    ['set 12 name=serial0', { kind: 'number', number: '12' }],
    ['set *FFFFFFFE name=x', { kind: 'id', id: '*FFFFFFFE' }],
    ['set [ find default-name=ether1 ] mtu=1400', { kind: 'find', conditions: [['default-name', 'ether1']] }],
    ['set [find where name="a b"] mtu=1400', { kind: 'find', conditions: [['name', 'a b']] }],
  ])('selector of %s', (line, selector) => {
    expect(commandsOf(`/x\n${line}\n`)[0]?.selector).toEqual(selector);
  });

  test('continuation: the backslash, the line end and the blanks that follow are nothing', () => {
    expect(argsOf('add name=\\\n    x comment="ab\\\n    cd\\\n    \\_ef" list=a,\\\r\n    b')).toEqual([
      ['name', 'x'],
      ['comment', 'abcd ef'],
      ['list', 'a,b'],
    ]);
  });

  test('line ends within a value', () => {
    expect(argsOf('add source=":put 1\\r\\\n    \\n:put 2\\\n    \\n"')).toEqual([
      ['source', ':put 1\r\n:put 2\n'],
    ]);
  });

  test('escapes and bytes', () => {
    expect(argsOf('add a="\\"\\\\\\$\\t\\_\\?\\D0\\9E" b="\xd0\x9e"')).toEqual([
      ['a', '"\\$\t ?\xd0\x9e'],
      ['b', '\xd0\x9e'],
    ]);
  });

  test('a leading dot repeats the prefix', () => {
    expect(argsOf('add configuration.country="United Kingdom" .mode=ap .ssid=x name=w')).toEqual([
      ['configuration.country', 'United Kingdom'],
      ['configuration.mode', 'ap'],
      ['configuration.ssid', 'x'],
      ['name', 'w'],
    ]);
    expect(argsOf('set bcast.l1.metric=10 .priority=3')).toEqual([
      ['bcast.l1.metric', '10'],
      ['bcast.l1.priority', '3'],
    ]);
  });

  test('unset, empty and flag', () => {
    expect(argsOf('add !keepalive name="" passive')).toEqual([
      ['keepalive', null],
      ['name', ''],
      ['passive', ''],
    ]);
    expect(commandsOf('/x\nadd passive\n')[0]?.args[0]?.flag).toBe(true);
  });

  test('places count from 1 and point at name and value, on continuation lines too', () => {
    const [command] = commandsOf('/x\n\n  add a=1 \\\n    bb="2"\n');
    expect(command).toMatchObject({ line: 3, column: 3 });
    expect(command?.args[1]).toMatchObject({ line: 4, column: 5, valueLine: 4, valueColumn: 8 });
  });

  test('a byte order mark and line ends that were converted twice', () => {
    const text =
      '\xef\xbb\xbf# x by RouterOS 7.1\r\r\n/ip pool\r\r\nadd name="a\\\r\r\n    b" \\\r\r\n    ranges=c\r\r\n';
    expect(read(text)).toMatchObject({ problems: [], header: { version: '7.1' } });
    expect(commandsOf(text)[0]?.args.map((arg) => arg.value)).toEqual(['ab', 'c']);
  });

  test('a section line glued to the terse line before its note', () => {
    const text = read(
      '/ip firewall nat add chain=a out-interface=w/ip firewall nat\r\n# w not ready\r\nadd chain=b\r\n',
    );
    expect(text.problems).toEqual([]);
    expect(text.pieces.map((piece) => piece.kind)).toEqual(['command', 'section', 'comment', 'command']);
    expect(text.pieces[0]?.command?.args[1]?.value).toBe('w');
    expect(text.pieces[3]).toMatchObject({ path: '/ip firewall nat', line: 3 });
  });
});

describe('refusals have a place and say what was expected', () => {
  test.each([
    ['script text', '/x\n:if (1) do={\nadd a=1\n}\n', ['not-an-export', 2, 1]],
    ['a variable', '/x\nadd a=$b\n', ['variable', 2, 7]],
    ['a variable in quotes', '/x\nadd a="x$y"\n', ['variable', 2, 9]],
    ['a command as value', '/x\nadd a=[find]\n', ['not-an-export', 2, 7]],
    ['two commands on a line', '/x\nadd a=1; add a=2\n', ['not-an-export', 2, 8]],
    ['a verb that does something', '/x\nprint\n', ['not-an-export', 2, 1]],
    ['a command path', '/system reboot\n', ['not-an-export', 1, 9]],
    ['a prompt', '[admin@x] > /export\n', ['not-an-export', 1, 1]],
    ['a command before any section', 'add a=1\n', ['no-section', 1, 1]],
    ['an open quote', '/x\nadd a="b\nadd c=1\n', ['unbalanced-quote', 2, 7]],
    ['an open quote at the end', '/x\nadd a="b', ['unbalanced-quote', 2, 7]],
    ['an unknown escape', '/x\nadd a="\\q"\n', ['bad-escape', 2, 8]],
    ['lower-case hex', '/x\nadd a="\\d0"\n', ['bad-escape', 2, 8]],
    ['a missing value', '/x\nadd a= b=1\n', ['missing-value', 2, 7]],
    ['a leading dot without prefix', '/x\nadd a=1 .b=2\n', ['bad-argument', 2, 9]],
    ['a selector that compares', '/x\nset [ find a~"b" ] c=1\n', ['bad-selector', 2, 12]],
    ['upper case in a path', '/Ip address\n', ['bad-section', 1, 2]],
  ])('%s', (_, text, expected) => {
    expect(firstProblem(text)).toEqual(expected);
  });

  test('several per file, and what is between them is read', () => {
    const text = read('/x\nadd a=$b\nadd a=1\n:put 1\nadd a=2\n');
    expect(text.problems.map((problem) => problem.place?.line)).toEqual([2, 4]);
    expect(text.pieces.flatMap((piece) => piece.command ?? [])).toHaveLength(2);
  });

  test('no more than anybody reads', () => {
    const text = read(`/x\n${':put 1\n'.repeat(5000)}`);
    expect(text.problems).toHaveLength(1001);
    expect(text.problems.at(-1)?.code).toBe('too-many-problems');
    expect(Buffer.from(printExport(text)).toString()).toBe(`/x\n${':put 1\n'.repeat(5000)}`);
  });
});

describe.skipIf(noRealExports)(`real exports${whyNoRealExports}`, () => {
  test.each(realExports())('$file ($version) prints back byte for byte', ({ file, bytes, pure }) => {
    const text = readExport(bytes, file);
    expect(Buffer.compare(printExport(text), bytes)).toBe(0);
    if (pure) expect(text.problems).toEqual([]);
    else for (const problem of text.problems) expect(problem.place?.line).toBeGreaterThan(0);
  });

  test('hand-made lines are named, each', () => {
    const found = realExports()
      .filter(({ pure }) => !pure)
      .map(({ file, bytes }) => readExport(bytes, file));
    expect(found.filter((text) => text.problems.length > 0).length).toBeGreaterThan(2);
    for (const text of found) {
      const foreign = text.pieces.filter((piece) => piece.kind === 'foreign');
      expect(text.problems.length).toBe(foreign.length);
    }
  });
});
