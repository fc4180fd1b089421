/**
 * Turns the fact tables about RouterOS menus into the project's own compact `src/drivers/routeros/menus.json`.
 * Usage: node test/tools/make-menus.mjs TABLES [OUT], where TABLES holds menus.json, references.json and
 * export-order.json. Only facts are carried over: names, kinds, keys, defaults, types, versions. What is
 * curated here rather than taken from a table says why. The shape is documented at the head of menus.ts.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [tables, out = new URL('../../src/drivers/routeros/menus.json', import.meta.url).pathname] =
  process.argv.slice(2);
if (tables === undefined) {
  process.stderr.write('usage: make-menus.mjs TABLES [OUT]\n');
  process.exit(2);
}
const read = (name) => JSON.parse(readFileSync(join(tables, name), 'utf8'));
const spaced = (path) => `/${path.slice(1).replaceAll('/', ' ')}`;

/** Names are not unique there, or a row may have none. */
const nameIsNoKey =
  /^\/(ip\/dns\/static|tool\/netwatch|interface\/wireless\/channels|tool\/traffic-generator|dude|lora|iot\/lora|certificate$|file$|ip\/kid-control\/device)/;
/** Keys by which people and devices address rows where no table names one; null: real exports show that it is no key. */
const curatedKeys = {
  '/disk': ['slot'],
  '/lcd/interface': ['interface'],
  '/interface/wireless/nstreme': ['name'],
  '/interface/wifiwave2/configuration': ['name'],
  '/zerotier': ['name'],
  '/zerotier/interface': ['name'],
  '/interface/ovpn-server/server': ['name'],
  // A lease may serve on all servers, so the address comes first: a key needs its first property only.
  '/ip/dhcp-server/lease': ['address', 'server'],
  '/routing/id': null,
  '/container/mounts': null,
  '/ip/dns/adlist': null,
};
/** First match wins there although rows have unique names. */
const orderedThoughKeyed = new Set(['/queue/simple']);
const curatedGroups = /^\/(interface\/bridge\/(filter|nat)|routing\/filter\/(rule|select-rule))$/;
/** Printed as a bare word without a value (seen in real exports). */
const flags = new Set([
  '/routing/table fib',
  '/routing/ospf/area no-summaries',
  '/routing/ospf/interface-template passive',
  '/routing/isis/interface-template passive',
  '/ip/route blackhole',
  '/ipv6/route blackhole',
]);
/** How a single host is printed (seen in real exports): without its length, or (`hosts`, lists too) with it. */
const curatedHosts = {
  host: new Set(['/ip/address address', '/ip/firewall/address-list address']),
  hosts: new Set([
    '/interface/wireguard/peers allowed-address',
    '/ip/ipsec/peer address',
    '/ip/ipsec/policy dst-address',
    '/ip/ipsec/policy src-address',
    '/ip/route dst-address',
    '/ip/service address',
    '/ipv6/firewall/address-list address',
    '/queue/simple target',
    '/snmp/community addresses',
    '/user address',
  ]),
};
/**
 * Not in the tables, or wrong there for some versions. Routes made in WinBox are exported with all of these
 * spelled out, those made in the console without. v6 made DHCP clients and servers disabled.
 */
