/** From what a command names (`$id`, `[find …]`, a name, a number) to rows, and back to ids. */
import { listOf } from '../language/operators.ts';
import { ConsoleError } from '../language/syntax.ts';
import { array, id, toText } from '../language/values.ts';
import type { Device } from './device.ts';
import { hexId } from './menu.ts';
import type { Menu, Row } from './menu.ts';
import type { Value } from '../language/values.ts';

export const idsOf = (rows: readonly Row[]): Value => array(rows.map((row) => id(hexId(row))));

/** All rows that `value` names; one that does not exist is an error, an empty list is none. */
export function rowsNamed(device: Device, menu: Menu, value: Value): readonly Row[] {
  const found: Row[] = [];
  for (const item of listOf(value)) {
    const text = toText(item);
    if (text === '') continue;
    const whole = rowNamed(device, menu, text);
    if (whole !== undefined) {
      found.push(whole);
      continue;
    }
    for (const part of text.split(',')) {
      const row = rowNamed(device, menu, part);
      if (row === undefined) throw new ConsoleError('no such item');
      found.push(row);
    }
  }
  return [...new Set(found)];
}

function rowNamed(device: Device, menu: Menu, text: string): Row | undefined {
  if (text.startsWith('*')) return menu.rows.find((row) => hexId(row) === text.toUpperCase());
  const named = menu.rows.find((row) => device.text(menu.path, row, 'name') === text);
  if (named !== undefined) return named;
  const byDefaultName = menu.rows.find((row) => row.given.get('default-name') === text);
  if (byDefaultName !== undefined) return byDefaultName;
  return /^\d{1,6}$/.test(text) ? menu.rows[Number(text)] : undefined;
}
