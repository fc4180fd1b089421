/**
 * What must hold besides menu and property for a row of the tiers to fit: conditions that keep a harmless looking
 * item from opening, closing or starving the way in by a detour. When in doubt a condition does not hold.
 */
import type { PlanContext } from '../../core/dialect.ts';
import type { Configuration, Item } from '../../core/item.ts';
import { propertyOf } from '../../core/item.ts';
import type { Action } from '../../core/plan/action.ts';
import { ipv4, isIn, rangeOf } from './management-path-ipv4.ts';

export interface ConditionInput {
  readonly action: Action;
  readonly context: PlanContext;
  /** Nothing that the management path depends on is touched by this action. */
  readonly offPath: boolean;
}

export const conditions = {
  /** What siteward itself made, or adds. */
  own: ({ action, context }: ConditionInput) =>
    action.verb === 'add' || context.isOwn(action.verb === 'set' ? action.from : action.item),
  /** Entries of a list that no rule looks at but those for forwarded traffic, in either family. */
  unusedList: ({ action, context, offPath }: ConditionInput) =>
    offPath &&
    listsOf(action).every((list) => [context.base, context.target].every((one) => !isLookedAt(list, one))),
  /** No address list has this very name as a member: then the name would decide who is in the list. */
  fillsNoList: ({ action, context }: ConditionInput) =>
    formsOf(action).every((item) =>
      [context.base, context.target].every(
        (one) => !itemsIn(one, isAddressList).some((entry) => isNamedBy(entry, item)),
      ),
    ),
  /** A queue for some hosts that are neither this device's address nor the daemon's. */
  narrowQueue: ({ action, context }: ConditionInput) =>
    formsOf(action).every((item) => isNarrow(item, context)),
} as const;

export type Condition = keyof typeof conditions;

const isAddressList = (path: string): boolean => /^\/ip(v6)? firewall address-list$/.test(path);
const isRules = (path: string): boolean => /^\/ip(v6)? firewall (filter|raw|mangle|nat)$/.test(path);

function formsOf(action: Action): readonly Item[] {
  return action.verb === 'set' ? [action.from, action.to] : [action.item];
}

function itemsIn(configuration: Configuration, holds: (path: string) => boolean): readonly Item[] {
  return configuration.sections.filter(({ path }) => holds(path)).flatMap(({ items }) => items);
}

function listsOf(action: Action): readonly string[] {
  return formsOf(action).map((item) => propertyOf(item, 'list') ?? '');
}

function isLookedAt(list: string, configuration: Configuration): boolean {
  return itemsIn(configuration, isRules).some((rule) => {
    const names = ['src-address-list', 'dst-address-list'].map((name) =>
      propertyOf(rule, name)?.replace(/^!/, ''),
    );
    return names.includes(list) && propertyOf(rule, 'chain') !== 'forward';
  });
}

function isNamedBy(entry: Item, record: Item): boolean {
  const member = (propertyOf(entry, 'address') ?? '').toLowerCase();
  const name = (propertyOf(record, 'name') ?? '').toLowerCase();
  if (propertyOf(record, 'match-subdomain') === 'yes' && member.endsWith(`.${name}`)) return true;
  return member === name;
}

function isNarrow(queue: Item, { management }: PlanContext): boolean {
  const targets = (propertyOf(queue, 'target') ?? '').split(',');
  const ours = [management.address, management.from].map(ipv4);
  return targets.every((target) => {
    const range = rangeOf(target);
    return range !== null && ours.every((address) => address !== null && !isIn(address, range));
  });
}
