/** Which menus, commands and arguments the console of this device knows; all else is refused when read. */
import { menuFacts } from '../drivers/routeros/menus.ts';
import { isFlag } from './device/properties.ts';
import type { Device } from './device/device.ts';
import type { Vocabulary } from './language/syntax.ts';

const EXTRA_MENUS = [
  '/log',
  '/system script job',
  '/system reboot',
  '/system history',
  '/user active',
  '/file',
];
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
/** Commands that a device tree lists menu by menu; where it is silent they are taken to be there. */
const LISTED = new Set(['add', 'remove', 'move', 'unset']);
const SPECIAL: Readonly<Record<string, readonly string[]>> = {
  '/': ['export', 'quit'],
  '/system': ['reboot', 'shutdown', 'export'],
  '/log': ['print', 'find', 'get', 'info', 'warning', 'error', 'debug'],
  '/system script job': ['find', 'get', 'print', 'remove'],
  '/system resource': ['get', 'print'],
  '/user active': ['find', 'get', 'print'],
};
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
  run: ['number', 'use-script-permissions'],
  info: ['message'],
  warning: ['message'],
  error: ['message'],
  debug: ['message'],
};

export function deviceVocabulary(device: Device): Vocabulary {
  const known = new Set<string>();
  for (const path of [...device.allPaths(), ...EXTRA_MENUS.filter((menu) => menu !== '/system reboot')]) {
    const words = path.slice(1).split(' ');
    for (let length = 1; length <= words.length; length++) known.add(`/${words.slice(0, length).join(' ')}`);
  }
  const joined = (path: readonly string[]): string => `/${path.join(' ')}`;
  return {
    slashPaths: device.major === 7,
    isMenu: (path) => known.has(joined(path)),
    isCommand: (path, name) => isCommand(device, joined(path), name),
    isArgument: (path, command, name) => isArgument(device, joined(path), command, name),
    isFlag: (path, command, name) => (command === 'add' || command === 'set') && isFlag(joined(path), name),
    takesValues(path, command) {
      if (['add', 'print', 'export'].includes(command)) return false;
      return command !== 'set' || !device.menu(joined(path)).singleton;
    },
  };
}

function isCommand(device: Device, path: string, name: string): boolean {
  const special = SPECIAL[path];
  if (special !== undefined) return special.includes(name);
  if (path === '/system script' && name === 'run') return true;
  if (!device.isMenu(path)) return name === 'export';
  if (device.menu(path).singleton) return SINGLE.includes(name);
  const facts = menuFacts(path);
  if (!ROWS.includes(name)) return false;
  if (facts?.kind === 'fixed' && (name === 'add' || name === 'remove')) return false;
  if (facts?.commands === undefined || facts.commands === null || !LISTED.has(name)) return true;
  return facts.commands.includes(name);
}

function isArgument(device: Device, path: string, command: string, name: string): boolean {
  if (command === 'export') {
    if (name === 'show-sensitive') return device.major === 7;
    return ['terse', 'compact', 'verbose', 'hide-sensitive'].includes(name);
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
