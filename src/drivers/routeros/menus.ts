/**
 * Facts about RouterOS menus, typed. The table is `menus.json`, made by test/tools/make-menus.mjs from public
 * tables; paths are in the space form (`/ip firewall filter`). Nothing here is a guess: what no table
 * says is absent (`null`), and callers must treat it as unknown.
 *
 * Shape of menus.json:
 *   versions    the device versions that were compared; `since`/`until`/`gone` are bounds within these
 *   order       { v6: [path…], v7: [path…] }: section order of real exports, which is the order of creation
 *   references  [{ p: property, to: path | 'chain' | 'mark', key: property there, in: [path prefix | '*'], checked }];
 *               `/interface` means every menu below it
 *   menus       { path: { k: kind, key?: [property…], group?: property within which order counts, cmd?: 'add move
 *               remove unset enable' (those it has; absent: no v7 device had the menu), listSince?: a singleton
 *               before that version, since?, until?, renames?: [[from version, old, new]…], p: { property: 0 | {
 *                 t: type, o: members of a set in the device's order, d: default in console spelling, dv: [[from | null, before | null, default]…] where it
 *                 changed, rows: { item key: default of that row }, u: what unsets it (null: `unset` / `!name`;
 *                 else that value), secret: 1, exec: 1 (holds a script), from: [properties it is computed from],
 *                 dev: 1 (the device supplies a value of its own), made: 1 (and prints it as if typed), req: 1 (no row is made without), since, gone: last version that had it } } } }
 */
import { createRequire } from 'node:module';
import type { SectionKind } from '../../core/item.ts';

/**
 * `host`: a single host is printed without its length; `hosts`: with it, in lists too. `set`: a list whose order
 * means nothing and that the device prints in an order of its own (`matched-set`: a `!` in front negates the whole);
 * `members`: one that it keeps as it was typed. `flag`: a bare word, its value is `''`.
 */
export type ValueType =
  | 'bool'
  | 'time'
  | 'mac'
  | 'ip'
  | 'prefix'
  | 'host'
  | 'hosts'
  | 'number'
  | 'hex'
  | 'bits'
  | 'bytes'
  | 'enum'
  | 'set'
  | 'matched-set'
  | 'members'
  | 'flag'
  | 'string';

export interface PropertyFacts {
  readonly type: ValueType | null;
  /** Members of a `set` in the order in which the device prints them. */
  readonly order: readonly string[];
  /** Console spelling; null: no table knows one, or it differs between versions (see `defaultOf`). */
  readonly default: string | null;
  readonly defaults: readonly (readonly [from: string | null, before: string | null, value: string])[];
  /** Default of single rows that the device brings along, by item key; null: all rows are alike. */
  readonly rowDefaults: ReadonlyMap<string, string> | null;
  /** `unset` command or `!name`; a value to set; null: not known to be unsettable. */
  readonly unset: { readonly by: 'unset' } | { readonly by: 'value'; readonly value: string } | null;
  readonly secret: boolean;
  readonly executable: boolean;
  readonly computedFrom: readonly string[];
  /** The device supplies a value when none is given: absent is not the same as default. */
  readonly deviceSupplied: boolean;
  /** The device prints a value that nobody typed: a text that does not name it leaves it as it is. */
  readonly madeUp: boolean;
  readonly required: boolean;
  readonly since: string | null;
  readonly gone: string | null;
}

export interface MenuFacts {
  readonly path: string;
  readonly kind: SectionKind;
  /** Properties that together name a row; empty: content is the identity (or the menu is a singleton). */
  readonly key: readonly string[];
  /** Order counts only among rows that are equal in this property. */
  readonly group: string | null;
  /** Of add, move, remove, unset, enable; null: not known. */
  readonly commands: readonly string[] | null;
  /** A singleton before this version, a list from then on. */
  readonly listSince: string | null;
  readonly since: string | null;
  readonly until: string | null;
  readonly renames: readonly (readonly [fromVersion: string, old: string, now: string])[];
  readonly properties: ReadonlyMap<string, PropertyFacts>;
  /** Properties whose default is not the same in all versions. */
  readonly moved: readonly string[];
}

