/** What is said of a line in a trust file that can't be used, and the bounds of such files. */
import { describe, expect, test } from 'vitest';
import { parseAllowedSigners, parseTime } from '../../../../src/core/sshsig/allowed-signers.ts';
import type { SignersMode } from '../../../../src/core/sshsig/allowed-signers.ts';
import { judgeLines, toBytes } from '../../../../src/core/sshsig/signer-lines.ts';
import { parsePublicKey } from '../../../../src/core/sshsig/public-key.ts';
import { parseRevocations, revocationOf } from '../../../../src/core/sshsig/revocation.ts';
import { parseCertificate } from '../../../../src/core/sshsig/certificate.ts';
import { certify, makeSshKey, str, u32, u64 } from '../../../support/ssh-keys.ts';

const key = makeSshKey('ssh-ed25519');
const authority = makeSshKey('ssh-ed25519');
const certificate = certify(authority, key);

/** `line: reason`, or the signers. */
function parse(text: string, mode: SignersMode = 'any'): unknown {
  const parsed = parseAllowedSigners(Buffer.from(text, 'latin1'), mode);
  return parsed.ok ? parsed.signers : `${parsed.line}: ${parsed.reason}`;
}

describe('a line of allowed_signers is refused in words', () => {
  const rest = ` ${key.line}`;
  const noType = '1: after the principals and options a known key type must follow';
  const noQuotedValue = '1: an option in it is unknown or has no quoted value';
  const unreadableOptions = '1: its options can’t be read';
  const noSuchTime = '1: a time that does not exist';
  test.each([
    ['a\x01', '1: there is a control character in it'],
    ['a\x7f', '1: there is a control character in it'],
    ['a\x1f', '1: there is a control character in it'],
    ['a', '1: after the principals a blank and a key must follow'],
    [`"a"${rest.trim()}`, '1: after the principals a blank and a key must follow'],
    [`"a"x${rest}`, '1: after the principals a blank and a key must follow'],
    [`"a${rest}`, '1: a quote is not closed'],
    [`""${rest}`, '1: the principals can’t be read'],
    [`a"b${rest}`, '1: the principals can’t be read'],
    ['a ', noQuotedValue],
    [`a cert-authority`, noType],
    [`a cert-authority ssh-dss AAAA`, noType],
    [`a ssh-dss AAAA`, noQuotedValue],
    [`a namespaces${rest}`, noQuotedValue],
    [`a namespaces=x${rest}`, noQuotedValue],
    [`a namespaces:"x"${rest}`, noQuotedValue],
    [`a namespacesx"x"${rest}`, '1: an option in it is unknown or has no quoted value'],
    [`a other="x"${rest}`, '1: an option in it is unknown'],
    [`a cert-authorit="x"${rest}`, '1: an option in it is unknown'],
    [`a namespaces="x${rest}`, '1: a quote is not closed'],
    [`a namespaces="x\\"${rest}`, '1: a quote is not closed'],
    [`a namespaces="x"cert-authority${rest}`, unreadableOptions],
    [`a cert-authority,${rest}`, unreadableOptions],
    [`a cert-authority;namespaces="x"${rest}`, unreadableOptions],
    [`a ,cert-authority${rest}`, noQuotedValue],
    [`a Namespaces="x",namespaces="y"${rest}`, '1: the option namespaces is there twice'],
    [`a cert-authority,cert-authority${rest}`, '1: the option cert-authority is there twice'],
    [`a valid-after="2026"${rest}`, '1: a time must be YYYYMMDD[HHMM[SS]]Z'],
    [`a valid-before="20260101"${rest}`, '1: a time must be YYYYMMDD[HHMM[SS]]Z'],
    [`a valid-before="20260101Zx"${rest}`, '1: a time must be YYYYMMDD[HHMM[SS]]Z'],
    [`a valid-before="x20260101Z"${rest}`, '1: a time must be YYYYMMDD[HHMM[SS]]Z'],
    [`a valid-before="20260230Z"${rest}`, noSuchTime],
    [`a valid-before="202601012460Z"${rest}`, noSuchTime],
    [`a valid-before="19700101Z"${rest}`, '1: a time before 1970'],
    [`a valid-before="19691231Z"${rest}`, '1: a time before 1970'],
    [`a valid-after="20260102Z",valid-before="20260102Z"${rest}`, '1: valid-before is not after valid-after'],
    [
      `a ssh-ed25519-cert-v01@openssh.com ${certificate.toString('base64')}`,
      '1: a certificate is listed; list its CA with cert-authority instead',
    ],
    ['a ssh-ed25519', '1: it is not proper base64'],
    [`a ssh-rsa ${key.blob.toString('base64')}`, '1: the key is of another type than its line says'],
    ['# \0', '1: there is a NUL in it'],
    ['  \0', '1: there is a control character in it'],
  ])('%j', (text, reason) => expect(parse(`${text}\n`)).toBe(reason));

  const explicitly = 'namespaces="…" must list plain names';
  test.each([
    [`a${rest}`, 'namespaces="…" is missing: say what the key may sign'],
    [`a namespaces=""${rest}`, explicitly],
    [`a namespaces="x,"${rest}`, explicitly],
    [`a namespaces="x,,y"${rest}`, explicitly],
    [`a namespaces="x*"${rest}`, explicitly],
    [`a namespaces="x,y?"${rest}`, explicitly],
    [`a namespaces="!x"${rest}`, explicitly],
    [`* namespaces="x"${rest}`, 'a principal that fits everybody'],
    [`a,** namespaces="x"${rest}`, 'a principal that fits everybody'],
    [`?* namespaces="x"${rest}`, 'a principal that fits everybody'],
    [`a,,b namespaces="x"${rest}`, 'a principal that fits everybody'],
  ])('%j, in the daemon’s own file', (text, reason) => {
    expect(parse(`\n${text}\n`, 'explicit')).toBe(`2: ${reason}`);
    expect(parse(`\n${text}\n`, 'any')).toMatchObject([{ line: 2 }]);
  });

  test.each([
    [`a*,?b namespaces="x!,y"${rest}`, { principals: 'a*,?b', namespaces: 'x!,y' }],
    [`a,!b namespaces="x"${rest}`, { principals: 'a,!b' }],
  ])('and %j is not, there', (text, fields) => expect(parse(text, 'explicit')).toMatchObject([fields]));

  test.each([
    ['a backslash', `a namespaces="x\\y"${rest}`, { namespaces: 'x\\y' }],
    [
      'a backslash at the end of a value',
      `a namespaces="x\\",cert-authority"${rest}`,
      { namespaces: 'x",cert-authority' },
    ],
    [
      'one end of its time',
      `a valid-before="20260101Z"${rest}`,
      { validAfter: null, validBefore: 1767225600 },
    ],
    [
      'the other end of its time',
      `a valid-after="20260101Z"${rest}`,
      { validAfter: 1767225600, validBefore: null },
    ],
    ['both options', `a cert-authority,namespaces="x"${rest}`, { certAuthority: true, namespaces: 'x' }],
    ['quoted principals and tabs', `"a b"\t\t${key.line}\tcomment`, { principals: 'a b' }],
    ['bytes beyond ASCII', `\xe9\xff${rest}`, { principals: '\xe9\xff' }],
    ['no line end, but a CR', `a${rest}\r`, { principals: 'a' }],
  ])('with %s it is read', (_, text, fields) => expect(parse(text)).toMatchObject([fields]));

  test('times are whole seconds of UTC', () => {
    expect([parseTime('20260101Z'), parseTime('202601010001Z'), parseTime('20260101000001Z')]).toEqual([
      1767225600, 1767225660, 1767225601,
    ]);
  });
});

