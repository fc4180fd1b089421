/** A simple readable form of rows, for people; programs read `/export` and `get`. */
import { isSecretProperty } from '../../drivers/routeros/menus.ts';
import type { Device } from './device.ts';
import type { Menu, Row } from './menu.ts';

/** Facts that nobody configures, in the order in which they are printed. */
const FACTS: Readonly<Record<string, readonly string[]>> = {
  '/system resource': [
    'uptime',
    'version',
    'free-memory',
    'cpu-load',
    'free-hdd-space',
    'architecture-name',
    'board-name',
    'platform',
  ],
  '/system clock': ['time', 'date'],
  '/system identity': ['name'],
  '/system routerboard': ['routerboard', 'model', 'serial-number'],
  '/system license': ['software-id'],
};

export function printRows(
  device: Device,
  menu: Menu,
  rows: readonly Row[],
  secrets: boolean,
): readonly string[] {
  if (menu.singleton) {
    const row = rows[0];
    if (row === undefined) return [];
    const names = [...new Set([...(FACTS[menu.path] ?? []), ...row.given.keys(), ...row.properties.keys()])];
    const width = Math.max(0, ...names.map((name) => name.length));
    return names.map((name) => `  ${name.padStart(width)}: ${device.text(menu.path, row, name) ?? ''}`);
  }
  const lines = ['Flags: X - disabled; D - dynamic'];
  for (const row of rows) {
    const disabled = device.text(menu.path, row, 'disabled') === 'yes' ? 'X' : row.dynamic ? 'D' : ' ';
    const comment = row.properties.get('comment');
    const number = String(menu.rows.indexOf(row)).padStart(2);
    if (typeof comment === 'string' && comment !== '') lines.push(`${number} ${disabled}  ;;; ${comment}`);
    const values = [...new Map([...row.given, ...row.properties])]
      .filter(([name]) => name !== 'comment' && name !== 'disabled')
      .filter(([name]) => secrets || !isSecretProperty(menu.path, name))
      .map(
        ([name, value]) =>
          `${name}=${value === null ? '' : /^[^\s"]+$/.test(value) ? value : JSON.stringify(value)}`,
      );
    lines.push(`${number} ${disabled}  ${values.join(' ')}`);
  }
  return lines;
}
