/** What proof and scripts must know about rows: their order, their forms, their names. Pure. */
import type { Item } from '../../core/item.ts';
import type { ConvergeFacts } from '../../core/plan/converge.ts';
import { changesBetween } from '../../core/plan/model.ts';
import { overlay } from '../../core/plan/scope.ts';
import { creationRank, isSecretProperty, menuFacts } from './menus.ts';
import { nameOf, nameSpaceOf, withNames } from './names.ts';
import { changeCommands } from './script-forms.ts';

export const rowFacts = {
  orderGroup,
  isSecret: isSecretProperty,
  nameOf,
  nameSpaceOf,
  withNames,
  creationRank,
  intermediates,
} satisfies ConvergeFacts;

function orderGroup(item: Item): string | null {
  const facts = menuFacts(item.section);
  if (facts?.kind !== 'ordered') return null;
  return facts.group === null ? '' : (item.properties.find(([name]) => name === facts.group)?.[1] ?? '');
}

/**
 * A route is its destination in its table, which the text of a default route need not even name: with another gateway it
 * is the same route. Set in one command it leaves no moment with two ways or with none, as removing and making it would.
 * What has a name is what others name it for, also in menus where a name may occur twice: made anew, it is not theirs.
 */
export function purposeOf(item: Item): string | null {
  const own = new Map(item.properties);
  if (item.section !== '/ip route' && item.section !== '/ipv6 route') return own.get('name') ?? null;
  const table = own.get('routing-table') ?? own.get('routing-mark') ?? 'main';
  return `${own.get('dst-address') ?? 'default'} ${table}`;
}

/** Forms between the commands of one `set`; only rows found by content need them. */
function intermediates(from: Item, to: Item): readonly Item[] {
  const forms: Item[] = [];
  let current = from;
  for (const { properties } of changeCommands(from, changesBetween(from, to)).slice(0, -1)) {
    const merged = overlay(current.properties, properties).filter(([, value]) => value !== null);
    current = { ...current, properties: merged };
    forms.push(current);
  }
  return forms;
}
