/**
 * What needs a signature on RouterOS: one table, read from the top, the first row that fits decides. For a
 * reviewer: `floor` can't be lowered by any policy, `middle` is signed unless local policy says otherwise,
 * `benign` goes through by itself. What no row names is in the floor.
 */
import type { PlanContext, Verdict } from '../../core/dialect.ts';
import type { Item } from '../../core/item.ts';
import type { Action } from '../../core/plan/action.ts';
import { isHidden } from '../../core/plan/hidden-secret.ts';
import { changesBetween } from '../../core/plan/model.ts';
import { judgeManagementPath } from './management-path.ts';
import { conditions, type Condition } from './tier-conditions.ts';
import { isExecutableProperty, isSecretProperty, menuFacts } from './menus.ts';

type Tier = Verdict['tier'];

interface Row {
  /** The menu, and with `*` everything below it too. */
  readonly menu: string;
  /** Only these properties; absent: all. */
  readonly properties?: readonly string[];
  /** All but these; they are for a later row. */
  readonly except?: readonly string[];
  /** What must hold besides. */
  readonly when?: Condition;
  readonly tier: Tier;
  readonly reason: string;
}

const table: readonly Row[] = [
  // Benign: a short list.
  { menu: '/system identity', properties: ['name'], tier: 'benign', reason: 'device name' },
  { menu: '/snmp', properties: ['contact', 'location'], tier: 'benign', reason: 'contact and location' },
  {
    menu: '/ip firewall address-list',
    when: 'unusedList',
    tier: 'benign',
    reason: 'list no input rule uses',
  },
  {
    menu: '/ipv6 firewall address-list',
    when: 'unusedList',
    tier: 'benign',
    reason: 'list no input rule uses',
  },
  {
    menu: '/ip dns static',
    except: ['address-list', 'regexp'],
    when: 'fillsNoList',
    tier: 'benign',
    reason: 'static name',
  },
  {
    menu: '/ip dhcp-server lease',
    except: ['address-lists'],
    when: 'own',
    tier: 'benign',
    reason: 'own lease',
  },
  { menu: '/queue simple', when: 'narrowQueue', tier: 'benign', reason: 'simple queue' },
  { menu: '/system ntp client servers', tier: 'benign', reason: 'time server' },
  {
    menu: '/system ntp client',
    properties: ['servers', 'primary-ntp', 'secondary-ntp', 'server-dns-names'],
    tier: 'benign',
    reason: 'time server',
  },

  // Floor: people, keys, code, and what no rollback brings back.
  { menu: '/user*', tier: 'floor', reason: 'users and groups' },
  { menu: '/radius*', tier: 'floor', reason: 'who may log in' },
  { menu: '/certificate*', tier: 'floor', reason: 'certificates' },
  { menu: '/ip ssh*', tier: 'floor', reason: 'how people log in' },
  { menu: '/system script*', tier: 'floor', reason: 'executable' },
  { menu: '/system scheduler*', tier: 'floor', reason: 'executable' },
  { menu: '/container*', tier: 'floor', reason: 'executable' },
  { menu: '/app*', tier: 'floor', reason: 'executable' },
  { menu: '/system clock*', tier: 'floor', reason: 'clock' },
  { menu: '/system ntp*', tier: 'floor', reason: 'clock' },
  { menu: '/system routerboard*', tier: 'floor', reason: 'boot' },
  { menu: '/system package*', tier: 'floor', reason: 'packages' },
  { menu: '/system upgrade*', tier: 'floor', reason: 'packages' },
  { menu: '/system watchdog*', tier: 'floor', reason: 'reboots the device' },
  { menu: '/system device-mode*', tier: 'floor', reason: 'device mode' },
  { menu: '/system hardware*', tier: 'floor', reason: 'boot' },
  { menu: '/system resource*', tier: 'floor', reason: 'boot' },
  { menu: '/system console*', tier: 'floor', reason: 'console' },
  { menu: '/port*', tier: 'floor', reason: 'console' },
  { menu: '/disk*', tier: 'floor', reason: 'storage' },
  { menu: '/file*', tier: 'floor', reason: 'storage' },

  // Middle: traffic and exposure.
  { menu: '/ip firewall*', tier: 'middle', reason: 'traffic and exposure' },
  { menu: '/ipv6 firewall*', tier: 'middle', reason: 'traffic and exposure' },
  { menu: '/interface*', tier: 'middle', reason: 'interfaces' },
  { menu: '/caps-man*', tier: 'middle', reason: 'interfaces' },
  { menu: '/ip address', tier: 'middle', reason: 'addresses' },
  { menu: '/ipv6 address', tier: 'middle', reason: 'addresses' },
  { menu: '/ip arp', tier: 'middle', reason: 'addresses' },
  { menu: '/ip pool*', tier: 'middle', reason: 'addresses' },
  { menu: '/ipv6 pool*', tier: 'middle', reason: 'addresses' },
  { menu: '/ip vrf', tier: 'middle', reason: 'routes' },
  { menu: '/ip route*', tier: 'middle', reason: 'routes' },
  { menu: '/ipv6 route*', tier: 'middle', reason: 'routes' },
  { menu: '/routing*', tier: 'middle', reason: 'routing' },
  { menu: '/mpls*', tier: 'middle', reason: 'routing' },
  { menu: '/ip dhcp-client*', tier: 'middle', reason: 'addresses' },
  { menu: '/ipv6 dhcp-client*', tier: 'middle', reason: 'addresses' },
  { menu: '/ip dhcp-server*', tier: 'middle', reason: 'address service' },
  { menu: '/ipv6 dhcp-server*', tier: 'middle', reason: 'address service' },
  { menu: '/ip dhcp-relay', tier: 'middle', reason: 'address service' },
  { menu: '/ipv6 nd*', tier: 'middle', reason: 'address service' },
  { menu: '/ppp*', tier: 'middle', reason: 'tunnels' },
  { menu: '/ip ipsec*', tier: 'middle', reason: 'tunnels' },
  { menu: '/queue*', tier: 'middle', reason: 'traffic' },
  { menu: '/ip settings', tier: 'middle', reason: 'traffic' },
  { menu: '/ipv6 settings', tier: 'middle', reason: 'traffic' },
  { menu: '/ip traffic-flow*', tier: 'middle', reason: 'traffic is reported' },
  { menu: '/ip accounting*', tier: 'middle', reason: 'traffic is reported' },
  { menu: '/ip service*', tier: 'middle', reason: 'services' },
  { menu: '/ip dns*', tier: 'middle', reason: 'name service' },
  { menu: '/ip neighbor*', tier: 'middle', reason: 'exposure' },
  { menu: '/ip upnp*', tier: 'middle', reason: 'exposure' },
  { menu: '/ip nat-pmp*', tier: 'middle', reason: 'exposure' },
  { menu: '/ip cloud*', tier: 'middle', reason: 'exposure' },
  { menu: '/ip proxy*', tier: 'middle', reason: 'services' },
  { menu: '/ip socks*', tier: 'middle', reason: 'services' },
  { menu: '/ip smb*', tier: 'middle', reason: 'services' },
  { menu: '/ip tftp*', tier: 'middle', reason: 'services' },
  { menu: '/ip hotspot*', tier: 'middle', reason: 'services' },
  { menu: '/ip kid-control*', tier: 'middle', reason: 'traffic' },
  { menu: '/snmp*', tier: 'middle', reason: 'services' },
  { menu: '/system logging*', tier: 'middle', reason: 'what is logged' },
  { menu: '/system note', tier: 'middle', reason: 'what people see' },
  { menu: '/system leds*', tier: 'middle', reason: 'what people see' },
  { menu: '/lcd*', tier: 'middle', reason: 'what people see' },
  { menu: '/tool bandwidth-server', tier: 'middle', reason: 'services' },
  { menu: '/tool mac-server*', tier: 'middle', reason: 'services' },
  { menu: '/tool romon*', tier: 'middle', reason: 'exposure' },
  { menu: '/tool graphing*', tier: 'middle', reason: 'services' },
  { menu: '/tool sniffer', tier: 'middle', reason: 'traffic is reported' },
  { menu: '/tool netwatch', tier: 'middle', reason: 'monitoring' },
];

