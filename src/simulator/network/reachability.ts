/**
 * Whether the device, as it is configured at this moment, would take a new SSH connection from somebody behind one of
 * its interfaces: link, address, filter for the first and the later packets and the answers, way back, service.
 */
import type { Device } from '../device/device.ts';
import type { Row } from '../device/menu.ts';
import { isNamedBy, prefixLength } from './addresses.ts';
import { passTable, type Frame, type Passed, type Surroundings } from './firewall.ts';

export interface ReachedAt {
  /** The address that is connected to, as the device sees it. */
  readonly address: string;
  /** 22 if not said. */
  readonly port?: number;
  /** The port of the device that the wire is in, or an interface that has an address. */
  readonly interface: string;
  readonly from: string;
  /** Comparisons of rules that are not modelled; they hold if not said. */
  readonly chance?: Surroundings['chance'];
  readonly timedLists?: readonly string[];
}

/** Why a new connection comes to nothing; undefined: it is taken. */
export function whyUnreachable(device: Device, at: ReachedAt): string | undefined {
  const where: Surroundings = {
    device,
    chance: at.chance ?? (() => true),
    timedLists: new Set(at.timedLists ?? []),
    from: at.from,
  };
  const ingress = arrivesOn(device, at.interface);
  if (ingress === undefined) return 'no link';
  if (!ownAddresses(device).some(({ address }) => hostPart(address) === at.address)) return 'no such address';
  const egress = leavesBy(device, at.from);
  if (egress === undefined) return 'no way back';
  if (egress !== ingress) return `answers leave by ${egress}`;
  return whyFiltered(where, at, ingress, egress);
}

function whyFiltered(
  where: Surroundings,
  at: ReachedAt,
  ingress: string,
  egress: string,
): string | undefined {
  const { device } = where;
  const first: Frame = {
    inInterface: ingress,
    outInterface: '',
    source: at.from,
    destination: at.address,
    sourcePort: 50_123,
    destinationPort: at.port ?? 22,
    state: 'new',
  };
  const raw = passTable(where, '/ip firewall raw', 'prerouting', first);
  if (raw.verdict === 'refuse') return 'raw prerouting';
  const tracked = !raw.untracked && single(device, '/ip firewall connection tracking', 'enabled') !== 'no';
  // Without tracking nothing is translated.
  const to = tracked ? passTable(where, '/ip firewall nat', 'dstnat', first).to : undefined;
  const meant: Frame = {
    ...first,
    destination: to?.address ?? first.destination,
    destinationPort: to?.port ?? first.destinationPort,
  };
  if (!ownAddresses(device).some(({ address }) => hostPart(address) === meant.destination))
    return 'sent elsewhere';
  const input = (state: Frame['state']): Passed =>
    passTable(where, '/ip firewall filter', 'input', { ...meant, state: tracked ? state : 'untracked' });
  if (input('new').verdict === 'refuse') return 'input, first packet';
  if (input('established').verdict === 'refuse') return 'input, later packets';
  const answer: Frame = {
    inInterface: '',
    outInterface: egress,
    source: meant.destination,
    destination: at.from,
    sourcePort: meant.destinationPort,
    destinationPort: 50_123,
    state: tracked ? 'established' : 'untracked',
  };
  for (const table of ['raw', 'filter']) {
    if (passTable(where, `/ip firewall ${table}`, 'output', answer).verdict === 'refuse')
      return `${table} output`;
  }
  return whyNotServed(device, meant);
}

function whyNotServed(device: Device, { source, destinationPort }: Frame): string | undefined {
  const path = '/ip service';
  const ssh = device.menu(path).rows.find((row) => device.text(path, row, 'name') === 'ssh');
  const value = (name: string): string => (ssh === undefined ? '' : (device.text(path, ssh, name) ?? ''));
  if (value('disabled') === 'yes') return 'service disabled';
  if (value('port') !== String(destinationPort)) return 'nobody listens on that port';
  const allowed = value('address');
  return allowed === '' || allowed.split(',').some((one) => isNamedBy(one, source))
    ? undefined
    : 'not for this address';
}

interface OwnAddress {
  readonly address: string;
  readonly interface: string;
}

