/**
 * What an export that hides secrets leaves out, as commands that put it back by hand: a `set` for each row that has one,
 * found by what else it says. Pure; the text is a secret as a whole.
 */
import { withoutSecrets } from '../../core/digest.ts';
import type { Configuration, Item } from '../../core/item.ts';
import { isSecretProperty } from './menus.ts';
import { changeCommands, findRows, isSingleton } from './script-forms.ts';

/** Equal for equal secrets; `''`: there are none. */
export function secretPart({ sections }: Configuration): string {
  const lines = sections.flatMap(({ items }) => items.flatMap(secretLines));
  return lines.map((line) => `${line}\n`).join('');
}

function secretLines(item: Item): readonly string[] {
  const secrets = item.properties.filter(
    ([name, value]) => value !== null && value !== '' && isSecretProperty(item.section, name),
  );
  const bare = withoutSecrets(item, { isSecret: isSecretProperty });
  const row = isSingleton(item) ? '' : `${findRows(bare)} `;
  return changeCommands(item, secrets).map(({ verb, words }) => `${item.section} ${verb} ${row}${words}`);
}
