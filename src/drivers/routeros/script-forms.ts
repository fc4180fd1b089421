/**
 * The console expressions that rendered commands and scripts are made of: how a row is found, how a value is
 * compared, how properties are set and taken away. One place, so that the check, the steps, the rollback and
 * the lines shown to people select and change in the same way. Nothing here is expanded by the console.
 */
import type { Item, Properties } from '../../core/item.ts';
import { defaultOf, menuFacts, propertyFacts, type ValueType } from './menus.ts';
import { bornName, nameOf } from './names.ts';
import { printArgument, quoteString } from './quote.ts';

/** What of an item says how its properties are taken away. */
type Row = Pick<Item, 'section' | 'key' | 'implied'>;

/** Values of these kinds are compared as what they are; everything else as text. */
function literal(type: ValueType | null, value: string): string {
  if ((type === 'bool' || type === 'flag') && /^(yes|no)?$/.test(value)) return value === '' ? 'yes' : value;
  if (type === 'number' && /^\d+$/.test(value)) return value;
  if (type === 'time' && /^(\d+[wdhms]|\d+ms)+$/.test(value)) return value;
  return quoteString(value);
}

function typeOf(section: string, name: string): ValueType | null {
  return propertyFacts(section, name)?.type ?? null;
}

export function isSingleton(item: Item): boolean {
  return item.key === '';
}

/** What names the row: properties of its own, or the selector that the device's export uses. */
function keyPairs(item: Item): readonly (readonly [name: string, value: string])[] {
  const names = menuFacts(item.section)?.key ?? [];
  const own = new Map(item.properties);
  if (item.created && names.length > 0) {
    return names.flatMap((name) => {
      const value = own.get(name);
      return value === null || value === undefined ? [] : [[name, value] as const];
    });
  }
  // What an export writes as `set *FFFFFFFE`.
  if (!item.created && /^id=\*[0-9A-F]+$/.test(item.key ?? '')) return [['.id', (item.key ?? '').slice(3)]];
  return (item.key ?? '').split(/,(?=[a-z0-9-]+=)/).flatMap((pair) => {
    const equals = pair.indexOf('=');
    return equals < 0 ? [] : [[pair.slice(0, equals), pair.slice(equals + 1)] as const];
  });
}

function conditions(section: string, pairs: Properties): string {
  const operand = (name: string, value: string): string =>
    name === '.id' ? value : literal(typeOf(section, name), value);
  return pairs.map(([name, value]) => `${name}=${operand(name, value ?? '')}`).join(' ');
}

/** Name of the property that the console counts rows by, where it names them in no other way. */
export function rowNumber(item: Item): number | null {
  const match = /^number=(\d{1,6})$/.exec(item.key ?? '');
  return match === null || item.created ? null : Number(match[1]);
}

/** Expression giving the ids of all rows with this item's key, or without one with all of its properties. */
export function findRows(item: Item): string {
  const { section } = item;
  const number = rowNumber(item);
  if (number !== null) return `[:pick [${section} find] ${number}]`;
  const pairs = item.key === null ? item.properties : keyPairs(item);
  return pairs.length === 0 ? `[${section} find]` : `[${section} find where ${conditions(section, pairs)}]`;
}

/** Rows of this form's menu that are called as it is, and are what else it says; a port by what it came with, too. */
export function findNamed(item: Item): string {
  const port = bornName(item.key);
  const pairs: Properties = [
    ...(port === null ? [] : [['default-name', port] as const]),
    ['name', nameOf(item) ?? ''],
    ...item.properties.filter(([name]) => name !== 'name'),
  ];
  return `[${item.section} find where ${conditions(item.section, pairs)}]`;
}

/** `get` of a property as text; `row` is the id's variable, `''` for a singleton. */
function textOf(section: string, row: string, name: string): string {
  return `[:tostr [${section} get ${row === '' ? '' : `${row} `}${name}]]`;
}

