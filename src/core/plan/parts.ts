/**
 * A difference too large for one rollout becomes several: the plan is the first part, proved on its own, and the
 * next pass plans the rest. A part takes the rows of one chain together where that can be, since half a chain is a
 * filter that no commit meant, and takes rows in the order in which they are made, so that none names what is to come.
 * A chain that is too large by itself goes in pieces: its first steps, which make before they break.
 */
import type { Dialect } from '../dialect.ts';
import type { Difference, Plan } from './action.ts';
import type { ActionList, LabelledAction } from './actions.ts';
import { Model, changesBetween } from './model.ts';
import { renameOfDifference } from './renames.ts';
import { groupBy } from './order.ts';

/** The bounds of one rollout: console commands, and bytes of the longest script that the device must hold. */
export const mostCommands = 500;
export const mostScriptBytes = 65_536;

/** How many times over the bounds; 1 or less fits. */
export function sizeOf(plan: Plan, dialect: Dialect): number {
  const commands = plan.actions.reduce((sum, { forward }) => sum + forward.length, 0);
  const most = commands / mostCommands;
  return most > 1 ? most : Math.max(most, (dialect.scriptBytes?.(plan) ?? 0) / mostScriptBytes);
}

/** A comment means nothing to what passes through the chain. */
function isRemark({ base, target }: Difference): boolean {
  if (base === null || target === null) return false;
  const changes = changesBetween(base, target);
  return changes.length > 0 && changes.every(([name]) => name === 'comment');
}

/** What can only be done together, in an order in which any number of the first ones can go ahead of the rest. */
export function unitsOf(
  differences: readonly Difference[],
  actions: readonly LabelledAction[],
  dialect: Dialect,
): readonly (readonly Difference[])[] {
  const places = new Map<unknown, number>();
  actions.forEach(({ action }, i) => {
    // What only goes must wait for everything that still names it; what comes or changes, for what it names.
    places.set(action.verb === 'set' ? action.from : action.item, i);
    if (action.verb === 'set') places.set(action.to, i);
  });
  const placeOf = ({ base, target }: Difference): number =>
    places.get(target) ?? places.get(base) ?? actions.length;
  const numbers = new Map(differences.map((one, i) => [one, i]));
  const units = groupBy(differences, (one) => {
    if (renameOfDifference(one, dialect) !== null) return 'renames';
    const item = one.base ?? one.target;
    const group = item && dialect.orderGroup(item);
    return group === null || isRemark(one)
      ? `row ${numbers.get(one) ?? 0}`
      : `chain ${one.section}\n${group}`;
  });
  const stays = (unit: readonly Difference[]): readonly Difference[] => {
    const made = unit.filter(({ target }) => target !== null);
    return made.length > 0 ? made : unit;
  };
  return [...units.values()]
    .map((unit) => ({ unit, at: Math.max(...stays(unit).map(placeOf)) }))
    .sort((a, b) => a.at - b.at)
    .map(({ unit }) => unit);
}

/** The first steps of a list that changes one chain; null: they are of more than one, and stay together. */
export function firstSteps(list: ActionList, count: number, dialect: Dialect): ActionList | null {
  const [section, second] = list.base;
  if (section?.kind !== 'ordered' || second !== undefined) return null;
  const model = new Model(list.base, dialect);
  const actions = list.actions.slice(0, count);
  for (const { action } of actions) model.apply(action);
  return { actions, base: list.base, target: model.sections() };
}

/** What to try next when `count` of them were `size` times too large; always fewer. */
export function fewer(count: number, size: number): number {
  return Math.min(count - 1, Math.max(1, Math.floor((count / size) * 0.95)));
}