export interface Reference {
  readonly property: string;
  /** Path (`/interface`: any menu below it too), or `chain` / `mark` for names that exist by use. */
  readonly target: string;
  readonly key: string;
  /** The device refuses a name that does not exist. */
  readonly checked: boolean;
}

interface RawProperty {
  t?: ValueType;
  o?: string;
  d?: string;
  rows?: Record<string, string>;
  dv?: [string | null, string | null, string][];
  u?: string | null;
  secret?: 1;
  exec?: 1;
  from?: string[];
  dev?: 1;
  made?: 1;
  req?: 1;
  since?: string;
  gone?: string;
}
interface RawMenu {
  k: SectionKind;
  key?: string[];
  group?: string;
  cmd?: string;
  listSince?: string;
  since?: string;
  until?: string;
  renames?: [string, string, string][];
  p: Record<string, 0 | RawProperty>;
}
interface RawTable {
  versions: string[];
  order: { v6: string[]; v7: string[] };
  references: { p: string; to: string; key: string; in: string[]; checked: boolean }[];
  menus: Record<string, RawMenu>;
}

const raw = createRequire(import.meta.url)('./menus.json') as RawTable;
const menus: ReadonlyMap<string, MenuFacts> = new Map(
  Object.entries(raw.menus).map(([path, menu]) => [path, toMenu(path, menu)]),
);
const ranks: ReadonlyMap<string, number> = new Map(mergedOrder().map((path, rank) => [path, rank]));

function toProperty(facts: 0 | RawProperty): PropertyFacts {
  const f = facts === 0 ? {} : facts;
  return {
    type: f.t ?? null,
    order: f.o?.split(',') ?? [],
    default: f.d ?? null,
    defaults: f.dv ?? [],
    rowDefaults: f.rows === undefined ? null : new Map(Object.entries(f.rows)),
    unset: f.u === undefined ? null : f.u === null ? { by: 'unset' } : { by: 'value', value: f.u },
    secret: f.secret === 1,
    executable: f.exec === 1,
    computedFrom: f.from ?? [],
    deviceSupplied: f.dev === 1,
    madeUp: f.made === 1,
    required: f.req === 1,
    since: f.since ?? null,
    gone: f.gone ?? null,
  };
}

function toMenu(path: string, menu: RawMenu): MenuFacts {
  const properties = new Map(Object.entries(menu.p).map(([name, facts]) => [name, toProperty(facts)]));
  return {
    path,
    kind: menu.k,
    key: menu.key ?? [],
    group: menu.group ?? null,
    commands: menu.cmd?.split(' ') ?? null,
    listSince: menu.listSince ?? null,
    since: menu.since ?? null,
    until: menu.until ?? null,
    renames: menu.renames ?? [],
    properties,
    moved: [...properties].flatMap(([name, facts]) => (facts.defaults.length > 0 ? [name] : [])),
  };
}

/** v7 order, with each v6-only menu after its predecessor in v6. */
function mergedOrder(): string[] {
  const merged = [...raw.order.v7];
  raw.order.v6.forEach((path, i) => {
    if (merged.includes(path)) return;
    const previous = raw.order.v6[i - 1];
    merged.splice(previous === undefined ? 0 : merged.indexOf(previous) + 1, 0, path);
  });
  return merged;
}

/** Undefined: no table knows the menu. */
export function menuFacts(path: string): MenuFacts | undefined {
  return menus.get(path);
}

export function propertyFacts(path: string, property: string): PropertyFacts | undefined {
  return menus.get(path)?.properties.get(property);
}

export function menuPaths(): readonly string[] {
  return [...menus.keys()];
}

/** Sections in the order of a real export of that major version. */
export function exportOrder(major: 6 | 7): readonly string[] {
  return major === 6 ? raw.order.v6 : raw.order.v7;
}

function within(path: string, prefix: string): boolean {
  return prefix === '*' || path === prefix || path.startsWith(`${prefix} `);
}

