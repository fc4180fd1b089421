/** Adding, changing, removing and moving rows: one replacement of the menu's list each, so that it is all or nothing. */
import { ConsoleError } from '../language/syntax.ts';
import { toText, NOTHING } from '../language/values.ts';
import { namedArgument, positionals } from './arguments.ts';
import { hexId } from './menu.ts';
import { checkRequired, checkUnique, changesOf, complete, policyAdded, stored } from './row-values.ts';
import { rowsNamed } from './rows.ts';
import type { CommandContext } from './context.ts';
import type { Menu, Row } from './menu.ts';
import type { Changes } from './row-values.ts';
import type { Call } from '../language/runtime.ts';
import type { Value } from '../language/values.ts';

export function addRow(menu: Menu, call: Call, context: CommandContext): Value {
  const { device } = context;
  const changes = changesOf(menu, call.args, context);
  checkRequired(menu, changes);
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

export function changeRows(
  menu: Menu,
  rows: readonly Row[],
  context: CommandContext,
  changes: Changes,
): Value {
  const { device } = context;
  if (rows.length === 0 || changes.size === 0) return NOTHING;
  if (rows.some((row) => row.dynamic)) throw new ConsoleError('failure: can not change dynamic item');
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

export function unsetProperties(
  menu: Menu,
  rows: readonly Row[],
  call: Call,
  context: CommandContext,
): Value {
  const [first, ...others] = positionals(call);
  const named = namedArgument(call, 'value-name');
  const names = [
    ...(menu.singleton && first !== undefined ? [first] : []),
    ...others,
    ...(named === undefined ? [] : [named]),
  ];
  if (names.length === 0) throw new ConsoleError('missing value(s) of argument(s) value-name');
  const changes = new Map<string, undefined>();
  for (const name of names.flatMap((value) => toText(value).split(','))) {
    if (!context.device.isProperty(menu.path, name))
      throw new ConsoleError('input does not match any value of value-name');
    changes.set(name, undefined);
  }
  return changeRows(menu, rows, context, changes);
}

export function removeRows(menu: Menu, rows: readonly Row[], context: CommandContext): Value {
  const { device } = context;
  if (rows.length === 0) return NOTHING;
  if (rows.some((row) => row.dynamic)) throw new ConsoleError('failure: can not remove dynamic item');
  const fixed = rows.some((row) => row.selector !== undefined && menu.path !== '/user');
  if (fixed) throw new ConsoleError('failure: can not remove builtin item');
  const names = rows.map((row) => device.text(menu.path, row, 'name') ?? '');
  if (!context.ghosts && names.some((name) => name !== '' && device.isUsed(menu.path, name))) {
    throw new ConsoleError('failure: in use');
  }
  device.change(
    menu,
    menu.rows.filter((row) => !rows.includes(row)),
  );
  rows.forEach((row, i) => {
    if (names[i] !== undefined && names[i] !== '') device.follow(menu.path, names[i], hexId(row));
  });
  return NOTHING;
}

export function moveRows(menu: Menu, rows: readonly Row[], call: Call, context: CommandContext): Value {
  const where = namedArgument(call, 'destination') ?? positionals(call)[1];
  const anchor = where === undefined ? undefined : rowsNamed(context.device, menu, where)[0];
  if (where !== undefined && anchor === undefined) throw new ConsoleError('no such item');
  if (rows.length === 0 || (anchor !== undefined && rows.includes(anchor))) return NOTHING;
  const rest = menu.rows.filter((row) => !rows.includes(row));
  rest.splice(anchor === undefined ? rest.length : rest.indexOf(anchor), 0, ...rows);
  context.device.change(menu, rest);
  return NOTHING;
}
