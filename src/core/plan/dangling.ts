/**
 * Finds rows that would go on naming something the plan takes away. A device keeps such a row with a dead
 * reference, and making the named row again does not revive it: no rollback leads back to the base (I3).
 */
import type { Dialect } from '../dialect.ts';
import { itemIdentity } from '../digest.ts';
import type { Configuration, Item } from '../item.ts';
import type { Action } from './action.ts';

/** Null when nothing dangles; else the one thing to tell a person. */
export function danglingReference(
  actions: readonly Action[],
  target: Configuration,
  dialect: Pick<Dialect, 'references'>,
): string | null {
  const removed = actions.flatMap((action) =>
    action.verb === 'remove' && action.item.key?.startsWith('name=') === true ? [action.item] : [],
  );
  if (removed.length === 0) return null;
  const gone: Configuration = {
    sections: removed.map((item) => ({ path: item.section, kind: 'keyed', items: [item] })),
  };
  for (const { path, items } of target.sections) {
    for (const item of items) {
      const named = dialect.references(item, gone).find((one) => !stillThere(one, item, target, dialect));
      if (named === undefined) continue;
      return `${named.section} ${itemIdentity(named)} is to be removed, but ${`${path} ${itemIdentity(item)}`.trim()} still names it: change or remove that too`;
    }
  }
  return null;
}

/** Another row of that name takes its place, as when a bridge becomes a VLAN of the same name. */
function stillThere(
  gone: Item,
  by: Item,
  target: Configuration,
  dialect: Pick<Dialect, 'references'>,
): boolean {
  return dialect.references(by, target).some((one) => one.key === gone.key);
}