/** How the console may print a value that it was given as `value`. */
function spellings(type: ValueType | null, value: string): readonly string[] {
  if ((type === 'bool' || type === 'flag' || type === null) && /^(yes|no)$/.test(value)) {
    return value === 'yes' ? ['true', 'yes'] : ['false', 'no'];
  }
  if (type === 'flag' && value === '') return ['true', 'yes'];
  return value.includes(',') ? [value, value.replaceAll(',', ';')] : [value];
}

/** Whether the row has this value; null: the property is absent or at its default. */
export function hasValue(item: Item, row: string, name: string, value: string | null): string {
  const { section } = item;
  const type = typeOf(section, name);
  const text = textOf(section, row, name);
  const equals = (wanted: string): string[] =>
    spellings(type, wanted).map((s) => `${text} = ${quoteString(s)}`);
  const native = (wanted: string): string[] => {
    const as = literal(type, wanted);
    return type === 'time' && !as.startsWith('"')
      ? [`[${section} get ${row === '' ? '' : `${row} `}${name}] = ${as}`]
      : [];
  };
  if (value !== null) return anyOf([...equals(value), ...native(value)]);
  const silent = resetValue(item, name) ?? (type === 'bool' || type === 'flag' ? 'no' : null);
  return anyOf([
    `[:len ${text}] = 0`,
    ...(silent === null || silent === '' ? [] : [...equals(silent), ...native(silent)]),
  ]);
}

function anyOf(terms: readonly string[]): string {
  return terms.length === 1 ? `(${terms[0] ?? ''})` : `(${terms.map((term) => `(${term})`).join(' || ')})`;
}

export function allOf(terms: readonly string[]): string {
  return terms.length === 0 ? 'true' : terms.join(' && ');
}

/** One console command that changes a row, as the words behind the row's selector. */
export interface Change {
  readonly verb: 'set' | 'unset';
  readonly words: string;
  /** What it does to the item, in the model's terms. */
  readonly properties: Properties;
}

/** Commands that make these changes: one `set`, then an `unset` for each property that no value takes away. */
export function changeCommands(item: Item, changes: Properties, print = printArgument): readonly Change[] {
  const { section } = item;
  const hasUnset = (menuFacts(section)?.commands?.includes('unset') ?? true) && !isSingleton(item);
  const words: string[] = [];
  const done: (readonly [string, string | null])[] = [];
  const unsets: Change[] = [];
  for (const [name, value] of changes) {
    const plain = value ?? resetValue(item, name);
    if (plain !== null || !hasUnset) {
      words.push(print(name, plain, typeOf(section, name) === 'flag' && value !== null));
      done.push([name, value]);
    } else unsets.push({ verb: 'unset', words: name, properties: [[name, null]] });
  }
  return [
    ...(words.length > 0 ? [{ verb: 'set' as const, words: words.join(' '), properties: done }] : []),
    ...unsets,
  ];
}

/** The value that means absent: the default, or what clears it; null: only `unset` does, if anything. */
export function resetValue({ section, key, implied }: Row, name: string): string | null {
  const known = defaultOf(section, name, null, key) ?? (name === 'name' ? bornName(key) : null);
  if (known !== null) return known;
  const moved = implied?.find(([property]) => property === name)?.[1] ?? null;
  if (moved !== null) return moved;
  const unset = propertyFacts(section, name)?.unset ?? null;
  if (unset?.by === 'value') return unset.value;
  return name === 'comment' ? '' : null;
}

/** Whether a property that is set can be taken away again so that the device is as if it had never been. */
export function isResettable(row: Row, name: string): boolean {
  const facts = propertyFacts(row.section, name);
  return resetValue(row, name) !== null || (facts?.unset?.by === 'unset' && !facts.deviceSupplied);
}

/** `name=value` words of an item that is added. */
export function addWords(item: Item, print = printArgument): string {
  return item.properties
    .flatMap(([name, value]) =>
      value === null ? [] : [print(name, value, typeOf(item.section, name) === 'flag')],
    )
    .join(' ');
}
