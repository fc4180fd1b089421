/** From the arguments of a command to what a row holds: canonical, checked, completed by the device, unique. */
import { menuFacts, referencesOf } from '../../drivers/routeros/menus.ts';
import { ConsoleError } from '../language/syntax.ts';
import { toText } from '../language/values.ts';
import { isPortName } from './builtin-rows.ts';
import { referenceParts } from './image.ts';
import { withProperties } from './menu.ts';
import { canonical, knownDefault, sameProperty } from './properties.ts';
import { wireguardKey } from './wireguard.ts';
import type { CommandContext } from './context.ts';
import type { Device } from './device.ts';
import type { Menu, Row } from './menu.ts';
import type { CallArgument } from '../language/runtime.ts';
import type { Value } from '../language/values.ts';

export type Changes = ReadonlyMap<string, string | undefined>;

const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  '/ip address': ['address', 'interface'],
  '/ip firewall filter': ['chain'],
  '/ip firewall nat': ['chain'],
  '/ip firewall mangle': ['chain'],
  '/ip firewall raw': ['chain'],
  '/ip firewall address-list': ['list'],
  '/interface bridge port': ['bridge', 'interface'],
  '/interface list member': ['interface', 'list'],
  '/ip dhcp-client': ['interface'],
  '/user': ['name', 'group'],
};
/** Exported even when it is the default. */
const ALWAYS_WRITTEN = new Set(['action', 'chain', 'name', 'interface', 'list', 'address']);
/** What exports say of every script and scheduler, default or not. */
const WRITTEN_OF_SCRIPTS = new Set(['dont-require-permissions', 'owner', 'policy', 'source', 'on-event']);
const ALL_POLICIES = 'ftp,reboot,read,write,policy,test,password,sniff,sensitive,romon';

/** The arguments that are properties, canonical; undefined: the property goes. */
export function changesOf(
  menu: Menu,
  args: readonly CallArgument[],
  context: CommandContext,
): Map<string, string | undefined> {
  const changes = new Map<string, string | undefined>();
  for (const argument of args) {
    if (argument.kind === 'unset') changes.set(argument.name, undefined);
    if (argument.kind !== 'named' || ['numbers', 'place-before', 'copy-from'].includes(argument.name))
      continue;
    const { name, value } = argument;
    const text = canonical(menu.path, name, valueText(value), true);
    checkReference(menu, name, text, context);
    changes.set(name, text);
  }
  return changes;
}

function valueText(value: Value): string {
  if (value.type === 'bool') return value.truth ? 'yes' : 'no';
  return value.type === 'array' ? value.items.map(toText).join(',') : toText(value);
}

function checkReference(menu: Menu, name: string, text: string, context: CommandContext): void {
  const references = referencesOf(menu.path, name).filter((reference) => reference.checked);
  if (references.length === 0) return;
  for (const part of referenceParts(text)) {
    if (/^(|all|none|any|auto|default|disabled|dynamic|static|all-[a-z]+|\*[0-9A-F]+)$/.test(part)) continue;
    const late = context.interfacesMissing && isPortName(part);
    if (!late && references.some(({ target, key }) => context.device.isKnownName(target, key, part)))
      continue;
    throw new ConsoleError(`input does not match any value of ${name}`);
  }
}

/** What is stored: a value equal to the known default is not kept, since exports do not print it. */
export function stored(menu: Menu, row: Row, changes: Changes, device: Device): Row {
  const kept = new Map<string, string | undefined>();
  for (const [name, value] of changes) {
    const usual = row.given.get(name) ?? knownDefault(menu.path, name, device.version);
    const plain = value !== undefined && usual !== undefined && sameProperty(menu.path, name, value, usual);
    const always = ALWAYS_WRITTEN.has(name) || (isScriptMenu(menu) && WRITTEN_OF_SCRIPTS.has(name));
    kept.set(name, plain && !(always && row.selector === undefined) ? undefined : value);
  }
  return withProperties(row, kept);
}