describe('a file of allowed_signers', () => {
  test('of 128 KiB is read, and none that is larger', () => {
    const largest = '#'.repeat(128 * 1024);
    expect(parse(largest)).toEqual([]);
    expect(parse(`${largest}#`)).toBe('0: the file is larger than 131072 bytes');
  });

  test('lists a key for names of 16 KiB in all its lines, and no more', () => {
    const line = (names: number, namespaces: number, of = key): string =>
      `${'a'.repeat(names)} namespaces="${'n'.repeat(namespaces)}" ${of.line}\n`;
    expect(parse(line(16_000, 384))).toHaveLength(1);
    expect(parse(line(16_000, 385))).toBe('1: its key is listed for too many names');
    expect(parse(line(8_000, 192) + line(8_000, 192))).toHaveLength(2);
    expect(parse(line(8_000, 192) + line(8_000, 193))).toBe('2: its key is listed for too many names');
    expect(parse(line(16_000, 384) + line(16_000, 384, authority))).toHaveLength(2);
    expect(parse(`${'a'.repeat(16_384)} ${key.line}\n`)).toHaveLength(1);
  });
});

describe('a list of revoked keys', () => {
  const refusal = (bytes: string | Buffer): string => {
    const parsed = parseRevocations(Buffer.from(bytes as string, 'latin1'));
    return parsed.ok ? 'nothing was refused' : `${parsed.code}: ${parsed.line}: ${parsed.reason}`;
  };
  const certified = `ssh-ed25519-cert-v01@openssh.com ${certificate.toString('base64')}`;

  test.each([
    ['hello\n', 'revocation-unreadable: 1: it is not a public key'],
    [`\n# x\n\t \n${key.line}\nx y\n`, 'revocation-unreadable: 5: it is not a public key'],
    ['ssh-ed25519\n', 'revocation-unreadable: 1: it is not proper base64'],
    [
      `ssh-rsa ${key.blob.toString('base64')}\n`,
      'revocation-unreadable: 1: the key is of another type than its line says',
    ],
    [certified.replace('ssh-ed25519', 'ssh-rsa'), 'revocation-unreadable: 1: the certificate is not genuine'],
    [
      `${`${certified}\n`.repeat(9)}`,
      'revocation-unreadable: 9: there are more than 8 certificates in it; list the keys instead',
    ],
    ['SSHKRL\n\0', 'revocation-unreadable: 0: it ends too early'],
    [certified.repeat(2), 'revocation-unreadable: 1: it is not proper base64'],
  ])('%j is unreadable', (text, reason) => expect(refusal(text)).toBe(reason));

  test('of 256 KiB is read, and none that is larger', () => {
    expect(refusal('#'.repeat(256 * 1024))).toBe('nothing was refused');
    expect(refusal('#'.repeat(256 * 1024 + 1))).toBe(
      'revocation-unreadable: 0: the file is larger than 262144 bytes',
    );
  });

  test('has keys in lines of any indentation, with CR or without', () => {
    const parsed = parseRevocations(Buffer.from(` \t${key.line}\r\n\t${authority.line}\tx\r\n`));
    expect(parsed.ok && [...parsed.revoked.keys]).toEqual([
      key.blob.toString('latin1'),
      authority.blob.toString('latin1'),
    ]);
  });

  test('tells what is revoked', () => {
    const of = (bytes: string | Buffer, withCertificate = true): string | null => {
      const parsed = parseRevocations(Buffer.from(bytes as string));
      if (!parsed.ok) throw new Error(parsed.reason);
      const signer = withCertificate ? parseCertificate(certificate) : null;
      return revocationOf(parsed.revoked, parsePublicKey(key.blob), signer);
    };
    const krl = (...sections: Buffer[]): Buffer =>
      Buffer.concat([
        Buffer.from('SSHKRL\n\0', 'latin1'),
        ...[u32(1), u64(1n), u64(0n), u64(0n), str(''), str('')],
        ...sections.map((body) => Buffer.concat([body.subarray(0, 1), str(body.subarray(1))])),
      ]);
    const section = (type: number, ...parts: Buffer[]): Buffer =>
      Buffer.concat([Buffer.from([type]), ...parts]);
    const serial = section(1, str(authority.blob), str(''), Buffer.from([0x20]), str(u64(7n)));
    const [revoked, ofAuthority, ofCertificate] = [
      `the key ${key.fingerprint} is revoked`,
      `the certificate authority ${authority.fingerprint} is revoked`,
      `the certificate of the key ${key.fingerprint} is revoked`,
    ];
    expect(of(key.line)).toBe(revoked);
    expect(of(authority.line)).toBe(ofAuthority);
    expect(of(authority.line, false)).toBeNull();
    expect(of(certified)).toBe(revoked);
    expect(of(krl(section(2, str(key.blob))))).toBe(revoked);
    expect(of(krl(section(2, str(authority.blob))))).toBe(ofAuthority);
    expect(of(krl(serial))).toBe(ofCertificate);
    expect(of(krl(serial), false)).toBeNull();
    expect(of(krl())).toBeNull();
    expect(of('')).toBeNull();
  });

  const krlHead = (format: number): Buffer =>
    Buffer.concat([
      Buffer.from('SSHKRL\n\0', 'latin1'),
      ...[u32(format), u64(1n), u64(0n), u64(0n), str(''), str('')],
    ]);
  const certificates = (...parts: Buffer[]): Buffer =>
    Buffer.concat([krlHead(1), Buffer.from([1]), str(Buffer.concat([str(''), str(''), ...parts]))]);
  const part = (type: number, ...body: Buffer[]): Buffer =>
    Buffer.concat([Buffer.from([type]), str(Buffer.concat(body))]);
  const serialZero = 'it revokes the serial 0, which no certificate has';
  test.each([
    [krlHead(2), 'its format is 2, not 1'],
    [Buffer.concat([krlHead(1), part(9)]), 'it has a section of the kind 9, which is not known'],
    [Buffer.concat([krlHead(1), part(3, str('x'))]), 'a digest in it is of the wrong size'],
    [certificates(part(0x24)), 'it revokes certificates in a way (36) that is not known'],
    [certificates(part(0x20, u64(0n))), serialZero],
    [certificates(part(0x21, u64(0n), u64(1n))), serialZero],
    [certificates(part(0x22, u64(0n), str(Buffer.from([1])))), serialZero],
    [certificates(part(0x21, u64(2n), u64(1n))), 'a range of serials in it ends before it begins'],
    [
      certificates(part(0x22, u64(2n ** 64n - 7n), str('x'))),
      'a bitmap of serials in it goes beyond the greatest serial',
    ],
  ])('that is binary is refused in words (%#)', (bytes, reason) => {
    expect(refusal(bytes)).toBe(`revocation-unreadable: 0: ${reason}`);
  });
});

