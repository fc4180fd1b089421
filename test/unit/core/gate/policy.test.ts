/** The local rules: which menus an entry means, and what is said of a policy that can't be kept. */
import { describe, expect, test } from 'vitest';
import { coversMenu, validatePolicy, withLocalRules } from '../../../../src/core/gate/policy.ts';
import { InvalidInput } from '../../../../src/core/errors.ts';
import type { Person, Policy, Role } from '../../../../src/core/site.ts';
import { gatePolicy } from '../../../support/gate.ts';

test.each([
  ['/ip firewall', '/ip firewall', true],
  ['/ip firewall', '/ip firewall filter', false],
  ['/ip firewall*', '/ip firewall', true],
  ['/ip firewall*', '/ip firewall filter', true],
  ['/ip firewall*', '/ip firewalls', false],
  ['/ip firewall*', '/ip', false],
  ['*', '/system identity', true],
])('the entry %s means the menu %s: %s', (entry, menu, expected) => {
  expect(coversMenu(entry, menu)).toBe(expected);
});

test('local rules are told in front of the reason that they change', () => {
  const benign = { class: 'benign', tier: 'benign', reason: 'comment' } as const;
  const middle = { class: 'operational', tier: 'middle', reason: 'traffic' } as const;
  const floor = { class: 'operational', tier: 'floor', reason: 'users' } as const;
  const [widened, relaxed] = [
    { sign: ['*'], relax: [] },
    { sign: [], relax: ['*'] },
  ];
  expect(withLocalRules(benign, '/x', widened)).toEqual({ ...middle, reason: 'local policy: comment' });
  expect(withLocalRules(middle, '/x', relaxed)).toEqual({ ...benign, reason: 'local policy: traffic' });
  for (const rules of [widened, relaxed]) expect(withLocalRules(floor, '/x', rules)).toBe(floor);
  expect(withLocalRules(middle, '/x', widened)).toBe(middle);
  expect(withLocalRules(benign, '/x', relaxed)).toBe(benign);
});

describe('a policy that can’t be kept is refused in words', () => {
  const people: Person[] = [
    { name: 'alice', principals: [], roles: ['operational'] },
    { name: 'bob', principals: [], roles: ['operational', 'recovery'] },
  ];
  const place = { file: 'settings.yaml', line: 7 };
  const refusal = (changes: Partial<Policy>, chosen?: readonly Role[]): unknown => {
    const approvals = { operational: 1, recovery: 1 };
    try {
      validatePolicy({ ...gatePolicy, approvals, ...changes }, people, place, chosen);
    } catch (error) {
      if (error instanceof InvalidInput) return [error.code, error.message, error.place];
      throw error;
    }
    return 'nothing was refused';
  };
  const words = (sentence: string): unknown => ['bad-policy', `policy: ${sentence}`, place];

  test.each([0, -1, 1.5, NaN, Infinity, 2 ** 53])('with %d approvals', (n) =>
    expect(refusal({ approvals: { operational: 1, recovery: n } })).toEqual(
      words(`approvals for recovery must be a whole number from 1; got ${n}`),
    ),
  );

  test('with more approvals than people, where somebody chose the number', () => {
    const approvals = { operational: 1, recovery: 2 };
    const sentence =
      'approvals for recovery are 2, but only 1 of the people have that role; lower it or give more people the role';
    expect(refusal({ approvals })).toEqual(words(sentence));
    expect(refusal({ approvals }, ['recovery'])).toEqual(words(sentence));
    expect(refusal({ approvals }, ['operational'])).toBe('nothing was refused');
    expect(refusal({ approvals: { operational: 2, recovery: 1 } })).toBe('nothing was refused');
  });

  test.each([999, 7 * 86_400_000 + 1, 1000.5, NaN, Infinity])('with %d ms to sign in', (expiresMs) =>
    expect(refusal({ expiresMs })).toEqual(words('expires must be from 1s to 7d')),
  );
  test.each([1000, 7 * 86_400_000])('and not with %d ms', (expiresMs) =>
    expect(refusal({ expiresMs })).toBe('nothing was refused'),
  );
});
