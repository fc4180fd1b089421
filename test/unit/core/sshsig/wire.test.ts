/** The bytes of SSH, one by one: what a reader takes, where its bounds are, and what it says when it refuses. */
import { describe, expect, test } from 'vitest';
import {
  decodeArmor,
  decodeBase64,
  decodeInnerSignature,
  decodeSignatureBlob,
  maxArmorBytes,
  maxKeyBytes,
  Reader,
  WireError,
  wireString,
  wireUnsigned,
} from '../../../../src/core/sshsig/wire.ts';
import { endOfWord, skipBlanks } from '../../../../src/core/sshsig/words.ts';
import { str, u32, u64 } from '../../../support/ssh-keys.ts';
import { armor } from '../../../support/ssh-signature.ts';

const bytes = (...values: number[]): Buffer => Buffer.from(values);

/** The exact sentence and code, for people and records read them. */
function refusal(run: () => unknown): { message: string; code: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof WireError) return { message: error.message, code: error.code };
    throw error;
  }
  return { message: 'nothing was refused', code: '' };
}
const malformed = (message: string): { message: string; code: string } => ({
  message,
  code: 'malformed-signature',
});

test('its error has a name of its own', () => {
  expect(new WireError('x').name).toBe('WireError');
});

describe('a reader', () => {
  test('reads numbers, strings and the rest, and knows where it is', () => {
    const reader = new Reader(Buffer.concat([bytes(7), u32(70_000), u64(2n ** 40n), str('ab'), bytes(1, 2)]));
    expect([reader.uint8(), reader.uint32(), reader.uint64()]).toEqual([7, 70_000, 2n ** 40n]);
    expect(reader.position).toBe(13);
    expect(reader.string().toString()).toBe('ab');
    expect(reader.since(13)).toEqual(str('ab'));
    expect(reader.isAtEnd).toBe(false);
    expect(refusal(() => reader.end())).toEqual(malformed('there are bytes behind its end'));
    expect(reader.rest()).toEqual(bytes(1, 2));
    expect(reader.isAtEnd).toBe(true);
    expect(() => reader.end()).not.toThrow();
  });

  test('reads a part of a larger buffer as that part alone', () => {
    const reader = new Reader(Buffer.concat([bytes(9), str('in'), bytes(9)]).subarray(1, 7));
    expect(reader.string().toString()).toBe('in');
    expect(reader.isAtEnd).toBe(true);
  });

  test.each([
    ['a byte', '', (reader: Reader) => reader.uint8()],
    ['a number', '000000', (reader: Reader) => reader.uint32()],
    ['a long number', '00000000000000', (reader: Reader) => reader.uint64()],
    ['a string', '0000000261', (reader: Reader) => reader.string()],
  ])('refuses %s that ends too early', (_, hex, read) => {
    expect(refusal(() => read(new Reader(Buffer.from(hex, 'hex'))))).toEqual(malformed('it ends too early'));
  });

  test('takes a name of 1024 bytes, byte by byte, and none that is longer or holds a NUL', () => {
    expect(new Reader(str('n'.repeat(1024))).name()).toBe('n'.repeat(1024));
    expect(new Reader(str('\xe9\xff')).name()).toBe('\xe9\xff');
    expect(refusal(() => new Reader(str('n'.repeat(1025))).name())).toEqual(
      malformed('a name in it is too long'),
    );
    expect(refusal(() => new Reader(str('a\0')).name())).toEqual(malformed('a name in it holds a NUL'));
  });

  test.each([
    ['zero', bytes(), bytes()],
    ['127', bytes(127), bytes(127)],
    ['128', bytes(0, 128), bytes(128)],
    ['256', bytes(1, 0), bytes(1, 0)],
  ])('reads the whole number %s', (_, wire, value) => {
    expect(new Reader(str(wire)).unsigned()).toEqual(value);
    expect(wireUnsigned(value)).toEqual(str(wire));
  });

  test.each([
    ['negative', bytes(128), 'a number in it is negative'],
    ['negative, the last of them', bytes(255), 'a number in it is negative'],
    ['zero in a byte', bytes(0), 'a number in it is not in its one right form'],
    ['127 behind a zero', bytes(0, 127), 'a number in it is not in its one right form'],
    ['128 behind two zeros', bytes(0, 0, 128), 'a number in it is not in its one right form'],
  ])('refuses a whole number that is %s', (_, wire, message) => {
    expect(refusal(() => new Reader(str(wire)).unsigned())).toEqual(malformed(message));
  });
});

