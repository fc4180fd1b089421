/**
 * Whether a firewall rule matches a packet of the session: yes, no, or null for what can't be told from the
 * configuration. One table of matchers; a matcher that is not in it is never guessed. What an answer of null rests
 * on besides the rule is part of the rule's key, so that two walks are equal only if it is equal too.
 */
import { canonicalItem } from '../../core/digest.ts';
import { propertyOf, sameItem, sectionOf, type Configuration, type Item } from '../../core/item.ts';
import { isIn, rangeOf } from './management-path-ipv4.ts';
import { enabledRows, isEnabled } from './management-path-session.ts';
import { isExecutableProperty } from './menus.ts';

/** Yes, no, or not known. */
export type Truth = boolean | null;

export interface Packet {
  readonly direction: 'in' | 'out';
  readonly from: number | null;
  readonly to: number | null;
  readonly fromPort: number | null;
  readonly toPort: number | null;
  readonly inInterface: string | null;
  readonly outInterface: string | null;
  /** Null: not known, as for a packet that is not tracked. */
  readonly state: 'new' | 'established' | null;
}

/** A configuration with what matching asks of it again and again. */
export interface World {
  readonly configuration: Configuration;
  readonly lists: ReadonlyMap<string, readonly Item[]>;
  /** Whether a list may hold what no export shows, before or after. */
  readonly isFilledOtherwise: (list: string) => boolean;
  /** The rows of a list and what fills it, as a text that is equal on both sides when these are. */
  readonly contentKey: (list: string) => string;
}

/** Both sides know what either tells of the lists: what fills one may have done so before it goes. */
export function worldsOf(base: Configuration, target: Configuration): readonly [World, World] {
  const [was, is] = [listsOf(base), listsOf(target)];
  const isFilledOtherwise = (list: string): boolean =>
    [was, is].some(
      ({ lists, feeders, lookedAt, scriptsFeed }) =>
        scriptsFeed || feeders.has(list) || (lookedAt.has(list) && !lists.has(list)),
    );
  const changed = new Map<string, boolean>();
  const isChanged = (list: string): boolean => {
    const known = changed.get(list);
    if (known !== undefined) return known;
    const [before, after] = [was, is].map(({ lists, feeders }) => [
      ...(lists.get(list) ?? []),
      ...(feeders.get(list) ?? []),
    ]);
    const found = before?.length !== after?.length || !before?.every((item, i) => isSame(item, after?.[i]));
    changed.set(list, found);
    return found;
  };
  const side = (name: string, configuration: Configuration, { lists }: typeof was): World => ({
    configuration,
    lists,
    isFilledOtherwise,
    contentKey: (list) => (isChanged(list) ? `${list} ${name}` : list),
  });
  return [side('before', base, was), side('after', target, is)];
}

function isSame(a: Item, b: Item | undefined): boolean {
  return a === b || (b !== undefined && sameItem(a, b));
}

function listsOf(configuration: Configuration) {
  const lists = new Map<string, Item[]>();
  const feeders = new Map<string, Item[]>();
  const lookedAt = new Set<string>();
  const put = (map: Map<string, Item[]>, name: string, item: Item): void => {
    const there = map.get(name);
    if (there === undefined) map.set(name, [item]);
    else there.push(item);
  };
  let scriptsFeed = false;
  for (const { path, items } of configuration.sections) {
    for (const item of items) {
      if (path === '/ip firewall address-list') {
        put(lists, propertyOf(item, 'list') ?? '', item);
        continue;
      }
      for (const [name, value] of item.properties) {
        if (!value) continue;
        if (name === 'address-list' || name === 'address-lists')
          for (const list of value.split(',')) put(feeders, list, item);
        else if (name.endsWith('-address-list')) lookedAt.add(value.replace(/^!/, ''));
        if (value.includes('address-list') && isExecutableProperty(path, name)) scriptsFeed = true;
      }
    }
  }
  return { lists, feeders, lookedAt, scriptsFeed };
}

type Matcher = (value: string, packet: Packet, world: World) => Truth;

const matchers: Readonly<Record<string, Matcher>> = {
  'src-address': negatable((value, { from }) => inRange(value, from)),
  'dst-address': negatable((value, { to }) => inRange(value, to)),
  'src-address-list': negatable((value, { from }, world) => inList(value, from, world)),
  'dst-address-list': negatable((value, { to }, world) => inList(value, to, world)),
  'in-interface': negatable((value, { inInterface }) => isInterface(value, inInterface)),
  'out-interface': negatable((value, { outInterface }) => isInterface(value, outInterface)),
  'in-interface-list': negatable((value, { inInterface }, world) =>
    inInterfaceList(value, inInterface, world),
  ),
  'out-interface-list': negatable((value, { outInterface }, world) =>
    inInterfaceList(value, outInterface, world),
  ),
  protocol: negatable((value) => (/^[a-z0-9-]+$/.test(value) ? value === 'tcp' || value === '6' : null)),
  'src-port': negatable((value, { fromPort }) => inPorts(value, fromPort)),
  'dst-port': negatable((value, { toPort }) => inPorts(value, toPort)),
  port: negatable((value, { fromPort, toPort }) => either(inPorts(value, fromPort), inPorts(value, toPort))),
  'connection-state': negatable(inStates),
  'dst-address-type': negatable((value, { direction, to }) =>
    value === 'local' && direction === 'in' && to !== null ? true : null,
  ),
};

