/**
 * What a device is made from: the menus that an export and the factory give, once per export. Rows are never
 * changed in place, so any number of devices share one image.
 */
import { isReferenceTarget, menuFacts, referencesOf } from '../../drivers/routeros/menus.ts';
import { builtinRows, isPortName, selectorFacts } from './builtin-rows.ts';
import { Menu } from './menu.ts';
import { readExport } from './reader.ts';
import { rowText } from './row-text.ts';
import type { ReadItem } from './reader.ts';
import type { Row } from './menu.ts';

export interface DeviceImage {
  readonly version: string;
  readonly header: readonly string[];
  readonly notes: readonly string[];
  /** Sections in the order of the export they came from. */
  readonly sectionOrder: readonly string[];
  readonly menus: ReadonlyMap<string, Menu>;
  /** Names that the loaded export refers to; they exist even when nothing in it defines them. */
  readonly carriedNames: ReadonlySet<string>;
  /** Who may log in from the factory. */
  readonly user: string;
}

interface ImageOptions {
  /** Instead of the version that the export names. */
  readonly version: string | undefined;
  readonly user: string;
}

const FALLBACK_VERSION = '7.18.2';
/** Singletons that answer `get` on every device and stand in no table. */
const FACT_MENUS = [
  '/system resource',
  '/system clock',
  '/system identity',
  '/system routerboard',
  '/system license',
  '/system device-mode',
];

/** Throws when the text is no export. */
export function loadImage(exportText: Uint8Array, options: ImageOptions): DeviceImage {
  const read = readExport(exportText);
  if (read.version === undefined && read.sections.length === 0) {
    throw new Error('this is no export: it has neither a version line nor a section');
  }
  const loader = new ImageLoader(options.version ?? read.version ?? FALLBACK_VERSION, options.user);
  for (const { path, items } of read.sections) loader.loadSection(path, items);
  loader.carryReferences();
  return {
    version: loader.version,
    header: read.header,
    notes: read.notes,
    sectionOrder: read.sections.map((section) => section.path),
    menus: loader.menus,
    carriedNames: loader.carriedNames,
    user: options.user,
  };
}

/** A menu as it is before anybody configured it. */
export function factoryMenu(path: string, user: string, singleton = isSingleton(path)): Menu {
  const menu = new Menu(path, singleton);
  const builtin = builtinRows(path, user).map(({ selector, given }) =>
    menu.makeRow({ selector, given: new Map(given) }),
  );
  menu.rows = [...menu.rows, ...builtin];
  return menu;
}

function isSingleton(path: string): boolean {
  return FACT_MENUS.includes(path) || menuFacts(path)?.kind === 'singleton';
}

class ImageLoader {
  readonly version: string;
  readonly menus = new Map<string, Menu>();
  readonly carriedNames = new Set<string>();
  private readonly user: string;

  constructor(version: string, user: string) {
    this.version = version;
    this.user = user;
    for (const path of [...FACT_MENUS, '/ip service', '/user', '/user group']) this.menu(path);
  }

  private menu(path: string, singleton?: boolean): Menu {
    const known = this.menus.get(path) ?? factoryMenu(path, this.user, singleton);
    this.menus.set(path, known);
    return known;
  }

  loadSection(path: string, items: readonly ReadItem[]): void {
    const menu = this.menu(path, this.isSingle(path, items));
    const seen = new Set<string>();
    const rows = [...menu.rows];
    for (const item of items) {
      // A port may be there twice under one default-name, each with a name of its own.
      const again = item.selector.includes('default-name=') && seen.has(item.selector);
      seen.add(item.selector);
      this.load(menu, rows, item, again);
    }
    menu.rows = rows;
  }

  /** What the tables say, unless the lines show rows: some menus were lists in older versions. */
  private isSingle(path: string, items: readonly ReadItem[]): boolean {
    const kind = menuFacts(path)?.kind;
    const bare = items.every((item) => item.verb === 'set' && item.selector === '');
    if (kind === 'singleton') return bare;
    return (kind === undefined || kind === 'unknown') && bare && items.length > 0;
  }

  /** Into the list of rows, which is nobody else's yet: exports have many thousand lines. */
  private load(menu: Menu, rows: Row[], item: ReadItem, again: boolean): void {
    const { properties, written, selector } = item;
    if (item.verb === 'add') {
      rows.push(menu.makeRow({ properties, written }));
      return;
    }
    const at = again ? -1 : this.target(menu, rows, selector);
    const target = rows[at];
    if (target !== undefined) {
      rows[at] = {
        ...target,
        properties: new Map([...target.properties, ...properties]),
        written: new Map([...target.written, ...written]),
      };
      return;
    }
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
    rows.push(menu.makeRow(fixedId === undefined ? parts : { id: parseInt(fixedId, 16), ...parts }));
  }

  /** Where the row is that a selector names; -1: nowhere yet. */
  private target(menu: Menu, rows: readonly Row[], selector: string): number {
    if (menu.singleton) return 0;
    const bySelector = rows.findIndex((row) => row.selector === selector && selector !== '');
    if (bySelector >= 0) return bySelector;
    if (/^\d+$/.test(selector)) return Number(selector) < rows.length ? Number(selector) : -1;
    const facts = selectorFacts(selector, menuFacts(menu.path)?.key ?? []);
    if (facts.size === 0) return -1;
    return rows.findIndex((row) =>
      [...facts].every(([name, value]) => rowText(menu.path, row, name, this.version) === value),
    );
  }

  carryReferences(): void {
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
    if (this.menu('/interface ethernet').rows.length === 0) this.addPort('ether1');
  }

  private carry(target: string, name: string): void {
    if (target === '/interface' && isPortName(name) && !this.isInterface(name)) this.addPort(name);
    this.carriedNames.add(`${target}\n${name}`);
  }

  private isInterface(name: string): boolean {
    for (const menu of this.menus.values()) {
      if (!isReferenceTarget('/interface', menu.path)) continue;
      if (menu.rows.some((row) => rowText(menu.path, row, 'name', this.version) === name)) return true;
    }
    return false;
  }

  private addPort(name: string): void {
    const menu = this.menu('/interface ethernet');
    const given = new Map([
      ['default-name', name],
      ['name', name],
    ]);
    menu.rows = [...menu.rows, menu.makeRow({ selector: `[ find default-name=${name} ]`, given })];
  }
}

export function referenceParts(value: string): readonly string[] {
  return value.split(',').map((part) => part.replace(/^!/, ''));
}
