/**
 * All rollouts that a difference too large for one of them takes, one after the other as the passes of a daemon would
 * plan them: each from what the one before has reached. For showing; a daemon plans from what it reads.
 */
import type { Configuration } from '../item.ts';
import type { Plan } from './action.ts';
import { diffConfigurations, type DiffInput } from './diff.ts';
import { makePlan, withSections, type PlanInput, type PlanResult } from './plan.ts';

/** A difference that takes more is no change of a configuration any more. */
const mostParts = 100;

export interface Parts {
  readonly plans: readonly Plan[];
  /** Why there is no whole plan. */
  readonly refused: Extract<PlanResult, { kind: 'refused' }> | null;
}

export function planAllParts(
  input: PlanInput,
  diff: Omit<DiffInput, 'desired' | 'actual' | 'dialect'>,
): Parts {
  const { desired, dialect } = input;
  const plans: Plan[] = [];
  let actual: Configuration = input.actual;
  let differences = input.differences;
  while (plans.length < mostParts) {
    const made = makePlan({ ...input, differences, actual });
    if (made.kind === 'refused') return { plans: [], refused: made };
    if (made.kind === 'nothing') return { plans, refused: null };
    plans.push(made.plan);
    if (made.plan.left === undefined) return { plans, refused: null };
    actual = withSections(actual, made.plan.target);
    ({ differences } = diffConfigurations({ ...diff, desired, actual, dialect }));
  }
  const message = `it would take more than ${mostParts} rollouts: commit the change in several steps`;
  return { plans: [], refused: { kind: 'refused', code: 'plan-too-large', message } };
}
