import fc from 'fast-check';
import { expect, test } from 'vitest';
import { propertyOf } from '../../../../src/core/item.ts';
import { routerosDialect as dialect } from '../../../../src/drivers/routeros/dialect.ts';
import { fillValues } from '../../../../src/drivers/routeros/fill-values.ts';

const values = new Map([
  ['name', 'gw1'],
  ['net', '192.0.2'],
  ['note', 'A "B" $c\n'],
  ['none', ''],
]);

function fill(text: string) {
  const { text: filled, problems } = fillValues(
    Buffer.from(text),
    'f.rsc',
    (name) => values.get(name) ?? null,
  );
  return { text: Buffer.from(filled).toString('latin1'), problems };
}

test.each([
  ['set name=${name}', 'set name=gw1'],
  ['set name="the ${name}, "', 'set name="the gw1, "'],
  ['add address=${net}.1/24', 'add address=192.0.2.1/24'],
  ['add address=10.${name}.0.1', 'add address=10.gw1.0.1'],
  ['add comment=${note} x=y', 'add comment="A \\"B\\" \\$c\\n" x=y'],
  ['add comment="${note}"', 'add comment="A \\"B\\" \\$c\\n"'],
  ['add comment=${none}', 'add comment=""'],
  ['set [ find name=${name}]', 'set [ find name=gw1]'],
  ['add comment=\\\n    ${name}', 'add comment=\\\n    gw1'],
  ['# ${name}\n  # ${gone}\nadd a=b', '# ${name}\n  # ${gone}\nadd a=b'],
  ['add comment="\\${name}"', 'add comment="\\${name}"'],
  ['add comment="a # ${name}"', 'add comment="a # gw1"'],
  ['add source=":put \\$x; \\${name}"', 'add source=":put \\$x; \\${name}"'],
  ['${name}', '${name}', 'misplaced-variable', 1, 1],
  ['/ip address\nset ${name} a=b', '/ip address\nset ${name} a=b', 'misplaced-variable', 2, 5],
  ['add a=b ${name}=c', 'add a=b ${name}=c', 'misplaced-variable', 1, 9],
  ['add a=${gone}', 'add a=${gone}', 'unknown-variable', 1, 7],
  ['add a=x${note}', 'add a=x${note}', 'unquoted-variable', 1, 8],
  ['add a=${note}x', 'add a=${note}x', 'unquoted-variable', 1, 7],
])('%j becomes %j', (text, becomes, code?: string, line?: number, column?: number) => {
  const filled = fill(text);
  expect(filled.text).toBe(becomes);
  expect(
    filled.problems.map((problem) => [problem.code, problem.place?.line, problem.place?.column]),
  ).toEqual(code === undefined ? [] : [[code, line, column]]);
});

test('whatever a value holds, it is read back as that value and nothing else', () => {
  const bytes = fc.string({
    unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 40,
  });
  fc.assert(
    fc.property(bytes, fc.constantFrom('${v}', '"${v}"', '"a${v}b"', '\\\n    ${v}'), (value, form) => {
      const { text, problems } = fillValues(
        Buffer.from(`/interface bridge\nadd comment=${form} name=x\n`),
        'f.rsc',
        () => value,
      );
      expect(problems).toEqual([]);
      const parsed = dialect.parseDesired(text, 'f.rsc');
      expect(parsed.problems).toEqual([]);
      const item = parsed.configuration.sections[0]?.items[0];
      const expected = form.includes('a$') ? `a${value}b` : value;
      // An empty comment is no comment.
      expect(item === undefined ? undefined : (propertyOf(item, 'comment') ?? '')).toBe(expected);
      expect(item?.key).toBe('name=x');
    }),
  );
});