test('a string is written as bytes, one for each character', () => {
  expect(wireString('a\xe9')).toEqual(bytes(0, 0, 0, 2, 97, 0xe9));
  expect(wireString(bytes(1, 2, 3))).toEqual(bytes(0, 0, 0, 3, 1, 2, 3));
});

describe('base64', () => {
  test.each([
    ['YQ==', 'a'],
    ['YWI=', 'ab'],
    ['YWJj', 'abc'],
  ])('%s is read', (text, value) => expect(decodeBase64(text).toString()).toBe(value));

  test.each([
    ['nothing', ''],
    ['no padding', 'YQ'],
    ['half a padding', 'YQ='],
    ['too much padding', 'YWJj===='],
    ['bits left over', 'YR=='],
    ['the alphabet of addresses', '_-__'],
    ['a blank', 'YWJj YWJj'],
    ['a line end', 'YWJj\n'],
    ['a letter alone', 'YWJjY'],
  ])('with %s is refused', (_, text) => {
    expect(refusal(() => decodeBase64(text))).toEqual(malformed('it is not proper base64'));
  });
});

const begin = '-----BEGIN SSH SIGNATURE-----';
const end = '-----END SSH SIGNATURE-----';
const unarmor = (text: string): Buffer => decodeArmor(Buffer.from(text, 'latin1'));

describe('an armor', () => {
  test.each([
    ['as ssh-keygen writes it', `${begin}\nYWJj\nYWJj\n${end}\n`],
    ['without a line end at its end', `${begin}\nYWJj\nYWJj\n${end}`],
    ['with CRLF', `${begin}\r\nYWJj\r\nYWJj\r\n${end}\r\n`],
    ['with CRLF in one place', `${begin}\nYWJj\r\nYWJj\n${end}\n`],
  ])('%s is read', (_, text) => expect(unarmor(text).toString()).toBe('abcabc'));

  test.each([
    ['nothing', '', `it does not begin with ${begin}`],
    ['text before it', `x\n${begin}\nYWJj\n${end}\n`, `it does not begin with ${begin}`],
    ['a blank behind its first line', `${begin} \nYWJj\n${end}\n`, `it does not begin with ${begin}`],
    ['text behind it', `${begin}\nYWJj\n${end}\nx\n`, `it does not end with ${end}`],
    ['an empty line behind it', `${begin}\nYWJj\n${end}\n\n`, `it does not end with ${end}`],
    ['two CR at an end', `${begin}\nYWJj\n${end}\r\r\n`, `it does not end with ${end}`],
    ['its first line alone', `${begin}\n`, `it does not end with ${end}`],
    ['an empty line', `${begin}\nYWJj\n\nYWJj\n${end}\n`, 'there is an empty line in it'],
    ['an empty line of CR', `${begin}\nYWJj\n\r\n${end}\n`, 'there is an empty line in it'],
    ['no line between', `${begin}\n${end}\n`, 'it is not proper base64'],
    ['a CR within a line', `${begin}\nYW\rJj\n${end}\n`, 'it is not proper base64'],
    ['a byte beyond ASCII', `${begin}\nYWJ\xe9\n${end}\n`, 'it is not proper base64'],
  ])('with %s is refused', (_, text, message) => {
    expect(refusal(() => unarmor(text))).toEqual(malformed(message));
  });

  test('of 65536 bytes is read, and none that is larger', () => {
    const room = maxArmorBytes - `${begin}\r\n\n${end}\n`.length;
    const largest = `${begin}\r\n${'A'.repeat(room)}\n${end}\n`;
    expect([room % 4, largest.length]).toEqual([0, 65_536]);
    expect(unarmor(largest)).toHaveLength((room / 4) * 3);
    expect(refusal(() => unarmor(`${largest}x`))).toEqual(malformed('it is larger than 65536 bytes'));
  });

  test('is what the tests write, too', () => {
    expect(decodeArmor(Buffer.from(armor(Buffer.alloc(100, 7))))).toEqual(Buffer.alloc(100, 7));
  });
});