describe('a signer whom no line lets sign', () => {
  const nowMs = Date.parse('2026-06-01T12:00:00Z');
  const question = { principals: ['alice'], namespace: 'file', nowMs };
  const judge = (
    lines: string,
    { withCertificate = false, ...changes }: Partial<typeof question> & { withCertificate?: boolean } = {},
    cert: Buffer = certificate,
  ): string => {
    const parsed = parseAllowedSigners(Buffer.from(lines), 'any');
    if (!parsed.ok) throw new Error(parsed.reason);
    const signer = {
      key: parsePublicKey(key.blob),
      certificate: withCertificate ? parseCertificate(cert) : null,
    };
    const judged = judgeLines(signer, parsed.signers, { ...question, ...changes });
    return judged.ok ? judged.principal : `${judged.code}: ${judged.reason} (${judged.fingerprint})`;
  };
  const told = (code: string, why: string): string =>
    `${code}: the key ${key.fingerprint} ${why} (${key.fingerprint})`;
  const timeUnknown = told(
    'key-not-yet-valid',
    'can’t be judged: the time of this verification is not known',
  );

  test.each([
    ['is not listed', '', {}, told('unknown-key', 'is not listed')],
    [
      'is listed for another',
      `bob ${key.line}`,
      {},
      told('principal-mismatch', 'is listed for somebody else'),
    ],
    [
      'is listed for something else',
      `alice namespaces="git" ${key.line}`,
      {},
      told('namespace-not-allowed', 'is not listed for the namespace file'),
    ],
    [
      'comes too early',
      `alice valid-after="20260601120001Z" ${key.line}`,
      {},
      told('key-not-yet-valid', 'is not valid yet'),
    ],
    [
      'comes too late',
      `alice valid-before="20260601115959Z" ${key.line}`,
      {},
      told('key-expired', 'has expired'),
    ],
    ['comes at no time', `alice ${key.line}`, { nowMs: NaN }, timeUnknown],
    ['comes before all time', `alice ${key.line}`, { nowMs: -1 }, timeUnknown],
    ['comes after all time', `alice ${key.line}`, { nowMs: 2 ** 53 * 1000 }, timeUnknown],
    ['comes in the first second', `alice ${key.line}`, { nowMs: 0 }, 'alice'],
  ])('%s', (_, lines, changes, expected) => expect(judge(lines, changes)).toBe(expected));

  test('is told the reason that came nearest, whatever the order', () => {
    const [other, late] = [`bob ${key.line}\n`, `alice valid-before="20260101Z" ${key.line}\n`];
    const expired = told('key-expired', 'has expired');
    expect([judge(other + late), judge(late + other)]).toEqual([expired, expired]);
  });

  const ca = (options = '', principals = '*'): string =>
    `${principals} cert-authority${options} ${authority.line}\n`;
  const made = (choices: Parameters<typeof certify>[2]): Buffer => certify(authority, key, choices);
  const now = BigInt(nowMs / 1000);
  test.each([
    [
      'of an authority that is not listed',
      `alice ${authority.line}`,
      certificate,
      `unknown-key: the certificate authority ${authority.fingerprint} is not listed as one (${key.fingerprint})`,
    ],
    [
      'of somebody else',
      ca(),
      made({ principals: ['bob'] }),
      told('principal-mismatch', 'is listed for somebody else'),
    ],
    [
      'whom the line does not name',
      ca('', 'bob'),
      certificate,
      told('principal-mismatch', 'is listed for somebody else'),
    ],
    [
      'too early',
      ca(),
      made({ validAfter: now + 1n }),
      told('key-not-yet-valid', 'has a certificate that is not valid yet'),
    ],
    ['too late', ca(), made({ validBefore: now }), told('key-expired', 'has a certificate that has expired')],
    ['in time', ca(), made({ validAfter: now, validBefore: now + 1n }), 'alice'],
  ])('with a certificate %s', (_, lines, cert, expected) =>
    expect(judge(lines, { withCertificate: true }, cert)).toBe(expected),
  );

  test('is compared by the bytes of the name', () => {
    expect(toBytes('jos\u00e9')).toBe('jos\xc3\xa9');
    expect(judge(`jos\u00e9 ${key.line}`, { principals: ['jos\u00e9'] })).toBe('jos\u00e9');
    expect(judge(`* namespaces="f\u00e9" ${key.line}`, { namespace: 'f\u00e9' })).toBe('alice');
  });
});
