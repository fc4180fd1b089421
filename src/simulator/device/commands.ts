/**
 * The commands that every configuration menu has: add, set, unset, remove, move, find, get, print …
 * Each is one atomic step on the device; a refused one changes nothing and says so in RouterOS's words.
 */
import { menuFacts, referencesOf } from '../../drivers/routeros/menus.ts';
import { ConsoleError } from '../language/syntax.ts';
import { num, str, toText, NOTHING } from '../language/values.ts';
import { isPortName } from './builtin-rows.ts';
import { referenceParts } from './device.ts';
import type { Device } from './device.ts';
import { hexId, withProperties } from './menu.ts';
import type { Menu, Row } from './menu.ts';
import { printRows } from './print.ts';
import { canonical, knownDefault, sameProperty, typed } from './properties.ts';
import { idsOf, rowsNamed } from './rows.ts';
import { matchingRows } from './where.ts';
import type { Call, CallArgument } from '../language/runtime.ts';
import type { Value } from '../language/values.ts';

interface CommandContext {
  readonly device: Device;
  readonly user: string;
  /** Off: a second script of the same name is accepted. */
  readonly uniqueNames: boolean;
  readonly wallMs: number;
  /** What refers to a removed item shows its id; otherwise such an item cannot be removed. */
  readonly ghosts: boolean;
  /** Shortly after boot. */
  readonly interfacesMissing: boolean;
  print(text: string): void;
}

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
};
/** Exported even when it is the default. */
const ALWAYS_WRITTEN = new Set(['action', 'chain', 'name', 'interface', 'list', 'address']);
/** What exports say of every script and scheduler, default or not. */
const WRITTEN_OF_SCRIPTS = new Set(['dont-require-permissions', 'owner', 'policy', 'source', 'on-event']);
const ALL_POLICIES = 'ftp,reboot,read,write,policy,test,password,sniff,sensitive,romon';
const NO_NUMBERS = 'missing value(s) of argument(s) numbers';

export function menuCommand(call: Call, context: CommandContext): Value {
  const menu = context.device.menu(`/${call.path.join(' ')}`);
  switch (call.name) {
    case 'add':
      return add(menu, call, context);
    case 'set':
      return set(menu, call, context);
    case 'enable':
    case 'disable':
      return changeRows(
        menu,
        targets(menu, call, context),
        context,
        new Map([['disabled', call.name === 'enable' ? 'no' : 'yes']]),
      );
    case 'comment':
      return changeRows(
        menu,
        targets(menu, call, context),
        context,
        new Map([['comment', textArgument(call, 'comment') ?? '']]),
      );
    case 'unset':
    case 'reset':
      return unset(menu, call, context);
    case 'remove':
      return remove(menu, call, context);
    case 'move':
      return move(menu, call, context);
    case 'find':
      return idsOf(matchingRows(context.device, menu.path, visibleRows(menu, context), call.where));
    case 'get':
      return get(menu, call, context);
    case 'print':
      return print(menu, call, context);
    default:
      throw new ConsoleError(`bad command name ${call.name}`);
  }
}

function visibleRows(menu: Menu, context: CommandContext): readonly Row[] {
  return context.interfacesMissing && menu.path === '/interface ethernet' ? [] : menu.rows;
}

export function namedArgument(call: Call, name: string): Value | undefined {
  for (const argument of call.args)
    if (argument.kind === 'named' && argument.name === name) return argument.value;
  return undefined;
}

export function positionals(call: Call): readonly Value[] {
  return call.args.flatMap((argument) => (argument.kind === 'positional' ? [argument.value] : []));
}

function textArgument(call: Call, name: string): string | undefined {
  const value = namedArgument(call, name);
  return value === undefined ? undefined : toText(value);
}

function targets(menu: Menu, call: Call, context: CommandContext): readonly Row[] {
  if (menu.singleton) return menu.rows;
  const named = namedArgument(call, 'numbers') ?? positionals(call)[0];
  if (named === undefined) throw new ConsoleError(NO_NUMBERS);
  return rowsNamed(context.device, menu, named);
}

