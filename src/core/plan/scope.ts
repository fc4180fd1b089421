/**
 * What of a device siteward looks at: which sections and rows are owned, and what is left out by rule. Rows
 * and properties out of scope are carried along untouched and never become a difference.
 */
import { propertyOf, sectionOf, type Configuration, type Item, type Properties } from '../item.ts';

export type Owns = 'sections' | 'items' | 'everything';

/** Rows of a section that have all of `where`; without `properties` the rows themselves are left out. */
export interface IgnoreRule {
  readonly section: string;
  readonly where: Readonly<Record<string, string>>;
  readonly properties: readonly string[] | null;
}

export function ownsSection(
  path: string,
  owns: Owns,
  desired: Configuration,
  confirmed: Configuration | null,
): boolean {
  switch (owns) {
    case 'everything':
      return true;
    case 'sections':
      return sectionOf(desired, path) !== undefined;
    case 'items':
      return (
        sectionOf(desired, path) !== undefined ||
        (confirmed !== null && sectionOf(confirmed, path) !== undefined)
      );
  }
}

export interface View {
  readonly items: readonly Item[];
  /** How many rows were left out. */
  readonly ignored: number;
  /** Of rows that lost properties: the row as it is. */
  readonly whole: ReadonlyMap<Item, Item>;
}

/** A section's rows without what the rules leave out; an item keeps its object where nothing was taken. */
export function viewOf(items: readonly Item[], rules: readonly IgnoreRule[]): View {
  const whole = new Map<Item, Item>();
  if (rules.length === 0) return { items, ignored: 0, whole };
  const kept: Item[] = [];
  for (const item of items) {
    const hits = rules.filter((rule) =>
      Object.entries(rule.where).every(([n, v]) => propertyOf(item, n) === v),
    );
    if (hits.some((rule) => rule.properties === null)) continue;
    const names = new Set(hits.flatMap((rule) => rule.properties ?? []));
    const properties = item.properties.filter(([name]) => !names.has(name));
    const shown = properties.length === item.properties.length ? item : { ...item, properties };
    if (shown !== item) whole.set(shown, item);
    kept.push(shown);
  }
  return { items: kept, ignored: items.length - kept.length, whole };
}

/** `over` on top of `under`, sorted by name. */
export function overlay(under: Properties, over: Properties): Properties {
  return sortProperties([...new Map([...under, ...over])]);
}

export function sortProperties(properties: Properties): Properties {
  return [...properties].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** The row that a device brings along, with nothing set on it but what names it. */
export function defaultRow(item: Item): Item {
  const key = `,${item.key ?? ''},`;
  const properties = item.properties.filter(
    ([name, value]) => value !== null && key.includes(`,${name}=${value},`),
  );
  return { ...item, created: false, properties, place: null };
}
