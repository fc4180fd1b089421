/**
 * The configuration of the simulated device: menus with rows, made from a real export. It knows what a
 * row's properties mean; who may change them and when is the console's affair.
 */
import { menuFacts, menuPaths, referencesOf, isReferenceTarget } from '../../drivers/routeros/menus.ts';
import { builtinRows, isPortName, selectorFacts } from './builtin-rows.ts';
import { Menu, hexId, withProperties } from './menu.ts';
import { knownDefault } from './properties.ts';
import { readExport } from './reader.ts';
import type { ReadItem } from './reader.ts';
import type { Row } from './menu.ts';

interface DeviceOptions {
  readonly version: string | undefined;
  readonly user: string;
  /** Monotonic milliseconds, for what a power cut may lose. */
  readonly monotonic: () => number;
  /** How long writes may stay in memory. */
  readonly flushMs: number;
}

/** Facts that nobody configures (`run-count`, `uptime` …); undefined: there is none of that name. */
type Computed = (path: string, row: Row, name: string) => string | undefined;

const FALLBACK_VERSION = '7.18.2';
/** Singletons that answer `get` on every device and stand in no table. */
const FACT_MENUS = [
  '/system resource',
  '/system clock',
  '/system identity',
  '/system routerboard',
  '/system license',
];

export class Device {
  readonly version: string;
  readonly header: readonly string[];
  readonly notes: readonly string[];
  /** Sections in the order of the export they came from. */
  readonly sectionOrder: readonly string[];
  computed: Computed = () => undefined;
  /** Called after each change with the menu's path. */
  onChange: (path: string) => void = () => undefined;
  private readonly menus = new Map<string, Menu>();
  /** Names that the loaded export refers to; they exist even when nothing in it defines them. */
  private readonly carriedNames = new Set<string>();
  private readonly options: DeviceOptions;

  constructor(exportText: Uint8Array, options: DeviceOptions) {
    this.options = options;
    const read = readExport(exportText);
    if (read.version === undefined && read.sections.length === 0) {
      throw new Error('this is no export: it has neither a version line nor a section');
    }
    this.version = options.version ?? read.version ?? FALLBACK_VERSION;
    this.header = read.header;
    this.notes = read.notes;
    this.sectionOrder = read.sections.map((section) => section.path);
    for (const path of FACT_MENUS) this.menus.set(path, new Menu(path, true));
    for (const path of ['/ip service', '/user', '/user group']) this.menu(path);
    for (const { path, items } of read.sections) {
      const singleton = this.isSingle(path, items);
      const menu = this.menus.get(path) ?? this.makeMenu(path, singleton);
      const seen = new Set<string>();
      for (const item of items) {
        // A port may be there twice under one default-name, each with a name of its own.
        const again = item.selector.includes('default-name=') && seen.has(item.selector);
        seen.add(item.selector);
        menu.rows = this.load(menu, item, again);
      }
    }
    this.carryReferences();
  }

  get major(): 6 | 7 {
    return this.version.startsWith('6') ? 6 : 7;
  }

  /** What the tables say, unless the lines show rows: some menus were lists in older versions. */
  private isSingle(path: string, items: readonly ReadItem[]): boolean {
    const kind = menuFacts(path)?.kind;
    const bare = items.every((item) => item.verb === 'set' && item.selector === '');
    if (kind === 'singleton') return bare;
    return (kind === undefined || kind === 'unknown') && bare && items.length > 0;
  }

  private makeMenu(path: string, singleton: boolean): Menu {
    const menu = new Menu(path, singleton);
    menu.rows = [
      ...menu.rows,
      ...builtinRows(path, this.options.user).map(({ selector, given }) =>
        menu.makeRow({ selector, given: new Map(given) }),
      ),
    ];
    this.menus.set(path, menu);
    return menu;
  }

  private load(menu: Menu, item: ReadItem, again: boolean): readonly Row[] {
    const { properties, written } = item;
    if (item.verb === 'add') return [...menu.rows, menu.makeRow({ properties, written })];
    const target = again ? undefined : this.target(menu, item.selector);
    if (target !== undefined) {
      const merged: Row = {
        ...target,
        properties: new Map([...target.properties, ...properties]),
        written: new Map([...target.written, ...written]),
      };
      return menu.rows.map((row) => (row === target ? merged : row));
    }
    const rows = [...menu.rows];
    const { selector } = item;
    if (/^\d+$/.test(selector)) {
      // `set 3` means that there are four such rows.
      while (rows.length < Number(selector) && rows.length < 4096) {
        rows.push(menu.makeRow({ selector: String(rows.length) }));
      }
    }
    const given = new Map(selectorFacts(selector, menuFacts(menu.path)?.key ?? []));
    const factoryName = given.get('default-name');
    if (factoryName !== undefined) given.set('name', factoryName);
    // `set *FFFFFFFE` names a row that the device made with that id.
    const fixedId = /^\*([0-9A-F]{1,8})$/.exec(selector)?.[1];
    const parts = { selector, given, properties, written };
    return [...rows, menu.makeRow(fixedId === undefined ? parts : { id: parseInt(fixedId, 16), ...parts })];
  }

  private target(menu: Menu, selector: string): Row | undefined {
    if (menu.singleton) return menu.rows[0];
    const bySelector = menu.rows.find((row) => row.selector === selector && selector !== '');
    if (bySelector !== undefined) return bySelector;
    if (/^\d+$/.test(selector)) return menu.rows[Number(selector)];
    const facts = selectorFacts(selector, menuFacts(menu.path)?.key ?? []);
    if (facts.size === 0) return undefined;
    return menu.rows.find((row) =>
      [...facts].every(([name, value]) => this.text(menu.path, row, name) === value),
    );
  }