/** The arguments that are properties, canonical; undefined: the property goes. */
function changesOf(
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
function stored(menu: Menu, row: Row, changes: ReadonlyMap<string, string | undefined>, device: Device): Row {
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

function add(menu: Menu, call: Call, context: CommandContext): Value {
  const { device } = context;
  const changes = changesOf(menu, call.args, context);
  const missing = (REQUIRED[menu.path] ?? []).filter((name) => (changes.get(name) ?? '') === '');
  if (missing.length > 0) throw new ConsoleError(`missing value(s) of argument(s) ${missing.join(' ')}`);
  complete(menu, changes, context);
  const row = stored(menu, menu.makeRow({}), changes, device);
  checkUnique(menu, row, context);
  const before = namedArgument(call, 'place-before');
  const anchor = before === undefined ? undefined : rowsNamed(device, menu, before)[0];
  const rows = [...menu.rows];
  rows.splice(anchor === undefined ? rows.length : rows.indexOf(anchor), 0, row);
  device.change(menu, rows);
  return { type: 'id', text: hexId(row) };
}

/** What the device fills in by itself. */
function complete(menu: Menu, changes: Map<string, string | undefined>, context: CommandContext): void {
  if (menu.path === '/ip address' && !changes.has('network')) {
    const network = networkOf(changes.get('address') ?? '');
    if (network !== undefined) changes.set('network', network);
  }
  if (/^\/(ip|ipv6) firewall (filter|mangle|raw|nat)$/.test(menu.path) && !changes.has('action')) {
    changes.set('action', 'accept');
  }
  if (!isScriptMenu(menu)) return;
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

function checkUnique(menu: Menu, row: Row, context: CommandContext): void {
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

function set(menu: Menu, call: Call, context: CommandContext): Value {
  const rows = targets(menu, call, context);
  return changeRows(menu, rows, context, changesOf(menu, call.args, context));
}

function changeRows(
  menu: Menu,
  rows: readonly Row[],
  context: CommandContext,
  changes: ReadonlyMap<string, string | undefined>,
): Value {
  const { device } = context;
  if (rows.length === 0 || changes.size === 0) return NOTHING;
  const renames: [from: string, to: string][] = [];
  const next = menu.rows.map((row) => {
    if (!rows.includes(row)) return row;
    const changed = stored(menu, row, policyAdded(menu, row, changes, device), device);
    checkUnique(menu, changed, context);
    const from = device.text(menu.path, row, 'name');
    const to = changes.get('name');
    if (from !== undefined && to !== undefined && from !== to) renames.push([from, to]);
    return changed;
  });
  device.change(menu, next);
  for (const [from, to] of renames) device.follow(menu.path, from, to);
  return NOTHING;
}

/** `/user group set policy=` changes the policies it names and leaves the others. */
function policyAdded(
  menu: Menu,
  row: Row,
  changes: ReadonlyMap<string, string | undefined>,
  device: Device,
): ReadonlyMap<string, string | undefined> {
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

function unset(menu: Menu, call: Call, context: CommandContext): Value {
  const [first, ...others] = positionals(call);
  const names = [
    ...(menu.singleton && first !== undefined ? [first] : []),
    ...others,
    ...listed(namedArgument(call, 'value-name')),
  ];
  const rows = menu.singleton ? menu.rows : targets(menu, call, context);
  if (names.length === 0) throw new ConsoleError('missing value(s) of argument(s) value-name');
  const changes = new Map<string, undefined>();
  for (const name of names.flatMap((value) => toText(value).split(','))) {
    if (!context.device.isProperty(menu.path, name))
      throw new ConsoleError('input does not match any value of value-name');
    changes.set(name, undefined);
  }
  return changeRows(menu, rows, context, changes);
}

const listed = (value: Value | undefined): readonly Value[] => (value === undefined ? [] : [value]);

function remove(menu: Menu, call: Call, context: CommandContext): Value {
  const rows = targets(menu, call, context);
  if (rows.length === 0) return NOTHING;
  const fixed = rows.some((row) => row.selector !== undefined && menu.path !== '/user');
  if (fixed) throw new ConsoleError('failure: can not remove builtin item');
  const names = rows.map((row) => context.device.text(menu.path, row, 'name') ?? '');
  if (!context.ghosts && names.some((name) => name !== '' && context.device.isUsed(menu.path, name))) {
    throw new ConsoleError('failure: in use');
  }
  context.device.change(
    menu,
    menu.rows.filter((row) => !rows.includes(row)),
  );
  rows.forEach((row, i) => {
    if (names[i] !== undefined && names[i] !== '') context.device.follow(menu.path, names[i], hexId(row));
  });
  return NOTHING;
}

function move(menu: Menu, call: Call, context: CommandContext): Value {
  const rows = targets(menu, call, context);
  const where = namedArgument(call, 'destination') ?? positionals(call)[1];
  const anchor = where === undefined ? undefined : rowsNamed(context.device, menu, where)[0];
  if (where !== undefined && anchor === undefined) throw new ConsoleError('no such item');
  if (rows.length === 0 || (anchor !== undefined && rows.includes(anchor))) return NOTHING;
  const rest = menu.rows.filter((row) => !rows.includes(row));
  rest.splice(anchor === undefined ? rest.length : rest.indexOf(anchor), 0, ...rows);
  context.device.change(menu, rest);
  return NOTHING;
}

function get(menu: Menu, call: Call, context: CommandContext): Value {
  const { device } = context;
  const given = [...positionals(call)];
  const target = menu.singleton ? undefined : (namedArgument(call, 'number') ?? given.shift());
  const property = namedArgument(call, 'value-name') ?? given.shift();
  if (!menu.singleton && target === undefined)
    throw new ConsoleError('missing value(s) of argument(s) number');
  const rows = target === undefined ? menu.rows : rowsNamed(device, menu, target);
  const row = rows[0];
  if (row === undefined) throw new ConsoleError('no such item');
  if (rows.length > 1) throw new ConsoleError('invalid internal item number');
  if (property === undefined) {
    const names = [...new Set([...row.given.keys(), ...row.properties.keys()])];
    const items = names.map((name) => typed(menu.path, name, device.text(menu.path, row, name)));
    return { type: 'array', items: [{ type: 'id', text: hexId(row) }, ...items], keys: ['.id', ...names] };
  }
  const name = toText(property);
  const text = device.text(menu.path, row, name);
  if (text === undefined && !device.isProperty(menu.path, name)) {
    throw new ConsoleError('input does not match any value of value-name');
  }
  if (name === '.id') return { type: 'id', text: hexId(row) };
  return text === undefined ? str('') : typed(menu.path, name, text);
}

function print(menu: Menu, call: Call, context: CommandContext): Value {
  const rows = matchingRows(context.device, menu.path, visibleRows(menu, context), call.where);
  const words = positionals(call).map(toText);
  if (words.includes('count-only')) {
    context.print(String(rows.length));
    return num(rows.length);
  }
  for (const line of printRows(context.device, menu, rows)) context.print(line);
  return NOTHING;
}
