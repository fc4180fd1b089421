/**
 * An action as console commands, one a line, as a person would type them: space form, full names, values quoted so
 * that the console expands nothing. Rows are selected by what they are, never by number. Secrets are masked
 * unless asked for.
 */
import type { SecretWord } from '../../core/dialect.ts';
import type { Action } from '../../core/plan/action.ts';
import { changesBetween } from '../../core/plan/model.ts';
import { canonicalItem } from '../../core/digest.ts';
import type { Item, Section } from '../../core/item.ts';
import { isSecretProperty } from './menus.ts';
import { printArgument } from './quote.ts';
import { addWords, changeCommands, findRows, isSingleton } from './script-forms.ts';

export function renderAction(
  action: Action,
  before: readonly Section[],
  secretWord: SecretWord | null,
): readonly string[] {
  const { section } = action;
  const items = before.find((s) => s.path === section)?.items ?? [];
  const print = printerFor(section, secretWord);
  const row = (item: Item, nth = 0): string => selector(item, items, nth);
  const place = (name: string): string => {
    if (action.verb === 'set' || action.verb === 'remove' || action.before === null) return '';
    return ` ${name}${row(action.before, action.beforeNth)}`;
  };
  switch (action.verb) {
    case 'add':
      return [`${section} add ${addWords(action.item, print)}${place('place-before=')}`];
    case 'set': {
      const where = isSingleton(action.from) ? '' : `${row(action.from, action.nth)} `;
      const changes = changeCommands(action.from, changesBetween(action.from, action.to), print);
      if (changes.length < 2 || action.from.key !== null) {
        return changes.map((change) => `${section} ${change.verb} ${where}${change.words}`);
      }
      return renderInTurn(action.from, action.nth ?? 0, items, changes);
    }
    case 'remove':
      return [`${section} remove ${row(action.item, action.nth)}`];
    case 'move':
      return [`${section} move ${row(action.item, action.nth)}${place('')}`];
  }
}

/** Found by content, a row is another one after each command: each selects what the one before has made. */
function renderInTurn(
  from: Item,
  nth: number,
  items: readonly Item[],
  changes: ReturnType<typeof changeCommands>,
): readonly string[] {
  const at = positionOf(from, items, nth);
  const rows = [...items];
  let current = from;
  return changes.map((change) => {
    const line = `${from.section} ${change.verb} ${selectorAt(current, rows, at)} ${change.words}`;
    const names = new Set(change.properties.map(([name]) => name));
    const kept = current.properties.filter(([name]) => !names.has(name));
    const properties = [...kept, ...change.properties.filter(([, value]) => value !== null)];
    properties.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    current = { ...current, properties };
    if (at >= 0) rows[at] = current;
    return line;
  });
}

function printerFor(section: string, secretWord: SecretWord | null): typeof printArgument {
  return (name, value, flag) =>
    secretWord !== null && value !== null && value !== '' && isSecretProperty(section, name)
      ? `${name}=${secretWord(name, value)}`
      : printArgument(name, value, flag);
}

function selector(item: Item, items: readonly Item[], nth: number): string {
  return item.key === null ? selectorAt(item, items, positionOf(item, items, nth)) : maskedFind(item);
}

/** By content; where other rows have all of these properties too, the n-th of them. */
function selectorAt(item: Item, items: readonly Item[], at: number): string {
  const like = [...items.keys()].filter((i) => includes(items[i] as Item, item));
  const find = maskedFind(item);
  return like.length < 2 || at < 0 ? find : `[:pick ${find} ${like.indexOf(at)}]`;
}

/** A secret says nothing about which row is meant that its other properties do not. */
function maskedFind(item: Item): string {
  const properties = item.properties.filter(([name]) => !isSecretProperty(item.section, name));
  return findRows(item.key === null ? { ...item, properties } : item);
}

function positionOf(item: Item, items: readonly Item[], nth: number): number {
  const content = canonicalItem(item);
  return [...items.keys()].filter((i) => canonicalItem(items[i] as Item) === content)[nth] ?? -1;
}

/** Whether `find where` with the properties of `wanted` finds this row; secrets are not looked at. */
function includes(row: Item, wanted: Item): boolean {
  const values = new Map(row.properties);
  return wanted.properties.every(
    ([name, value]) => isSecretProperty(wanted.section, name) || value === null || values.get(name) === value,
  );
}
