/**
 * Finds rows that would go on naming something the plan takes away. A device keeps such a row with a dead
 * reference, and making a row of that name again, even by the plan itself, does not revive it: no rollback leads back
 * to the base (I3).
 */
import type { Dialect, Problem } from '../dialect.ts';
import { itemIdentity } from '../digest.ts';
import { sectionOf, type Configuration, type Item } from '../item.ts';
import type { Action } from './action.ts';

/** What the file says, and the sections of it that can't be planned, with the reason. */
interface Wish {
  readonly desired: Configuration;
  readonly blocked?: readonly Problem[];
}

/** Null when nothing dangles; else the one thing to tell a person. */
export function danglingReference(
  actions: readonly Action[],
  target: Configuration,
  wish: Wish,
  dialect: Pick<Dialect, 'references' | 'isSecret'>,
): string | null {
  const removed = actions.flatMap((action) =>
    action.verb === 'remove' && nameIn(action.item) !== null ? [action.item] : [],
  );
  if (removed.length === 0) return null;
  const goneRows: Configuration = {
    sections: removed.map((item) => ({ path: item.section, kind: 'keyed', items: [item] })),
  };
  const called = (item: Item): string => `${item.section} ${itemIdentity(item, dialect)}`;
  const made = new Set(actions.flatMap((action) => (action.verb === 'add' ? [called(action.item)] : [])));
  const isMade = (item: Item): boolean => made.has(called(item));
  for (const { path, items } of target.sections) {
    for (const item of items) {
      if (isMade(item)) continue;
      const stays = dialect.references(item, target).filter((one) => !isMade(one));
      const named = dialect
        .references(item, goneRows)
        .find((gone) => !stays.some((one) => nameIn(one) === nameIn(gone)));
      if (named === undefined) continue;
      const gone = `${named.section} ${itemIdentity(named, dialect)} is to be removed, but ${`${path} ${itemIdentity(item, dialect)}`.trim()} still names it`;
      return `${gone}${remedyFor(path, wish)}`;
    }
  }
  return null;
}

function remedyFor(path: string, { desired, blocked = [] }: Wish): string {
  const obstacle = blocked.find(({ section }) => section === path);
  if (obstacle !== undefined) return `, and ${path} is left as it is; ${obstacle.message}`;
  if (sectionOf(desired, path) !== undefined) return ': change or remove that too';
  // Nothing that the file says about other sections could take that row away.
  return `, and the file does not speak for ${path}: add that section to the file as it should be, or own everything (--owns everything, in device.yaml "owns: everything") if the file is the whole configuration`;
}

/** Rows of menus in which a name may occur twice have no key, and are named all the same. */
function nameIn({ properties }: Item): string | null {
  return properties.find(([property]) => property === 'name')?.[1] ?? null;
}
