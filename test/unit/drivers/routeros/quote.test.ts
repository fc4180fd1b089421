import { expect, test } from 'vitest';
import {
  printArgument,
  quoteString,
  quoteValue,
  isNamedEscape,
  readEscape,
} from '../../../../src/drivers/routeros/quote.ts';

test.each([
  ['ether1', 'ether1'],
  ['!192.0.2.0/24', '!192.0.2.0/24'],
  ['', '""'],
  ['a b', '"a b"'],
  ['a=b', '"a=b"'],
  ['"\\$', '"\\"\\\\\\$"'],
  ['a\r\n\tb', '"a\\r\\n\\tb"'],
  ['why?', '"why\\3F"'],
  ['\xd0\x00', '"\\D0\\00"'],
])('%j is written %s', (value, written) => {
  expect(quoteValue(value)).toBe(written);
});

test('a string in an expression is always quoted', () => {
  expect(quoteString('10.0.0.1/24')).toBe('"10.0.0.1/24"');
});

test('an argument is name=value, a bare flag, or an unset', () => {
  expect(printArgument('comment', 'a b', false)).toBe('comment="a b"');
  expect(printArgument('passive', '', true)).toBe('passive');
  expect(printArgument('keepalive', null, false)).toBe('!keepalive');
});

test('an escape is a known letter or two upper-case digits', () => {
  expect([readEscape('\\_x', 0), isNamedEscape('\\_x', 0)]).toEqual([' ', true]);
  expect([readEscape('\\0Ax', 0), isNamedEscape('\\0Ax', 0)]).toEqual(['\n', false]);
  expect(readEscape('\\0ax', 0)).toBeNull();
  expect(readEscape('\\A', 0)).toBeNull();
  expect(readEscape('\\\xff', 0)).toBeNull();
});