const route = { distance: '1', scope: '30', 'target-scope': '10', 'check-gateway': 'none' };
const curatedDefaults = {
  '/ip/route': { ...route, 'dst-address': '0.0.0.0/0' },
  '/ipv6/route': { ...route, 'dst-address': '::/0' },
  '/ip/dhcp-client': { disabled: disabledBefore7(), 'dhcp-options': [['7.0', null, 'hostname,clientid']] },
  '/ip/dhcp-server': { disabled: disabledBefore7(), 'add-arp': 'no', 'use-reconfigure': 'no' },
  '/system/identity': { name: 'MikroTik' },
  '/interface/bridge/port': {
    'internal-path-cost': [[null, '7.13', '10']],
    'path-cost': [[null, '7.13', '10']],
  },
  // A real export prints what differs from the default, and of two values that is the other one.
  '/ip/hotspot': { disabled: 'yes' },
  '/interface/wifiwave2': { disabled: 'yes' },
  '/interface/ethernet': { 'disable-running-check': 'yes' },
  '/interface/wireguard/peers': { responder: 'no' },
  '/container': { 'check-certificate': 'yes', logging: 'no', 'start-on-boot': 'no' },
  '/dude': { enabled: 'no' },
  // The manual's own words; no table has them.
  '/ip/dhcp-server/lease': { 'lease-time': '0s', 'block-access': 'no' },
  '/ip/dns': { 'allow-remote-requests': 'no', 'address-list-extra-time': '0s', 'mdns-repeat-ifaces': '' },
  '/interface/wireless/security-profiles': {
    'authentication-types': '',
    'wpa-pre-shared-key': '',
    'wpa2-pre-shared-key': '',
  },
  '/ip/service': { certificate: 'none', 'tls-version': 'any' },
  // Exports hold both forms of these: spelled out, and left out where nobody typed them.
  '/ip/firewall/filter': { 'hw-offload': 'yes' },
  '/ip/firewall/mangle': { passthrough: 'yes' },
  '/ipv6/firewall/mangle': { passthrough: 'yes' },
  '/ip/neighbor/discovery-settings': { 'discover-interface-list': 'static' },
  '/tool/mac-server': { 'allowed-interface-list': 'all' },
  '/tool/mac-server/mac-winbox': { 'allowed-interface-list': 'all' },
  // What is there without anybody having made it is hardware; what is made always says its type.
  '/disk': { type: 'hardware' },
};
/** Where `disabled` is in no table but is `no` as nearly everywhere: an export names those that are off. */
const enabledByDefault = new RegExp(
  `^/(${[
    'interface/(bridge/(filter|nat|msti|calea|host|mdb|port/mst-override)|ipip|eoipv6|ipipv6|macvlan|vxlan/vteps)',
    'interface/(l2tp|ovpn|pppoe)-server|interface/mesh/port',
    'interface/wifiwave2/(channel|configuration|datapath|security)',
    'ip/(hotspot/ip-binding|proxy/(access|cache|direct)|smb/(shares|users)|tftp|kid-control(/device)?)',
    'ip/(firewall/calea|packing|nat-pmp/interfaces)|certificate/scep-server|openflow/port',
    'ipv6/(dhcp-server/binding|nd/proxy|neighbor)|mpls/(mangle|ldp/.+)',
    'routing/(filter|isis|rip|bgp|pimsm)/.+|routing/(gmp|rpki|fantasy|igmp-proxy/mfc|ospf/interface)',
    'tool/graphing/queue|system/leds|user-manager/(router|user)',
  ].join('|')})$`,
);
/** Rows that the device brings along with a default of their own. */
const rowDefaults = {
  '/ip/service disabled': { 'name=www-ssl': 'yes' },
  '/ip/service port': {
    'name=api': '8728',
    'name=api-ssl': '8729',
    'name=ftp': '21',
    'name=ssh': '22',
    'name=telnet': '23',
    'name=winbox': '8291',
    'name=www': '80',
    'name=www-ssl': '443',
  },
  '/ip/firewall/service-port disabled': { 'name=rtsp': 'yes' },
  // Every export that has these rows prints them so.
  '/port name': { 'number=0': 'serial0', 'number=1': 'serial1' },
  '/interface/wireless/security-profiles supplicant-identity': { 'default=yes': 'MikroTik' },
  '/snmp/community name': { 'default=yes': 'public' },
};
/**
 * Values that the device makes up (addresses, ports, names, times) or that differ from model to model, and prints as if
 * somebody had typed them: a text that does not name one leaves it as it is.
 */
const madeUp = new Set([
  '/disk slot',
  '/interface/bridge admin-mac',
  '/interface/bridge auto-mac',
  '/interface/ethernet advertise',
  '/interface/ethernet disable-running-check',
  '/interface/ethernet speed',
  '/interface/eoip mac-address',
  '/interface/eoipv6 mac-address',
  '/interface/ovpn-client mac-address',
  '/interface/ovpn-server/server mac-address',
  '/interface/veth mac-address',
  '/interface/vxlan mac-address',
  '/interface/wifi mac-address',
  '/interface/wireguard listen-port',
  '/interface/wireguard mtu',
  '/interface/wireguard private-key',
  '/interface/wireguard/peers name',
  '/interface/wireless mac-address',
  '/interface/wireless radio-name',
  '/interface/wireless/security-profiles supplicant-identity',
  '/ip/hotspot/profile html-directory',
  '/ip/smb/shares directory',
  '/port name',
  '/system/note show-at-login',
  '/system/scheduler start-date',
  '/system/scheduler start-time',
  '/system/script owner',
]);
/** A row without these can be there, since what it named is gone, but can't be made: real exports hold some. */
const neededToMake = {
  '/interface/bridge/port': ['bridge', 'interface'],
  '/interface/list/member': ['interface', 'list'],
  '/ip/address': ['address', 'interface'],
  '/ip/dhcp-client': ['interface'],
};
const madeUpIn = /^\/(iot\/)?lora(\/|$)/;
/**
 * Real exports print these with the tables' default value, and an export prints what differs from the default:
 * so the table is wrong for some version or model. Unknown is the truth.
 */
