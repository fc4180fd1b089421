/**
 * Rows and what becomes of them in words that people read: `+ ~ - >` under the menu, old → new, secrets masked.
 * Shared by the difference and the plan.
 */
import type { Action } from '../core/plan/action.ts';
import { changesBetween } from '../core/plan/model.ts';
import { defaultRow } from '../core/plan/scope.ts';
import type { Item, Properties } from '../core/item.ts';
import { isSecretProperty, menuFacts, propertyFacts } from '../drivers/routeros/menus.ts';
import { printArgument, quoteValue } from '../drivers/routeros/quote.ts';
import { resetValue } from '../drivers/routeros/script-forms.ts';
import { paint, printLine, safe, type Tone } from './terminal.ts';

export interface Line {
  readonly verb: Action['verb'];
  readonly section: string;
  readonly words: string;
}

export interface PropertyChange {
  readonly property: string;
  readonly from: string | null;
  readonly to: string | null;
}

const signs: Readonly<Record<Action['verb'], readonly [string, Tone]>> = {
  add: ['+', 'good'],
  set: ['~', 'warn'],
  remove: ['-', 'bad'],
  move: ['>', 'warn'],
};

/** Grouped by menu, in the order in which they come. */
export function printLines(lines: readonly Line[]): void {
  let section = '';
  for (const line of lines) {
    if (line.section !== section) printLine(` ${safe(line.section)}`);
    section = line.section;
    const [sign, tone] = signs[line.verb];
    printLine(`  ${paint(tone, sign)} ${safe(line.words)}`);
  }
}

export function totals(verbs: readonly Action['verb'][]): string {
  const of = (verb: Action['verb']): number => verbs.filter((one) => one === verb).length;
  const moved = of('move');
  const rest = moved === 0 ? '' : `, ${moved} to move`;
  return `${of('add')} to add, ${of('set')} to change, ${of('remove')} to remove${rest}`;
}

/** The row whole, as its command would say it; a row that the device brings along by its name. */
export function rowWords(item: Item): string {
  const words = argumentsOf(item.section, item.properties);
  return item.created ? words : [item.key ?? '', words].filter((part) => part !== '').join(' ');
}

function argumentsOf(section: string, properties: Properties): string {
  return properties
    .map(([name, value]) =>
      value !== null && value !== '' && isSecretProperty(section, name)
        ? `${name}=<secret:${name}>`
        : printArgument(name, value, propertyFacts(section, name)?.type === 'flag'),
    )
    .join(' ');
}

/** Names of what a row that goes may hold and its export does not show: nothing could bring that back. */
export function hiddenSecrets(action: Action): readonly string[] {
  if (action.verb !== 'remove') return [];
  const { section, properties } = action.item;
  const shown = new Set(properties.map(([name]) => name));
  return [...(menuFacts(section)?.properties ?? [])].flatMap(([name, { secret }]) =>
    secret && !shown.has(name) ? [name] : [],
  );
}

/** Enough to know which row is meant: its key, else what tells people most. */
export function nameWords(item: Item): string {
  if (item.key !== null) return item.key;
  const telling = item.properties.filter(([name]) =>
    /^(chain|action|comment|dst-address|gateway|name)$/.test(name),
  );
  return argumentsOf(item.section, telling.length > 1 ? telling : item.properties.slice(0, 6));
}

export function changesOf(from: Item, to: Item): readonly PropertyChange[] {
  const was = new Map(from.properties);
  return changesBetween(from, to).map(([property, value]) => {
    const shown = (one: string | null): string | null =>
      one !== null && isSecretProperty(from.section, property) ? `<secret:${property}>` : one;
    return { property, from: shown(was.get(property) ?? null), to: shown(value) };
  });
}

export function changeWords(from: Item, to: Item): string {
  const changes = changesOf(from, to).map(({ property, from: was, to: is }) => {
    const silent = resetValue(from, property) ?? '';
    const absent = silent === '' ? '(unset)' : `(default ${quoteValue(silent)})`;
    const value = (one: string | null): string =>
      one === null ? absent : one.startsWith('<secret:') ? one : quoteValue(one);
    const same = was !== null && was === is;
    return `${property}=${value(was)} → ${same ? 'another, hidden here' : value(is)}`;
  });
  const name = from.created ? stayingWords(from, to) : nameWords({ ...defaultRow(from), key: from.key });
  return [name, ...changes].filter((part) => part !== '').join('  ');
}

/** Which row changes, without saying again what changes; a route that names no destination is the default one. */
function stayingWords(from: Item, to: Item): string {
  if (from.key !== null) return nameWords(from);
  const changed = new Set(changesBetween(from, to).map(([property]) => property));
  const properties = from.properties.filter(([property]) => !changed.has(property));
  if (properties.length > 0) return nameWords({ ...from, properties });
  const everywhere = resetValue(from, 'dst-address');
  return everywhere === null ? nameWords(from) : `dst-address=${everywhere}`;
}

export function beforeWords(before: Item | null): string {
  return before === null ? 'to the end' : `before ${nameWords(before)}`;
}
