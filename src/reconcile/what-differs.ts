/**
 * What of a rollout's items is not as it should be, in words for the record and for status: how many, the first one, and
 * by name each that somebody else has changed under the rollout, since going back overrules it. Names no values. Pure.
 */
import type { FootprintState, Plan } from '../core/plan/action.ts';

const itemWords = {
  base: 'as it was before',
  plan: 'in the middle of its change',
  other: 'changed by something else',
} as const;

/** More are counted, and not named. */
const mostNames = 5;

export function whatDiffers({ actions }: Pick<Plan, 'actions'>, { items }: FootprintState): string {
  const nameOf = (at: number): string => {
    const planned = actions[at];
    if (planned === undefined) return `action ${at + 1}`;
    return `action ${at + 1}, ${planned.action.section} ${planned.item}`.slice(0, 200);
  };
  const wrong = items.flatMap((item, at) => (item === 'target' ? [] : [{ at, item }]));
  const [first] = wrong;
  if (first === undefined) return 'the rows are not in the order that was planned';
  const counted = `${wrong.length} of ${items.length} items not as planned`;
  const others = wrong.filter(({ item, at }) => item === 'other' && at !== first.at);
  const named = others.slice(0, mostNames - 1).map(({ at }) => `; ${itemWords.other}, too: ${nameOf(at)}`);
  const rest = others.length - named.length;
  return (
    `${counted}, the first: ${nameOf(first.at)} (${itemWords[first.item]})${named.join('')}` +
    (rest > 0 ? `; and ${rest} more` : '')
  );
}
