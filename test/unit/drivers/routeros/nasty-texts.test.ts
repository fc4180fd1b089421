/**
 * Texts that a reader stumbles over, made from the grammar: what a device or a person may write, with what it says, and
 * what is no export, with the place where that shows. All of it prints back byte for byte.
 */
import { describe, expect, test } from 'vitest';
import { printExport, readExport, type ExportText } from '../../../../src/drivers/routeros/export-syntax.ts';

const read = (text: string): ExportText => {
  const found = readExport(Buffer.from(text, 'latin1'), 'x.rsc');
  expect(Buffer.from(printExport(found)).toString('latin1')).toBe(text);
  return found;
};

/** `path verb [selector]` and the arguments, as one would say them without any quoting. */
function said(text: ExportText): readonly string[] {
  return text.pieces.flatMap(({ path, command }) => {
    if (!command) return [];
    const { verb, selector, args } = command;
    const which =
      selector.kind === 'find'
        ? ` [${selector.conditions.map((pair) => pair.join('=')).join(' ')}]`
        : selector.kind === 'none'
          ? ''
          : ` ${selector.kind}:${Object.values(selector)[1] as string}`;
    const words = args.map(({ name, value, flag }) =>
      flag ? name : value === null ? `!${name}` : `${name}=<${value}>`,
    );
    return [[`${path ?? ''} ${verb}${which}`, ...words].join(' ')];
  });
}

const good: readonly (readonly [what: string, text: string, ...said: string[]])[] = [
  ['nothing at all', ''],
  ['blank lines only', '\n\r\n \t\n'],
  ['a comment without an end', '# the end'],
  ['a comment with quotes and a backslash at its end', '/x\n# "a \\\nadd a=1\n', '/x add a=<1>'],
  ['a section without rows', '/ip address\n/ip pool\n'],
  [
    'a section with slashes and blanks mixed',
    '/ip/firewall filter\nadd chain=a\n',
    '/ip firewall filter add chain=<a>',
  ],
  ['blanks around everything', '  /x  \n\t add   a=1   b=2  \n', '/x add a=<1> b=<2>'],
  ['the root and back', '/\n/x\nadd a=1\n', '/x add a=<1>'],
  [
    'a terse line between others',
    '/x\nadd a=1\n/y add b=2\nadd c=3\n',
    '/x add a=<1>',
    '/y add b=<2>',
    '/x add c=<3>',
  ],
  ['the slash form of a terse line', '/ip/pool/add name=p\n', '/ip pool add name=<p>'],
  [
    'a word of a path that is a verb elsewhere',
    '/tool mac-server ping\nset enabled=no\n',
    '/tool mac-server ping set enabled=<no>',
  ],
  ['a menu whose name holds digits', '/interface 6to4\nadd name=a\n', '/interface 6to4 add name=<a>'],
  ['wrapped between arguments', '/x\nadd a=1 \\\n    b=2\n', '/x add a=<1> b=<2>'],
  ['wrapped behind the equals sign', '/x\nadd a=\\\n    1 b=2\n', '/x add a=<1> b=<2>'],
  ['wrapped within a bare value', '/x\nadd a=ab\\\n    cd,ef\n', '/x add a=<abcd,ef>'],
  ['wrapped within a name', '/x\nadd comm\\\n    ent=a\n', '/x add comment=<a>'],
  ['wrapped within quotes, at a blank', '/x\nadd a="b\\\n    \\_c"\n', '/x add a=<b c>'],
  ['wrapped within quotes, a blank before the break', '/x\nadd a="b \\\n    c"\n', '/x add a=<b c>'],
  ['wrapped right behind the quote', '/x\nadd a="\\\n    b"\n', '/x add a=<b>'],
  ['wrapped right before the closing quote', '/x\nadd a="b\\\n    "\n', '/x add a=<b>'],
  ['wrapped with CRLF', '/x\r\nadd a=1 \\\r\n    b="c\\\r\n    d"\r\n', '/x add a=<1> b=<cd>'],
  ['wrapped in every column', `/x\nadd ${[...'abc=def'].join('\\\n    ')}\n`, '/x add abc=<def>'],
  ['wrapped twice on nothing', '/x\nadd a=1 \\\n    \\\n    b=2\n', '/x add a=<1> b=<2>'],
  ['wrapped between an escape and what follows', '/x\nadd a="\\\\\\\n    \\\\"\n', '/x add a=<\\\\>'],
  [
    'a line end in a value, as a script of somebody on Windows',
    '/x\nadd source="a\\r\\\n    \\nb"\n',
    '/x add source=<a\r\nb>',
  ],
  ['a raw line end in quotes behind a backslash is none', '/x\nadd a="b\\\n\\n"\n', '/x add a=<b\n>'],
  [
    'every escape',
    '/x\nadd a="\\"\\\\\\$\\_\\?\\n\\r\\t\\a\\b\\f\\v"\n',
    '/x add a=<"\\$ ?\n\r\t\x07\b\f\v>',
  ],
  ['hex that looks like an escape letter', '/x\nadd a="\\AF\\BA\\FA"\n', '/x add a=<\xaf\xba\xfa>'],
  ['a zero byte', '/x\nadd a="\\00"\n', '/x add a=<\0>'],
  ['bytes that are no UTF-8', '/x\nadd a="\xff\xfe" comment=\xe1\n', '/x add a=<\xff\xfe> comment=<\xe1>'],
  ['brackets and signs in quotes', '/x\nadd a="{[(;=#<>~|^`\')]}"\n', "/x add a=<{[(;=#<>~|^`')]}>"],
  [
    'signs that need no quotes',
    '/x\nadd a=!b c=#VPN d=~~NTP e=a@b.c:1%2+3*4\n',
    '/x add a=<!b> c=<#VPN> d=<~~NTP> e=<a@b.c:1%2+3*4>',
  ],
  ['an equals sign in a quoted value', '/x\nadd key="abc="\n', '/x add key=<abc=>'],
  [
    'a bare value that begins like a negation of a list',
    '/x\nadd policy=local,!ftp,!ssh\n',
    '/x add policy=<local,!ftp,!ssh>',
  ],
  ['an empty value', '/x\nadd a="" b=1\n', '/x add a=<> b=<1>'],
  ['an empty value at the end of the line', '/x\nset a=""\n', '/x set a=<>'],
  ['an unset in the middle', '/x\nadd a=1 !b c=2\n', '/x add a=<1> !b c=<2>'],
  ['an unset of a dotted name', '/x\nset !a.b c=1\n', '/x set !a.b c=<1>'],
  ['a dotted continuation after an unset', '/x\nset a.b=1 !a.c .d=2\n', '/x set a.b=<1> !a.c a.d=<2>'],
  ['a dotted continuation on the next line', '/x\nadd a.b=1 \\\n    .c=2\n', '/x add a.b=<1> a.c=<2>'],
  ['a flag in front of a value', '/x\nadd blackhole a=1\n', '/x add blackhole a=<1>'],
  ['a flag at the end, before CRLF', '/x\r\nadd a=1 passive\r\n', '/x add a=<1> passive'],
  ['the same name twice, which meaning judges', '/x\nadd a=1 a=2\n', '/x add a=<1> a=<2>'],
  ['a selector with quotes', '/x\nset [ find name="a ]" ] b=1\n', '/x set [name=a ]] b=<1>'],
  ['a selector without blanks', '/x\nset [find name=a] b=1\n', '/x set [name=a] b=<1>'],
  [
    'a selector that is wrapped',
    '/x\nset [ find default-name=\\\n    ether1 ] b=1\n',
    '/x set [default-name=ether1] b=<1>',
  ],
  ['a name as selector that is a number with more', '/x\nset 1a b=1\n', '/x set name:1a b=<1>'],
  ['a number as selector', '/x\nset 007 b=1\n', '/x set number:007 b=<1>'],
  ['an id as selector', '/x\nset *FFFFFFFE b=1\n', '/x set id:*FFFFFFFE b=<1>'],
  ['a last line without an end', '/x\nadd a=1', '/x add a=<1>'],
  [
    'a header in the middle, as when two exports were put together',
    '/x\nadd a=1\n# 2026-01-01 by RouterOS 7.1\n/y\nadd b=1\n',
    '/x add a=<1>',
    '/y add b=<1>',
  ],
];

