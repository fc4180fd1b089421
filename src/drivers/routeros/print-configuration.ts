/**
 * A Configuration as text in an export's form, for people, for sealed state and for `adopt`. `toConfiguration`
 * reads it back to an equal Configuration. Printable ASCII and LF; secrets are in it if they are in the items.
 */
import type { SecretWord } from '../../core/dialect.ts';
import type { Configuration, Item } from '../../core/item.ts';
import { printArgument, quoteValue } from './quote.ts';
import { isSecretProperty, propertyFacts } from './menus.ts';

/** With `secretWord` that stands in place of each secret. */
export function printConfiguration(
  configuration: Configuration,
  secretWord: SecretWord | null = null,
): string {
  return configuration.sections
    .map(({ path, items }) => [path, ...items.map((item) => printItem(item, secretWord)), ''].join('\n'))
    .join('');
}

/** The command that describes the item, e.g. `set [ find default-name=ether1 ] mtu=1400`. */
export function printItem(item: Item, secretWord: SecretWord | null = null): string {
  const words = item.created ? ['add'] : ['set', ...printSelector(item.key ?? '')];
  for (const [name, value] of item.properties) {
    if (secretWord !== null && value && isSecretProperty(item.section, name))
      words.push(`${name}=${secretWord(name, value)}`);
    else words.push(printArgument(name, value, propertyFacts(item.section, name)?.type === 'flag'));
  }
  return words.join(' ');
}

function printSelector(key: string): readonly string[] {
  if (key === '') return [];
  const equals = key.indexOf('=');
  const [name, value] = [key.slice(0, equals), key.slice(equals + 1)];
  if (name === 'number' || name === 'id') return [value];
  return ['[', 'find', `${name}=${quoteValue(value)}`, ']'];
}
