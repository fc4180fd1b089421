/**
 * Finds rows that would go on naming something the plan takes away. A device keeps such a row with a dead
 * reference, and making the named row again does not revive it: no rollback leads back to the base (I3).
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
  for (const { path, items } of target.sections) {
    for (const item of items) {
      const named = dialect.references(item, goneRows).find((one) => !stillThere(one, item, target, dialect));
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

/** Another row of that name takes its place, as when a bridge becomes a VLAN of the same name. */
function stillThere(
  gone: Item,
  by: Item,
  target: Configuration,
  dialect: Pick<Dialect, 'references' | 'isSecret'>,
): boolean {
  return dialect.references(by, target).some((one) => nameIn(one) === nameIn(gone));
}

/** Rows of menus in which a name may occur twice have no key, and are named all the same. */
function nameIn({ properties }: Item): string | null {
  return properties.find(([property]) => property === 'name')?.[1] ?? null;
}
