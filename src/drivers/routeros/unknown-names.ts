/**
 * What of a text lies outside the tables: menus and properties of which nothing is known. They are carried and
 * reported; a difference in one is never planned (I9). Each is named once, where it first stands.
 */
import type { Place } from '../../core/errors.ts';
import type { Configuration } from '../../core/item.ts';
import { menuFacts, propertyFacts } from './menus.ts';

export interface UnknownName {
  readonly section: string;
  /** Null: the whole menu. */
  readonly property: string | null;
  readonly place: Place | null;
}

export function unknownNames({ sections }: Configuration): readonly UnknownName[] {
  return sections.flatMap(({ path, items }): readonly UnknownName[] => {
    const facts = menuFacts(path);
    if (facts === undefined || facts.kind === 'unknown')
      return [{ section: path, property: null, place: items[0]?.place ?? null }];
    const found = new Map<string, UnknownName>();
    for (const { properties, place } of items)
      for (const [property] of properties)
        if (propertyFacts(path, property) === undefined && !found.has(property))
          found.set(property, { section: path, property, place });
    return [...found.values()];
  });
}
