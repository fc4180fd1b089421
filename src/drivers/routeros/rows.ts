/** What names a row, and which of its properties say something. Used by normalize only. */
import type { Place } from '../../core/errors.ts';
import type { Item, Properties } from '../../core/item.ts';
import type { Selector } from './export-command.ts';
import { compareVersions, defaultOf, type MenuFacts } from './menus.ts';
import { canonicalValue } from './values.ts';

export interface Row {
  key: string | null;
  readonly created: boolean;
  /** Canonical values by name; `null` is an explicit unset. */
  readonly values: Map<string, string | null>;
  readonly place: Place;
}

/** A property by the name that it has in that version; an unknown version leaves it as written. */
export function nameIn(facts: MenuFacts | undefined, written: string, version: string | null): string {
  if (facts === undefined || version === null) return written;
  for (const [from, old, now] of facts.renames) {
    const renamed = compareVersions(version, from) >= 0;
    if (written === (renamed ? old : now)) return renamed ? now : old;
  }
  return written;
}

/** Null: no natural key, or the row lacks its first property; its content is its identity. */
export function keyOfAdded(
  facts: MenuFacts | undefined,
  values: ReadonlyMap<string, string | null>,
): string | null {
  const [first] = facts?.key ?? [];
  if (facts === undefined || first === undefined || values.get(first) == null) return null;
  return facts.key.map((name) => `${name}=${values.get(name) ?? ''}`).join(',');
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
  facts: MenuFacts | undefined,
  row: Row,
  version: string | null,
): Item | null {
  const properties: (readonly [string, string | null])[] = [];
  for (const [name, value] of row.values) {
    if (!isSilent(path, facts, row, name, value, version)) properties.push([name, value]);
  }
  if (!row.created && properties.length === 0) return null;
  properties.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const sorted: Properties = properties;
  const item = { section: path, key: row.key, created: row.created, properties: sorted, place: row.place };
  const implied = impliedIn(facts, version);
  return implied.length === 0 ? item : { ...item, implied };
}

function impliedIn(facts: MenuFacts | undefined, version: string | null): Properties {
  if (facts === undefined || facts.moved.length === 0 || version === null) return [];
  return facts.moved.flatMap((name) => {
    const value = defaultOf(facts.path, name, version);
    return value === null ? [] : [[name, value] as const];
  });
}

/** Whether leaving the property out means the same. Keys and what says where a rule stands always stay. */
function isSilent(
  path: string,
  facts: MenuFacts | undefined,
  row: Row,
  name: string,
  value: string | null,
  version: string | null,
): boolean {
  const property = facts?.properties.get(name);
  if (facts === undefined || property === undefined) return false;
  if (facts.key.includes(name) || facts.group === name || name === 'chain' || name === 'action') return false;
  if (property.computedFrom.length > 0) return isComputed(path, name, value, row.values);
  const known = defaultOf(path, name, version, row.key);
  if (known !== null) return value !== null && value === canonicalValue(property, known);
  // No default: absent is unset, whichever way the text says so.
  const changed = property.defaults.length > 0;
  if (changed || property.unset === null) return false;
  return value === null || (property.unset.by === 'value' && value === property.unset.value);
}

/** `/ip address` prints the network that follows from address and length. */
function isComputed(
  path: string,
  name: string,
  value: string | null,
  values: ReadonlyMap<string, string | null>,
): boolean {
  if (path !== '/ip address' || name !== 'network') return false;
  return value === null || value === networkOf(values.get('address') ?? '');
}

export function networkOf(address: string): string | null {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(address);
  if (!match) return null;
  const length = Number(match[5] ?? 32);
  const octets = match.slice(1, 5).map(Number);
  if (length > 32 || octets.some((octet) => octet > 255)) return null;
  const bits = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 ** (32 - length);
  const network = Math.floor(bits / size) * size;
  return [24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256).join('.');
}