const bad: readonly (readonly [what: string, text: string, code: string, line: number, column: number])[] = [
  ['an assignment of a script', '/x\n:local a 1\n', 'not-an-export', 2, 1],
  ['a loop on a line with its body', '/x\n:foreach i in=[find] do={ remove $i }\n', 'not-an-export', 2, 1],
  ['a brace that opens a block', '/x\n{\n', 'not-an-export', 2, 1],
  ['a brace that closes one', '/x\n}\n', 'not-an-export', 2, 1],
  ['a block as value', '/x\nadd a={ b }\n', 'not-an-export', 2, 7],
  ['a list of a script as value', '/x\nadd a=(1,2)\n', 'not-an-export', 2, 7],
  ['a command as value', '/x\nadd a=[ /ip pool find ]\n', 'not-an-export', 2, 7],
  ['a second command behind a semicolon', '/x\nadd a=1;add b=2\n', 'not-an-export', 2, 8],
  ['a variable as value', '/x\nadd a=$b\n', 'variable', 2, 7],
  ['a variable within a bare value', '/x\nadd a=b$c\n', 'variable', 2, 8],
  ['a variable in quotes', '/x\nadd a="b $c"\n', 'variable', 2, 10],
  ['a dollar at the end of quotes', '/x\nadd a="b$"\n', 'variable', 2, 9],
  ['a variable as selector', '/x\nset $i a=1\n', 'not-an-export', 2, 5],
  ['a backslash in a bare value', '/x\nadd a=b\\c\n', 'bad-value', 2, 8],
  ['an escape that is none', '/x\nadd a="\\z"\n', 'bad-escape', 2, 8],
  ['half a hex byte', '/x\nadd a="\\4"\n', 'bad-escape', 2, 8],
  ['hex with one lower-case digit', '/x\nadd a="\\4a"\n', 'bad-escape', 2, 8],
  ['a backslash before the closing quote', '/x\nadd a="b\\"\n', 'unbalanced-quote', 2, 7],
  ['a quote that ends at the line', '/x\nadd a="b\nadd c=d\n', 'unbalanced-quote', 2, 7],
  ['a quote that ends at the end', '/x\nadd a="', 'unbalanced-quote', 2, 7],
  ['a quote in the middle of a bare value', '/x\nadd a=b"c"\n', 'bad-value', 2, 8],
  ['something right behind a quote', '/x\nadd a="b"c=d\n', 'bad-value', 2, 10],
  ['no value', '/x\nadd a=\n', 'missing-value', 2, 7],
  ['no value before another argument', '/x\nadd a= b=1\n', 'missing-value', 2, 7],
  ['no name', '/x\nadd =1\n', 'bad-argument', 2, 5],
  ['a blank before the equals sign', '/x\nadd a =1\n', 'bad-argument', 2, 7],
  ['an unset of nothing', '/x\nset !\n', 'bad-argument', 2, 5],
  ['an unset with a value', '/x\nset !a=1\n', 'bad-argument', 2, 7],
  ['a leading dot with nothing before it', '/x\nadd .a=1\n', 'bad-argument', 2, 5],
  ['a leading dot behind a name without dots', '/x\nadd a=1 .b=2\n', 'bad-argument', 2, 9],
  ['a dot at the end of a name', '/x\nadd a.=1\n', 'bad-argument', 2, 5],
  ['a selector that is not closed', '/x\nset [ find name=a b=1\n', 'bad-selector', 2, 22],
  ['a selector that compares', '/x\nset [ find name~"a" ] b=1\n', 'bad-selector', 2, 12],
  ['a selector by a command of its own', '/x\nset [ /y find a=b ] b=1\n', 'bad-selector', 2, 5],
  ['a selector that prints', '/x\nset [ print ] b=1\n', 'bad-selector', 2, 5],
  ['a verb that only looks', '/x\nprint\n', 'not-an-export', 2, 1],
  ['a verb in a path', '/ip address print\n', 'not-an-export', 1, 13],
  ['a command that does something', '/system reboot\n', 'not-an-export', 1, 9],
  ['a prompt', '[admin@gw1] > add a=1\n', 'not-an-export', 1, 1],
  ['what a console said', 'bad command name foo (line 1 column 1)\n', 'no-section', 1, 1],
  ['a command before any section', 'add a=1\n', 'no-section', 1, 1],
  ['a path with capital letters', '/IP address\n', 'bad-section', 1, 2],
  ['a path with an underscore', '/ip_address\n', 'bad-section', 1, 2],
  ['a path with a dot', '/ip ..\n', 'bad-section', 1, 5],
  ['words of another language', '{"a": 1}\n', 'not-an-export', 1, 1],
  ['a page of the web', '<html>\n', 'no-section', 1, 1],
  ['a zero byte on a line of its own', '/x\n\0\n', 'not-an-export', 2, 1],
  ['UTF-16', '/\0x\0\n\0', 'bad-section', 1, 2],
  ['a comment behind a command', '/x\nadd a=1 # why\n', 'bad-argument', 2, 9],
];

