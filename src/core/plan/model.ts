/**
 * A device in memory: rows in sections, addressed as on the real one, by natural key or else by content, the
 * n-th of equal rows in their order. Actions and rollback steps are tried on it before anything is sent.
 * It does nothing that a device would refuse: a row that is not there is an error here too.
 */
import { canonicalItem } from '../digest.ts';
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
  item: Item;
  content: string;
}

interface Table {
  readonly kind: SectionKind;
  rows: Row[];
}

/** The same content whatever the key is; what a selector by content sees. */
export function contentOf(item: Item): string {
  return canonicalItem(item);
}

export class Model {
  readonly #tables = new Map<string, Table>();

  constructor(sections: readonly Section[]) {
    for (const { path, kind, items } of sections) {
      this.#tables.set(path, { kind, rows: items.map((item) => ({ item, content: contentOf(item) })) });
    }
  }

  copy(): Model {
    const model = new Model([]);
    for (const [path, { kind, rows }] of this.#tables) {
      model.#tables.set(path, { kind, rows: rows.map((row) => ({ ...row })) });
    }
    return model;
  }

  sections(): readonly Section[] {
    return [...this.#tables].map(([path, { kind, rows }]) => ({
      path,
      kind,
      items: rows.map((row) => row.item),
    }));
  }

  section(path: string): Section {
    const table = this.#table(path);
    return { path, kind: table.kind, items: table.rows.map((row) => row.item) };
  }

  configuration(): Configuration {
    return { sections: this.sections() };
  }

  #table(path: string): Table {
    const table = this.#tables.get(path) ?? { kind: 'unknown' as const, rows: [] };
    this.#tables.set(path, table);
    return table;
  }

  rows(path: string): readonly Row[] {
    return this.#table(path).rows;
  }

  /** All rows with this item's key, or without one with exactly its content, in order. */
  matching(item: Item): readonly Row[] {
    const rows = this.#table(item.section).rows;
    if (item.key !== null) return rows.filter((row) => row.item.key === item.key);
    const content = contentOf(item);
    return rows.filter((row) => row.content === content);
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
    const { rows } = this.#table(item.section);
    const properties = item.properties.filter(([, value]) => value !== null);
    const there = { ...item, properties };
    const row = { item: there, content: contentOf(there) };
    if (before === null) rows.push(row);
    else rows.splice(rows.indexOf(before), 0, row);
    return row;
  }

  /** Which of the equal rows this one is. */
  nth(row: Row): number {
    return this.matching(row.item).indexOf(row);
  }

  set(row: Row, properties: Properties): void {
    const merged = overlay(row.item.properties, properties).filter(([, value]) => value !== null);
    row.item = { ...row.item, properties: merged };
    row.content = contentOf(row.item);
  }

  remove(row: Row): void {
    const { rows } = this.#table(row.item.section);
    rows.splice(rows.indexOf(row), 1);
  }

  move(row: Row, before: Row | null): void {
    if (row === before) return;
    const { rows } = this.#table(row.item.section);
    rows.splice(rows.indexOf(row), 1);
    rows.splice(before === null ? rows.length : rows.indexOf(before), 0, row);
  }

  /** One action as the device would do it. */
  apply(action: Action): void {
    const anchor = (before: Item | null): Row | null =>
      before === null ? null : this.get(lookupOf(before, action.beforeNth));
    switch (action.verb) {
      case 'add':
        if (action.item.key !== null && this.matching(action.item).length > 0) {
          throw new ModelRefusal(`an item with this key is already in ${action.section}`);
        }
        this.add(action.item, anchor(action.before));
        return;
      case 'set':
        this.set(this.get(lookupOf(action.from, action.nth)), changesBetween(action.from, action.to));
        return;
      case 'remove':
        this.remove(this.get(lookupOf(action.item, action.nth)));
        return;
      case 'move':
        this.move(this.get(lookupOf(action.item, action.nth)), anchor(action.before));
    }
  }
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
