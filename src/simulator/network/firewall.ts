/**
 * The device's packet filter, for one packet at a time: rules from the top, first one that fits and ends it decides,
 * as netfilter does below RouterOS. What a rule compares that is not in a packet here (rates, times, contents) is
 * left to `chance`.
 */
import type { Device } from '../device/device.ts';
import type { Row } from '../device/menu.ts';
import { isNamedBy } from './addresses.ts';

export interface Frame {
  readonly inInterface: string;
  readonly outInterface: string;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly state: 'new' | 'established' | 'untracked';
}

export interface Surroundings {
  readonly device: Device;
  /** Whether a comparison that is not modelled holds. */
  readonly chance: (property: string, value: string) => boolean;
  /** Address lists that hold the other end by an entry that will run out; no export shows those. */
  readonly timedLists: ReadonlySet<string>;
  /** Whose address is in the timed lists. */
  readonly from: string;
}

export interface Passed {
  readonly verdict: 'pass' | 'refuse';
  /** The connection is not followed from here on. */
  readonly untracked: boolean;
  /** Where a translation sends it; undefined: where it was going. */
  readonly to: { readonly address: string; readonly port: number } | undefined;
}

const NOT_COMPARED = new Set([
  'action',
  'chain',
  'comment',
  'disabled',
  'log',
  'log-prefix',
  'jump-target',
  'reject-with',
  'address-list',
  'address-list-timeout',
  'to-addresses',
  'to-ports',
  'passthrough',
]);
const DEEPEST = 32;

type Outcome = 'pass' | 'refuse' | 'on';

export function passTable(where: Surroundings, path: string, chain: string, frame: Frame): Passed {
  const { device } = where;
  let untracked = false;
  let to: Passed['to'];
  const run = (name: string, depth: number): Outcome => {
    for (const row of device.menu(path).rows) {
      const value = (property: string): string => device.text(path, row, property) ?? '';
      if (value('chain') !== name || value('disabled') === 'yes' || !fits(where, path, row, frame)) continue;
      switch (value('action')) {
        case '':
        case 'accept':
          return 'pass';
        case 'drop':
        case 'reject':
        case 'tarpit':
          return 'refuse';
        case 'return':
          return 'on';
        case 'jump': {
          const outcome = depth < DEEPEST ? run(value('jump-target'), depth + 1) : 'on';
          if (outcome !== 'on') return outcome;
          break;
        }
        case 'notrack':
          untracked = true;
          break;
        case 'dst-nat':
        case 'redirect':
          to = translated(value('to-addresses'), value('to-ports'), frame);
          return 'pass';
        default:
          break;
      }
    }
    return 'on';
  };
  const verdict = run(chain, 0) === 'refuse' ? 'refuse' : 'pass';
  return { verdict, untracked, to };
}

function translated(addresses: string, ports: string, frame: Frame): NonNullable<Passed['to']> {
  return {
    address: addresses === '' ? frame.destination : (addresses.split('-')[0] ?? ''),
    port: ports === '' ? frame.destinationPort : Number(ports.split('-')[0]),
  };
}

function fits(where: Surroundings, path: string, row: Row, frame: Frame): boolean {
  return [...row.properties].every(([name, value]) => {
    if (value === null || NOT_COMPARED.has(name)) return true;
    const inverted = value.startsWith('!');
    return compares(where, name, inverted ? value.slice(1) : value, frame) !== inverted;
  });
}

function compares(where: Surroundings, name: string, value: string, frame: Frame): boolean {
  switch (name) {
    case 'src-address':
      return isNamedBy(value, frame.source);
    case 'dst-address':
      return isNamedBy(value, frame.destination);
    case 'src-address-list':
      return listHolds(where, value, frame.source);
    case 'dst-address-list':
      return listHolds(where, value, frame.destination);
    case 'protocol':
      return value === 'tcp' || value === '6';
    case 'src-port':
      return portIn(value, frame.sourcePort);
    case 'dst-port':
      return portIn(value, frame.destinationPort);
    case 'port':
      return portIn(value, frame.sourcePort) || portIn(value, frame.destinationPort);
    case 'connection-state':
      return value.split(',').includes(frame.state);
    case 'in-interface':
      return value === frame.inInterface;
    case 'out-interface':
      return value === frame.outInterface;
    case 'in-interface-list':
      return interfaceListHolds(where.device, value, frame.inInterface);
    case 'out-interface-list':
      return interfaceListHolds(where.device, value, frame.outInterface);
    default:
      return where.chance(name, value);
  }
}

function portIn(value: string, port: number): boolean {
  return value.split(',').some((part) => {
    const [low = '', high = low] = part.split('-');
    return port >= Number(low) && port <= Number(high);
  });
}

function listHolds({ device, timedLists, from }: Surroundings, list: string, address: string): boolean {
  const path = '/ip firewall address-list';
  const fixed = device
    .menu(path)
    .rows.some(
      (row) =>
        device.text(path, row, 'list') === list &&
        device.text(path, row, 'disabled') !== 'yes' &&
        isNamedBy(device.text(path, row, 'address') ?? '', address),
    );
  return fixed || (address === from && timedLists.has(list));
}

/** Included lists, less excluded ones, plus members of its own. */
function interfaceListHolds(device: Device, list: string, name: string, depth = 0): boolean {
  if (list === 'all') return name !== '';
  if (depth > DEEPEST) return false;
  const members = '/interface list member';
  const own = device
    .menu(members)
    .rows.some(
      (row) =>
        device.text(members, row, 'list') === list &&
        device.text(members, row, 'interface') === name &&
        device.text(members, row, 'disabled') !== 'yes',
    );
  if (own) return true;
  const lists = '/interface list';
  const row = device.menu(lists).rows.find((one) => device.text(lists, one, 'name') === list);
  if (row === undefined) return false;
  const among = (property: string): boolean =>
    (device.text(lists, row, property) ?? '')
      .split(',')
      .some((other) => other !== '' && interfaceListHolds(device, other, name, depth + 1));
  return among('include') && !among('exclude');
}
