/**
 * A secret that a device has and nobody here knows: in an item's properties it stands as a mark and the keyed digest of
 * the value. It can be told from other values and never be written, so that a rollback leaves what took its place.
 */
import type { Item } from '../item.ts';
import type { Plan } from './action.ts';

/** No byte, so that no value of a configuration can look like it. */
const mark = '\u2026';

export function hiddenSecret(digest: string): string {
  return `${mark}${digest}`;
}

/** The digest; null: the value itself is known. */
export function digestOfHidden(value: string | null): string | null {
  return value?.startsWith(mark) === true ? value.slice(mark.length) : null;
}

export function isHidden(value: string | null): boolean {
  return digestOfHidden(value) !== null;
}

/** What of an item can be written. */
export function withoutHidden(item: Item): Item {
  return item.properties.some(([, value]) => isHidden(value))
    ? { ...item, properties: item.properties.filter(([, value]) => !isHidden(value)) }
    : item;
}

/** How many secrets a plan replaces that its rollback can't bring back. */
export function lostSecretsIn({ actions }: Pick<Plan, 'actions'>): number {
  return actions.reduce(
    (sum, { action }) =>
      action.verb === 'set'
        ? sum + action.from.properties.filter(([, value]) => isHidden(value)).length
        : sum,
    0,
  );
}