  private carryReferences(): void {
    for (const menu of [...this.menus.values()]) {
      for (const row of menu.rows) {
        for (const [name, value] of row.properties) {
          if (value === null) continue;
          for (const { target, checked } of referencesOf(menu.path, name)) {
            if (checked) for (const part of referenceParts(value)) this.carry(target, part);
          }
        }
      }
    }
    const ethernet = this.menu('/interface ethernet');
    if (ethernet.rows.length === 0) this.addPort('ether1');
  }

  private carry(target: string, name: string): void {
    if (target === '/interface' && isPortName(name) && !this.exists(target, 'name', name)) this.addPort(name);
    this.carriedNames.add(`${target}\n${name}`);
  }

  private addPort(name: string): void {
    const menu = this.menu('/interface ethernet');
    const given = new Map([
      ['default-name', name],
      ['name', name],
    ]);
    menu.rows = [...menu.rows, menu.makeRow({ selector: `[ find default-name=${name} ]`, given })];
  }

  /** Whether a reference to that name is good: a row has it, or the export always had it. */
  isKnownName(target: string, key: string, name: string): boolean {
    return this.carriedNames.has(`${target}\n${name}`) || this.exists(target, key, name);
  }

  private exists(target: string, key: string, name: string): boolean {
    for (const menu of this.menus.values()) {
      if (!isReferenceTarget(target, menu.path)) continue;
      if (menu.rows.some((row) => this.text(menu.path, row, key) === name)) return true;
    }
    return false;
  }

  isMenu(path: string): boolean {
    return this.menus.has(path) || menuFacts(path) !== undefined;
  }

  /** All menus the device can have, for the console's vocabulary. */
  allPaths(): readonly string[] {
    return [...new Set([...this.menus.keys(), ...menuPaths()])];
  }

  loadedMenus(): readonly Menu[] {
    return [...this.menus.values()];
  }

  menu(path: string): Menu {
    return this.menus.get(path) ?? this.makeMenu(path, menuFacts(path)?.kind === 'singleton');
  }

  /** The text of a property as the device has it now, defaults included; undefined when it has none. */
  text(path: string, row: Row, name: string): string | undefined {
    if (name === '.id') return hexId(row);
    const own = row.properties.get(name);
    if (own !== undefined && own !== null) return own;
    if (own === null) return undefined;
    const computed = this.computed(path, row, name);
    if (computed !== undefined) return computed;
    const given = row.given.get(name);
    if (given !== undefined) return given;
    if (name === 'dynamic' || name === 'invalid' || name === 'default' || name === 'builtin') {
      return (name === 'builtin' || name === 'default') && row.selector !== undefined ? 'yes' : 'no';
    }
    return knownDefault(path, name, this.version);
  }

  /** Whether `name` is a property that rows of the menu can be given. */
  isProperty(path: string, name: string): boolean {
    const facts = menuFacts(path);
    if (facts?.properties.has(name) === true || name === 'comment' || name === 'disabled') return true;
    const menu = this.menus.get(path);
    return menu?.rows.some((row) => row.properties.has(name)) ?? false;
  }

  /** Puts new rows in place and lets the rest of the device know. */
  change(menu: Menu, rows: readonly Row[]): void {
    menu.replace(rows, this.options.monotonic(), this.options.flushMs);
    this.onChange(menu.path);
  }

  /** Power was cut: of each menu an arbitrary number of the last unwritten changes is gone. */
  losePower(pick: (limit: number) => number): void {
    const now = this.options.monotonic();
    for (const menu of this.menus.values()) {
      menu.lose(pick(menu.unwritten(now, this.options.flushMs) + 1));
      this.onChange(menu.path);
    }
  }

  /** A name changed: whatever refers to the row follows. */
  follow(path: string, from: string, to: string): void {
    for (const menu of this.menus.values()) {
      let touched = false;
      const rows = menu.rows.map((row) => {
        const names = this.referringProperties(menu, row, path, from);
        if (names.length === 0) return row;
        touched = true;
        return withProperties(
          row,
          new Map(names.map((name) => [name, renamed(row.properties.get(name) ?? '', from, to)])),
        );
      });
      if (touched) this.change(menu, rows);
    }
  }

  isUsed(path: string, name: string): boolean {
    const menus = [...this.menus.values()];
    return menus.some((menu) =>
      menu.rows.some((row) => this.referringProperties(menu, row, path, name).length > 0),
    );
  }

  /** Properties of a row that name the row called `name` in the menu `path`. */
  private referringProperties(menu: Menu, row: Row, path: string, name: string): readonly string[] {
    const found: string[] = [];
    for (const [property, value] of row.properties) {
      if (value === null || !referenceParts(value).includes(name)) continue;
      const references = referencesOf(menu.path, property);
      if (
        references.some(
          ({ target, key, checked }) => checked && key === 'name' && isReferenceTarget(target, path),
        )
      ) {
        found.push(property);
      }
    }
    return found;
  }
}

function renamed(value: string, from: string, to: string): string {
  const parts = value.split(',').map((part) => (part === from ? to : part === `!${from}` ? `!${to}` : part));
  return parts.join(',');
}

export function referenceParts(value: string): readonly string[] {
  return value.split(',').map((part) => part.replace(/^!/, ''));
}
