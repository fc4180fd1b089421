/**
 * What a desired text says that this device can't take, although it is well written: names that neither the device
 * nor the text has, menus and properties that its version lacks. It judges only what differs from the device, and
 * only what the tables are sure of; hardware that an export leaves out is never missed.
 */
import type { Problem } from '../../core/dialect.ts';
import { canonicalItem } from '../../core/digest.ts';
import { sameItem, type Configuration, type Item } from '../../core/item.ts';
import {
  compareVersions,
  exportOrder,
  isReferenceTarget,
  menuFacts,
  outsideVersions,
  propertyFacts,
  referencesOf,
  type Reference,
} from './menus.ts';
import { bornName, nameOf } from './names.ts';

function isSameRow(a: Item, b: Item): boolean {
  return a.section === b.section && a.key === b.key;
}

export function judgeDesired(
  desired: Configuration,
  actual: Configuration,
  version: string | null,
): readonly Problem[] {
  const judge = new Judge(desired, actual, version);
  const bySection = new Map(actual.sections.map((section) => [section.path, section.items]));
  return desired.sections.flatMap(({ path, items }) => {
    const there = bySection.get(path);
    const changed = changedRows(items, there ?? []);
    const first = changed[0];
    if (first === undefined) return [];
    const gate = there === undefined ? judge.menu(first) : null;
    if (gate !== null) return [gate];
    return changed.flatMap((item) => [...judge.item(item, there ?? []), ...judge.name(item)]);
  });
}

/** Rows that the device has nowhere in that menu. Most stand where they stood, and only the others are looked for. */
function changedRows(items: readonly Item[], there: readonly Item[]): readonly Item[] {
  const moved = items.filter((item, i) => !standsAt(there, i, item));
  if (moved.length === 0) return moved;
  const known = new Set(there.map(canonicalItem));
  return moved.filter((item) => !known.has(canonicalItem(item)));
}

function standsAt(there: readonly Item[], index: number, item: Item): boolean {
  const other = there[index];
  return other !== undefined && sameItem(other, item);
}

/** Menus whose rows are interfaces: they share one set of names. */
function holdsInterfaces(path: string): boolean {
  const [, menu, more] = path.split(' ');
  return path.startsWith('/interface ') && menu !== 'list' && more === undefined;
}

/** Rows that come with the device and are in no export, and words that are no names. */
const unseen =
  /^(ether\d+|sfp\d+|sfp-sfpplus\d+|sfp28-\d+|qsfp[a-z0-9]*-\d+-\d+|combo\d+|wlan\d+|wifi\d+|lte\d+|w60g\d+|pwr-line\d+|ppp-out\d+|lo|\*.*|all(-[a-z]+)?|any|none|default.*|auto|static|dynamic|self|main|full|read|write|[a-z-]+-only)$/;
/** Menus with rows that exports never show; chains and marks exist by use. */
const hidden: ReadonlySet<string> = new Set([
  '/certificate',
  '/user',
  '/ip vrf',
  '/ip dhcp-client option',
  '/interface ethernet switch',
  'chain',
  'mark',
]);

class Judge {
  readonly #desired: Configuration;
  readonly #actual: Configuration;
  readonly #version: string | null;
  readonly #names = new Map<string, ReadonlySet<string>>();
  #byName: ReadonlyMap<string, readonly Item[]> | null = null;

  constructor(desired: Configuration, actual: Configuration, version: string | null) {
    this.#desired = desired;
    this.#actual = actual;
    this.#version = version;
  }

