/**
 * The configuration of the simulated device: menus with rows, made from a real export. It knows what a
 * row's properties mean; who may change them and when is the console's affair.
 */
import {
  compareVersions,
  isReferenceTarget,
  menuFacts,
  menuPaths,
  outsideVersions,
  referencesOf,
} from '../../drivers/routeros/menus.ts';
import { factoryMenu, loadImage, referenceParts } from './image.ts';
import { Menu, withProperties } from './menu.ts';
import { rowText } from './row-text.ts';
import type { Behaviour } from '../behaviour.ts';
import type { DeviceImage } from './image.ts';
import type { Row } from './menu.ts';

interface DeviceOptions {
  readonly version: string | undefined;
  readonly user: string;
  /** Monotonic milliseconds, for what a power cut may lose. */
  readonly monotonic: () => number;
  /** How long writes may stay in memory. */
  readonly flushMs: number;
  /** Refuse properties and menus of other versions, as far as the facts table knows. */
  readonly versionGates?: boolean;
  readonly findCompares?: Behaviour['findCompares'];
}

/** Facts that nobody configures (`run-count`, `uptime` …); undefined: there is none of that name. */
type Computed = (path: string, row: Row, name: string) => string | undefined;

/** The rows of every menu at one moment. */
export type DeviceState = ReadonlyMap<string, readonly Row[]>;

export class Device {
  readonly image: DeviceImage;
  computed: Computed = () => undefined;
  /** Called after each change with the menu's path and the rows it had. */
  onChange: (path: string, before: readonly Row[]) => void = () => undefined;
  private readonly menus = new Map<string, Menu>();
  /** Menus whose rows are no configuration: files, jobs, log, sessions. */
  private readonly views = new Map<string, { readonly menu: Menu; readonly rows: () => readonly Row[] }>();
  private readonly options: DeviceOptions;

  constructor(from: Uint8Array | DeviceImage, options: DeviceOptions) {
    this.options = options;
    this.image = from instanceof Uint8Array ? loadImage(from, options) : from;
    for (const [path, menu] of this.image.menus) this.menus.set(path, Menu.like(menu));
  }

  get findCompares(): Behaviour['findCompares'] {
    return this.options.findCompares ?? 'by-property';
  }

  get version(): string {
    return this.image.version;
  }

  get header(): readonly string[] {
    return this.image.header;
  }

  get notes(): readonly string[] {
    return this.image.notes;
  }

  get sectionOrder(): readonly string[] {
    return this.image.sectionOrder;
  }

  get major(): 6 | 7 {
    return this.version.startsWith('6') ? 6 : 7;
  }

  /** Whether the device's version is that one or a later one. */
  isSince(version: string): boolean {
    return compareVersions(this.version, version) >= 0;
  }

  /** Makes a menu of rows that are read at each look; no export, power cut or `/undo` touches them. */
  addView(path: string, rows: () => readonly Row[]): Menu {
    const menu = new Menu(path, false);
    this.views.set(path, { menu, rows });
    return menu;
  }

  /** Whether a reference to that name is good: a row has it, or the export always had it. */
  isKnownName(target: string, key: string, name: string): boolean {
    return this.image.carriedNames.has(`${target}\n${name}`) || this.exists(target, key, name);
  }

  private exists(target: string, key: string, name: string): boolean {
    for (const menu of this.menus.values()) {
      if (!isReferenceTarget(target, menu.path)) continue;
      if (menu.rows.some((row) => this.text(menu.path, row, key) === name)) return true;
    }
    return false;
  }

  isMenu(path: string): boolean {
    if (this.menus.has(path) || this.views.has(path)) return true;
    const facts = menuFacts(path);
    return facts !== undefined && this.isOfThisVersion(facts.since, facts.until);
  }

  /** All menus the device can have, for the console's vocabulary. */
  allPaths(): readonly string[] {
    return [...new Set([...this.menus.keys(), ...this.views.keys(), ...menuPaths()])];
  }

  loadedMenus(): readonly Menu[] {
    return [...this.menus.values()];
  }

  menu(path: string): Menu {
    const view = this.views.get(path);
    if (view !== undefined) {
      view.menu.rows = view.rows();
      return view.menu;
    }
    const known = this.menus.get(path) ?? factoryMenu(path, this.image.user);
    this.menus.set(path, known);
    return known;
  }

  /** The text of a property as the device has it now, defaults included; undefined when it has none. */
  text(path: string, row: Row, name: string): string | undefined {
    return rowText(path, row, name, this.version, () => this.computed(path, row, name));
  }

  /** Whether `name` is a property that rows of the menu can be given. */
  isProperty(path: string, name: string): boolean {
    if (name === 'comment' || name === 'disabled') return true;
    const facts = menuFacts(path)?.properties.get(name);
    if (facts !== undefined && this.isOfThisVersion(facts.since, facts.gone)) return true;
    const rows = this.menus.get(path)?.rows ?? this.views.get(path)?.rows() ?? [];
    return rows.some((row) => row.properties.has(name));
  }

  /** The table compares versions from 7.9 on; what it says of version 6 is nothing. */
  private isOfThisVersion(since: string | null, until: string | null): boolean {
    if (this.options.versionGates !== true || this.major === 6) return true;
    return outsideVersions(this.version, since, until) === null;
  }

  /** Puts new rows in place and lets the rest of the device know. */
  change(menu: Menu, rows: readonly Row[]): void {
    const before = menu.rows;
    menu.replace(rows, this.options.monotonic(), this.options.flushMs);
    this.onChange(menu.path, before);
  }

  state(): DeviceState {
    return new Map([...this.menus].map(([path, menu]) => [path, menu.rows]));
  }

  /** Every menu gets the rows it had then; those made since become what they were before. */
  restore(state: DeviceState): void {
    for (const menu of this.menus.values()) {
      const rows = state.get(menu.path) ?? factoryMenu(menu.path, this.image.user, menu.singleton).rows;
      menu.reserve(rows);
      if (rows !== menu.rows) this.change(menu, rows);
    }
    for (const [path, rows] of state) {
      if (this.menus.has(path)) continue;
      this.menu(path).reserve(rows);
      this.change(this.menu(path), rows);
    }
  }

  /** Power was cut: of each menu, or of all in one order, some of the last unwritten changes are gone. */
  losePower(pick: (limit: number) => number, order: 'per-menu' | 'global' = 'per-menu'): void {
    const now = this.options.monotonic();
    const unwritten = [...this.menus.values()].map((menu) => ({
      menu,
      times: menu.unwritten(now, this.options.flushMs),
    }));
    const moments = [...new Set(unwritten.flatMap(({ times }) => times))].sort((a, b) => a - b);
    const kept = order === 'global' ? pick(moments.length + 1) : 0;
    for (const { menu, times } of unwritten) {
      const lost =
        order === 'global'
          ? times.filter((at) => moments.indexOf(at) >= kept).length
          : pick(times.length + 1);
      const before = menu.rows;
      menu.lose(lost);
      this.onChange(menu.path, before);
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