const doubtfulDefaults = new Set([
  '/caps-man/access-list disabled',
  '/caps-man/manager/interface disabled',
  '/interface/wireless/security-profiles supplicant-identity',
  '/interface/wireless mode',
  '/interface/wireless antenna-gain',
  '/interface/wireguard mtu',
  '/ip/firewall/connection/tracking udp-timeout',
  '/ip/hotspot/profile html-directory',
  '/ip/ipsec/mode-config system-dns',
  '/ip/ipsec/profile dpd-interval',
  '/ip/ipsec/profile dpd-maximum-failures',
  '/ip/settings max-neighbor-entries',
  '/ipv6/settings max-neighbor-entries',
  '/ip/smb enabled',
  '/ipv6/nd advertise-dns',
  '/ppp/profile change-tcp-mss',
  '/snmp/community addresses',
  '/system/logging/action remote',
  '/system/routerboard/settings silent-boot',
]);
/** Renamed there with values that mean something else: no is not yes-if-no-key. */
const newMeaning = new Set(['/ip/ssh']);
/** Exported as `x=""` when made in WinBox; comments, and who may use a service, are unset so everywhere. */
const unsetByEmpty = /^\/ip(v6)?\/route (pref-src|gateway)$|^\/ip\/service address$| comment$/;
/**
 * Lists whose order means nothing, in the order in which the device prints them; where a tree says the type
 * as `a|b[,X*]`, that is the order. Topics of a log rule stay as they were typed: so does the device.
 */
const rights = 'ftp,reboot,read,write,policy,test,password,sniff,sensitive,romon';
const curatedSets = {
  '/system/script policy': rights,
  '/system/scheduler policy': rights,
  '/user/group policy':
    'local,telnet,ssh,ftp,reboot,read,write,policy,test,winbox,password,web,sniff,sensitive,api,romon,dude,tikapp,rest-api',
  'connection-state': 'invalid,established,related,new,untracked',
  'connection-nat-state': 'srcnat,dstnat',
  'tcp-flags': 'fin,syn,rst,psh,ack,urg,ece,cwr',
};
/**
 * Lists whose order means nothing and which the device keeps as they were typed (exports of one network hold both orders).
 * That they are sets says the provider's table (`t: "set"`) or, for lists of interfaces and of allowed networks, the
 * manual: a member is in or out. Left out on purpose, since the first may count for more than the second: slaves of a
 * bond (its MAC address is the first one's), name and time servers, methods of authentication, templates. Only where a
 * row is found by its key: what is found by content is found by the very text that the device has.
 */
const looseLists = new Set([
  '/interface/bridge/vlan mvrp-forbidden',
  '/interface/bridge/vlan tagged',
  '/interface/bridge/vlan untagged',
  '/interface/list exclude',
  '/interface/list include',
  '/interface/lte band',
  '/interface/lte nr-band',
  '/interface/wifi/cap discovery-interfaces',
  '/interface/wifiwave2/cap discovery-interfaces',
  '/interface/wireless/cap discovery-interfaces',
  '/interface/wireless/cap interfaces',
  '/ip/dhcp-server address-lists',
  '/ip/dns mdns-repeat-ifaces',
  '/ip/ipsec/mode-config split-dns',
  '/ip/ipsec/mode-config split-include',
  '/ip/smb interfaces',
  '/ip/vrf interfaces',
  '/ipv6/dhcp-server address-lists',
  '/queue/simple packet-marks',
  '/queue/tree packet-mark',
  '/snmp trap-interfaces',
  '/tool/bandwidth-server allowed-addresses4',
  '/tool/bandwidth-server allowed-addresses6',
  '/tool/sniffer filter-interface',
  '/tool/sniffer filter-ip-address',
  '/tool/sniffer filter-mac-address',
  '/tool/sniffer filter-port',
  '/user/aaa exclude-groups',
]);
function setOrder(path, name, device) {
  const curated = curatedSets[`${path} ${name}`] ?? curatedSets[name];
  if (curated !== undefined) return curated;
  const typed = /^([^[\]]+)\[,[A-Za-z]+\*\]$/.exec(device?.type ?? '');
  return typed?.[1].replaceAll('|', ',');
}
const secretName =
  /(^|[-.])(password|passphrase|secret|secrets|pre-?shared-key|private-key|auth-key|authentication-key|tcp-md5-key|management-protection-key|static-key-\d|cak|pin)$/;
