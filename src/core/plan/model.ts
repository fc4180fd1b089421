/**
 * A device in memory: rows in sections, addressed as on the real one, by natural key or else by content, the
 * n-th of equal rows in their order. Actions and rollback steps are tried on it before anything is sent.
 * It does nothing that a device would refuse: a row that is not there, or a key that is taken, is an error here too.
 */
import { canonicalItem } from '../digest.ts';
import { renameOf, sameNameSpace, type NameFacts, type Rename } from './renames.ts';
import { overlay } from './scope.ts';
import type { Configuration, Item, Properties, Section, SectionKind } from '../item.ts';
import type { Action } from './action.ts';

/** A row by any of its forms, the first that is found; keyed rows by their key alone. */
export interface Lookup {
  readonly section: string;
  readonly forms: readonly { readonly item: Item; readonly nth: number }[];
}

export function lookupOf(item: Item, nth = 0): Lookup {
  return { section: item.section, forms: [{ item, nth }] };
}

export class ModelRefusal extends Error {}

export interface Row {
  readonly item: Item;
}

interface OwnRow {
  item: Item;
}

/** What a selector looks at: the key, where there is none exactly the content. */
function selectorOf(item: Item): string {
  return item.key === null ? `content ${canonicalItem(item)}` : `key ${item.key}`;
}

/** The rows of one section in order, found by what selects them without looking at the others. */
class Table {
  readonly kind: SectionKind;
  readonly rows: OwnRow[];
  /** Made when first asked for. Rows that are selected alike are put in order when they are looked up. */
  #index: Map<string, OwnRow[]> | null = null;

  constructor(kind: SectionKind, items: readonly Item[]) {
    this.kind = kind;
    this.rows = items.map((item) => ({ item }));
  }

  matching(item: Item): readonly OwnRow[] {
    const found = this.#lists().get(selectorOf(item)) ?? [];
    if (found.length < 2) return found;
    const at = new Map(found.map((row) => [row, this.rows.indexOf(row)]));
    return found.sort((a, b) => (at.get(a) ?? 0) - (at.get(b) ?? 0));
  }

  insert(row: OwnRow, at: number): void {
    this.rows.splice(at, 0, row);
    this.#enter(row);
  }

  remove(row: OwnRow): void {
    this.rows.splice(this.rows.indexOf(row), 1);
    this.#leave(row);
  }

  change(row: OwnRow, item: Item): void {
    this.#leave(row);
    row.item = item;
    this.#enter(row);
  }

  #lists(): Map<string, OwnRow[]> {
    if (this.#index === null) {
      this.#index = new Map();
      for (const row of this.rows) this.#enter(row);
    }
    return this.#index;
  }

  #enter(row: OwnRow): void {
    if (this.#index === null) return;
    const id = selectorOf(row.item);
    const rows = this.#index.get(id);
    if (rows) rows.push(row);
    else this.#index.set(id, [row]);
  }

  #leave(row: OwnRow): void {
    if (this.#index === null) return;
    const rows = this.#index.get(selectorOf(row.item)) ?? [];
    rows.splice(rows.indexOf(row), 1);
  }
}

export class Model {
  readonly #tables = new Map<string, Table>();
  readonly #facts: NameFacts;

  constructor(sections: readonly Section[], facts: NameFacts = {}) {
    this.#facts = facts;
    for (const { path, kind, items } of sections) this.#tables.set(path, new Table(kind, items));
  }

