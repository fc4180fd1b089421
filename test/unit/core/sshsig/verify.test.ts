/** Signatures made here, and changed on purpose: each refusal with its own code, and never a throw. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAllowedSigners } from '../../../../src/core/sshsig/allowed-signers.ts';
import { noRevocations, parseRevocations } from '../../../../src/core/sshsig/revocation.ts';
import type { SignatureVerdict } from '../../../../src/core/sshsig/verdict.ts';
import { verifySignature, verifyWithAnyPrincipal } from '../../../../src/core/sshsig/verify.ts';
import { armor, makeKey, signMessage, signatureBlob } from '../../../support/ssh-signature.ts';

const namespace = 'file';
const message = Buffer.from('message');
const alice = makeKey();
const bob = makeKey();
const nowMs = Date.parse('2026-06-01T12:00:00.900Z');

function judge(
  signature: string | Uint8Array,
  signers = `alice ${alice.line}\nbob ${bob.line}\n`,
  identity: string | null = 'alice',
  at = nowMs,
): SignatureVerdict {
  const parsed = parseAllowedSigners(Buffer.from(signers), 'any');
  if (!parsed.ok) throw new Error(parsed.reason);
  return verifySignature({
    message,
    signature: Buffer.from(signature),
    namespace,
    identity,
    allowedSigners: parsed.signers,
    revoked: noRevocations,
    nowMs: at,
  });
}

const good = signMessage(alice, namespace, message);
const blob = signatureBlob(alice, namespace, message);

/** The blob with the string at its end (the inner signature) made anew. */
function withInner(change: (inner: Buffer) => Buffer): string {
  const size = 4 + 11 + 4 + 64;
  const inner = change(Buffer.from(blob.subarray(blob.length - size)));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(inner.length);
  return armor(Buffer.concat([blob.subarray(0, blob.length - size - 4), length, inner]));
}

