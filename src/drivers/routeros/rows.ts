/** What names a row, and which of its properties say something. Used by normalize only. */
import type { Place } from '../../core/errors.ts';
import type { Item } from '../../core/item.ts';
import type { Selector } from './export-command.ts';
import type { MenuFacts } from './menus.ts';
import type { RowValues } from './row-values.ts';
import type { SectionProperties } from './section-properties.ts';
import { canonicalValue } from './values.ts';

export interface Row {
  key: string | null;
  readonly created: boolean;
  /** Canonical values by name. */
  readonly values: RowValues;
  readonly place: Place;
}

/** Null: no natural key, or the row lacks its first property; its content is its identity. */
export function keyOfAdded(facts: MenuFacts | undefined, values: RowValues): string | null {
  const first = facts?.key[0];
  if (facts === undefined || first === undefined || values.get(first) == null) return null;
  let key = '';
  for (const name of facts.key) key += `${key === '' ? '' : ','}${name}=${values.get(name) ?? ''}`;
  return key;
}

/** Null: the selector names no row, or the table does not say what a bare name is compared with. */
export function keyOfSelector(facts: MenuFacts | undefined, selector: Selector): string | null {
  switch (selector.kind) {
    case 'none':
      return '';
    case 'number':
      return `number=${selector.number.replace(/^0+(?=\d)/, '')}`;
    case 'id':
      return `id=${selector.id}`;
    case 'name':
      return `${nameProperty(facts)}=${selector.name}`;
    case 'find': {
      const [only, second] = selector.conditions;
      if (only === undefined || second !== undefined) return null;
      return `${only[0]}=${canonicalOf(facts, ...only)}`;
    }
  }
}

/** Rows that came with the hardware; a bare name, or `[ find name=… ]`, may mean one of these. */
const hardware: ReadonlySet<string> = new Set(
  ['ethernet', 'wireless', 'wifi', 'wifiwave2', 'lte', 'w60g'].map((word) => `/interface ${word}`),
);

/**
 * Whom a name means in a menu of hardware: the row that the text calls so, else the port that has that name
 * until somebody renames it. Other menus, and selectors that are no name: the key as it is.
 */
export function hardwareKey(path: string, key: string, rows: readonly Row[]): string {
  if (!hardware.has(path) || !key.startsWith('name=')) return key;
  const name = key.slice('name='.length);
  const called = rows.find((row) => row.values.get('name') === name && row.key !== null);
  return called?.key ?? `default-name=${name}`;
}

/** `set ether1 …` addresses by the one key property; ports by name although their key is the default name. */
function nameProperty(facts: MenuFacts | undefined): string {
  const [only, second] = facts?.key ?? [];
  return only === undefined || second !== undefined || only === 'default-name' ? 'name' : only;
}

function canonicalOf(facts: MenuFacts | undefined, name: string, value: string): string {
  return canonicalValue(facts?.properties.get(name), value);
}

/** Null: a row that the device brings along and of which the text says nothing but defaults. */
export function finishRow(
  path: string,
  known: SectionProperties,
  { key, created, values, place }: Row,
): Item | null {
  const properties = values.sorted((name, value) => !known.isSilent(key, name, value, values));
  if (!created && properties.length === 0) return null;
  const { implied } = known;
  return implied.length === 0
    ? { section: path, key, created, properties, place }
    : { section: path, key, created, properties, place, implied };
}