  copy(): Model {
    return new Model(this.sections(), this.#facts);
  }

  sections(): readonly Section[] {
    return [...this.#tables.keys()].map((path) => this.section(path));
  }

  section(path: string): Section {
    const { kind, rows } = this.#table(path);
    return { path, kind, items: rows.map((row) => row.item) };
  }

  configuration(): Configuration {
    return { sections: this.sections() };
  }

  #table(path: string): Table {
    const table = this.#tables.get(path) ?? new Table('unknown', []);
    this.#tables.set(path, table);
    return table;
  }

  rows(path: string): readonly Row[] {
    return this.#table(path).rows;
  }

  /** All rows with this item's key, or without one with exactly its content, in order. */
  matching(item: Item): readonly Row[] {
    return this.#table(item.section).matching(item);
  }

  find(lookup: Lookup): Row | null {
    for (const { item, nth } of lookup.forms) {
      const row = this.matching(item)[nth];
      if (row) return row;
    }
    return null;
  }

  get(lookup: Lookup): Row {
    const row = this.find(lookup);
    if (row === null) throw new ModelRefusal(`no such item in ${lookup.section}`);
    return row;
  }

  position(row: Row): number {
    return this.#table(row.item.section).rows.indexOf(row);
  }

  add(item: Item, before: Row | null): Row {
    if (item.key !== null && this.matching(item).length > 0) {
      throw new ModelRefusal(`an item with this key is already in ${item.section}`);
    }
    const table = this.#table(item.section);
    const row = { item: present(item) };
    table.insert(row, before === null ? table.rows.length : table.rows.indexOf(before));
    return row;
  }

  /** Which of the equal rows this one is. */
  nth(row: Row): number {
    return this.matching(row.item).indexOf(row);
  }

  set(row: Row, properties: Properties): void {
    const { item } = row;
    this.#table(item.section).change(
      row,
      present({ ...item, properties: overlay(item.properties, properties) }),
    );
  }

  remove(row: Row): void {
    this.#table(row.item.section).remove(row);
  }

  move(row: Row, before: Row | null): void {
    if (row === before) return;
    const { rows } = this.#table(row.item.section);
    rows.splice(rows.indexOf(row), 1);
    rows.splice(before === null ? rows.length : rows.indexOf(before), 0, row);
  }

  /** The row gets its new name, and whatever names it follows. */
  rename(rename: Rename): void {
    const follow = (item: Item): Item => this.#facts.withNames?.(item, [rename]) ?? item;
    for (const [path, { rows }] of this.#tables) {
      if (!sameNameSpace(path, rename.section, this.#facts)) continue;
      if (rows.some(({ item }) => this.#facts.nameOf?.(item) === rename.now)) {
        throw new ModelRefusal(`"${rename.now}" is already the name of an item`);
      }
    }
    for (const table of this.#tables.values()) {
      for (const row of table.rows) {
        const item = follow(row.item);
        if (item !== row.item) table.change(row, item);
      }
    }
  }

  /** One action as the device would do it. */
  apply(action: Action): void {
    const anchor = (before: Item | null): Row | null =>
      before === null ? null : this.get(lookupOf(before, action.beforeNth));
    switch (action.verb) {
      case 'add':
        this.add(action.item, anchor(action.before));
        return;
      case 'set': {
        const rename = renameOf(action, this.#facts);
        if (rename !== null) {
          this.get(lookupOf(action.from, action.nth));
          this.rename(rename);
          return;
        }
        this.set(this.get(lookupOf(action.from, action.nth)), changesBetween(action.from, action.to));
        return;
      }
      case 'remove':
        this.remove(this.get(lookupOf(action.item, action.nth)));
        return;
      case 'move':
        this.move(this.get(lookupOf(action.item, action.nth)), anchor(action.before));
    }
  }
}

/** Without the properties that say only that they are unset. */
function present(item: Item): Item {
  return item.properties.every(([, value]) => value !== null)
    ? item
    : { ...item, properties: item.properties.filter(([, value]) => value !== null) };
}

/** What must be set so that `from` becomes `to`; null unsets. Sorted by name. */
export function changesBetween(from: Item, to: Item): Properties {
  const was = new Map(from.properties);
  const is = new Map(to.properties);
  const names = [...new Set([...was.keys(), ...is.keys()])].sort();
  return names.flatMap((name): [string, string | null][] => {
    const [a, b] = [was.get(name) ?? null, is.get(name) ?? null];
    return a === b ? [] : [[name, b]];
  });
}