/** S replaced by S + L: another signature that lenient verifiers take as well. */
function malleated(inner: Buffer): Buffer {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(inner.subarray(-32)).reverse().toString('hex')}`) + order;
  const bytes = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
  return Buffer.concat([inner.subarray(0, -32), bytes]);
}

describe('a signature', () => {
  test('that is good is accepted, with sha256 and sha512', () => {
    expect(judge(good)).toEqual({
      ok: true,
      principal: 'alice',
      fingerprint: alice.fingerprint,
      keyType: 'ssh-ed25519',
      certificate: null,
      securityKey: null,
    });
    expect(judge(armor(signatureBlob(alice, namespace, message, 'sha256'))).ok).toBe(true);
    expect(judge(good.replaceAll('\n', '\r\n')).ok).toBe(true);
    expect(judge(good.trimEnd()).ok).toBe(true);
  });

  test.each([
    ['with S + L', withInner(malleated), 'bad-signature'],
    [
      'of 63 bytes',
      withInner((inner) => Buffer.concat([inner.subarray(0, 18), Buffer.from([63]), inner.subarray(19, 82)])),
      'bad-signature',
    ],
    [
      'with bytes behind it',
      withInner((inner) => Buffer.concat([inner, Buffer.from([1, 0, 0, 0, 1])])),
      'malformed-signature',
    ],
    ['with bytes behind the blob', armor(Buffer.concat([blob, Buffer.from([0])])), 'malformed-signature'],
    [
      'with another type than its key',
      withInner((inner) =>
        Buffer.concat([inner.subarray(0, 4), Buffer.from('ssh-ed25510'), inner.subarray(15)]),
      ),
      'unsupported-signature-type',
    ],
    ['with an empty line at its end', `${good}\n`, 'malformed-signature'],
    ['with a blank in it', good.replace('U1NI', 'U1 NI'), 'malformed-signature'],
    ['with text above it', `hello\n${good}`, 'malformed-signature'],
    ['with md5', armor(signatureBlob(alice, namespace, message, 'md5')), 'malformed-signature'],
    ['for an empty namespace', signMessage(alice, '', message), 'malformed-signature'],
    ['for another namespace', signMessage(alice, 'File', message), 'wrong-namespace'],
    ['that is too large', `${good}${' '.repeat(65_536)}`, 'malformed-signature'],
    ['with bytes above ASCII', good.replace('SIGNATURE', 'SIGNATUR\u00c9'), 'malformed-signature'],
  ])('%s is refused', (_, signature, code) => {
    expect(judge(signature)).toMatchObject({ ok: false, code });
  });

  test.each([
    ['by a key that is listed as an authority only', `alice cert-authority ${alice.line}`, 'unknown-key'],
    ['by a key of somebody else', `bob ${alice.line}`, 'principal-mismatch'],
    ['by a key for another namespace', `alice namespaces="git" ${alice.line}`, 'namespace-not-allowed'],
    ['one second too early', `alice valid-after="20260601120001Z" ${alice.line}`, 'key-not-yet-valid'],
    ['one second too late', `alice valid-before="20260601115959Z" ${alice.line}`, 'key-expired'],
    [
      'by a key whose lines all miss for a reason each',
      `bob ${alice.line}\nalice valid-before="20260101Z" ${alice.line}`,
      'key-expired',
    ],
  ])('%s is refused', (_, signers, code) => {
    expect(judge(good, `${signers}\n`)).toMatchObject({ ok: false, code, fingerprint: alice.fingerprint });
  });

  test.each([
    ['in the last second of its key', 'alice valid-before="20260601120000Z" '],
    ['in the first second of its key', 'alice valid-after="20260601120000Z" '],
    ['by a key that a second line allows', `alice namespaces="git" ${alice.line}\nalice `],
  ])('%s is accepted', (_, prefix) => {
    expect(judge(good, `${prefix}${alice.line}\n`)).toMatchObject({ ok: true });
  });

  test.each(['*', '*@example.org', 'alic?', 'alice,bob', '!alice'])(
    'for the identity %s is refused',
    (identity) => {
      expect(judge(good, `* ${alice.line}\n`, identity)).toMatchObject({
        ok: false,
        code: 'identity-not-plain',
      });
    },
  );

  test('at a time that is not known is refused', () => {
    expect(judge(good, undefined, 'alice', NaN).ok).toBe(false);
  });

  test('of no message, or for nobody, is refused', () => {
    expect(judge(good, undefined, '')).toMatchObject({ code: 'empty-identity' });
    const empty = {
      message: Buffer.alloc(0),
      signature: Buffer.from(signMessage(alice, namespace, '')),
      namespace,
      identity: 'alice',
    };
    expect(verifySignature({ ...empty, allowedSigners: [], revoked: noRevocations, nowMs })).toMatchObject({
      code: 'empty-message',
    });
  });

  test('without an identity is accepted for whoever is listed', () => {
    expect(judge(good, `"alice,a smith" ${alice.line}\n`, null)).toMatchObject({
      ok: true,
      principal: 'alice,a smith',
    });
  });

  test('tells which of several principals signed', () => {
    const parsed = parseAllowedSigners(Buffer.from(`bob ${bob.line}\n*@example.org ${alice.line}\n`), 'any');
    if (!parsed.ok) throw new Error(parsed.reason);
    const question = {
      message,
      signature: Buffer.from(good),
      namespace,
      allowedSigners: parsed.signers,
      revoked: noRevocations,
      nowMs,
    };
    expect(
      verifyWithAnyPrincipal({ ...question, principals: ['bob', '', 'alice@example.org'] }),
    ).toMatchObject({ principal: 'alice@example.org' });
    expect(verifyWithAnyPrincipal({ ...question, principals: ['bob'] })).toMatchObject({
      code: 'principal-mismatch',
    });
    expect(verifyWithAnyPrincipal({ ...question, principals: [] })).toMatchObject({
      code: 'principal-mismatch',
    });
  });

  test('by a revoked key is refused before anything else is said about it', () => {
    const revocations = parseRevocations(Buffer.from(`${alice.line}\n`));
    if (!revocations.ok) throw new Error(revocations.reason);
    const question = {
      message,
      signature: Buffer.from(good),
      namespace,
      identity: 'alice',
      allowedSigners: [],
      nowMs,
    };
    expect(verifySignature({ ...question, revoked: revocations.revoked })).toMatchObject({
      code: 'revoked-key',
    });
  });
});

describe('whatever the bytes', () => {
  test('the answer is a verdict, soon, and no change passes', () => {
    const bytes = Buffer.from(blob);
    fc.assert(
      fc.property(
        fc.nat(bytes.length - 1),
        fc.uint8Array({ maxLength: 8 }),
        fc.nat(8),
        (at, insert, removed) => {
          const changed = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + removed)]);
          const before = process.cpuUsage();
          const verdict = judge(armor(changed));
          expect(process.cpuUsage(before).user / 1000).toBeLessThan(250);
          expect(verdict.ok).toBe(changed.equals(bytes));
        },
      ),
      { numRuns: 300 },
    );
  });
});