const inner = Buffer.concat([str('type'), str('body'), bytes(1, 2)]);
const blobOf = (changes: Partial<Record<'magic' | 'version' | 'key' | 'ns' | 'rest', Buffer>>): Buffer =>
  Buffer.concat([
    changes.magic ?? Buffer.from('SSHSIG'),
    changes.version ?? u32(1),
    str(changes.key ?? 'key'),
    str(changes.ns ?? 'file'),
    changes.rest ?? Buffer.concat([str(''), str('sha256'), str(inner)]),
  ]);

describe('the blob of a signature', () => {
  test('is read field by field', () => {
    expect(decodeSignatureBlob(blobOf({}))).toEqual({
      publicKey: Buffer.from('key'),
      namespace: 'file',
      hashAlgorithm: 'sha256',
      signedFields: Buffer.concat([str('file'), str(''), str('sha256')]),
      signature: { type: 'type', body: Buffer.from('body'), trailer: bytes(1, 2) },
    });
    const sha512 = blobOf({ rest: Buffer.concat([str(''), str('sha512'), str(inner)]) });
    expect(decodeSignatureBlob(sha512).hashAlgorithm).toBe('sha512');
    expect(decodeInnerSignature(inner).trailer).toEqual(bytes(1, 2));
  });

  test('holds a key of 16384 bytes, and none that is larger', () => {
    expect(decodeSignatureBlob(blobOf({ key: Buffer.alloc(maxKeyBytes) })).publicKey).toHaveLength(16_384);
    expect(refusal(() => decodeSignatureBlob(blobOf({ key: Buffer.alloc(maxKeyBytes + 1) })))).toEqual(
      malformed('the key in it is too large'),
    );
  });

  test.each([
    ['another beginning', { magic: Buffer.from('SSHSIK') }, 'it is no SSH signature'],
    ['version 0', { version: u32(0) }, 'its version is 0, not 1'],
    ['version 2', { version: u32(2) }, 'its version is 2, not 1'],
    ['no namespace', { ns: Buffer.alloc(0) }, 'its namespace is empty'],
    [
      'something reserved',
      { rest: Buffer.concat([str('x'), str('sha256'), str(inner)]) },
      'its reserved field is not empty',
    ],
    [
      'another hash',
      { rest: Buffer.concat([str(''), str('sha384'), str(inner)]) },
      'its hash is neither sha256 nor sha512',
    ],
    [
      'bytes behind it',
      { rest: Buffer.concat([str(''), str('sha256'), str(inner), bytes(0)]) },
      'there are bytes behind its end',
    ],
    ['its end missing', { rest: str('') }, 'it ends too early'],
  ])('with %s is refused', (_, changes, message) => {
    expect(refusal(() => decodeSignatureBlob(blobOf(changes)))).toEqual(malformed(message));
  });
});

test('a word ends at a blank, a tab or the end of the line', () => {
  expect([endOfWord('ab cd', 0), endOfWord('ab\tcd', 0), endOfWord('ab', 0), endOfWord('', 0)]).toEqual([
    2, 2, 2, 0,
  ]);
  expect([skipBlanks(' \t ab', 0), skipBlanks('ab', 1), skipBlanks('  ', 0)]).toEqual([3, 1, 2]);
});
