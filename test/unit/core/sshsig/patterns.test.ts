/** Pattern lists at their edges: bytes, commas, empty entries, and the sizes from which nothing matches. */
import { expect, test } from 'vitest';
import { matchPatternList } from '../../../../src/core/sshsig/patterns.ts';

test.each([
  ['an empty list matches nothing, not even nothing', '', '', false],
  ['nor does an empty entry at the end', '', 'a,', false],
  ['entries behind an empty one count', 'a', ',a', true],
  ['entries behind two commas count', 'b', 'a,,b', true],
  ['an entry ends at its comma', 'ab', 'a,b', false],
  ['a comma in a name is no comma of the list', 'a,b', 'a,b', false],
  ['a star takes commas', 'x,', '*,b', true],
  ['a star takes any byte', 'x\x01', '*', true],
  ['a star takes nothing, too', 'alice', 'ali*ce', true],
  ['a star tries again further on', 'abcabd', '*abd', true],
  ['what follows the last star must be the end', 'abcabd', '*abc', false],
  ['two stars share the text', 'a-b-c', '*-*-c', true],
  ['a question mark takes one byte', '\xe9', '?', true],
  ['a question mark takes no more than one', 'ab', '?', false],
  ['a question mark takes no less than one', 'a', 'a?', false],
  ['bytes beyond ASCII are compared as they are', '\xe9', '\xe9', true],
  ['a name is not longer than its pattern', 'alice2', 'alice', false],
  ['a name is not shorter than its pattern', 'alic', 'alice', false],
  ['a negated entry in the middle wins', 'bob', 'a*,!b*,*', false],
  ['a negated entry that does not fit changes nothing', 'alice', '!b*,a*', true],
  ['an exclamation mark further on is itself', 'a!', 'a!', true],
])('%s', (_, text, list, expected) => {
  expect(matchPatternList(text, list)).toBe(expected);
});

test('a text of 320 bytes is compared, and none that is longer', () => {
  expect(matchPatternList('a'.repeat(320), '*')).toBe(true);
  expect(matchPatternList('a'.repeat(321), '*')).toBe(false);
});

test('an entry of 1022 bytes is compared, wherever it stands, and with one that is longer nothing matches', () => {
  expect(matchPatternList('alice', `${'x'.repeat(1022)},alice`)).toBe(true);
  expect(matchPatternList('alice', `!${'x'.repeat(1022)},alice`)).toBe(true);
  expect(matchPatternList('alice', `${'x'.repeat(1000)},${'*'.repeat(1022)}`)).toBe(true);
  expect(matchPatternList('alice', `alice,${'x'.repeat(1023)}`)).toBe(false);
  expect(matchPatternList('alice', `alice,!${'x'.repeat(1023)}`)).toBe(false);
});