function ownAddresses(device: Device): readonly OwnAddress[] {
  const path = '/ip address';
  return enabled(device, path).map((row) => ({
    address: device.text(path, row, 'address') ?? '',
    interface: device.text(path, row, 'interface') ?? '',
  }));
}

function hostPart(address: string): string {
  return address.split('/')[0] ?? '';
}

/** The longest prefix decides; a network of its own before a route, a short distance before a long one. */
export function leavesBy(device: Device, to: string): string | undefined {
  const path = '/ip route';
  const near = (address: string): OwnAddress | undefined =>
    ownAddresses(device)
      .filter((own) => isNamedBy(own.address, address) && isUp(device, own.interface))
      .sort((a, b) => prefixLength(b.address) - prefixLength(a.address))[0];
  const ways: { length: number; distance: number; by: string | undefined }[] = [];
  const own = near(to);
  if (own !== undefined) ways.push({ length: prefixLength(own.address), distance: 0, by: own.interface });
  for (const row of enabled(device, path)) {
    const prefix = device.text(path, row, 'dst-address') ?? '0.0.0.0/0';
    const gateway = device.text(path, row, 'gateway') ?? '';
    const dead = row.properties.has('blackhole') || device.text(path, row, 'type') === 'blackhole';
    const by = dead ? undefined : (near(gateway)?.interface ?? gateway);
    if (!isNamedBy(prefix, to) || (!dead && (by === undefined || !isUp(device, by)))) continue;
    ways.push({
      length: prefixLength(prefix),
      distance: Number(device.text(path, row, 'distance') ?? 1),
      by,
    });
  }
  ways.sort((a, b) => b.length - a.length || a.distance - b.distance);
  return ways[0]?.by;
}

/** The interface that has the address: a port of a bridge gives what it gets to the bridge, or to one of its VLANs. */
function arrivesOn(device: Device, name: string): string | undefined {
  if (!isUp(device, name)) return undefined;
  const ports = '/interface bridge port';
  const port = enabled(device, ports).find((row) => device.text(ports, row, 'interface') === name);
  if (port === undefined) return name;
  const bridge = device.text(ports, port, 'bridge') ?? '';
  if (!isUp(device, bridge)) return undefined;
  const facts = rowNamed(device, '/interface bridge', bridge);
  if (facts === undefined || device.text('/interface bridge', facts, 'vlan-filtering') !== 'yes')
    return bridge;
  const vid = device.text(ports, port, 'pvid') ?? '1';
  if ((device.text('/interface bridge', facts, 'pvid') ?? '1') === vid) return bridge;
  return vlanOf(device, bridge, vid);
}

function vlanOf(device: Device, bridge: string, vid: string): string | undefined {
  const table = '/interface bridge vlan';
  const carried = enabled(device, table).some(
    (row) =>
      device.text(table, row, 'bridge') === bridge &&
      (device.text(table, row, 'vlan-ids') ?? '').split(',').includes(vid) &&
      (device.text(table, row, 'tagged') ?? '').split(',').includes(bridge),
  );
  const path = '/interface vlan';
  const vlan = enabled(device, path).find(
    (row) => device.text(path, row, 'interface') === bridge && device.text(path, row, 'vlan-id') === vid,
  );
  return carried && vlan !== undefined ? device.text(path, vlan, 'name') : undefined;
}

/** Enabled, and so is what it stands on. */
function isUp(device: Device, name: string, depth = 0): boolean {
  for (const { path } of device.loadedMenus()) {
    if (!path.startsWith('/interface ') || path.startsWith('/interface list')) continue;
    const row = rowNamed(device, path, name);
    if (row === undefined) continue;
    if (device.text(path, row, 'disabled') === 'yes') return false;
    const below = path === '/interface vlan' ? device.text(path, row, 'interface') : undefined;
    return below === undefined || depth > 8 || isUp(device, below, depth + 1);
  }
  return false;
}

function rowNamed(device: Device, path: string, name: string): Row | undefined {
  return device.menu(path).rows.find((row) => device.text(path, row, 'name') === name);
}

function enabled(device: Device, path: string): readonly Row[] {
  return device.menu(path).rows.filter((row) => device.text(path, row, 'disabled') !== 'yes');
}

function single(device: Device, path: string, name: string): string | undefined {
  const [row] = device.menu(path).rows;
  return row === undefined ? undefined : device.text(path, row, name);
}