const secretExtra =
  /^(\/routing\/rip\/keys|\/system\/ntp\/key) key$|^\/zerotier identity$|^\/ip\/ipsec\/key\/psk key$/;
const notSecret = new Set(['supplicant-identity', 'trap-community']);
const executableName =
  /^(on-(event|up|down|login|logout|alert|message|error|master|backup|fail)|(up|down|test|lease|binding)-script|script|cmd|entrypoint)$/;
const executable = (path, name) =>
  path === '/system/script' ? name === 'source' : executableName.test(name);

function disabledBefore7() {
  return [
    [null, '7.0', 'yes'],
    ['7.0', null, 'no'],
  ];
}

function whenRange(when) {
  // [["7.15",">="],["7.20","<"]] or ["7.15",">="]; null: always.
  let from = null;
  let before = null;
  const list = when === undefined ? [] : Array.isArray(when[0]) ? when : [when];
  for (const [version, operator] of list) {
    if (operator === '>=') from = version;
    else if (operator === '<') before = version;
    else throw new Error(`unknown operator ${operator}`);
  }
  return [from, before];
}

/** Every statement of the ansible table about one property: version range and facts. */
function statements(ansible) {
  const found = new Map();
  const note = (name, range, facts) => found.set(name, [...(found.get(name) ?? []), { range, facts }]);
  const narrower = ([f1, b1], [f2, b2]) => [f2 ?? f1, b2 ?? b1];
  for (const entry of ansible?.versions ?? (ansible ? [ansible] : [])) {
    const outer = whenRange(entry.when);
    for (const [name, facts] of Object.entries(entry.properties ?? {})) note(name, outer, facts);
    for (const { name, when, ...facts } of entry.versioned_properties ?? [])
      note(name, narrower(outer, whenRange(when)), facts);
  }
  return found;
}

/** What the console itself completes after `unset value-name=`; made by make-unset-values.mjs, which names the source. */
const unsettable = new Map(
  Object.entries(JSON.parse(readFileSync(new URL('./unset-values.json', import.meta.url), 'utf8')).menus).map(
    ([path, names]) => [path, new Set(names)],
  ),
);
/**
 * What only some actions of a rule use is in none of these lists, and no verbose export prints it as `!jump-target`: it
 * goes with the rule, whatever another table says of the API.
 */
const firewall = /^\/(ip|ipv6)\/firewall\/(filter|nat|mangle|raw)$|^\/interface\/bridge\/(filter|nat)$/;
const ofAction =
  /^(address-list(-timeout)?|jump-target|reject-with|new-.+|sniff-.+|route-dst|randomise-ports|same-not-by-dst|hw-offload|passthrough)$/;

const consoleValue = (value) => (value === true ? 'yes' : value === false ? 'no' : String(value));

function typeOf(path, name, device, terraform, said) {
  const text = device?.type ?? '';
  if (flags.has(`${path} ${name}`)) return 'flag';
  const order = setOrder(path, name, device);
  if (order !== undefined) return name.startsWith('connection-') ? 'matched-set' : 'set';
  if (looseLists.has(`${path} ${name}`)) return 'members';
  for (const type of ['host', 'hosts']) if (curatedHosts[type].has(`${path} ${name}`)) return type;
  if (name === 'start-time' || name === 'start-date') return 'string';
  if (text === 'bool') return 'bool';
  if (text.includes('time interval')) return 'time';
  if (text.includes('MAC address')) return 'mac';
  if (text.includes('IP address)')) return 'ip';
  if (text.includes('prefix)')) return 'prefix';
  const compare = terraform?.compare ?? '';
  if (compare.startsWith('ImplicitSingleHostCIDR')) return path.startsWith('/ipv6') ? 'hosts' : 'host';
  if (compare === 'bits' || compare === 'hex' || compare === 'bytes' || compare === 'mac') return compare;
  if (compare === 'duration' || compare.startsWith('TimeEqual')) return 'time';
  if (text.startsWith('hexadecimal')) return 'string';
  if (said.some(({ facts }) => typeof facts.default === 'boolean') || terraform?.t === 'bool') return 'bool';
  if (said.some(({ facts }) => /^0x[0-9a-fA-F]+$/.test(String(facts.default ?? ''))) && !device?.values)
    return 'hex';
  if (said.some(({ facts }) => /^(\d+(w|d|h|m|s|ms))+$/.test(String(facts.default ?? '')))) return 'time';
  if (terraform?.t === 'int' || /^\d+\.\.\d+$/.test(text)) return 'number';
  if (text.startsWith('string')) return 'string';
  if ((device?.values ?? []).some((value) => value !== '!')) return 'enum';
  return undefined;
}

