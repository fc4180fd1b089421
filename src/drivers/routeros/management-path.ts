/**
 * Whether the daemon's own way to the device stays open. What touches nothing that the way depends on leaves it
 * untouched. Else base and target are compared part by part: address, interfaces, way back, service, user, and the
 * firewall walked rule by rule. That somebody is logged in proves the base, so what stays the same stays open. It
 * never says open where it has not looked. What is walked and decided: docs/management-path.md.
 */
import type { PlanContext } from '../../core/dialect.ts';
import { propertyOf, sectionOf, type Configuration, type Item } from '../../core/item.ts';
import type { Action, PathProof } from '../../core/plan/action.ts';
import { changesBetween } from '../../core/plan/model.ts';
import { judgeService, judgeUser, serviceName } from './management-path-access.ts';
import {
  carriersOf,
  compareCarriers,
  interfaceName,
  portInterface,
  reachesEveryInterface,
} from './management-path-carriers.ts';
import { walkFirewall, type FirewallProof } from './management-path-firewall.ts';
import { ipv4 } from './management-path-ipv4.ts';
import { compareAddress, compareRoutes, egressOf } from './management-path-return.ts';
import { sessionOf, unknownSession, type Session } from './management-path-session.ts';
import { nameOf } from './management-path-walk.ts';

