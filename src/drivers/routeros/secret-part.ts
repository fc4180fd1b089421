/**
 * What an export that hides secrets leaves out, as commands that put it back by hand: a `set` for each row that has one,
 * found by what else it says; and back from such a text to the rows. Pure; the text is a secret as a whole.
 */
import { withoutSecrets } from '../../core/digest.ts';
import type { Configuration, Item, Properties } from '../../core/item.ts';
import { overlay } from '../../core/plan/scope.ts';
import { readExport } from './export-syntax.ts';
import { isSecretProperty, secretNames } from './menus.ts';
import { changeCommands, findRows, isSingleton } from './script-forms.ts';

const facts = { isSecret: isSecretProperty };

/** Equal for equal secrets; `''`: there are none. */
export function secretPart({ sections }: Configuration): string {
  const lines = sections.flatMap(({ items }) => items.flatMap(secretLines));
  return lines.map((line) => `${line}\n`).join('');
}

function secretLines(item: Item): readonly string[] {
  const secrets = item.properties.filter(
    ([name, value]) => value !== null && value !== '' && isSecretProperty(item.section, name),
  );
  return changeCommands(item, secrets).map(({ words }) => `${rowStart(item)}${words}`);
}

/** What a row's line begins with: the row's words but its secrets, so that a hidden export says it, too. */
function rowStart(item: Item): string {
  const row = isSingleton(item) ? '' : `${findRows(withoutSecrets(item, facts))} `;
  return `${item.section} set ${row}`;
}

/** The rows with the secrets that such a text gives them. `strange`: how many lines fit no row, or several. */
export function withSecretPart(
  { sections }: Configuration,
  part: string,
): { readonly configuration: Configuration; readonly strange: number } {
  const rows = sections.flatMap(({ path, items }) =>
    secretNames(path).length === 0 ? [] : items.map((item) => ({ item, start: rowStart(item) })),
  );
  const found = new Map<Item, Properties>();
  let strange = 0;
  for (const line of part.split('\n').filter((one) => one !== '')) {
    const [row, second] = rows.filter(({ start }) => line.startsWith(start));
    const given = row === undefined || second !== undefined ? [] : secretsIn(row.item, line, row.start);
    if (row === undefined || given.length === 0) strange++;
    else found.set(row.item, overlay(row.item.properties, given));
  }
  const filled = (item: Item): Item => {
    const properties = found.get(item);
    return properties === undefined ? item : { ...item, properties };
  };
  return {
    configuration: { sections: sections.map((one) => ({ ...one, items: one.items.map(filled) })) },
    strange,
  };
}

function secretsIn({ section }: Item, line: string, start: string): Properties {
  const text = `${section}\nset ${line.slice(start.length)}\n`;
  const command = readExport(Buffer.from(text, 'latin1'), 'secrets').pieces.at(-1)?.command;
  const args = command?.args ?? [];
  return args.every(({ name }) => isSecretProperty(section, name))
    ? args.map(({ name, value }) => [name, value] as const)
    : [];
}
