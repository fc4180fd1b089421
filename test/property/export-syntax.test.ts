/** The reader loses no byte, never throws and never hangs; what is quoted is read back. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printExport, readExport } from '../../src/drivers/routeros/export-syntax.ts';
import { toConfiguration } from '../../src/drivers/routeros/normalize.ts';
import { printConfiguration } from '../../src/drivers/routeros/print-configuration.ts';
import { quoteString, quoteValue } from '../../src/drivers/routeros/quote.ts';
import { canonicalValue } from '../../src/drivers/routeros/values.ts';
import { noRealExports, realExports, whyNoRealExports } from '../support/real-exports.ts';

const byteString = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
/** Pieces that exports are made of, and some that they are not, in any order. */
const shards = fc
  .array(
    fc.constantFrom(
      ...[
        '/ip address',
        '/interface',
        '/',
        'add',
        'set',
        ' ',
        '\n',
        '\r\n',
        '\\\n    ',
        '\\',
        '"',
        '=',
        'a',
        'name',
        '!',
        '.',
        '$',
        '[ find ',
        ' ]',
        '# ',
        ':if',
        '{',
        '}',
        ';',
        '*1F',
        '0',
        '\\_',
        '\\D0',
        '#error exporting',
        ',',
      ],
      ...['chain', 'disabled=yes', 'comment="', 'address=192.0.2.1/24', '\xff', '\0', '\t'],
    ),
    { maxLength: 60 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'));
const exports = realExports().filter(({ bytes }) => bytes.length < 20_000);

function check(bytes: Uint8Array): void {
  const text = readExport(bytes, 'x');
  expect(Buffer.compare(printExport(text), bytes)).toBe(0);
  for (const problem of text.problems) expect(problem.place?.line).toBeGreaterThan(0);
  for (const role of ['desired', 'device'] as const) {
    const { configuration } = toConfiguration(text, { role });
    const printed = printConfiguration(configuration);
    const again = toConfiguration(readExport(Buffer.from(printed, 'latin1'), 'y'), { role });
    expect(printConfiguration(again.configuration)).toBe(printed);
  }
}

test('random bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), check), { numRuns: 2000 });
});

test('random shards of exports', () => {
  fc.assert(fc.property(shards, check), { numRuns: 5000 });
});

describe.skipIf(noRealExports)(`real exports${whyNoRealExports}`, () => {
  test('mutated anywhere', () => {
    const mutation = fc.tuple(fc.nat(), fc.nat(30), fc.uint8Array({ maxLength: 4 }));
    fc.assert(
      fc.property(fc.nat(exports.length - 1), fc.array(mutation, { maxLength: 4 }), (which, mutations) => {
        let bytes = Buffer.from(exports[which]?.bytes ?? []);
        for (const [at, cut, put] of mutations) {
          const start = at % (bytes.length + 1);
          bytes = Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + cut)]);
        }
        check(bytes);
      }),
      { numRuns: 300 },
    );
  });
});

test('what is quoted is printable and read back', () => {
  fc.assert(
    fc.property(byteString, fc.boolean(), (value, always) => {
      const written = always ? quoteString(value) : quoteValue(value);
      expect(written).toMatch(/^[\x20-\x7e]+$/);
      const text = readExport(Buffer.from(`/x\nadd a=${written} b=1\n`, 'latin1'), 'x');
      expect(text.problems).toEqual([]);
      expect(text.pieces[1]?.command?.args.map((arg) => arg.value)).toEqual([value, '1']);
    }),
    { numRuns: 3000 },
  );
});

test('a canonical value is its own canonical form', () => {
  const types = [
    'bool',
    'time',
    'mac',
    'ip',
    'host',
    'hosts',
    'number',
    'hex',
    'bits',
    'set',
    'matched-set',
  ] as const;
  const part = fc.constantFrom(
    '1',
    '0',
    '60',
    '10',
    '32',
    'w',
    'd',
    'h',
    'm',
    's',
    'ms',
    ':',
    '.',
    '/',
    ',',
    '!',
    'a',
    'k',
    'M',
    '0x',
  );
  const value = fc.array(part, { maxLength: 10 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.constantFrom(...types), value, (type, text) => {
      const once = canonicalValue({ type, order: ['a', '1'] }, text);
      expect(canonicalValue({ type, order: ['a', '1'] }, once)).toBe(once);
    }),
    { numRuns: 20_000 },
  );
});

test('a text made to be slow is read in time', () => {
  const nasty = [
    '/x\n' + 'add a="' + '\\\n'.repeat(100_000),
    '/x\n' + 'add ' + 'a='.repeat(100_000),
    '/x\nadd ' + '!a '.repeat(100_000) + '\n',
    '/'.repeat(300_000),
    `/x add a=${'b'.repeat(300_000)}/x\n#`,
    '# by RouterOS '.repeat(20_000) + '\n',
    '\\\n'.repeat(100_000) + '"',
  ];
  for (const text of nasty) {
    const start = performance.now();
    toConfiguration(readExport(Buffer.from(text, 'latin1'), 'x'), { role: 'desired' });
    expect(performance.now() - start, text.slice(0, 20)).toBeLessThan(3000);
  }
});
