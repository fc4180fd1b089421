/**
 * Local rules about signatures, checked when they are loaded: a threshold that can't be met, or one that asks
 * for nobody, is an error in the settings and never a way through the gate.
 */
import { InvalidInput } from '../errors.ts';
import type { Place } from '../errors.ts';
import type { Person, Policy, Role } from '../site.ts';

export const roles: readonly Role[] = ['operational', 'recovery'];

const dayMs = 24 * 60 * 60 * 1000;
const longestMs = 7 * dayMs;

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
  if (!Number.isSafeInteger(policy.expiresMs) || policy.expiresMs < 1000 || policy.expiresMs > longestMs) {
    throw new InvalidInput('bad-policy', 'policy: expires must be from 1s to 7d', place);
  }
}
