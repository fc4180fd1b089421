import { expect, test } from 'vitest';
import { fingerprint } from '../../../../src/drivers/routeros/fingerprint.ts';

const of = (text: string): string => fingerprint(Buffer.from(text, 'latin1'));
const body = '# software id = X\n#\n/ip pool\nadd comment="x by RouterOS 7.1" name=p\n';

test('the date does not count, all else does', () => {
  const first = of(`# 2026-01-30 10:00:00 by RouterOS 7.18.2\n${body}`);
  expect(of(`# jan/02/1970 00:00:00 by RouterOS 7.18.2\n${body}`)).toBe(first);
  expect(of(`# 2026-01-30 10:00:00 by RouterOS 7.19\n${body}`)).not.toBe(first);
  expect(of(`# 2026-01-30 10:00:00 by RouterOS 7.18.2\n${body} `)).not.toBe(first);
  expect(of(`# 2026-01-30 10:00:00 by RouterOS 7.18.2\n${body.replace('X', 'Y')}`)).not.toBe(first);
});

test('a text without header, or without an end, is itself', () => {
  expect(of('/ip pool\n')).not.toBe(of('/ip pool'));
  expect(of('# 1 by RouterOS 7')).not.toBe(of('# 2 by RouterOS 7'));
  expect(of('')).toMatch(/^[0-9a-f]{64}$/);
});

test('of two exports as SSH gives them, with CRLF, only the time differs', () => {
  const at = (time: string): Buffer =>
    Buffer.from(`# 2026-01-30 ${time} by RouterOS 7.18.2\r\n# model = X\r\n/ip dns\r\n`);
  expect(fingerprint(at('10:00:00'))).toBe(fingerprint(at('10:00:01')));
});
