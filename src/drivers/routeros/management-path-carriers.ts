/**
 * The interfaces that carry the session: the one it is seen to come in by and everything that one stands on (bridge,
 * its ports and VLANs, the parent of a VLAN, the slaves of a bond). Compares what carries it before and after.
 */
import { canonicalItem } from '../../core/digest.ts';
import { propertyOf, type Configuration, type Item } from '../../core/item.ts';
import type { PathProof } from '../../core/plan/action.ts';
import { isEnabled } from './management-path-session.ts';
import { nameOf } from './management-path-walk.ts';

interface Carriers {
  readonly items: readonly Item[];
  /** Those without which nothing gets through, as a bridge is and one of its several ports is not. */
  readonly trunk: ReadonlySet<Item>;
  /** False when the session may come in by something that is itself carried by the network, such as a tunnel. */
  readonly complete: boolean;
}

/** Interfaces that stand on what this table says, and on no route or service. */
const plainKinds: Readonly<Record<string, readonly string[]>> = {
  '/interface ethernet': [],
  '/interface bridge': [],
  '/interface vlan': ['interface'],
  '/interface bonding': [],
  '/interface wireless': [],
  '/interface wifi': [],
  '/interface wifiwave2': [],
};

/** Menus whose rows belong to no single interface; a change there may reach every one. */
const everywhere =
  /^\/interface (?:bridge (?:settings|filter|nat|calea|port-controller|port-extender)|ethernet switch|detect-internet|wireless|wifi|wifiwave2)(?: |$)/;

/** Null: a change of this item is told by comparing the carriers. */
export function reachesEveryInterface(item: Item): boolean {
  const own = [
    interfaceName(item),
    ...['interface', 'bridge', 'slaves'].map((name) => propertyOf(item, name)),
  ];
  return everywhere.test(item.section) || (own.every((name) => name == null) && bridgeOfKey(item) === null);
}

export function carriersOf(configuration: Configuration, ingress: string): Carriers {
  const rows = configuration.sections
    .filter(({ path }) => path.startsWith('/interface ') && !path.startsWith('/interface list'))
    .flatMap(({ items }) => items);
  const items = new Set<Item>();
  const trunk = new Set<Item>();
  const names = new Map([[ingress, true]]);
  let complete = true;
  // A map that grows while it is walked gives the new members too.
  for (const [name, isTrunk] of names) {
    const definitions = rows.filter((item) => interfaceName(item) === name);
    if (definitions.length === 0 && !/^(?:ether|sfp|qsfp|combo)/.test(name)) complete = false;
    for (const item of definitions) {
      items.add(item);
      if (isTrunk) trunk.add(item);
      const below = plainKinds[item.section];
      if (below === undefined) complete = false;
      for (const property of below ?? []) add(names, propertyOf(item, property), isTrunk);
      for (const slave of (propertyOf(item, 'slaves') ?? '').split(',')) add(names, slave, false);
    }
    for (const item of rows) {
      if (!concerns(item, name)) continue;
      items.add(item);
      if (portBridge(item) === name && isEnabled(item)) add(names, portInterface(item), false);
    }
  }
  return { items: [...items], trunk, complete };
}

function add(names: Map<string, boolean>, name: string | null | undefined, isTrunk: boolean): void {
  if (name) names.set(name, (names.get(name) ?? false) || isTrunk);
}

export function interfaceName(item: Item): string | null {
  return propertyOf(item, 'name') ?? /^(?:default-)?name=(.*)$/s.exec(item.key ?? '')?.[1] ?? null;
}

/** Rows that say something of an interface without being one, and bonds that take it as a slave. */
function concerns(item: Item, name: string): boolean {
  if ((propertyOf(item, 'slaves') ?? '').split(',').includes(name)) return true;
  if (interfaceName(item) !== null) return false;
  return (
    propertyOf(item, 'interface') === name ||
    propertyOf(item, 'bridge') === name ||
    bridgeOfKey(item) === name
  );
}

function bridgeOfKey(item: Item): string | null {
  return (
    /^bridge=([^,]*),/.exec(item.key ?? '')?.[1] ?? /^interface=(.*)$/s.exec(item.key ?? '')?.[1] ?? null
  );
}

function portBridge(item: Item): string | null {
  return item.section === '/interface bridge port' ? (propertyOf(item, 'bridge') ?? null) : null;
}

export function portInterface(item: Item): string | null {
  if (item.section !== '/interface bridge port') return null;
  return propertyOf(item, 'interface') ?? /^interface=(.*)$/s.exec(item.key ?? '')?.[1] ?? null;
}

/** Null: what carries the session stays as it is. */
export function compareCarriers(
  base: Configuration,
  target: Configuration,
  ingress: string,
): PathProof | null {
  const [was, is] = [carriersOf(base, ingress), carriersOf(target, ingress)];
  const off = [...is.trunk].find((item) => !isEnabled(item));
  const before = new Set(was.items.map(plainText));
  if (off !== undefined && !before.has(plainText(off))) return { kind: 'closed', by: nameOf(off) };
  const after = new Set(is.items.map(plainText));
  const different =
    is.items.find((item) => !before.has(plainText(item))) ??
    was.items.find((item) => !after.has(plainText(item)));
  return different === undefined ? null : { kind: 'undecidable', by: nameOf(different) };
}

function plainText(item: Item): string {
  return canonicalItem({ ...item, properties: item.properties.filter(([name]) => name !== 'comment') });
}