describe('said in many ways', () => {
  test.each(good)('%s', (_what, text, ...expected) => {
    const found = read(text);
    expect(found.problems).toEqual([]);
    expect(said(found)).toEqual(expected);
  });
});

test('a name and a path of a hundred thousand lines', () => {
  const wrapped = (word: string): string => word.split('').join('\\\n    ');
  const name = 'a'.repeat(100_000);
  expect(said(read(`/x\nadd ${wrapped(name)}=1\n`))).toEqual([`/x add ${name}=<1>`]);
  expect(said(read(`/${wrapped(name)}\nadd a=1\n`))).toEqual([`/${name} add a=<1>`]);
});

describe('no export', () => {
  test.each(bad)('%s', (_what, text, code, line, column) => {
    const [problem] = read(text).problems;
    expect([problem?.code, problem?.place?.line, problem?.place?.column]).toEqual([code, line, column]);
    expect(problem?.message).toMatch(/expected|correct|write|quote|is /);
  });

  test('what follows the fault is read all the same', () => {
    for (const [what, text] of bad.filter(
      ([, , code]) => code !== 'no-section' && code !== 'unbalanced-quote',
    )) {
      const found = read(`${text.endsWith('\n') ? text : `${text}\n`}/y add z=1\n`);
      expect(said(found).at(-1), what).toBe('/y add z=<1>');
    }
  });
});
