/**
 * A device's configuration as values: sections of items, items of properties. Everything here is plain data
 * that survives JSON, so that a plan can be sealed on disk and read back.
 * Values are canonical byte strings: each code unit is one byte (0–255), quotes and escapes removed.
 */
import type { Place } from './errors.ts';

/** `null` is a property that the text unsets explicitly. Sorted by name, each name once. */
export type Properties = readonly (readonly [name: string, value: string | null])[];

export interface Item {
  /** Path of the section, e.g. `/ip firewall filter`. */
  readonly section: string;
  /**
   * Canonical natural key, e.g. `name=ether1` or `address=192.0.2.1,list=office`; `''` for the only item of
   * a singleton; `null` where the section has none and the content is the identity.
   */
  readonly key: string | null;
  /** False for rows that the device brings along (builtin, singleton): they can be set, not added or removed. */
  readonly created: boolean;
  /** Without those that equal a known default. */
  readonly properties: Properties;
  /** What not naming a property means in this device's version, where versions disagree. Never part of equality. */
  readonly implied?: Properties;
  /** Where a person wrote it; null for what a device said. Never part of equality. */
  readonly place: Place | null;
}

/** How the rows of a section are addressed and whether their order means something. */
export type SectionKind = 'singleton' | 'fixed' | 'keyed' | 'ordered' | 'list' | 'unknown';

export interface Section {
  readonly path: string;
  readonly kind: SectionKind;
  readonly items: readonly Item[];
}

export interface Configuration {
  /** In the order of the text; each path once. */
  readonly sections: readonly Section[];
}

export function sectionOf(configuration: Configuration, path: string): Section | undefined {
  return configuration.sections.find((section) => section.path === path);
}

export function propertyOf(item: Item, name: string): string | null | undefined {
  return item.properties.find(([n]) => n === name)?.[1];
}

/** The same object with the same values: key and properties, wherever either was read. */
export function sameItem(a: Item, b: Item): boolean {
  return a.section === b.section && a.key === b.key && sameProperties(a.properties, b.properties);
}

export function sameProperties(a: Properties, b: Properties): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i]?.[0] !== b[i]?.[0] || a[i]?.[1] !== b[i]?.[1]) return false;
  }
  return true;
}