  menu(item: Item): Problem | null {
    const facts = menuFacts(item.section);
    if (facts === undefined || this.#version === null) return null;
    // The device trees that were compared lack packages that older versions had built in.
    const since = exportOrder(6).includes(item.section) ? null : facts.since;
    const found = outsideVersions(this.#version, since, facts.until);
    return found === null ? null : this.#gate(found, item, item.section, since ?? facts.until);
  }

  item(item: Item, there: readonly Item[]): readonly Problem[] {
    return item.properties.flatMap(([name, value]) => {
      if (value === null || value === '') return [];
      const gate = this.#property(item, name, there);
      if (gate !== null) return [gate];
      const missing = this.#missing(item, name, value);
      if (missing === null) return [];
      const message = `"${name}" names "${missing}", which neither the device nor the file has: add it to the file or correct the name`;
      return [{ code: 'missing-reference', message, place: item.place, section: item.section }];
    });
  }

  /** Two interfaces of one name: the device refuses the second, whatever they are. */
  name(item: Item): readonly Problem[] {
    const name = holdsInterfaces(item.section) ? nameOf(item) : null;
    const other =
      name === null
        ? undefined
        : this.#interfaces()
            .get(name)
            ?.find((one) => !isSameRow(one, item));
    if (other === undefined) return [];
    const line = other.place?.line === undefined ? '' : ` (line ${other.place.line})`;
    const message = `"${name}" is the name of a row in ${other.section} too${line}: names of interfaces are unique, choose another`;
    return [{ code: 'duplicate-key', message, place: item.place, section: item.section }];
  }

  /** By name, as it would be: what the text names, and of the device what the text leaves out. */
  #interfaces(): ReadonlyMap<string, readonly Item[]> {
    if (this.#byName !== null) return this.#byName;
    const wanted = new Set(this.#desired.sections.map(({ path }) => path));
    const sections = [
      ...this.#desired.sections,
      ...this.#actual.sections.filter(({ path }) => !wanted.has(path)),
    ];
    const byName = new Map<string, Item[]>();
    for (const item of sections.flatMap(({ path, items }) => (holdsInterfaces(path) ? items : []))) {
      const name = nameOf(item);
      if (name !== null) byName.set(name, [...(byName.get(name) ?? []), item]);
    }
    this.#byName = byName;
    return byName;
  }

  #property(item: Item, name: string, there: readonly Item[]): Problem | null {
    const facts = propertyFacts(item.section, name);
    if (facts === undefined || this.#version === null) return null;
    const found = outsideVersions(this.#version, facts.since, facts.gone);
    if (found === null || there.some((row) => row.properties.some(([own]) => own === name))) return null;
    return this.#gate(found, item, `${item.section} "${name}"`, found === 'newer' ? facts.since : facts.gone);
  }

  #gate(found: 'newer' | 'gone', item: Item, what: string, bound: string | null): Problem {
    const device = `the device runs ${this.#version}`;
    const message =
      found === 'newer'
        ? `${what} is of a newer version (known from ${bound}), ${device}: upgrade it first or take this out of the file`
        : `${what} is of an older version (last known in ${bound}), ${device}: take it out of the file`;
    const code = found === 'newer' ? 'newer-version' : 'older-version';
    return { code, message, place: item.place, section: item.section };
  }

  /** The first of the names in the value that nobody has. */
  #missing(item: Item, property: string, value: string): string | null {
    const references = referencesOf(item.section, property).filter((one) => one.checked);
    if (references.length === 0 || references.some((one) => this.#isHidden(one.target))) return null;
    const names = references.map((one) => this.#namesOf(one));
    const parts = value.split(',').map((part) => part.replace(/^!/, ''));
    const renamed = references.some(({ target }) => target === '/interface') ? this.#renamed() : null;
    const isThere = (part: string): boolean =>
      renamed?.has(part) !== true && (unseen.test(part) || names.some((has) => has.has(part)));
    return parts.find((part) => part !== '' && !isThere(part)) ?? null;
  }

  /** What ports are called no more, and nothing else is called either. */
  #renamed(): ReadonlySet<string> {
    const interfaces = this.#interfaces();
    const born = [...interfaces.values()].flat().map(({ key }) => bornName(key));
    return new Set(born.filter((name): name is string => name !== null && !interfaces.has(name)));
  }

  /** Before version 7 a routing table was there as soon as something named it. */
  #isHidden(target: string): boolean {
    if (hidden.has(target)) return true;
    return target === '/routing table' && (this.#version === null || compareVersions(this.#version, '7') < 0);
  }

  /** What rows of the target are called, and what the device itself already names so. */
  #namesOf({ target, key, property }: Reference): ReadonlySet<string> {
    const id = `${target}\n${key}\n${property}`;
    const known = this.#names.get(id);
    if (known) return known;
    const names = new Set<string>();
    const sections = [...this.#actual.sections, ...this.#desired.sections];
    for (const { items } of sections.filter((one) => isReferenceTarget(target, one.path))) {
      for (const item of items) {
        for (const [name, value] of item.properties)
          if (key.split('|').includes(name) && value) names.add(value);
        names.add((item.key ?? '').replace(/^[a-z-]+=/, ''));
      }
    }
    for (const { path, items } of this.#actual.sections) {
      for (const item of items)
        for (const [name, value] of item.properties) {
          if (value === null || !referencesOf(path, name).some((one) => one.target === target)) continue;
          for (const part of value.split(',')) names.add(part.replace(/^!/, ''));
        }
    }
    this.#names.set(id, names);
    return names;
  }
}
