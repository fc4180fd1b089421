/**
 * One menu of the device: its rows, never changed in place, so that an older state is kept by keeping
 * the old list. Ids go up and are never given twice.
 */

export interface Row {
  readonly id: number;
  /** Builtin rows come with the device: exported with `set` and a selector, and only when changed. */
  readonly selector: string | undefined;
  /** What a builtin row is found by and nobody configured: name of a service, default-name of a port. */
  readonly given: ReadonlyMap<string, string>;
  /** Configured values; null is an explicit `!name`. */
  readonly properties: ReadonlyMap<string, string | null>;
  /** For values nobody touched: how the export that was loaded wrote them. */
  readonly written: ReadonlyMap<string, string>;
  /** Made by the device itself: seen by `find`, never exported, not to be changed. */
  readonly dynamic: boolean;
}

interface Past {
  readonly at: number;
  readonly rows: readonly Row[];
}

/** Ids from here on name rows that devices make with exactly that id. */
const FIXED_IDS = 0x1000000;
const EMPTY: ReadonlyMap<string, string> = new Map();

export class Menu {
  readonly path: string;
  readonly singleton: boolean;
  rows: readonly Row[] = [];
  private nextId = 1;
  /** States that a power cut may fall back to, oldest first. */
  private past: Past[] = [];

  constructor(path: string, singleton: boolean) {
    this.path = path;
    this.singleton = singleton;
    if (singleton) this.rows = [this.makeRow({ selector: '' })];
  }

  /** A menu of its own with the same rows, which nobody changes in place. */
  static like(other: Menu): Menu {
    const menu = new Menu(other.path, other.singleton);
    menu.rows = other.rows;
    menu.nextId = other.nextId;
    return menu;
  }

  makeRow(parts: Partial<Row>): Row {
    const { id = this.nextId++, selector, given = EMPTY, properties = EMPTY, written = EMPTY } = parts;
    return { id, selector, given, properties, written, dynamic: parts.dynamic ?? false };
  }

  /** Ids of rows that come from elsewhere are not given again. */
  reserve(rows: readonly Row[]): void {
    for (const { id } of rows) if (id < FIXED_IDS) this.nextId = Math.max(this.nextId, id + 1);
  }

  /** Replaces the rows; what was before is remembered with its time until it is known to be on the disk. */
  replace(rows: readonly Row[], at: number, flushMs: number): void {
    this.past = this.past.filter((state) => state.at > at - flushMs);
    this.past.push({ at, rows: this.rows });
    this.rows = rows;
  }

  /** When each unwritten change was made, oldest first. */
  unwritten(at: number, flushMs: number): readonly number[] {
    return this.past.filter((state) => state.at > at - flushMs).map((state) => state.at);
  }

  /** Loses the last `count` changes; what is left is on the disk. */
  lose(count: number): void {
    const state = this.past[this.past.length - count];
    if (count > 0 && state !== undefined) this.rows = state.rows;
    this.past = [];
  }
}

export function hexId(row: Row): string {
  return `*${row.id.toString(16).toUpperCase()}`;
}

/** A row with properties changed, in alphabetical order as exports have them. */
export function withProperties(row: Row, changes: ReadonlyMap<string, string | null | undefined>): Row {
  const properties = new Map(row.properties);
  const written = new Map(row.written);
  for (const [name, value] of changes) {
    written.delete(name);
    if (value === undefined) properties.delete(name);
    else properties.set(name, value);
  }
  const sorted = [...properties].sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...row, properties: new Map(sorted), written };
}
