/** Readers of foreign bytes: whatever they are given, the answer is a value or the one typed error. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAllowedSigners } from '../../src/core/sshsig/allowed-signers.ts';
import { parseCertificate } from '../../src/core/sshsig/certificate.ts';
import { verifyGitObject } from '../../src/core/sshsig/git-object.ts';
import { parsePublicKey } from '../../src/core/sshsig/public-key.ts';
import { noRevocations, parseRevocations } from '../../src/core/sshsig/revocation.ts';
import { verifySignature } from '../../src/core/sshsig/verify.ts';
import { decodeArmor, decodeSignatureBlob, WireError } from '../../src/core/sshsig/wire.ts';
import { mutate, randomFrom } from '../support/mutation.ts';
import { certify, keyTypes, makeSshKey, sshSignatureBlob, str, u32, u64 } from '../support/ssh-keys.ts';
import { armor } from '../support/ssh-signature.ts';

const keys = keyTypes.map((type) => makeSshKey(type));
const message = Buffer.from('message');
const nowMs = Date.parse('2026-06-01T12:00:00Z');

/** Runs a reader; anything thrown but the typed error fails the test. */
function readOnly(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

/** Any bytes, or good ones with small changes. */
const bytesLike = (good: readonly Buffer[]): fc.Arbitrary<Buffer> =>
  fc.oneof(
    fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
    fc.tuple(fc.constantFrom(...good), fc.nat()).map(([bytes, seed]) => mutate(bytes, randomFrom(seed))),
  );

const certificates = keys.map((key) => certify(keys[2] ?? key, key));
const blobs = keys.map((key) => sshSignatureBlob(key, 'file', message));
const certified = keys.map((key, at) =>
  sshSignatureBlob(key, 'file', message, { certificate: certificates[at] ?? key.blob }),
);
const lines = Buffer.from(
  keys.map((key) => `alice,b* namespaces="file",valid-after="20260101Z" ${key.line} x\n`).join('# y\n'),
);
const krl = Buffer.concat([
  Buffer.from('SSHKRL\n\0', 'latin1'),
  u32(1),
  u64(1n),
  u64(1n),
  u64(0n),
  str(''),
  str('x'),
  Buffer.from([1]),
  str(
    Buffer.concat([
      str(keys[0]?.blob ?? ''),
      str(''),
      Buffer.from([0x20]),
      str(u64(7n)),
      Buffer.from([0x23]),
      str(str('x')),
    ]),
  ),
  Buffer.from([5]),
  str(str(Buffer.alloc(32))),
]);

describe('whatever the bytes', () => {
  test.each<[string, readonly Buffer[], (bytes: Buffer) => unknown]>([
    ['keys', keys.map(({ blob }) => blob), parsePublicKey],
    ['certificates', certificates, parseCertificate],
    ['armor', blobs.map((blob) => Buffer.from(armor(blob))), decodeArmor],
    ['signatures', [...blobs, ...certified], decodeSignatureBlob],
    ['signers', [lines], (bytes) => parseAllowedSigners(bytes, 'explicit')],
    ['revoked keys', [krl, Buffer.from(keys.map((key) => `${key.line}\n`).join(''))], parseRevocations],
  ])('%s are read, or refused with the one typed error', (_, good, read) => {
    for (const one of good) expect(() => read(one)).not.toThrow();
    fc.assert(
      fc.property(bytesLike(good), (bytes) => {
        readOnly(() => read(bytes));
      }),
      { numRuns: 1500 },
    );
  });

  test('a verdict never throws, and a change in what was signed is never accepted', () => {
    const parsed = parseAllowedSigners(Buffer.from(keys.map((key) => `alice ${key.line}\n`).join('')), 'any');
    if (!parsed.ok) throw new Error(parsed.reason);
    const question = {
      namespace: 'file',
      identity: 'alice',
      allowedSigners: parsed.signers,
      revoked: noRevocations,
      nowMs,
    };
    fc.assert(
      fc.property(bytesLike([...blobs, ...certified]), bytesLike([message]), (blob, other) => {
        const signature = Buffer.from(armor(blob));
        expect(verifySignature({ ...question, message, signature }).ok).toBe(false);
        const [good = blob] = blobs;
        expect(verifySignature({ ...question, message: other, signature: Buffer.from(armor(good)) }).ok).toBe(
          false,
        );
      }),
      { numRuns: 600 },
    );
  });

  test('a git object is judged without a throw', () => {
    const commit = Buffer.from(
      `tree x\nparent y\nauthor a\ncommitter b\ngpgsig ${armor(blobs[0] ?? message)
        .trimEnd()
        .replaceAll('\n', '\n ')}\n\ntext\n`,
    );
    const tag = Buffer.from(`object x\ntype commit\ntag v\ntagger t\n\ntext\n${armor(blobs[0] ?? message)}`);
    fc.assert(
      fc.property(bytesLike([commit, tag]), fc.constantFrom('commit', 'tag'), (raw, kind) => {
        const verdict = verifyGitObject({
          kind,
          raw,
          identity: null,
          allowedSigners: [],
          revoked: noRevocations,
          nowMs,
        });
        expect(verdict.ok).toBe(false);
      }),
      { numRuns: 1500 },
    );
  });
});
