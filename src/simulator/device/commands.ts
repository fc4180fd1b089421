/**
 * The commands that every configuration menu has: add, set, unset, remove, move, find, get, print …
 * Each is one atomic step on the device; a refused one changes nothing and says so in RouterOS's words.
 */
import { isSecretProperty } from '../../drivers/routeros/menus.ts';
import { ConsoleError } from '../language/syntax.ts';
import { num, str, toText, NOTHING } from '../language/values.ts';
import { hasWord, namedArgument, positionals, textArgument } from './arguments.ts';
import { addRow, changeRows, moveRows, removeRows, unsetProperties } from './change-rows.ts';
import { hexId } from './menu.ts';
import { printRows } from './print.ts';
import { typed } from './properties.ts';
import { idsOf, rowsNamed } from './rows.ts';
import { changesOf } from './row-values.ts';
import { matchingRows } from './where.ts';
import type { CommandContext } from './context.ts';
import type { Menu, Row } from './menu.ts';
import type { Call } from '../language/runtime.ts';
import type { Value } from '../language/values.ts';

/** What `get` gives of a secret that this login may not see. */
const HIDDEN = '*****';

export function menuCommand(call: Call, context: CommandContext): Value {
  const menu = context.device.menu(`/${call.path.join(' ')}`);
  const target = (): readonly Row[] => targets(menu, call, context);
  switch (call.name) {
    case 'add':
      return addRow(menu, call, context);
    case 'set':
      return changeRows(menu, target(), context, changesOf(menu, call.args, context));
    case 'enable':
    case 'disable':
      return changeRows(
        menu,
        target(),
        context,
        new Map([['disabled', call.name === 'enable' ? 'no' : 'yes']]),
      );
    case 'comment':
      return changeRows(menu, target(), context, new Map([['comment', textArgument(call, 'comment') ?? '']]));
    case 'unset':
    case 'reset':
      return unsetProperties(menu, menu.singleton ? menu.rows : target(), call, context);
    case 'remove':
      return removeRows(menu, target(), context);
    case 'move':
      return moveRows(menu, target(), call, context);
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

function targets(menu: Menu, call: Call, context: CommandContext): readonly Row[] {
  if (menu.singleton) return menu.rows;
  const named = namedArgument(call, 'numbers') ?? positionals(call)[0];
  if (named === undefined) throw new ConsoleError('missing value(s) of argument(s) numbers');
  return rowsNamed(context.device, menu, named);
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
  const shown = (name: string): Value => {
    const text = device.text(menu.path, row, name);
    if (text === undefined) return str('');
    const hidden = !context.maySeeSecrets && text !== '' && isSecretProperty(menu.path, name);
    return typed(menu.path, name, hidden ? HIDDEN : text);
  };
  if (property === undefined) {
    const names = [...new Set([...row.given.keys(), ...row.properties.keys()])];
    return {
      type: 'array',
      items: [{ type: 'id', text: hexId(row) }, ...names.map(shown)],
      keys: ['.id', ...names],
    };
  }
  const name = toText(property);
  if (name === '.id') return { type: 'id', text: hexId(row) };
  if (device.text(menu.path, row, name) === undefined && !device.isProperty(menu.path, name)) {
    throw new ConsoleError('input does not match any value of value-name');
  }
  return shown(name);
}

function print(menu: Menu, call: Call, context: CommandContext): Value {
  const rows = matchingRows(context.device, menu.path, visibleRows(menu, context), call.where);
  if (hasWord(call, 'count-only')) {
    context.print(String(rows.length));
    return num(rows.length);
  }
  for (const line of printRows(context.device, menu, rows, context.maySeeSecrets)) context.print(line);
  return NOTHING;
}
