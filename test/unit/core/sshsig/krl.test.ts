/** Binary revocation lists: each kind of section, and everything that makes a list unreadable. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseCertificate } from '../../../../src/core/sshsig/certificate.ts';
import { parsePublicKey } from '../../../../src/core/sshsig/public-key.ts';
import { parseRevocations, revocationOf } from '../../../../src/core/sshsig/revocation.ts';
import { certify, makeSshKey, str, u32, u64 } from '../../../support/ssh-keys.ts';

const authority = makeSshKey('ssh-ed25519');
const other = makeSshKey('ssh-ed25519');
const key = makeSshKey('ecdsa-sha2-nistp256');

const section = (type: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([type]), str(body)]);
const certificates = (of: Buffer, ...parts: Buffer[]): Buffer =>
  section(1, Buffer.concat([str(of), str(''), ...parts]));
const everybody = Buffer.alloc(0);

function krl(...sections: Buffer[]): Buffer {
  return Buffer.concat([
    Buffer.from('SSHKRL\n\0', 'latin1'),
    u32(1),
    u64(42n),
    u64(1_780_000_000n),
    u64(0n),
    str(''),
    str('a comment'),
    ...sections,
  ]);
}

/** Whether the list revokes the key itself, or a certificate of it with this serial. */
function revokes(list: Buffer, serial: bigint | null, keyId = 'id'): boolean {
  const parsed = parseRevocations(list);
  if (!parsed.ok) throw new Error(parsed.reason);
  const certificate = serial === null ? null : parseCertificate(certify(authority, key, { serial, keyId }));
  return revocationOf(parsed.revoked, parsePublicKey(key.blob), certificate) !== null;
}

