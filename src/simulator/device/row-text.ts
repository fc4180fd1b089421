/** What a property of a row reads as: configured, given with the row, or the default of the version. */
import { hexId } from './menu.ts';
import { knownDefault } from './properties.ts';
import type { Row } from './menu.ts';

/** undefined: the row has no such property; `computed` is what the device makes up at that moment. */
export function rowText(
  path: string,
  row: Row,
  name: string,
  version: string,
  computed: () => string | undefined = () => undefined,
): string | undefined {
  if (name === '.id') return hexId(row);
  const own = row.properties.get(name);
  if (own !== undefined && own !== null) return own;
  if (own === null) return undefined;
  const made = computed();
  if (made !== undefined) return made;
  const given = row.given.get(name);
  if (given !== undefined) return given;
  if (name === 'dynamic') return row.dynamic ? 'yes' : 'no';
  if (name === 'invalid') return 'no';
  if (name === 'default' || name === 'builtin') return row.selector !== undefined ? 'yes' : 'no';
  return knownDefault(path, name, version);
}
