/**
 * What is known of the daemon's own session as the device sees it. A session that went through address translation
 * looks different there, so each fact is believed only if the settings say it or the configuration bears it out;
 * what is not believed is null, and then nothing may be decided by it.
 */
import { propertyOf, sectionOf, type Configuration, type Item } from '../../core/item.ts';
import type { ManagementPath } from '../../core/site.ts';
import { ipv4, isIn, isPrivate, rangeOf } from './management-path-ipv4.ts';

export interface Session {
  readonly address: number | null;
  /** As its packets come in, before the device itself may translate them. */
  readonly port: number | null;
  /** The port of the SSH service, which is what the input chain sees whatever was translated on the way. */
  readonly servicePort: number;
  readonly from: number | null;
  /** The interface with the address that packets of the session are seen to come in by; a bridge, not its port. */
  readonly ingress: string | null;
}

export function unknownSession(base: Configuration): Session {
  const servicePort = sshPort(base);
  // Without a translating rule of the device's own, packets come in with the port at which the service listens.
  const rules = enabledRows(base, '/ip firewall nat');
  const translates = rules.some((rule) => !/^(?:srcnat|output)$/.test(propertyOf(rule, 'chain') ?? ''));
  return { address: null, port: translates ? null : servicePort, servicePort, from: null, ingress: null };
}

export function sessionOf(base: Configuration, management: ManagementPath): Session {
  const address = ipv4(management.address);
  const from = ipv4(management.from);
  if (address === null) return unknownSession(base);
  const servicePort = sshPort(base);
  const own = enabledRows(base, '/ip address').find((item) => hostOf(item) === address);
  const told = management.told === true;
  if (!told && (own === undefined || management.port !== servicePort)) return unknownSession(base);
  const believed = from !== null && (told || isPlausible(base, from));
  const ingress =
    management.interface === null
      ? believed
        ? linkOf(base, own, from)
        : null
      : routedInterface(base, management.interface);
  return {
    address,
    port: management.port,
    servicePort,
    from: believed ? from : null,
    ingress: outsideVrf(base, ingress),
  };
}

/** Rows of a section that are not switched off. */
export function enabledRows(configuration: Configuration, path: string): readonly Item[] {
  return (sectionOf(configuration, path)?.items ?? []).filter(isEnabled);
}

export function isEnabled(item: Item): boolean {
  return propertyOf(item, 'disabled') !== 'yes';
}

/** The device's own address in a row of `/ip address`. */
export function hostOf(item: Item): number | null {
  return ipv4((propertyOf(item, 'address') ?? '').split('/')[0] ?? '');
}

function sshPort(base: Configuration): number {
  const ssh = sectionOf(base, '/ip service')?.items.find((item) => item.key === 'name=ssh');
  return Number((ssh && propertyOf(ssh, 'port')) ?? 22);
}

/** A private address that only a default route leads back to was most likely translated on its way. */
function isPlausible(base: Configuration, from: number): boolean {
  if (!isPrivate(from)) return true;
  const routes = enabledRows(base, '/ip route')
    .map((item) => propertyOf(item, 'dst-address') ?? '0.0.0.0/0')
    .filter((prefix) => !prefix.endsWith('/0'));
  const networks = enabledRows(base, '/ip address').map((item) => propertyOf(item, 'address') ?? '');
  return [...routes, ...networks].some((prefix) => holds(prefix, from));
}

function holds(prefix: string, address: number): boolean {
  const range = rangeOf(prefix);
  return range !== null && isIn(address, range);
}

/** Only a neighbour on the very network of the address is sure to come in by its interface. */
function linkOf(base: Configuration, own: Item | undefined, from: number): string | null {
  if (own === undefined || !holds(propertyOf(own, 'address') ?? '', from)) return null;
  const others = enabledRows(base, '/ip address').filter(
    (item) => item !== own && holds(propertyOf(item, 'address') ?? '', from),
  );
  const name = propertyOf(own, 'interface') ?? null;
  if (name === null || others.some((item) => propertyOf(item, 'interface') !== name)) return null;
  return routedInterface(base, name);
}

/** The firewall sees a bridge where packets came in by one of its ports. */
function routedInterface(base: Configuration, name: string): string {
  const port = enabledRows(base, '/interface bridge port').find(
    (item) => propertyOf(item, 'interface') === name || item.key === `interface=${name}`,
  );
  return (port && propertyOf(port, 'bridge')) ?? name;
}

/** Version 7 shows the firewall the VRF instead of the interface. */
function outsideVrf(base: Configuration, name: string | null): string | null {
  const vrfs = enabledRows(base, '/ip vrf').flatMap((item) =>
    (propertyOf(item, 'interfaces') ?? '').split(','),
  );
  return name !== null && (vrfs.includes(name) || vrfs.includes('all')) ? null : name;
}