describe('a binary revocation list', () => {
  test('tells its version and date', () => {
    expect(parseRevocations(krl())).toMatchObject({
      ok: true,
      revoked: { krl: { version: 42n, generatedAt: 1_780_000_000n } },
    });
  });

  const digest = (name: string, blob: Buffer): Buffer => createHash(name).update(blob).digest();
  test.each([
    ['a key', section(2, Buffer.concat([str(other.blob), str(key.blob)]))],
    ['a key by SHA-1', section(3, str(digest('sha1', key.blob)))],
    ['a key by SHA-256', section(5, str(digest('sha256', key.blob)))],
  ])('revokes %s, and each certificate of it', (_, part) => {
    expect(revokes(krl(part), null)).toBe(true);
    expect(revokes(krl(part), 7n)).toBe(true);
  });

  test.each([
    ['an authority', section(2, str(authority.blob))],
    ['an authority by SHA-1', section(3, str(digest('sha1', authority.blob)))],
    ['an authority by SHA-256', section(5, str(digest('sha256', authority.blob)))],
  ])('revokes %s with its certificates, and not the plain key', (_, part) => {
    expect(revokes(krl(part), 7n)).toBe(true);
    expect(revokes(krl(part), null)).toBe(false);
  });

  const ways: [string, Buffer, bigint[], bigint[]][] = [
    ['serials', section(0x20, Buffer.concat([u64(7n), u64(9n)])), [7n, 9n], [8n, 2n ** 64n - 1n]],
    ['a range', section(0x21, Buffer.concat([u64(7n), u64(9n)])), [7n, 8n, 9n], [6n, 10n]],
    ['a range of one', section(0x21, Buffer.concat([u64(7n), u64(7n)])), [7n], [6n, 8n]],
    [
      'a bitmap',
      section(0x22, Buffer.concat([u64(5n), str(Buffer.from([0x01, 0x05]))])),
      [5n, 7n, 13n],
      [6n, 4n, 8n, 12n, 14n, 21n, 5n + 2n ** 32n],
    ],
    [
      'a bitmap of great serials',
      section(0x22, Buffer.concat([u64(5n + 2n ** 32n), str(Buffer.from([0x01]))])),
      [5n + 2n ** 32n],
      [5n],
    ],
    [
      'a bitmap with its sign byte',
      section(0x22, Buffer.concat([u64(5n), str(Buffer.from([0, 0x80]))])),
      [12n],
      [5n, 11n, 13n],
    ],
    ['an empty bitmap', section(0x22, Buffer.concat([u64(5n), str('')])), [], [5n, 6n]],
    [
      'a bitmap at the very end',
      section(0x22, Buffer.concat([u64(2n ** 64n - 8n), str(Buffer.from([0x80]))])),
      [2n ** 64n - 1n],
      [7n, 2n ** 64n - 2n],
    ],
    ['a bitmap from 0', section(0x22, Buffer.concat([u64(0n), str(Buffer.from([0x80]))])), [7n], [1n, 8n]],
  ];
  test.each(ways)('revokes certificates by %s', (_, part, hit, miss) => {
    for (const of of [authority.blob, everybody]) {
      for (const serial of hit) expect(revokes(krl(certificates(of, part)), serial), `${serial}`).toBe(true);
      for (const serial of miss)
        expect(revokes(krl(certificates(of, part)), serial), `${serial}`).toBe(false);
    }
    for (const serial of hit) expect(revokes(krl(certificates(other.blob, part)), serial)).toBe(false);
    expect(revokes(krl(certificates(authority.blob, part)), null)).toBe(false);
  });

  test('revokes certificates by their names, exactly', () => {
    const part = section(0x23, Buffer.concat([str('id'), str('ticket-42')]));
    expect(revokes(krl(certificates(authority.blob, part)), 7n, 'ticket-42')).toBe(true);
    expect(revokes(krl(certificates(everybody, part)), 7n, 'ticket-42')).toBe(true);
    expect(revokes(krl(certificates(authority.blob, part)), 7n, 'ticket-4')).toBe(false);
    expect(revokes(krl(certificates(other.blob, part)), 7n, 'id')).toBe(false);
  });

  test('adds up what several sections say of one authority', () => {
    const list = krl(
      certificates(authority.blob, section(0x20, u64(5n))),
      certificates(other.blob, section(0x20, u64(6n))),
      certificates(authority.blob, section(0x20, u64(7n)), section(0x23, str('x'))),
    );
    for (const serial of [5n, 7n]) expect(revokes(list, serial)).toBe(true);
    expect(revokes(list, 6n)).toBe(false);
    expect(revokes(list, 6n, 'x')).toBe(true);
  });

  const full = krl(
    section(2, str(other.blob)),
    section(3, str(Buffer.alloc(20))),
    section(5, str(Buffer.alloc(32))),
    certificates(
      authority.blob,
      section(0x20, u64(5n)),
      section(0x21, Buffer.concat([u64(8n), u64(9n)])),
      section(0x22, Buffer.concat([u64(5n), str('x')])),
      section(0x23, str('x')),
    ),
  );

  test('is unreadable wherever it is cut, but between two sections', () => {
    const whole: number[] = [];
    for (let size = 0; size <= full.length; size++) {
      // Without its magic it is a plain list.
      if (parseRevocations(full.subarray(0, size)).ok) whole.push(size);
    }
    expect(whole).toEqual([0, ...sizesOf(full)]);
  });

  test.each([
    ['another format', Buffer.concat([Buffer.from('SSHKRL\n\0', 'latin1'), u32(2), krl().subarray(12)])],
    ['a NUL in its comment', Buffer.concat([krl().subarray(0, 40), str('a\0')])],
    ['a signature', krl(section(4, Buffer.concat([str(key.blob), str('x')])))],
    ['an extension', krl(section(255, Buffer.concat([str('x'), Buffer.from([0]), str('')])))],
    ['a section that is unknown', krl(section(9, everybody))],
    ['a digest of another size', krl(section(3, str(Buffer.alloc(32))))],
    ['a digest of another size', krl(section(5, str(Buffer.alloc(20))))],
    ['an authority that is no key', krl(certificates(Buffer.from('hello')))],
    ['an authority that is a certificate', krl(certificates(certify(authority, key)))],
    ['bytes where a way to revoke belongs', krl(certificates(authority.blob, Buffer.from([0x20])))],
    ['a way to revoke that is unknown', krl(certificates(authority.blob, section(0x24, everybody)))],
    [
      'an extension of a way',
      krl(certificates(authority.blob, section(0x39, Buffer.concat([str('x'), Buffer.from([0]), str('')])))),
    ],
    ['the serial 0', krl(certificates(authority.blob, section(0x20, u64(0n))))],
    ['half a serial', krl(certificates(authority.blob, section(0x20, u32(7))))],
    ['a range from 0', krl(certificates(authority.blob, section(0x21, Buffer.concat([u64(0n), u64(9n)]))))],
    [
      'a range that ends before it begins',
      krl(certificates(authority.blob, section(0x21, Buffer.concat([u64(9n), u64(8n)])))),
    ],
    [
      'a range of three',
      krl(certificates(authority.blob, section(0x21, Buffer.concat([u64(7n), u64(8n), u64(9n)])))),
    ],
    [
      'the serial 0 in a bitmap',
      krl(certificates(authority.blob, section(0x22, Buffer.concat([u64(0n), str(Buffer.from([1]))])))),
    ],
    [
      'a bitmap beyond the end',
      krl(
        certificates(
          authority.blob,
          section(0x22, Buffer.concat([u64(2n ** 64n - 7n), str(Buffer.from([1]))])),
        ),
      ),
    ],
    [
      'bytes behind a bitmap',
      krl(certificates(authority.blob, section(0x22, Buffer.concat([u64(1n), str('x'), u32(0)])))),
    ],
    ['a NUL in a name', krl(certificates(authority.blob, section(0x23, str('a\0b'))))],
  ])('with %s is unreadable', (_, list) => {
    expect(parseRevocations(list)).toMatchObject({ ok: false, code: 'revocation-unreadable', line: 0 });
  });

  test('over the cap is not read', () => {
    expect(parseRevocations(krl(section(2, Buffer.alloc(1024 * 1024))))).toMatchObject({ ok: false });
  });
});

/** Where a list may end: behind its head, and behind each section. */
function sizesOf(list: Buffer): number[] {
  const sizes = [krl().length];
  for (let at = krl().length; at < list.length;) {
    at += 5 + list.readUInt32BE(at + 1);
    sizes.push(at);
  }
  return sizes;
}
