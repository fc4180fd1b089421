/**
 * Local rules about signatures, checked when they are loaded: a threshold that can't be met, or one that asks
 * for nobody, is an error in the settings and never a way through the gate.
 */
import type { Verdict } from '../dialect.ts';
import { InvalidInput } from '../errors.ts';
import type { Place } from '../errors.ts';
import type { Person, Policy, Role } from '../site.ts';

export const roles: readonly Role[] = ['operational', 'recovery'];

const dayMs = 24 * 60 * 60 * 1000;
/** No document is good for longer, whatever it waits for. */
export const longestExpiryMs = 7 * dayMs;

/**
 * Throws `InvalidInput` bad-policy. A role that nobody has is allowed: what needs it can't be signed.
 * `chosen`: the roles whose threshold somebody set, and which must therefore be within reach.
 */
export function validatePolicy(
  policy: Policy,
  people: readonly Person[],
  place: Place | null = null,
  chosen: readonly Role[] = roles,
): void {
  for (const role of roles) {
    const need = policy.approvals[role];
    if (!Number.isSafeInteger(need) || need < 1) {
      throw new InvalidInput(
        'bad-policy',
        `policy: approvals for ${role} must be a whole number from 1; got ${String(need)}`,
        place,
      );
    }
    const have = people.filter((person) => person.roles.includes(role)).length;
    if (chosen.includes(role) && have > 0 && need > have) {
      throw new InvalidInput(
        'bad-policy',
        `policy: approvals for ${role} are ${need}, but only ${have} of the people have that role; lower it or give more people the role`,
        place,
      );
    }
  }
  if (
    !Number.isSafeInteger(policy.expiresMs) ||
    policy.expiresMs < 1000 ||
    policy.expiresMs > longestExpiryMs
  ) {
    throw new InvalidInput('bad-policy', 'policy: expires must be from 1s to 7d', place);
  }
}

/** Whether an entry of `sign` or `relax` means this menu: itself, with `*` at its end also what is below it. */
export function coversMenu(entry: string, menu: string): boolean {
  if (!entry.endsWith('*')) return entry === menu;
  const top = entry.slice(0, -1);
  return top === '' || menu === top || menu.startsWith(`${top} `);
}

/** Local rules upon a verdict: they widen what needs a signature, and relax the middle tier. The floor stays. */
export function withLocalRules(
  verdict: Verdict,
  menu: string,
  { sign, relax }: Pick<Policy, 'sign' | 'relax'>,
): Verdict {
  const widened = sign.some((entry) => coversMenu(entry, menu));
  const reason = `local policy: ${verdict.reason}`;
  if (verdict.tier === 'benign' && widened) return { class: 'operational', tier: 'middle', reason };
  if (verdict.tier === 'middle' && !widened && relax.some((entry) => coversMenu(entry, menu)))
    return { class: 'benign', tier: 'benign', reason };
  return verdict;
}
