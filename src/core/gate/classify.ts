/**
 * What needs a signature, as far as it does not depend on the kind of device: conflicts, caps on removal,
 * emptied sections, provenance. The dialect's table says the rest. The strictest reason wins, and the floor
 * can't be lowered by anything here.
 */
import type { Dialect, PlanContext, Verdict } from '../dialect.ts';
import type { Item, Section } from '../item.ts';
import type { Action, ActionClass, Label } from '../plan/action.ts';
import type { Policy } from '../site.ts';
import { withLocalRules } from './policy.ts';

export interface ClassifyInput {
  readonly label: Label;
  readonly action: Action;
  readonly context: PlanContext;
  readonly removals: Removals;
  /** Part of a chain that is too large for one rollout: what it is meanwhile, no commit has meant. */
  readonly inPieces?: boolean;
  /** What the site's own policy adds, or takes off the middle tier. */
  readonly rules: Pick<Policy, 'sign' | 'relax'>;
  readonly dialect: Dialect;
}

/** What a whole plan takes away. */
export interface Removals {
  readonly exceeded: boolean;
  /** Sections that had rows made by people and will have none. */
  readonly emptied: ReadonlySet<string>;
}

export function classifyAction(input: ClassifyInput): Verdict {
  return withLocalRules(builtInVerdict(input), input.action.section, input.rules);
}

function builtInVerdict({ label, action, context, removals, inPieces, dialect }: ClassifyInput): Verdict {
  const verdict = dialect.classify(action, context);
  if (verdict.tier === 'floor') return verdict;
  if (label === 'conflict') return floor('conflict');
  if (inPieces === true) return floor('chain-in-pieces');
  if (isRemoval(action)) {
    if (removals.exceeded) return floor('caps-exceeded');
    if (removals.emptied.has(action.section)) return floor('section-emptied');
  }
  if (action.verb === 'remove') {
    return context.isOwn(action.item)
      ? { class: 'benign', tier: 'benign', reason: 'made by siteward' }
      : { class: 'operational', tier: 'middle', reason: 'not made by siteward' };
  }
  if (
    action.verb === 'set' &&
    verdict.tier === 'benign' &&
    resets(action.from, action.to) &&
    !context.isOwn(action.from)
  ) {
    return { class: 'operational', tier: 'middle', reason: 'resets what siteward did not make' };
  }
  return verdict;
}

function floor(reason: string): Verdict {
  return { class: 'operational', tier: 'floor', reason };
}

/** A row that goes, or one that the device brings along going back to how it came. */
function isRemoval(action: Action): boolean {
  return action.verb === 'remove' || (action.verb === 'set' && resets(action.from, action.to));
}

/** Takes a property away without giving it a new value; a comment is not worth a signature. */
function resets(from: Item, to: Item): boolean {
  const names = new Set(to.properties.flatMap(([name, value]) => (value === null ? [] : [name])));
  return from.properties.some(([name, value]) => value !== null && name !== 'comment' && !names.has(name));
}

export function removalsOf(
  actions: readonly Action[],
  base: readonly Section[],
  target: readonly Section[],
  total: number,
  caps: { readonly items: number; readonly share: number },
): Removals {
  const count = actions.filter(isRemoval).length;
  const made = (sections: readonly Section[]): ReadonlyMap<string, number> =>
    new Map(sections.map(({ path, items }) => [path, items.filter((item) => item.created).length]));
  const [before, after] = [made(base), made(target)];
  const emptied = [...before]
    .filter(([path, n]) => n > 0 && (after.get(path) ?? 0) === 0)
    .map(([path]) => path);
  return { exceeded: count > caps.items || count > caps.share * total, emptied: new Set(emptied) };
}

const strictness: Readonly<Record<ActionClass, number>> = { benign: 0, operational: 1, recovery: 2 };

/** Of several actions the strictest class, and the reason of the first that has it. */
export function strictest<T extends { readonly class: ActionClass; readonly reason: string }>(
  actions: readonly T[],
): { readonly class: ActionClass; readonly reason: string } {
  let best: { readonly class: ActionClass; readonly reason: string } = { class: 'benign', reason: '' };
  for (const action of actions) {
    if (best.reason === '' || strictness[action.class] > strictness[best.class]) best = action;
  }
  return { class: best.class, reason: best.reason };
}