function isScriptMenu(menu: Menu): boolean {
  return menu.path === '/system script' || menu.path === '/system scheduler';
}

export function checkRequired(menu: Menu, changes: Changes): void {
  const missing = (REQUIRED[menu.path] ?? []).filter((name) => (changes.get(name) ?? '') === '');
  if (missing.length > 0) throw new ConsoleError(`missing value(s) of argument(s) ${missing.join(' ')}`);
}

/** What the device fills in by itself. */
export function complete(
  menu: Menu,
  changes: Map<string, string | undefined>,
  context: CommandContext,
): void {
  if (menu.path === '/ip address' && !changes.has('network')) {
    const network = networkOf(changes.get('address') ?? '');
    if (network !== undefined) changes.set('network', network);
  }
  if (/^\/(ip|ipv6) firewall (filter|mangle|raw|nat)$/.test(menu.path) && !changes.has('action')) {
    changes.set('action', 'accept');
  }
  if (menu.path === '/interface wireguard' && !changes.has('private-key')) {
    changes.set('private-key', wireguardKey(context.random));
  }
  if (isScriptMenu(menu)) completeScript(menu, changes, context);
}

function completeScript(menu: Menu, changes: Map<string, string | undefined>, context: CommandContext): void {
  const script = menu.path === '/system script';
  const usual: readonly (readonly [string, string])[] = [
    ['name', `${script ? 'script' : 'schedule'}${menu.rows.length + 1}`],
    ['policy', ALL_POLICIES],
    ...(script
      ? ([
          ['dont-require-permissions', 'no'],
          ['owner', context.user],
        ] as const)
      : []),
  ];
  for (const [name, value] of usual) if (!changes.has(name)) changes.set(name, value);
  if (script || changes.has('start-time')) return;
  // An entry without a start begins now, and says so.
  const now = new Date(context.wallMs).toISOString();
  changes.set('start-date', now.slice(0, 10));
  changes.set('start-time', now.slice(11, 19));
}

function networkOf(address: string): string | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(address);
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, bits = 32] = match.slice(1).map(Number);
  const whole = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  const network = bits === 0 ? 0 : (whole & (0xffffffff << (32 - bits))) >>> 0;
  return [24, 16, 8, 0].map((shift) => (network >>> shift) & 255).join('.');
}

export function checkUnique(menu: Menu, row: Row, context: CommandContext): void {
  const scripts = isScriptMenu(menu);
  if (scripts && !context.uniqueNames) return;
  const facts = menuFacts(menu.path);
  const key = facts?.kind === 'keyed' ? facts.key : [];
  if (key.length === 0) return;
  const valueOf = (other: Row, name: string): string => context.device.text(menu.path, other, name) ?? '';
  if (key.every((name) => valueOf(row, name) === '')) return;
  const clash = menu.rows.some(
    (other) =>
      other.id !== row.id &&
      key.every((name) => sameProperty(menu.path, name, valueOf(other, name), valueOf(row, name))),
  );
  if (!clash) return;
  if (scripts) throw new ConsoleError('failure: item with this name already exists');
  throw new ConsoleError(
    `failure: already have ${menu.path.slice(menu.path.lastIndexOf(' ') + 1)} with such ${key.join(' and ')}`,
  );
}

/** `/user group set policy=` changes the policies it names and leaves the others; `add` denies the unnamed. */
export function policyAdded(menu: Menu, row: Row, changes: Changes, device: Device): Changes {
  const policy = changes.get('policy');
  if (menu.path !== '/user group' || policy === undefined) return changes;
  const merged = new Map<string, boolean>();
  for (const list of [device.text(menu.path, row, 'policy') ?? '', policy]) {
    for (const part of list.split(',').filter((word) => word !== ''))
      merged.set(part.replace(/^!/, ''), !part.startsWith('!'));
  }
  return new Map([
    ...changes,
    ['policy', [...merged].map(([name, granted]) => (granted ? name : `!${name}`)).join(',')],
  ]);
}
