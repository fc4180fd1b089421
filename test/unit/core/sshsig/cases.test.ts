/**
 * Signature files with the verdict that two versions of ssh-keygen gave and the one wanted here. Kinds of
 * keys that can't be verified yet must be refused as such; nothing with the verdict reject may pass.
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAllowedSigners, parseTime } from '../../../../src/core/sshsig/allowed-signers.ts';
import { noRevocations, parseRevocations } from '../../../../src/core/sshsig/revocation.ts';
import { verifySignature } from '../../../../src/core/sshsig/verify.ts';

const folder = new URL('../../../../../shared/sshsig/cases/', import.meta.url);
const present = existsSync(folder);

interface Case {
  id: string;
  title: string;
  op: string;
  message: string;
  namespace: string;
  identity: string;
  verify_time: string;
  signature: string;
  allowed_signers: string;
  revocation?: string;
  siteward: 'accept' | 'reject';
}

const read = (path: string): Buffer => readFileSync(new URL(path, folder));
const cases: Case[] = present
  ? (JSON.parse(read('cases.json').toString('utf8')) as { cases: Case[] }).cases
  : [];

/** The verdict's code, `accept`, or the stage that refused. */
function judge(one: Case): string {
  if (one.op !== 'verify') return `no ${one.op} here`;
  if (!existsSync(new URL(one.allowed_signers, folder))) return 'missing';
  const signers = parseAllowedSigners(read(one.allowed_signers), 'any');
  if (!signers.ok) return 'signers';
  const revocations =
    one.revocation === undefined
      ? { ok: true as const, revoked: noRevocations }
      : parseRevocations(read(one.revocation));
  if (!revocations.ok) return revocations.code;
  const verdict = verifySignature({
    message: read(one.message),
    signature: read(one.signature),
    namespace: one.namespace,
    identity: one.identity,
    allowedSigners: signers.signers,
    revoked: revocations.revoked,
    nowMs: parseTime(one.verify_time) * 1000,
  });
  return verdict.ok ? 'accept' : verdict.code;
}

// What is accepted once its kind of key or list has come.
const notYet = ['unsupported-key-type', 'krl-unsupported'];

describe.skipIf(!present)('cases with known verdicts (skipped where ../shared is absent)', () => {
  test.each(cases.map((one) => [one.id, one.title, one] as const))('%s %s', (_id, _title, one) => {
    const verdict = judge(one);
    if (one.siteward === 'reject') expect(verdict).not.toBe('accept');
    else if (verdict !== 'accept') expect(notYet).toContain(verdict);
  });

  test('with an Ed25519 key, what is wanted is accepted', () => {
    const wanted = cases.filter((one) => one.siteward === 'accept');
    const accepted = wanted.filter((one) => judge(one) === 'accept').map((one) => one.id);
    const others = wanted.filter((one) => judge(one) !== 'accept').map((one) => one.id.slice(4));
    expect(accepted.length).toBeGreaterThan(20);
    // Everything else is another kind of key, a certificate, or a binary list.
    expect(others.filter((id) => !/^(rsa|ec\d|ec-|sk-|ca-|krl-)/.test(id))).toEqual([]);
  });
});
