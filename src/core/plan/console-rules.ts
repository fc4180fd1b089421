/**
 * What the console would refuse, or worse, do: walks the actions over the whole device, not only over what they touch.
 * A name that is taken, a name of something that is not there yet, and the removal of what is still named, which leaves
 * the naming row with a dead id (`*1F`) that no rollback revives.
 */
import type { Dialect } from '../dialect.ts';
import { canonicalItem, itemIdentity } from '../digest.ts';
import type { Configuration, Item } from '../item.ts';
import type { Action } from './action.ts';
import { groupBy } from './order.ts';

export interface Refusal {
  readonly code: 'name-taken' | 'missing-reference' | 'dangling-reference';
  readonly message: string;
}

type Facts = Pick<Dialect, 'references' | 'nameOf' | 'nameSpaceOf' | 'isSecret'>;

/** Null: each action is possible when its turn comes. */
export function consoleRefusal(
  actions: readonly Action[],
  actual: Configuration,
  facts: Facts,
): Refusal | null {
  return (
    takenName(actions, actual, facts) ??
    namedTooEarly(actions, actual, facts) ??
    goneTooEarly(actions, actual, facts)
  );
}

/** A new or changed name that a row of the namespace has at that moment. */
function takenName(actions: readonly Action[], actual: Configuration, facts: Facts): Refusal | null {
  const spaceOf = (section: string): string => facts.nameSpaceOf?.(section) ?? section;
  const spaces = new Set(actions.map(({ section }) => spaceOf(section)));
  const idOf = (item: Item | null): string | null => {
    const name = (item && facts.nameOf?.(item)) ?? null;
    return item === null || name === null ? null : `${spaceOf(item.section)}\n${name}`;
  };
  const taken = new Map<string, string>();
  for (const { path, items } of actual.sections) {
    if (!spaces.has(spaceOf(path))) continue;
    for (const id of items.map(idOf)) if (id !== null) taken.set(id, path);
  }
  for (const action of actions) {
    const [gone, come] = [formBefore(action), formAfter(action)];
    const [before, after] = [idOf(gone), idOf(come)];
    if (before === after) continue;
    if (before !== null) taken.delete(before);
    if (after === null || come === null) continue;
    const path = taken.get(after);
    if (path !== undefined) {
      const message = `${come.section}: "${facts.nameOf?.(come) ?? ''}" is the name of an item of ${path} at that moment: give one of them another name, or free it in a commit before`;
      return { code: 'name-taken', message };
    }
    taken.set(after, come.section);
  }
  return null;
}

function formBefore(action: Action): Item | null {
  return action.verb === 'set' ? action.from : action.verb === 'remove' ? action.item : null;
}

function formAfter(action: Action): Item | null {
  return action.verb === 'set' ? action.to : action.verb === 'add' ? action.item : null;
}

function idOf(item: Item): string {
  return item.key === null ? canonicalItem(item) : `${item.section}\n${item.key}`;
}

function configurationOf(items: readonly Item[]): Configuration {
  const sections = groupBy(items, ({ section }) => section);
  return { sections: [...sections].map(([path, rows]) => ({ path, kind: 'keyed', items: rows })) };
}

/** A row that names one which is made only later. */
function namedTooEarly(actions: readonly Action[], actual: Configuration, facts: Facts): Refusal | null {
  const added = actions.flatMap((action) =>
    action.verb === 'add' && action.item.key !== null ? [action.item] : [],
  );
  if (added.length === 0) return null;
  const coming = configurationOf(added);
  const waiting = new Set(added.map(idOf));
  for (const action of actions) {
    const item = formAfter(action);
    if (item === null) continue;
    if (action.verb === 'add') waiting.delete(idOf(item));
    const early = facts.references(item, coming).find((other) => waiting.has(idOf(other)));
    if (early === undefined || facts.references(item, actual).some(({ key }) => key === early.key)) continue;
    const message = `${item.section} ${itemIdentity(item, facts)} names ${early.section} ${itemIdentity(early, facts)} before that is made: add that in a commit before`;
    return { code: 'missing-reference', message };
  }
  return null;
}

/** A row that goes while another still names it; one that names it to the end is found by `danglingReference`. */
function goneTooEarly(actions: readonly Action[], actual: Configuration, facts: Facts): Refusal | null {
  const removed = actions.flatMap((action) =>
    action.verb === 'remove' && action.item.key !== null ? [action.item] : [],
  );
  if (removed.length === 0) return null;
  const ends = new Map<string, number>();
  actions.forEach((action, i) => {
    const before = formBefore(action);
    if (before !== null) ends.set(idOf(before), i);
  });
  const gone = configurationOf(removed);
  for (const { path, items } of actual.sections) {
    for (const item of items) {
      const end = ends.get(idOf(item)) ?? -1;
      const named = facts.references(item, gone).find((other) => end > (ends.get(idOf(other)) ?? Infinity));
      if (named === undefined) continue;
      const message = `${named.section} ${itemIdentity(named, facts)} is to be removed, but ${`${path} ${itemIdentity(item, facts)}`.trim()} still names it then: change or remove that in a commit before`;
      return { code: 'dangling-reference', message };
    }
  }
  return null;
}
