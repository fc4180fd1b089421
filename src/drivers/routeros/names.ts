/**
 * Names of rows and what follows them. A device keeps references by id, so that a rename shows in every row that names
 * the renamed one. Pure.
 */
import type { Item } from '../../core/item.ts';
import type { Rename } from '../../core/plan/renames.ts';
import { isReferenceTarget, isSecretProperty, menuFacts, menuPaths, referencesOf } from './menus.ts';

/** What a port is called until somebody renames it; null for rows that have no such name. */
export function bornName(key: string | null): string | null {
  return key?.startsWith('default-name=') === true ? key.slice('default-name='.length) : null;
}

/** The name by which other rows may mean this one; null where a menu's rows can't be named or renamed. */
export function nameOf(item: Item): string | null {
  const born = bornName(item.key);
  if (born !== null) return item.properties.find(([name]) => name === 'name')?.[1] ?? born;
  if (!item.created || !named.has(item.section)) return null;
  return item.key?.startsWith('name=') === true ? item.key.slice('name='.length) : null;
}

/**
 * Menus whose rows keep all that they are under another name. Not where rows hold secrets or rights: an export does not
 * show those, and somebody new would get what somebody else had.
 */
const named: ReadonlySet<string> = new Set(
  menuPaths().filter((path) => {
    const facts = menuFacts(path);
    if (facts?.key.length !== 1 || facts.key[0] !== 'name' || /^\/(user|certificate)( |$)/.test(path))
      return false;
    return (
      path.startsWith('/interface ') ||
      [...facts.properties.keys()].every((property) => !isSecretProperty(path, property))
    );
  }),
);

/** Interfaces of all kinds share their names; every other menu has its own. */
export function nameSpaceOf(section: string): string {
  return section.startsWith('/interface ') ? '/interface' : section;
}

export function withNames(item: Item, renames: readonly Rename[]): Item {
  const own = nameOf(item);
  const self =
    own === null ? undefined : renames.find((one) => one.section === item.section && one.old === own);
  const properties = item.properties.map(
    ([name, value]) => [name, follow(item, name, value, renames)] as const,
  );
  const same = properties.every(([, value], i) => value === item.properties[i]?.[1]);
  if (same && self === undefined) return item;
  const key = keyAfter(item, renames);
  const named = self === undefined ? properties : renamedTo(properties, self.now, bornName(item.key));
  return { ...item, key: self && bornName(item.key) === null ? `name=${self.now}` : key, properties: named };
}

/** A port that is called as it came says nothing of its name. */
function renamedTo(properties: Item['properties'], name: string, born: string | null): Item['properties'] {
  const others = properties.filter(([property]) => property !== 'name');
  const all = name === born ? others : [...others, ['name', name] as const];
  return [...all].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function follow(
  item: Item,
  property: string,
  value: string | null,
  renames: readonly Rename[],
): string | null {
  if (value === null || value === '') return value;
  const parts = value.split(',');
  if (!renames.some(({ old }) => parts.includes(old) || parts.includes(`!${old}`))) return value;
  const known = referencesOf(item.section, property);
  // What no table knows but is called so names interfaces all the same: every menu does.
  const references =
    known.length === 0 && /(^|-)interfaces?$/.test(property)
      ? [{ target: '/interface' }]
      : known.filter((one) => one.checked && one.key === 'name');
  const after = (part: string): string => {
    const not = part.startsWith('!') ? '!' : '';
    const name = part.slice(not.length);
    const rename = renames.find(
      ({ section, old }) =>
        old === name && references.some(({ target }) => isReferenceTarget(target, section)),
    );
    return rename === undefined ? part : `${not}${rename.now}`;
  };
  return parts.map(after).join(',');
}

function keyAfter(item: Item, renames: readonly Rename[]): string | null {
  if (item.key === null) return null;
  return item.key
    .split(/,(?=[a-z0-9-]+=)/)
    .map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 0) return pair;
      const property = pair.slice(0, equals);
      return `${property}=${follow(item, property, pair.slice(equals + 1), renames) ?? ''}`;
    })
    .join(',');
}