/** What a value of this property may name; of several statements the one with the narrowest scope. */
export function referencesOf(path: string, property: string): readonly Reference[] {
  let best = 0;
  let found: Reference[] = [];
  for (const reference of raw.references) {
    if (reference.p !== property) continue;
    const scope = Math.max(
      0,
      ...reference.in.filter((prefix) => within(path, prefix)).map((prefix) => prefix.length),
    );
    if (scope === 0 || scope < best) continue;
    if (scope > best) found = [];
    best = scope;
    found.push({ property, target: reference.to, key: reference.key, checked: reference.checked });
  }
  return found;
}

/** Whether an item of section `path` can be what a reference with that target names. */
export function isReferenceTarget(target: string, path: string): boolean {
  return target === '/interface' ? within(path, '/interface') : target === path;
}

/** Lower is made first. A menu that no export showed takes the rank of its nearest known ancestor, else the last. */
export function creationRank(path: string): number {
  for (let p = path; p.length > 1; p = p.slice(0, Math.max(p.lastIndexOf(' '), 0))) {
    const rank = ranks.get(p);
    if (rank !== undefined) return rank;
  }
  return ranks.size;
}

const secretName =
  /(^|[-.])(password|passphrase|secret|secrets|pre-?shared-key|private-key|auth-key|authentication-key|tcp-md5-key|management-protection-key|static-key-\d|cak|pin)$/;

/** By the table, and by the name alone where no table knows the property: better one mask too many. */
export function isSecretProperty(path: string, property: string): boolean {
  return (propertyFacts(path, property)?.secret ?? false) || secretName.test(property);
}

/** All properties of a menu that hold secrets. */
export function secretNames(path: string): readonly string[] {
  return [...(menuFacts(path)?.properties ?? [])].flatMap(([name, { secret }]) => (secret ? [name] : []));
}

export function isExecutableProperty(path: string, property: string): boolean {
  return propertyFacts(path, property)?.executable ?? false;
}

export function isMadeUp(path: string, property: string): boolean {
  return propertyFacts(path, property)?.madeUp ?? false;
}

/** The default in that version (of that row) in console spelling, or null when no table is sure. */
export function defaultOf(
  path: string,
  property: string,
  version: string | null,
  key: string | null = null,
): string | null {
  const facts = propertyFacts(path, property);
  if (facts === undefined) return null;
  const ofRow = key === null ? undefined : facts.rowDefaults?.get(key);
  if (ofRow !== undefined) return ofRow;
  if (facts.default !== null || version === null) return facts.default;
  const fits = facts.defaults.filter(
    ([from, before]) =>
      (from === null || compareVersions(version, from) >= 0) &&
      (before === null || compareVersions(version, before) < 0),
  );
  const values = new Set(fits.map(([, , value]) => value));
  return values.size === 1 ? (fits[0]?.[2] ?? null) : null;
}

/** Of the versions that were compared, the nearest before (-1) or after (1) that one; null: there is none. */
function neighbour(version: string, step: -1 | 1): string | null {
  const at = raw.versions.indexOf(version);
  return at < 0 ? null : (raw.versions[at + step] ?? null);
}

/** Whether something first seen in version `since` and last seen in `until` is surely not in `version`. */
export function outsideVersions(
  version: string,
  since: string | null,
  until: string | null,
): 'newer' | 'gone' | null {
  const before = since === null ? null : neighbour(since, -1);
  if (before !== null && compareVersions(version, before) <= 0) return 'newer';
  const after = until === null ? null : neighbour(until, 1);
  return after !== null && compareVersions(version, after) >= 0 ? 'gone' : null;
}

/** Release numbers only; `rc` and `beta` count as the release they lead to. */
export function compareVersions(a: string, b: string): number {
  const parts = (version: string): number[] =>
    (/^\d+(\.\d+)*/.exec(version)?.[0] ?? '0').split('.').map(Number);
  const [x, y] = [parts(a), parts(b)];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const difference = (x[i] ?? 0) - (y[i] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}