function defaultsOf(path, name, said) {
  const curated = curatedDefaults[path]?.[name];
  if (curated !== undefined) return typeof curated === 'string' ? { d: curated } : { dv: curated };
  if (name === 'disabled' && enabledByDefault.test(path)) return { d: 'no' };
  if (doubtfulDefaults.has(`${path} ${name}`)) return {};
  const known = said.filter(({ facts }) => 'default' in facts);
  const distinct = [...new Set(known.map(({ facts }) => consoleValue(facts.default)))];
  if (distinct.length === 0) return {};
  if (distinct.length === 1) return { d: distinct[0] };
  return { dv: known.map(({ range, facts }) => [...range, consoleValue(facts.default)]) };
}

function unsetOf(path, name, said, terraform) {
  if (unsetByEmpty.test(`${path} ${name}`)) return { u: '' };
  const disable = said.find(({ facts }) => facts.can_disable)?.facts;
  if (disable !== undefined && 'remove_value' in disable) return { u: consoleValue(disable.remove_value) };
  if (unsettable.get(path)?.has(name) === true) return { u: null };
  if (firewall.test(path) && ofAction.test(name)) return {};
  return disable !== undefined || terraform?.set_unset?.includes(name) === true ? { u: null } : {};
}

function propertyFacts(path, name, menu, said) {
  const device = menu.device?.properties?.[name];
  const terraform = menu.terraform?.properties?.[name];
  const readOnly = said.some(({ facts }) => facts.read_only) || (said.length === 0 && !device);
  if (readOnly) return undefined;
  const type = typeOf(path, name, device, terraform, said);
  const secret =
    !notSecret.has(name) &&
    (terraform?.sensitive || secretName.test(name) || secretExtra.test(`${path} ${name}`));
  const computed = said.find(({ facts }) => facts.automatically_computed_from)?.facts
    .automatically_computed_from;
  return {
    ...(type === undefined ? {} : { t: type }),
    ...(type === 'set' || type === 'matched-set' ? { o: setOrder(path, name, device) } : {}),
    ...defaultsOf(path, name, said),
    ...(rowDefaults[`${path} ${name}`] ? { rows: rowDefaults[`${path} ${name}`] } : {}),
    ...unsetOf(path, name, said, menu.terraform),
    ...(secret ? { secret: 1 } : {}),
    ...(executable(path, name) ? { exec: 1 } : {}),
    ...(computed ? { from: computed } : {}),
    ...(terraform?.compare === 'device-supplies-default' ? { dev: 1 } : {}),
    ...(madeUp.has(`${path} ${name}`) || madeUpIn.test(path) ? { made: 1 } : {}),
    ...(neededToMake[path]?.includes(name) ? { req: 1 } : {}),
    ...(device?.since ? { since: device.since } : {}),
    ...(menu.device?.properties_gone?.[name] ? { gone: menu.device.properties_gone[name].last_seen } : {}),
  };
}

function keyOf(path, menu) {
  if (path in curatedKeys) return curatedKeys[path];
  if (nameIsNoKey.test(path)) return null;
  const entries = menu.ansible?.versions ?? (menu.ansible ? [menu.ansible] : []);
  const declared = entries.find((entry) => entry.primary_keys)?.primary_keys;
  if (declared) return declared;
  const named = menu.device?.properties?.name || menu.terraform?.properties?.name;
  return named && menu.kind !== 'singleton' && menu.kind !== 'fixed' ? ['name'] : null;
}

