/** The grammar of allowed_signers and of revoked keys, line by line. */
import { describe, expect, test } from 'vitest';
import { parseAllowedSigners, parseTime } from '../../../../src/core/sshsig/allowed-signers.ts';
import { matchPatternList } from '../../../../src/core/sshsig/patterns.ts';
import { parseListedKey, parsePublicKey } from '../../../../src/core/sshsig/public-key.ts';
import { parseRevocations } from '../../../../src/core/sshsig/revocation.ts';
import { makeKey } from '../../../support/ssh-signature.ts';

const key = makeKey();
const parse = (text: string) => parseAllowedSigners(Buffer.from(text), 'any');

describe('a line of allowed_signers', () => {
  test.each([
    ['plain', `alice ${key.line}`, { principals: 'alice', namespaces: null, certAuthority: false }],
    ['with comment', `alice ${key.line} a comment "with` + ` quotes"`, { principals: 'alice' }],
    ['with tabs and leading blanks', ` \talice\t${key.line.replace(' ', '\t')}`, { principals: 'alice' }],
    ['with CRLF', `alice ${key.line}\r`, { principals: 'alice' }],
    ['with quoted principals', `"alice b,c" ${key.line}`, { principals: 'alice b,c' }],
    [
      'with options',
      `a namespaces="x,y",valid-after="20260101Z",Valid-Before="202601020000Z" ${key.line}`,
      { namespaces: 'x,y', validAfter: 1767225600, validBefore: 1767312000 },
    ],
    [
      'with blanks and an escaped quote in a value',
      `a namespaces="x \\" y" ${key.line}`,
      { namespaces: 'x " y' },
    ],
    ['with an empty value', `a namespaces="" ${key.line}`, { namespaces: '' }],
    ['of an authority', `*@example.org cert-authority ${key.line}`, { certAuthority: true }],
  ])('%s is read', (_, text, fields) => {
    expect(parse(`# comment\n\n  # indented\n${text}\n`)).toMatchObject({
      ok: true,
      signers: [{ line: 4, ...fields }],
    });
  });

  test.each([
    ['no key', 'alice'],
    ['no principals', key.line],
    ['an unknown option', `a no-such ${key.line}`],
    ['an option with a longer name', `a cert-authorityx ${key.line}`],
    ['a value without quotes', `a namespaces=x ${key.line}`],
    ['a blank between options', `a namespaces="x", valid-after="20260101Z" ${key.line}`],
    ['an option twice', `a namespaces="x",namespaces="y" ${key.line}`],
    ['a comma at the end', `a cert-authority, ${key.line}`],
    ['a comma at the beginning', `a ,cert-authority ${key.line}`],
    ['an open quote', `a namespaces="x ${key.line}`],
    ['a quote inside the principals', `a"b" ${key.line}`],
    ['an open quote in the principals', `"a ${key.line}`],
    ['text behind quoted principals', `"a"b ${key.line}`],
    ['a time without Z', `a valid-after="20260101" ${key.line}`],
    ['times in the wrong order', `a valid-after="20260102Z",valid-before="20260101Z" ${key.line}`],
    ['times that are equal', `a valid-after="20260101Z",valid-before="20260101Z" ${key.line}`],
    ['a key of another type than it says', `a ${key.line.replace('ssh-ed25519', 'ssh-rsa')}`],
    ['base64 of the URL alphabet', `a ${key.line.replace(/.$/, '_')}`],
    ['a control character', `a ${key.line} \x1b[2J`],
    ['a NUL', `a ${key.line} \0`],
    ['a CR inside', `a\r ${key.line}`],
  ])('with %s makes the file unusable, and is named', (_, text) => {
    expect(parse(`alice ${key.line}\n${text}\nbob ${key.line}\n`)).toMatchObject({ ok: false, line: 2 });
  });

  test('a file over the cap is not read', () => {
    expect(parse('#'.repeat(1024 * 1024 + 1))).toMatchObject({ ok: false, line: 0 });
  });
});

describe('a time', () => {
  test.each([
    ['20260601Z', '2026-06-01T00:00:00Z'],
    ['202606011200Z', '2026-06-01T12:00:00Z'],
    ['20260601120030Z', '2026-06-01T12:00:30Z'],
    ['20990228235959Z', '2099-02-28T23:59:59Z'],
  ])('%s is read as UTC', (text, iso) => expect(parseTime(text) * 1000).toBe(Date.parse(iso)));

  test.each([
    '20260231Z',
    '202606012400Z',
    '20260601120060Z',
    '20261301Z',
    '19700101Z',
    '2026060112Z',
    '20260601z',
    '20260601UTC',
    '20260601',
    '',
  ])('%s is refused', (text) => expect(() => parseTime(text)).toThrow(/time/));
});

describe('a pattern list', () => {
  test.each([
    ['alice', 'alice', true],
    ['alice', 'Alice', false],
    ['alice', 'bob,alice', true],
    ['alice', '*', true],
    ['alice', 'al?ce', true],
    ['alice', 'al?e', false],
    ['alice', '*,!alice', false],
    ['alice', '!alice,*', false],
    ['alice', '!bob', false],
    ['alice', '', false],
    ['alice', 'a*c*', true],
    ['alice', '**e', true],
    ['alice', 'alice*', true],
    ['alice', 'x'.repeat(1023) + ',alice', false],
  ])('%s in %s: %s', (text, list, expected) => expect(matchPatternList(text, list)).toBe(expected));

  test('with many stars takes no time', () => {
    const before = process.cpuUsage();
    expect(matchPatternList('a'.repeat(1000), `${'*a'.repeat(500)}b`)).toBe(false);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(50);
  });
});

describe('a key', () => {
  test('has the fingerprint that ssh-keygen shows', () => {
    expect(parsePublicKey(key.blob).fingerprint).toBe(key.fingerprint);
  });

  // y of the points of small order, and two encodings of numbers that do not belong in the field.
  test.each([
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0000000000000000000000000000000000000000000000000000000000000080',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  ])('with the weak point %s is refused', (hex) => {
    const blob = Buffer.concat([key.blob.subarray(0, 19), Buffer.from(hex, 'hex')]);
    expect(() => parseListedKey('ssh-ed25519', blob.toString('base64'))).toThrow(
      /small order|one right form/,
    );
  });

  test.each([31, 33])('of %s bytes is refused', (size) => {
    const length = Buffer.from([0, 0, 0, size]);
    const blob = Buffer.concat([key.blob.subarray(0, 15), length, Buffer.alloc(size, 7)]);
    expect(() => parsePublicKey(blob)).toThrow('32 bytes');
  });
});

describe('revoked keys', () => {
  test('are listed one a line, with comments', () => {
    const parsed = parseRevocations(Buffer.from(`# gone\n\n${key.line} laptop\n`));
    expect(parsed.ok && [...parsed.revoked.keys]).toEqual([key.blob.toString('latin1')]);
  });

  test.each([
    ['garbage', 'hello\n', 'revocation-unreadable'],
    ['an empty line with CR', '\r\n', 'revocation-unreadable'],
    ['a line of allowed_signers', `alice ${key.line}\n`, 'revocation-unreadable'],
    ['a binary list cut off', 'SSHKRL\n\0\0\0\0\x01', 'revocation-unreadable'],
  ])('with %s count as unreadable', (_, text, code) => {
    expect(parseRevocations(Buffer.from(text, 'latin1'))).toMatchObject({ ok: false, code });
  });
});