const unknown: Row = { menu: '*', tier: 'floor', reason: 'not known to the classifier' };
const strictness: Readonly<Record<Tier, number>> = { benign: 0, middle: 1, floor: 2 };

export function classifyByTable(action: Action, context: PlanContext): Verdict {
  const names = touchedProperties(action);
  if (action.verb === 'set' && names.every((name) => name === 'comment'))
    return verdict('benign', 'comment only');
  const { section } = action;
  if (names.some((name) => isExecutableProperty(section, name))) return verdict('floor', 'executable');
  if (action.verb === 'set' && action.from.properties.some(([, value]) => isHidden(value)))
    return verdict('floor', 'a secret would be lost');
  if (names.some((name) => isSecretProperty(section, name))) return verdict('floor', 'credentials');
  // Exports hide secrets, so no rollback could bring one back.
  if (action.verb === 'remove' && holdsSecrets(section)) return verdict('floor', 'a secret would be lost');
  const path = judgeManagementPath([action], context);
  if (path.kind === 'closed' || path.kind === 'undecidable') return verdict('floor', 'management-path');
  const input = { action, context, offPath: path.kind === 'untouched' };
  const holds = new Map<Condition, boolean>();
  const met = (condition: Condition): boolean => {
    const known = holds.get(condition) ?? conditions[condition](input);
    holds.set(condition, known);
    return known;
  };
  const rows = (names.length === 0 ? [null] : names).map((name) => rowFor(section, name, met));
  const strictest = rows.reduce((a, b) => (strictness[b.tier] > strictness[a.tier] ? b : a));
  return verdict(strictest.tier, strictest.reason);
}

function holdsSecrets(section: string): boolean {
  return [...(menuFacts(section)?.properties.values() ?? [])].some((property) => property.secret);
}

function verdict(tier: Tier, reason: string): Verdict {
  return { class: tier === 'benign' ? 'benign' : 'operational', tier, reason };
}

function touchedProperties(action: Action): readonly string[] {
  const plain = (item: Item): Item => ({ ...item, properties: [] });
  switch (action.verb) {
    case 'add':
      return changesBetween(plain(action.item), action.item).map(([name]) => name);
    case 'set':
      return changesBetween(action.from, action.to).map(([name]) => name);
    case 'remove':
      return action.item.properties.map(([name]) => name);
    case 'move':
      return [];
  }
}

function rowFor(section: string, property: string | null, met: (condition: Condition) => boolean): Row {
  const fits = (row: Row): boolean => {
    const deep = row.menu.endsWith('*');
    const menu = deep ? row.menu.slice(0, -1) : row.menu;
    if (section !== menu && !(deep && section.startsWith(`${menu} `))) return false;
    if (property !== null && row.except?.includes(property) === true) return false;
    if (row.when !== undefined && !met(row.when)) return false;
    return (
      row.properties === undefined ||
      (property !== null && (property === 'comment' || row.properties.includes(property)))
    );
  };
  return table.find(fits) ?? unknown;
}
