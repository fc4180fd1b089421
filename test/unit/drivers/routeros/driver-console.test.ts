import { describe, expect, test } from 'vitest';
import {
  failureOf,
  linesOf,
  pieces,
  readAnswer,
  withSentinel,
} from '../../../../src/drivers/routeros/console.ts';
import { quoteString } from '../../../../src/drivers/routeros/quote.ts';

describe('an answer is judged by its text', () => {
  const judge = (output: string, sentinel: string) => {
    const answer = readAnswer(Buffer.from(output, 'latin1'), sentinel);
    return answer.kind === 'done' ? { kind: 'done', said: answer.said.toString('latin1') } : answer;
  };
  test('the sentinel alone: done, nothing said', () => {
    expect(judge('sw-ok-1\r\n', 'sw-ok-1')).toEqual({ kind: 'done', said: '' });
  });
  test('text before the sentinel is kept as sent', () => {
    expect(judge('a\r\n b\r\nsw-ok-1\r\n', 'sw-ok-1')).toEqual({ kind: 'done', said: 'a\r\n b\r\n' });
  });
  test('the sentinel in the middle is no end', () => {
    expect(judge('sw-ok-1\r\nmore\r\n', 'sw-ok-1')).toEqual({ kind: 'unclear' });
  });
  test('a sentinel that is only the end of a line is no end', () => {
    expect(judge('x sw-ok-1\r\n', 'sw-ok-1')).toEqual({ kind: 'unclear' });
  });
  test('nothing at all is unclear, not success', () => {
    expect(judge('', 'sw-ok-1')).toEqual({ kind: 'unclear' });
  });
  test('a known error in place of the sentinel is a failure', () => {
    expect(judge('failure: already have such name\r\n', 's')).toMatchObject({
      kind: 'failed',
      failure: { duplicate: true },
    });
  });
  test('an error text that is data does not count when the sentinel comes', () => {
    expect(judge('no such item\r\ns\r\n', 's')).toMatchObject({ kind: 'done' });
  });
  test('the sentinel follows the command as a statement', () => {
    expect(withSentinel('/system identity set name=x', 'sw-ok-1')).toBe(
      '/system identity set name=x; :put "sw-ok-1"',
    );
  });
});

describe('error texts of the console', () => {
  test.each([
    ['bad command name foo (line 1 column 2)', 'unsupported'],
    ['expected command name (line 1 column 4)', 'unsupported'],
    ['expected end of command (line 1 column 9)', 'unsupported'],
    ['syntax error (line 1 column 10)', 'unsupported'],
    ['expected closing brace (line 660 column 1)', 'unsupported'],
    ['missing value(s) of argument(s) password (/system/backup/load; line 1)', 'rejected'],
    ['no such item', 'rejected'],
    ['no such item (4)', 'rejected'],
    ['input does not match any value of interface', 'rejected'],
    ['ambiguous value of list, more than one possible value matches input', 'rejected'],
    ['invalid value for argument address', 'rejected'],
    ['value of ttl out of range (0..4294967295)', 'rejected'],
    ['failure: already have device with such name', 'rejected'],
    ['failure: not allowed by device-mode', 'unsupported'],
    ['not enough permissions (9)', 'permission-denied'],
    [
      'Script Error: failure: item with this name already exists (/system/script/add; line 2) (:import; line 1)',
      'rejected',
    ],
    [
      'action timed out - try again, if error continues contact MikroTik support and send a supout file (13)',
      'timeout',
    ],
    ['interrupted', 'rejected'],
    ['sw-not-armed', 'not-armed'],
  ])('%s → %s, in words of its own', (line, code) => {
    const failure = failureOf(line);
    expect(failure?.code).toBe(code);
    expect(failure?.message).not.toBe(line);
  });

  test('both texts for a name that is taken are duplicates', () => {
    expect(failureOf('failure: item with this name already exists')?.duplicate).toBe(true);
    expect(failureOf('failure: already have such entry')?.duplicate).toBe(true);
    expect(failureOf('failure: other')?.duplicate).toBe(false);
  });

  test('what is not known stays unknown', () => expect(failureOf('Hello there')).toBeNull());
});

describe('long values go in pieces', () => {
  const value = `${'x'.repeat(9)}"\n\\$?\xff${'y'.repeat(40)}`;
  test('joined, the pieces are the value; each fits the limit', () => {
    for (const limit of [6, 7, 10, 31, 1000]) {
      const cut = pieces(value, limit);
      expect(cut.join('')).toBe(value);
      for (const piece of cut) expect(quoteString(piece).length).toBeLessThanOrEqual(limit);
    }
  });
  test('nothing has no pieces', () => expect(pieces('', 10)).toEqual([]));
});

test('lines lose their ends, whichever they have, and empty ones go', () => {
  expect(linesOf('a\r\n\r\nb\nc')).toEqual(['a', 'b', 'c']);
});