/** What says what a rule does, or what it is called, not whether it matches. */
const noMatcher =
  /^(?:chain|action|comment|disabled|log|log-prefix|jump-target|reject-with|address-list|address-list-timeout|passthrough|hw-offload|to-addresses|to-ports|new-[a-z-]+|sniff-[a-z-]+|route-dst|randomise-ports|same-not-by-dst|socks5-[a-z]+|socksify-service)$/;

export function matches(rule: Item, packet: Packet, world: World): Truth {
  let all: Truth = true;
  for (const [name, value] of rule.properties) {
    if (value === null || noMatcher.test(name)) continue;
    const one = matchers[name]?.(value, packet, world) ?? null;
    if (one === false) return false;
    all = one === null ? null : all;
  }
  return all;
}

/** Everything that the rule's effect on the packet rests on, as one text; what only names or logs is left out. */
export function ruleKey(rule: Item, certain: boolean, world: World): string {
  const said = rule.properties.filter(([name]) => !/^(?:comment|log|log-prefix)$/.test(name));
  const parts = [certain ? 'yes' : 'maybe', canonicalItem({ ...rule, properties: said })];
  if (!certain) {
    for (const [name, value] of said) {
      if (!value) continue;
      if (name.endsWith('-address-list')) parts.push(world.contentKey(value.replace(/^!/, '')));
      // Lists include one another, so all of them are looked at.
      if (/-(?:interface|bridge-port)-list$/.test(name)) parts.push(interfaceListsText(world.configuration));
    }
  }
  return parts.join('\n');
}

function interfaceListsText(configuration: Configuration): string {
  return configuration.sections
    .filter(({ path }) => /^\/interface (?:list|list member|detect-internet)$/.test(path))
    .flatMap(({ items }) => items.map(canonicalItem))
    .sort()
    .join('\n');
}

function negatable(match: Matcher): Matcher {
  return (value, packet, world) => {
    if (!value.startsWith('!')) return match(value, packet, world);
    const truth = match(value.slice(1), packet, world);
    return truth === null ? null : !truth;
  };
}

function either(a: Truth, b: Truth): Truth {
  return a === true || b === true ? true : a === null || b === null ? null : false;
}

function inRange(value: string, address: number | null): Truth {
  const range = rangeOf(value);
  return range === null || address === null ? null : isIn(address, range);
}

/**
 * Timed entries are not in an export. So a list that is filled by rules, leases, profiles or scripts, or that
 * has no row of its own at all, may hold anything.
 */
function inList(list: string, address: number | null, world: World): Truth {
  const rows = (world.lists.get(list) ?? []).filter(isEnabled);
  if (address === null) return null;
  let found: Truth = false;
  for (const row of rows) {
    const range = rangeOf(propertyOf(row, 'address') ?? '');
    const lasting = propertyOf(row, 'timeout') == null && propertyOf(row, 'dynamic') !== 'yes';
    if (range !== null && !isIn(address, range)) continue;
    if (range !== null && lasting) return true;
    found = null;
  }
  return world.isFilledOtherwise(list) ? null : found;
}

function isInterface(value: string, name: string | null): Truth {
  // Words for kinds of interfaces, and ids of interfaces that are gone.
  if (name === null || /^all(?:-|$)|^\*|^dynamic$|^static$/.test(value)) return null;
  return value === name;
}

function inInterfaceList(list: string, name: string | null, world: World, depth = 0): Truth {
  if (list === 'all') return true;
  if (list === 'none') return false;
  const { configuration } = world;
  const definition = sectionOf(configuration, '/interface list')?.items.find(
    (item) => (propertyOf(item, 'name') ?? item.key?.replace(/^name=/, '')) === list,
  );
  if (name === null || definition === undefined || depth > 8 || isDetected(configuration)) return null;
  const rows = enabledRows(configuration, '/interface list member').filter(
    (item) => propertyOf(item, 'list') === list,
  );
  const members = rows.map((item) => isInterface(propertyOf(item, 'interface') ?? '*', name));
  const own = members.reduce(either, false);
  if (own === true) return true;
  const among = (lists: string | null | undefined): Truth =>
    (lists ? lists.split(',') : []).reduce<Truth>(
      (found, other) => either(found, inInterfaceList(other, name, world, depth + 1)),
      false,
    );
  // Included, then excluded, then the rows of its own.
  const included = among(propertyOf(definition, 'include'));
  const excluded = included === false ? true : among(propertyOf(definition, 'exclude'));
  return either(own, excluded === true ? false : excluded === null ? null : included);
}

/** The device puts interfaces into lists by itself. */
function isDetected(configuration: Configuration): boolean {
  const settings = sectionOf(configuration, '/interface detect-internet')?.items ?? [];
  return settings.some((item) => item.properties.some(([, value]) => value !== null && value !== 'none'));
}

function inPorts(value: string, port: number | null): Truth {
  let found: Truth = false;
  for (const part of value.split(',')) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    if (match === null || port === null) found = found === true ? true : null;
    else if (Number(match[1]) <= port && port <= Number(match[2] ?? match[1])) return true;
  }
  return found;
}

function inStates(value: string, { state }: Packet): Truth {
  if (state === null || !/^[a-z]+(?:,[a-z]+)*$/.test(value)) return null;
  return value.split(',').includes(state);
}
