/** Which menus, commands and arguments the console of this device knows; all else is refused when read. */
import { menuFacts } from '../drivers/routeros/menus.ts';
import { commandOf, commandPaths, VIEW_PATHS } from './commands/table.ts';
import { isFlag } from './device/properties.ts';
import type { Device } from './device/device.ts';
import type { Vocabulary } from './language/syntax.ts';

const ROWS = [
  'add',
  'set',
  'remove',
  'find',
  'get',
  'print',
  'export',
  'enable',
  'disable',
  'comment',
  'move',
  'unset',
  'reset',
];
const SINGLE = ['get', 'set', 'print', 'export', 'unset', 'reset'];
const READING = ['find', 'get', 'print'];
/** Commands that a device tree lists menu by menu; where it is silent they are taken to be there. */
const LISTED = new Set(['add', 'remove', 'move', 'unset']);
const PRINT_WORDS = [
  'count-only',
  'detail',
  'terse',
  'brief',
  'without-paging',
  'value-list',
  'as-value',
  'proplist',
  'from',
  'file',
];
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  print: PRINT_WORDS,
  get: ['number', 'value-name'],
  remove: ['numbers'],
  enable: ['numbers'],
  disable: ['numbers'],
  move: ['numbers', 'destination'],
  unset: ['numbers', 'value-name'],
  reset: ['numbers', 'value-name'],
  comment: ['numbers', 'comment'],
};
/** Of `/export`, with the version that brought them. */
const EXPORT_ARGUMENTS: Readonly<Record<string, string>> = {
  terse: '6.0',
  compact: '6.0',
  verbose: '6.0',
  'hide-sensitive': '6.0',
  file: '6.0',
  'show-sensitive': '7.0',
  path: '7.23',
};

export function deviceVocabulary(device: Device): Vocabulary {
  // Asked for again and again; remembered one by one, since many devices may live in one process.
  const known = new Map<string, boolean>();
  const isKnown = (path: string): boolean => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const paths = [...device.allPaths(), ...commandPaths, ...VIEW_PATHS];
    const found = paths.some(
      (one) => (one === path || one.startsWith(`${path} `)) && isMenuHere(device, one),
    );
    known.set(path, found);
    return found;
  };
  const joined = (path: readonly string[]): string => `/${path.join(' ')}`;
  return {
    slashPaths: device.major === 7,
    errorHandler: device.isSince('7.13'),
    exportWhere: device.isSince('7.13'),
    isMenu: (path) => isKnown(joined(path)),
    isCommand: (path, name) => isCommand(device, joined(path), name),
    isArgument: (path, command, name) => isArgument(device, joined(path), command, name),
    isFlag: (path, command, name) => (command === 'add' || command === 'set') && isFlag(joined(path), name),
    takesValues(path, command) {
      const special = commandOf(joined(path), command);
      if (special !== undefined) return special.takesValues;
      if (['add', 'print', 'export'].includes(command)) return false;
      return command !== 'set' || !device.menu(joined(path)).singleton;
    },
  };
}

/** A menu that only holds later commands is not there before them. */
function isMenuHere(device: Device, path: string): boolean {
  if (path !== '/safe-mode')
    return device.isMenu(path) || commandPaths.includes(path) || VIEW_PATHS.has(path);
  return device.isSince('7.18');
}

function isCommand(device: Device, path: string, name: string): boolean {
  const special = commandOf(path, name);
  if (special !== undefined) return special.since === undefined || device.isSince(special.since);
  if (VIEW_PATHS.has(path)) return READING.includes(name);
  if (!device.isMenu(path)) return name === 'export';
  if (device.menu(path).singleton) return SINGLE.includes(name);
  const facts = menuFacts(path);
  if (!ROWS.includes(name)) return false;
  if (facts?.kind === 'fixed' && (name === 'add' || name === 'remove')) return false;
  if (facts?.commands === undefined || facts.commands === null || !LISTED.has(name)) return true;
  return facts.commands.includes(name);
}

function isArgument(device: Device, path: string, command: string, name: string): boolean {
  const special = commandOf(path, command);
  if (special !== undefined) {
    const later = special.laterArguments?.[name];
    return special.arguments.includes(name) || (later !== undefined && device.isSince(later));
  }
  if (command === 'export') {
    const since = EXPORT_ARGUMENTS[name];
    return since !== undefined && device.isSince(since);
  }
  if (command === 'add' || command === 'set') {
    if (command === 'set' && name === 'numbers') return !device.menu(path).singleton;
    if (command === 'add' && name === 'copy-from') return true;
    if (command === 'add' && name === 'place-before')
      return menuFacts(path)?.commands?.includes('move') ?? true;
    return device.isProperty(path, name);
  }
  return ARGUMENTS[command]?.includes(name) ?? false;
}
