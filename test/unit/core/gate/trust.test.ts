/** What makes trust files and people unusable as a whole. */
import { describe, expect, test } from 'vitest';
import { validatePolicy } from '../../../../src/core/gate/policy.ts';
import { buildTrust, checkNotRewound, krlVersionOf, personOf } from '../../../../src/core/gate/trust.ts';
import type { Person } from '../../../../src/core/site.ts';
import { gatePolicy, operational } from '../../../support/gate.ts';
import { str, u32, u64 } from '../../../support/ssh-keys.ts';
import { makeKey } from '../../../support/ssh-signature.ts';

const key = makeKey();
const people: Person[] = [
  { name: 'alice', principals: ['alice@example.org'], roles: ['operational'] },
  { name: 'bob', principals: ['bob@example.org', 'robert'], roles: ['operational', 'recovery'] },
];
const build = (
  signers: string,
  revoked: string | null = null,
  persons = people,
  organization = 'example.org',
) =>
  buildTrust(
    { file: 'allowed_signers', bytes: Buffer.from(signers) },
    revoked === null ? null : { file: 'revoked_keys', bytes: Buffer.from(revoked) },
    persons,
    organization,
  );

describe('trust files', () => {
  test('that are well give signers, people and the digests of the files', () => {
    const trust = build(
      `# signers\nalice@example.org namespaces="${operational},git" ${key.line} laptop\n`,
      '',
    );
    expect(trust.signers).toMatchObject([
      { line: 2, principals: 'alice@example.org', key: { fingerprint: key.fingerprint } },
    ]);
    expect(trust.digests.allowedSigners).toMatch(/^[0-9a-f]{64}$/);
    expect(personOf('robert', trust.people)?.name).toBe('bob');
    expect(personOf('mallory', trust.people)).toBeNull();
  });

  const good = `alice@example.org namespaces="${operational}" ${key.line}\n`;
  test.each([
    ['a line without namespaces', `${good}bob@example.org ${makeKey().line}\n`, 2],
    ['a namespace with a wildcard', `alice@example.org namespaces="siteward-*" ${key.line}\n`, 1],
    ['a negated namespace', `alice@example.org namespaces="git,!file" ${key.line}\n`, 1],
    ['an empty namespace', `alice@example.org namespaces="" ${key.line}\n`, 1],
    ['a principal that is everybody', `* namespaces="git" ${key.line}\n`, 1],
    ['one bad line', `${good}nonsense\n`, 2],
    ['a NUL in a comment', '# \0\n', 1],
    ['one key for two people', `${good}bob@example.org namespaces="${operational}" ${key.line}\n`, 2],
    ['a pattern that fits two people', `*@example.org namespaces="${operational}" ${key.line}\n`, 1],
  ])('with %s are refused with file and line', (_, text, line) => {
    expect(() => build(text)).toThrow(
      expect.objectContaining({ code: 'bad-trust', place: { file: 'allowed_signers', line } }) as Error,
    );
  });

  test.each([
    ['garbage', 'hello\n'],
    ['a binary list', 'SSHKRL\n\0rest'],
    ['a line with options', `alice namespaces="git" ${key.line}\n`],
  ])('with %s as revoked keys are refused', (_, text) => {
    expect(() => build(good, text)).toThrow(expect.objectContaining({ code: 'bad-trust' }) as Error);
  });

  test.each([
    ['a principal with a wildcard', [{ name: 'alice', principals: ['*@example.org'], roles: [] }]],
    ['a principal of two people', [...people, { name: 'eve', principals: ['robert'], roles: [] }]],
    ['a person there twice', [...people, { name: 'bob', principals: [], roles: [] }]],
  ])('with %s among the people are refused', (_, persons) => {
    expect(() => build(good, null, persons)).toThrow(/^trust: /);
  });

  test('with an organization that could fit more than one namespace are refused', () => {
    expect(() => build(good, null, people, '*')).toThrow(/organization/);
  });
});

describe('the version of a binary list of revoked keys', () => {
  const good = `alice@example.org namespaces="${operational}" ${key.line}\n`;
  const listOf = (version: bigint): string =>
    Buffer.concat([
      Buffer.from('SSHKRL\n\0', 'latin1'),
      u32(1),
      u64(version),
      u64(0n),
      u64(0n),
      str(''),
      str(''),
    ]).toString('latin1');
  // The builder takes bytes: one character is one of them here.
  const withList = (version: bigint) =>
    buildTrust(
      { file: 'allowed_signers', bytes: Buffer.from(good) },
      { file: 'revoked_keys', bytes: Buffer.from(listOf(version), 'latin1') },
      people,
      'example.org',
    );

  test('is known, and a plain list has none', () => {
    expect(krlVersionOf(withList(7n))).toBe(7n);
    expect(krlVersionOf(build(good, `${makeKey().line}\n`))).toBeNull();
    expect(krlVersionOf(build(good))).toBeNull();
  });

  test('only rises', () => {
    const check = (version: bigint, known: bigint | null) => () =>
      checkNotRewound(withList(version), known, 'revoked_keys');
    for (const known of [null, 6n, 7n]) expect(check(7n, known)).not.toThrow();
    expect(check(7n, 8n)).toThrow(
      expect.objectContaining({ code: 'krl-rewound', place: { file: 'revoked_keys' } }) as Error,
    );
    expect(check(7n, 8n)).toThrow('ssh-keygen -k -z 9');
    expect(() => checkNotRewound(build(good), 8n, null)).not.toThrow();
  });
});

describe('the policy', () => {
  const approvals = (operationalNeed: number, recoveryNeed: number) => ({
    ...gatePolicy,
    approvals: { operational: operationalNeed, recovery: recoveryNeed },
  });

  test('that the people can meet is accepted, also when nobody has a role', () => {
    expect(() => validatePolicy(approvals(2, 1), people)).not.toThrow();
    expect(() => validatePolicy(approvals(1, 2), people.slice(0, 1))).not.toThrow();
    for (const expiresMs of [1000, 7 * 86_400_000])
      expect(() => validatePolicy({ ...approvals(1, 1), expiresMs }, people)).not.toThrow();
  });

  test.each([
    ['no approvals', approvals(0, 1)],
    ['negative approvals', approvals(-1, 1)],
    ['approvals that are no number', approvals(NaN, 1)],
    ['half approvals', approvals(1.5, 1)],
    ['more approvals than people', approvals(3, 1)],
    ['an expiry over seven days', { ...approvals(1, 1), expiresMs: 7 * 86_400_000 + 1 }],
    ['an expiry of less than a second', { ...approvals(1, 1), expiresMs: 999 }],
    ['an expiry that is no number', { ...approvals(1, 1), expiresMs: NaN }],
  ])('with %s is refused', (_, policy) => {
    expect(() => validatePolicy(policy, people)).toThrow(
      expect.objectContaining({ code: 'bad-policy' }) as Error,
    );
  });
});
