/**
 * Whether the daemon's own way to the device stays open. Thin on purpose: what touches nothing that the way
 * depends on leaves it untouched; the SSH service itself is judged; everything else on the way is
 * undecidable, which is in the floor of the gate. It never says open where it has not looked.
 */
import type { PlanContext } from '../../core/dialect.ts';
import { itemIdentity } from '../../core/digest.ts';
import { propertyOf, sectionOf, type Configuration, type Item } from '../../core/item.ts';
import type { Action, PathProof } from '../../core/plan/action.ts';
import { changesBetween } from '../../core/plan/model.ts';
import type { ManagementPath } from '../../core/site.ts';

/** Menus that the way to the device runs through, with everything below them. */
const onTheWay = [
  '/interface',
  '/caps-man',
  '/ip address',
  '/ipv6 address',
  '/ip arp',
  '/ip route',
  '/ipv6 route',
  '/ip vrf',
  '/routing',
  '/mpls',
  '/ip dhcp-client',
  '/ipv6 dhcp-client',
  '/ipv6 nd',
  '/ip settings',
  '/ipv6 settings',
  '/ip ssh',
  '/user',
  '/radius',
  '/ppp',
  '/ip ipsec',
  '/ip hotspot',
  '/ip firewall layer7-protocol',
  '/ip firewall connection',
  '/port',
  '/system routerboard',
];

/** Chains that see what is sent to the device itself or what it answers. */
const ownChains: Readonly<Record<string, readonly string[]>> = {
  filter: ['input', 'output'],
  raw: ['prerouting', 'output'],
};
/** Chains in which a rule can turn the session away only if it matches its protocol and port. */
const passingChains: Readonly<Record<string, readonly string[]>> = {
  nat: ['dstnat', 'input', 'output', 'srcnat'],
  mangle: ['prerouting', 'input', 'output', 'postrouting'],
};

type Kind = PathProof['kind'];
const gravity: Readonly<Record<Kind, number>> = { untouched: 0, open: 1, undecidable: 2, closed: 3 };

export function judgeManagementPath(actions: readonly Action[], context: PlanContext): PathProof {
  let worst: PathProof = { kind: 'untouched', by: '' };
  for (const action of actions) {
    const kind = judgeAction(action, context);
    if (gravity[kind] <= gravity[worst.kind]) continue;
    worst = { kind, by: `${action.section} ${itemIdentity(itemOf(action))}`.trim() };
  }
  return worst;
}

function itemOf(action: Action): Item {
  return action.verb === 'set' ? action.from : action.item;
}

function judgeAction(action: Action, context: PlanContext): Kind {
  const { section } = action;
  if (action.verb === 'set' && changesBetween(action.from, action.to).every(([name]) => name === 'comment'))
    return 'untouched';
  if (onTheWay.some((menu) => section === menu || section.startsWith(`${menu} `))) return 'undecidable';
  if (section === '/ip service') return judgeService(action, context.management);
  const table = /^\/(?:ip|ipv6) firewall (filter|raw|nat|mangle|address-list)$/.exec(section)?.[1];
  if (table === undefined) return 'untouched';
  const items = action.verb === 'set' ? [action.from, action.to] : [action.item];
  const touches =
    table === 'address-list'
      ? items.some((item) => isListOnTheWay(propertyOf(item, 'list') ?? '', context))
      : items.some((item) => isRuleOnTheWay(table, item, context));
  return touches ? 'undecidable' : 'untouched';
}

function isRuleOnTheWay(table: string, rule: Item, context: PlanContext): boolean {
  const chain = propertyOf(rule, 'chain') ?? '';
  const reaches = (roots: readonly string[]): boolean =>
    [context.base, context.target].some((c) => reachable(c, rule.section, roots).has(chain));
  if (reaches(ownChains[table] ?? [])) return true;
  return reaches(passingChains[table] ?? []) && mayMatchSession(rule, context.management);
}

