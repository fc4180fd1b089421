import { describe, expect, test } from 'vitest';
import { decodeLine, emptyHead, encodeRecord } from '../../../src/journal/record.ts';

const at = '2026-01-01T00:00:00.000Z';
const { bytes, head } = encodeRecord({ kind: 'held', actor: 'uid:1000', device: null }, emptyHead, at);
const line = bytes.subarray(0, -1);
const record = JSON.parse(line.toString()) as Record<string, unknown>;
const decoded = (value: unknown): ReturnType<typeof decodeLine> =>
  decodeLine(Buffer.from(JSON.stringify(value)));

test('a line says the record that was written, and the hash that the next one names', () => {
  expect(decodeLine(line)).toEqual({ ok: true, record, head });
  expect(decodeLine(line, true, emptyHead.hash)).toEqual({ ok: true, record, head });
});

describe('no record', () => {
  const head = 'not a record: it does not begin as one';
  const envelope = 'not a record: a field of the envelope is missing, wrong, or there twice';
  test.each<[string, Record<string, unknown>, string]>([
    ['another version', { v: 2 }, 'format version 2; this siteward reads version 1'],
    ['a version in words', { v: '1' }, 'not a record'],
    ['no version', { v: undefined }, 'not a record'],
    ['no number', { seq: undefined }, head],
    ['a number in words', { seq: '1' }, head],
    ['a broken number', { seq: 1.5 }, head],
    ['more than a number holds', { seq: 2 ** 53 }, envelope],
    ['no time', { at: undefined }, head],
    ['a time without milliseconds', { at: '2026-01-01T00:00:00Z' }, head],
    ['a time elsewhere', { at: '2026-01-01T00:00:00.000+01:00' }, head],
    ['a time as a number', { at: 1767225600000 }, head],
    ['no hash', { prev: undefined }, head],
    ['a short hash', { prev: '0'.repeat(63) }, envelope],
    ['a hash in capitals', { prev: 'A'.repeat(64) }, envelope],
    ['a hash as a number', { prev: 0 }, head],
    ['no kind', { kind: undefined }, envelope],
    ['a kind that is none', { kind: 'Held!' }, envelope],
    ['a kind as a list', { kind: ['held'] }, envelope],
    ['no actor', { actor: undefined }, envelope],
    ['an actor as a number', { actor: 1000 }, envelope],
  ])('%s', (_name, change, reason) => {
    expect(decoded({ ...record, ...change })).toEqual({ ok: false, reason });
  });

  test.each<[string, string, string]>([
    ['nothing', '', 'not a record'],
    ['a word', 'torn', 'not a record'],
    ['half a line', line.toString().slice(0, 40), 'not JSON'],
    ['two lines in one', `${line.toString()}${line.toString()}`, 'not JSON'],
    ['null', 'null', 'not a record'],
    ['a number', '1', 'not a record'],
    ['a list', '[1]', 'not a record'],
    [
      'fields in another order',
      JSON.stringify(Object.fromEntries(Object.entries(record).reverse())),
      'not a record',
    ],
    ['a field that is there twice', line.toString().replace(/}$/, ',"kind":"released"}'), envelope],
    ['NULs', '\0'.repeat(64), 'not a record'],
  ])('%s', (_name, text, reason) => {
    expect(decodeLine(Buffer.from(text))).toEqual({ ok: false, reason });
  });

  test('bytes that are no text', () => {
    expect(decodeLine(Buffer.concat([line, Buffer.from([0xff])]))).toEqual({
      ok: false,
      reason: 'not UTF-8',
    });
  });
});