function kindOf(path, menu, key) {
  if (orderedThoughKeyed.has(path)) return 'ordered';
  if (menu.kind === 'list-by-id') return key ? 'keyed' : 'list';
  if (menu.kind === 'keyed' && !key) return 'list';
  return menu.kind;
}

function menuFacts(path, menu) {
  const said = statements(menu.ansible);
  const names = new Set([...said.keys(), ...Object.keys(menu.device?.properties ?? {})]);
  for (const name of Object.keys(menu.device?.properties_gone ?? {})) names.add(name);
  names.delete('numbers');
  const p = {};
  for (const name of [...names].sort()) {
    const facts = propertyFacts(path, name, menu, said.get(name) ?? []);
    if (facts !== undefined) p[name] = Object.keys(facts).length === 0 ? 0 : facts;
  }
  const key = keyOf(path, menu);
  const group =
    (menu.ansible?.versions ?? [menu.ansible]).find((entry) => entry?.stratify_keys)?.stratify_keys?.[0] ??
    (curatedGroups.test(path) ? 'chain' : undefined);
  const commands = menu.device?.commands ?? [];
  return {
    k: kindOf(path, menu, key),
    ...(key ? { key } : {}),
    ...(group ? { group } : {}),
    ...(commands.length
      ? { cmd: commands.filter((c) => ['add', 'move', 'remove', 'unset', 'enable'].includes(c)).join(' ') }
      : {}),
    ...(menu.kind === 'singleton' && menu.device?.kind === 'list' ? { listSince: '7.17' } : {}),
    ...(menu.device?.since ? { since: menu.device.since } : {}),
    ...(menu.device?.until ? { until: menu.device.until } : {}),
    ...(menu.renames && !newMeaning.has(path)
      ? { renames: menu.renames.map((r) => [r.from_version, r.old, r.new]) }
      : {}),
    p,
  };
}

const { sources, versions_compared: versions, paths } = read('menus.json');
delete sources.device.versions;
const menus = {};
for (const path of Object.keys(paths).sort()) menus[spaced(path)] = menuFacts(path, paths[path]);
const isPath = (text) => text.startsWith('/');
const references = read('references.json').refs.map(({ property, target, key, scope, checked }) => ({
  p: property,
  to: isPath(target) ? spaced(target) : target,
  key,
  in: scope.map((s) => (isPath(s) ? spaced(s) : s)),
  checked: checked.startsWith('yes'),
}));
/**
 * Properties that take names of interfaces and nothing else, where the command trees say so (`ref`) and the table of
 * references does not name the menu.
 */
const namesInterfaces =
  /^(interfaces|(discovery|downstream)-interfaces|mdns-repeat-ifaces|trap-interfaces|mvrp-forbidden|primary|mlag-peer-port|(filter|upstream|passthrough|ipv6|6to4|media|auto-media)-interface)$/;
const isKnown = (name, path) =>
  references.some(
    ({ p, in: scope }) =>
      p === name && scope.some((s) => s === '*' || s === path || path.startsWith(`${s} `)),
  );
// The old wireless package is in no command tree; real exports show ids in both (`discovery-interfaces=*7`), so they follow.
const more = new Map([
  ['interfaces', ['/interface wireless cap']],
  ['discovery-interfaces', ['/interface wireless cap']],
]);
for (const [path, { device }] of Object.entries(paths)) {
  for (const [name, { ref }] of Object.entries(device?.properties ?? {})) {
    if (ref !== '/interface' || !namesInterfaces.test(name) || isKnown(name, spaced(path))) continue;
    more.set(name, [...(more.get(name) ?? []), spaced(path)]);
  }
}
for (const [p, scope] of more)
  references.push({ p, to: '/interface', key: 'name', in: scope, checked: true });
const order = read('export-order.json');
const data = {
  about:
    'Facts about RouterOS menus, made by test/tools/make-menus.mjs; the shape is documented in menus.ts.',
  sources,
  versions,
  order: { v6: order.v6.map(({ menu }) => menu), v7: order.v7.map(({ menu }) => menu) },
  references,
  menus,
};
// One menu a line: small, and a change of one fact is one line of a diff.
const lines = Object.entries(menus).map(
  ([path, facts]) => `${JSON.stringify(path)}:${JSON.stringify(facts)}`,
);
const head = JSON.stringify({ ...data, menus: undefined }).slice(0, -1);
writeFileSync(out, `${head},\n"menus":{\n${lines.join(',\n')}\n}}\n`);