/** The chains themselves and those that rules in them jump to. */
function reachable(
  configuration: Configuration,
  section: string,
  roots: readonly string[],
): ReadonlySet<string> {
  const rules = sectionOf(configuration, section)?.items ?? [];
  const found = new Set(roots);
  // A set that grows while it is walked gives the new members too.
  for (const chain of found) {
    for (const rule of rules) {
      const jump = propertyOf(rule, 'jump-target');
      if (jump && propertyOf(rule, 'chain') === chain) found.add(jump);
    }
  }
  return found;
}

/** False only if the rule names another protocol or other ports than the session's, from either end. */
function mayMatchSession(rule: Item, { port }: ManagementPath): boolean {
  const protocol = propertyOf(rule, 'protocol');
  if (protocol && protocol !== 'tcp' && protocol !== '6' && !protocol.startsWith('!')) return false;
  const ports = propertyOf(rule, 'dst-port');
  return !ports || ports.startsWith('!') || ports.split(',').some((part) => inRange(part, port));
}

function inRange(part: string, port: number): boolean {
  const match = /^(\d+)(?:-(\d+))?$/.exec(part);
  if (match === null) return true;
  return Number(match[1]) <= port && port <= Number(match[2] ?? match[1]);
}

/** Whether a rule on the way, now or then, looks at this address list. */
function isListOnTheWay(list: string, { base, target }: PlanContext): boolean {
  return [base, target].some((configuration) =>
    configuration.sections.some(({ path, items }) => {
      const table = /^\/(?:ip|ipv6) firewall (filter|raw|nat|mangle)$/.exec(path)?.[1];
      if (table === undefined)
        return path.startsWith('/routing') && items.some((item) => namesList(item, list));
      const chains = reachable(configuration, path, ownChains[table] ?? passingChains[table] ?? []);
      return items.some((rule) => chains.has(propertyOf(rule, 'chain') ?? '') && namesList(rule, list));
    }),
  );
}

function namesList(rule: Item, list: string): boolean {
  return ['src-address-list', 'dst-address-list', 'address-list'].some(
    (name) => propertyOf(rule, name)?.replace(/^!/, '') === list,
  );
}

/** Only `ssh` carries the session. Its own settings are simple enough to be decided. */
function judgeService(action: Action, management: ManagementPath): Kind {
  if (action.verb !== 'set') return 'undecidable';
  const { from, to } = action;
  const name = propertyOf(to, 'name') ?? propertyOf(from, 'name') ?? /^name=(.*)$/.exec(to.key ?? '')?.[1];
  if (name !== 'ssh') return name === undefined ? 'undecidable' : 'untouched';
  if (propertyOf(to, 'disabled') === 'yes') return 'closed';
  const [was, is] = [propertyOf(from, 'port') ?? '22', propertyOf(to, 'port') ?? '22'];
  if (was !== is) return was === String(management.port) ? 'closed' : 'undecidable';
  const known = new Set(['address', 'max-sessions', 'disabled', 'port']);
  if (changesBetween(from, to).some(([property]) => !known.has(property))) return 'undecidable';
  const allowed = propertyOf(to, 'address');
  if (!allowed) return 'open';
  const inside = allowed.split(',').map((prefix) => contains(prefix, management.from));
  return inside.includes(true) ? 'open' : inside.includes(null) ? 'undecidable' : 'closed';
}

/** Null: not decided here (IPv6, or not an address). */
function contains(prefix: string, address: string): boolean | null {
  const [network, inside] = [number(prefix.split('/')[0] ?? ''), number(address)];
  const length = Number(prefix.split('/')[1] ?? 32);
  if (network === null || inside === null || !(length >= 0 && length <= 32)) return null;
  const size = 2 ** (32 - length);
  return Math.floor(network / size) === Math.floor(inside / size);
}

function number(address: string): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address);
  return match === null ? null : match.slice(1).reduce((sum, octet) => sum * 256 + Number(octet), 0);
}
