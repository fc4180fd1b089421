import { expect, test } from 'vitest';
import fc from 'fast-check';
import { ago, clockTime, count, safe, stampTime } from '../../../src/cli/terminal.ts';

test('no text can move a cursor, change a colour, turn its direction or fake a line', () => {
  expect(safe('a\u001b[2Jb\r\nc\u009b\u202ed\u200b')).toBe('a\\1B[2Jb\\0D\\0Ac\\9B\\u202Ed\\u200B');
  expect(safe('plain — größer 😀')).toBe('plain — größer 😀');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => !/[\0-\x1f\x7f-\x9f\u202a-\u202e]/.test(safe(text))),
  );
});

test('times are told as people tell them', () => {
  const now = Date.parse('2026-11-21T10:00:00Z');
  const before = (seconds: number): string => ago(new Date(now - seconds * 1000).toISOString(), now);
  expect([before(0), before(59), before(60), before(7199), before(86_400), before(6 * 86_400)]).toEqual([
    '0 s ago',
    '59 s ago',
    '1 min ago',
    '1 h ago',
    '24 h ago',
    '6 d ago',
  ]);
  expect(ago(null, now)).toBe('never');
  expect(clockTime('2026-11-21T10:00:05Z', now)).toMatch(/^\d\d:\d\d:05$/);
  expect(clockTime('2026-11-01T10:00:05Z', now)).toMatch(/^2026-\d\d-\d\d \d\d:\d\d:05$/);
});

test('what may be read later or elsewhere has its date and its zone', () => {
  const stamped = stampTime('2026-11-21T10:00:05.123Z');
  expect(stamped).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:05(Z|[+-]\d\d:\d\d)$/);
  expect(Date.parse(stamped)).toBe(Date.parse('2026-11-21T10:00:05Z'));
});

test('one is not many', () => {
  expect([count(0, 'item'), count(1, 'item'), count(2, 'person', 'persons')]).toEqual([
    '0 items',
    '1 item',
    '2 persons',
  ]);
});
