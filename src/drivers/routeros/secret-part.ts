/**
 * What an export that hides secrets leaves out, as commands that put it back by hand: a `set` for each row that has one,
 * found by what else it says; and back from such a text to the rows. Pure; the text is a secret as a whole.
 */
import { withoutSecrets } from '../../core/digest.ts';
import type { Configuration, Item, Properties, Section } from '../../core/item.ts';
import { overlay } from '../../core/plan/scope.ts';
import { readExport } from './export-syntax.ts';
import { isSecretProperty, secretNames } from './menus.ts';
import { toConfiguration } from './normalize.ts';
import { changeCommands, findRows, isSingleton } from './script-forms.ts';

const facts = { isSecret: isSecretProperty };

/** Equal for equal secrets, in whatever order the device tells them; `''`: there are none. */
export function secretPart({ sections }: Configuration): string {
  const lines = sections.flatMap(({ items }) => items.flatMap(secretLines)).sort();
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
  const unsaid: Section[] = [];
  let strange = 0;
  for (const line of part.split('\n').filter((one) => one !== '')) {
    const [row, second] = rows.filter(({ start }) => line.startsWith(start));
    const given = row === undefined ? [] : secretsIn(row.item, line, row.start);
    const own = row === undefined ? ownRow(line) : null;
    if (own !== null) unsaid.push(own);
    else if (row === undefined || second !== undefined || given.length === 0) strange++;
    else found.set(row.item, overlay(row.item.properties, given));
  }
  const filled = (item: Item): Item => {
    const properties = found.get(item);
    return properties === undefined ? item : { ...item, properties };
  };
  const said = sections.map((one) => ({ ...one, items: one.items.map(filled) }));
  return { configuration: { sections: unsaid.reduce(withSection, said) }, strange };
}

/** One that the device brings along and of which a hidden export says nothing: its secret is all there is to say. */
function ownRow(line: string): Section | null {
  const [, path = '', condition, words = ''] =
    /^(\/[a-z0-9 /-]+?) set (?:\[\1 find where ((?:default|default-name)=\S+)\] )?(.*)$/.exec(line) ?? [];
  const selector = condition === undefined ? '' : `[ find ${condition} ] `;
  const text = readExport(Buffer.from(`${path}\nset ${selector}${words}\n`, 'latin1'), 'secrets');
  const { configuration, problems } = toConfiguration(text, { role: 'device' });
  const [section] = configuration.sections;
  const [item] = section?.items ?? [];
  const isOwn = item?.created === false && withoutSecrets(item, facts).properties.length === 0;
  return problems.length === 0 && isOwn ? (section ?? null) : null;
}

function withSection(sections: readonly Section[], more: Section): readonly Section[] {
  const there = sections.some(({ path }) => path === more.path);
  return there
    ? sections.map((one) => (one.path === more.path ? { ...one, items: [...one.items, ...more.items] } : one))
    : [...sections, more];
}

function secretsIn({ section }: Item, line: string, start: string): Properties {
  const text = `${section}\nset ${line.slice(start.length)}\n`;
  const command = readExport(Buffer.from(text, 'latin1'), 'secrets').pieces.at(-1)?.command;
  const args = command?.args ?? [];
  return args.every(({ name }) => isSecretProperty(section, name))
    ? args.map(({ name, value }) => [name, value] as const)
    : [];
}