/** Menus that the way to the device runs through, with everything below them. */
const onTheWay = [
  '/interface',
  '/caps-man',
  '/ip address',
  '/ip arp',
  '/ip route',
  '/ip service',
  '/ip vrf',
  '/routing',
  '/mpls',
  '/ip dhcp-client',
  '/ip settings',
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

/** Chains of each table that packets of the session or answers to them pass. */
const chainsOnTheWay: Readonly<Record<string, readonly string[]>> = {
  filter: ['input', 'output'],
  raw: ['prerouting', 'output'],
  nat: ['dstnat', 'input', 'output', 'srcnat'],
  mangle: ['prerouting', 'input', 'output', 'postrouting'],
};

const firewallTable = /^\/(ip|ipv6) firewall (filter|raw|nat|mangle|address-list)$/;

type Kind = PathProof['kind'];
const gravity: Readonly<Record<Kind, number>> = { untouched: 0, open: 1, undecidable: 2, closed: 3 };

export function judgeManagementPath(actions: readonly Action[], context: PlanContext): PathProof {
  const touching = actions.filter((action) => touches(action, context));
  const [first] = touching;
  if (first === undefined) return { kind: 'untouched', by: '' };
  if (context.path !== undefined) return context.path;
  if (ipv4(context.management.from) === null) return { kind: 'undecidable', by: nameOf(itemOf(first)) };
  const { session, firewall } = believed(context);
  const proofs = [...partProofs(session, firewall, touching, context), firewall.proof];
  // Of the open ones, one that something changed for says more than one that stayed as it was.
  const [last] = proofs.slice(-1);
  const told = firewall.same ? proofs : [...(last === undefined ? [] : [last]), ...proofs];
  return told.reduce((worst, proof) => (gravity[proof.kind] > gravity[worst.kind] ? proof : worst));
}

function itemOf(action: Action): Item {
  return action.verb === 'set' ? action.from : action.item;
}

/** A session that could not have come through the base is not what the device sees: then nothing is known of it. */
function believed(context: PlanContext): { session: Session; firewall: FirewallProof } {
  const session = sessionOf(context.base, context.management);
  const egress = session.from === null ? null : egressOf(context.base, session.from);
  const firewall = walkFirewall(context, session, egress);
  if (firewall.plausible) return { session, firewall };
  const unknown = unknownSession(context.base);
  return { session: unknown, firewall: walkFirewall(context, unknown, null) };
}

function touches(action: Action, context: PlanContext): boolean {
  const { section } = action;
  if (action.verb === 'set' && changesBetween(action.from, action.to).every(([name]) => name === 'comment'))
    return false;
  if (section === '/ip service') return [null, 'ssh'].includes(serviceName(action));
  const ipv6 = !/^\d+\.\d+\.\d+\.\d+$/.test(context.management.from);
  if (section.startsWith('/ipv6 ') && !ipv6) return false;
  const path = section.replace(/^\/ipv6 /, '/ip ');
  if (ipv6 && section.startsWith('/ipv6 nd')) return true;
  if (onTheWay.some((menu) => path === menu || path.startsWith(`${menu} `))) return true;
  const table = firewallTable.exec(section)?.[2];
  if (table === undefined) return false;
  const items = action.verb === 'set' ? [action.from, action.to] : [action.item];
  if (table === 'address-list')
    return items.some((item) => isListOnTheWay(propertyOf(item, 'list') ?? '', context));
  return items.some(
    (rule) =>
      isInChain(table, rule, context) || isListOnTheWay(propertyOf(rule, 'address-list') ?? '', context),
  );
}

function isInChain(table: string, rule: Item, context: PlanContext): boolean {
  const chain = propertyOf(rule, 'chain') ?? '';
  const roots = chainsOnTheWay[table] ?? [];
  return [context.base, context.target].some((c) => reachable(c, rule.section, roots).has(chain));
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

/** Whether a rule on the way, now or then, looks at this address list. */
function isListOnTheWay(list: string, { base, target }: PlanContext): boolean {
  if (list === '') return false;
  return [base, target].some((configuration) =>
    configuration.sections.some(({ path, items }) => {
      const table = firewallTable.exec(path)?.[2];
      // Lists can be long, and their rows look at none.
      if (table === undefined ? !path.startsWith('/routing') : table === 'address-list') return false;
      const users = items.filter((item) => looksAtList(item, list));
      if (users.length === 0 || table === undefined) return users.length > 0;
      const chains = reachable(configuration, path, chainsOnTheWay[table] ?? []);
      return users.some((rule) => chains.has(propertyOf(rule, 'chain') ?? ''));
    }),
  );
}

function looksAtList(rule: Item, list: string): boolean {
  return ['src-address-list', 'dst-address-list', 'address-list'].some(
    (name) => propertyOf(rule, name)?.replace(/^!/, '') === list,
  );
}

/** What each part says, for the parts that something changed. */
function partProofs(
  session: Session,
  firewall: FirewallProof,
  touching: readonly Action[],
  context: PlanContext,
): readonly PathProof[] {
  const { base, target } = context;
  const proofs: (PathProof | null)[] = [];
  const doubt = (action: Action): PathProof => ({ kind: 'undecidable', by: nameOf(itemOf(action)) });
  for (const action of touching) {
    const { section } = action;
    if (firewallTable.test(section)) continue;
    if (section.startsWith('/interface list')) {
      if (haveBridgesListsOfPorts(context)) proofs.push(doubt(action));
      continue;
    }
    if (section === '/ip service') proofs.push(judgeService(action, session, context.management.port));
    else if (section === '/user' || section.startsWith('/user '))
      proofs.push(judgeUser(action, session, context));
    else if (section.startsWith('/interface')) {
      if (!areCarriersKnown(session, context) || changesEveryInterface(action)) proofs.push(doubt(action));
    } else if (section === '/ip address' || section === '/ip route') {
      if (session.address === null || session.from === null) proofs.push(doubt(action));
    } else proofs.push(doubt(action));
  }
  if (session.address !== null) proofs.push(compareAddress(base, target, session.address));
  if (session.from !== null) proofs.push(compareRoutes(base, target, session.from));
  for (const name of carrierNames(session, context)) proofs.push(compareCarriers(base, target, name));
  return proofs.filter((proof) => proof !== null);
}

/** A list in place of a port stands for every member of it. */
function haveBridgesListsOfPorts({ base, target }: PlanContext): boolean {
  return [base, target].some((configuration) => {
    const lists = new Set(sectionOf(configuration, '/interface list')?.items.map(interfaceName));
    const ports = sectionOf(configuration, '/interface bridge port')?.items ?? [];
    const vlans = sectionOf(configuration, '/interface bridge vlan')?.items ?? [];
    const tagged = vlans.flatMap((vlan) =>
      ['tagged', 'untagged'].flatMap((name) => (propertyOf(vlan, name) ?? '').split(',')),
    );
    return [...ports.map(portInterface), ...tagged].some((name) => lists.has(name));
  });
}

function changesEveryInterface(action: Action): boolean {
  const items = action.verb === 'set' ? [action.from, action.to] : [action.item];
  return items.some(reachesEveryInterface);
}

function carrierNames({ ingress, from }: Session, { base }: PlanContext): readonly string[] {
  const egress = from === null ? null : egressOf(base, from);
  return [...new Set([ingress, egress])].filter((name) => name !== null);
}

function areCarriersKnown(session: Session, context: PlanContext): boolean {
  const names = carrierNames(session, context);
  if (session.ingress === null || session.from === null || egressOf(context.base, session.from) === null)
    return false;
  return names.every((name) => [context.base, context.target].every((c) => carriersOf(c, name).complete));
}
