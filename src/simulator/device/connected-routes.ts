/** The routes that a device has by its addresses: dynamic rows, found and counted, never exported or changed. */
import type { Device } from './device.ts';
import type { Row } from './menu.ts';

const ADDRESSES = '/ip address';
const ROUTES = '/ip route';

/** Menus after whose change the routes are to be looked at again. */
export const ROUTE_SOURCES: ReadonlySet<string> = new Set([ADDRESSES, ROUTES]);

export function refreshConnectedRoutes(device: Device): void {
  const menu = device.menu(ROUTES);
  const before = menu.rows.filter((row) => row.dynamic);
  const connected = device.menu(ADDRESSES).rows.flatMap((address): readonly Row[] => {
    const text = (name: string): string => device.text(ADDRESSES, address, name) ?? '';
    if (text('disabled') === 'yes' || text('network') === '') return [];
    const length = text('address').split('/')[1] ?? '32';
    const given = new Map([
      ['dst-address', `${text('network')}/${length}`],
      ['gateway', text('interface')],
      ['distance', '0'],
    ]);
    const known = before.find((row) => [...given].every(([name, value]) => row.given.get(name) === value));
    return [known ?? menu.makeRow({ selector: '', given, dynamic: true })];
  });
  menu.rows = [...menu.rows.filter((row) => !row.dynamic), ...connected];
}
