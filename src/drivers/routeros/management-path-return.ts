/**
 * Whether the device keeps the address of the session and finds its way back to where the session comes from. Routes
 * that are learned are in no export, so a route is only relied upon where the configuration shows that it is the one
 * in use.
 */
import { canonicalItem } from '../../core/digest.ts';
import { propertyOf, sectionOf, type Configuration, type Item } from '../../core/item.ts';
import type { PathProof } from '../../core/plan/action.ts';
import { ipv4, isIn, rangeOf } from './management-path-ipv4.ts';
import { enabledRows, hostOf } from './management-path-session.ts';
import { nameOf } from './management-path-walk.ts';

/** Null: the same rows hold the address as before. */
export function compareAddress(
  base: Configuration,
  target: Configuration,
  address: number,
): PathProof | null {
  const holders = (configuration: Configuration): readonly Item[] =>
    enabledRows(configuration, '/ip address').filter((item) => hostOf(item) === address);
  const [was, is] = [holders(base), holders(target)];
  const different = firstDifference(was, is);
  if (different === undefined) return null;
  const gone = was.find((item) => is.every((other) => text(other) !== text(item)));
  if (is.length === 0 && gone !== undefined) return { kind: 'closed', by: nameOf(gone) };
  return { kind: 'undecidable', by: nameOf(different) };
}

interface Candidate {
  readonly item: Item;
  readonly length: number;
  readonly distance: number;
  /** Surely in use unless something nearer is. */
  readonly firm: boolean;
  /** Rows that it rests on: the network of its gateway. */
  readonly rests: readonly Item[];
}

/** Null: the way back is the same as before. */
export function compareRoutes(base: Configuration, target: Configuration, from: number): PathProof | null {
  const plain = ![base, target].some(hasSeveralTables);
  const [was, is] = [base, target].map((configuration) => relevant(configuration, from, plain));
  const different = firstDifference(rowsOf(was ?? []), rowsOf(is ?? []));
  if (different === undefined) return null;
  const used = is?.find(({ firm }) => firm);
  // A network of its own or a route whose gateway is there: the way back is another, and it is one.
  if (plain && used === undefined && (is ?? []).length === 0 && !mayLearnRoutes(target))
    return { kind: 'closed', by: nameOf(different) };
  return { kind: 'undecidable', by: nameOf(different) };
}

/** The interface by which answers leave; null: not known. */
export function egressOf(configuration: Configuration, from: number): string | null {
  if (hasSeveralTables(configuration)) return null;
  const [used, other] = relevant(configuration, from, true);
  if (used === undefined || other !== undefined || !used.firm) return null;
  const networks = used.rests.length > 0 ? used.rests : [used.item];
  const names = new Set(networks.map((item) => propertyOf(item, 'interface') ?? null));
  return names.size === 1 ? ([...names][0] ?? null) : null;
}

function rowsOf(candidates: readonly Candidate[]): readonly Item[] {
  return candidates.flatMap(({ item, rests }) => [item, ...rests]);
}

/** The routes that may be used to answer: with a firm one, it and whatever would be preferred to it; else all. */
function relevant(configuration: Configuration, from: number, plain: boolean): readonly Candidate[] {
  const all = [...connected(configuration, from), ...configured(configuration, from, plain)];
  const better = (a: Candidate, b: Candidate): boolean =>
    a.length > b.length || (a.length === b.length && a.distance <= b.distance);
  const firm = plain ? all.filter((one) => one.firm) : [];
  return all.filter((one) => firm.every((other) => one === other || better(one, other)));
}

function connected(configuration: Configuration, from: number): readonly Candidate[] {
  return enabledRows(configuration, '/ip address').flatMap((item) => {
    const prefix = propertyOf(item, 'address') ?? '';
    // A network that does not follow from the address is a point-to-point link.
    const peer = propertyOf(item, 'network');
    const range = peer ? rangeOf(peer) : rangeOf(prefix);
    if (range === null || !isIn(from, range)) return [];
    const length = peer ? 32 : Number(prefix.split('/')[1] ?? 32);
    return [{ item, length, distance: 0, firm: true, rests: [] }];
  });
}

function configured(configuration: Configuration, from: number, plain: boolean): readonly Candidate[] {
  return enabledRows(configuration, '/ip route').flatMap((item) => {
    const prefix = propertyOf(item, 'dst-address') ?? '0.0.0.0/0';
    const range = rangeOf(prefix);
    if (range === null || !isIn(from, range)) return [];
    const table = propertyOf(item, 'routing-table') ?? propertyOf(item, 'routing-mark') ?? 'main';
    if (plain && table !== 'main') return [];
    const gateway = ipv4(propertyOf(item, 'gateway') ?? '');
    const rests = gateway === null ? [] : connected(configuration, gateway).map((one) => one.item);
    const said = item.properties.map(([name]) => name);
    const simple = said.every((name) => /^(?:dst-address|gateway|distance|comment|disabled)$/.test(name));
    return [
      {
        item,
        length: Number(prefix.split('/')[1] ?? 32),
        distance: Number(propertyOf(item, 'distance') ?? 1),
        firm: simple && rests.length > 0,
        rests,
      },
    ];
  });
}

function hasSeveralTables(configuration: Configuration): boolean {
  const paths = ['/routing rule', '/ip route rule', '/ip vrf'];
  const marks = sectionOf(configuration, '/ip firewall mangle')?.items ?? [];
  return (
    paths.some((path) => (sectionOf(configuration, path)?.items.length ?? 0) > 0) ||
    marks.some((item) => /routing/.test(propertyOf(item, 'action') ?? ''))
  );
}

function mayLearnRoutes(configuration: Configuration): boolean {
  const sources =
    /^\/(?:ip dhcp-client|routing (?:ospf|bgp|rip|isis|babel).*|ppp.*|interface (?:[a-z0-9]+-client|lte.*|ppp.*|zerotier.*|wireguard.*))$/;
  return configuration.sections.some(
    ({ path }) => sources.test(path) && enabledRows(configuration, path).length > 0,
  );
}

function firstDifference(was: readonly Item[], is: readonly Item[]): Item | undefined {
  const [before, after] = [new Set(was.map(text)), new Set(is.map(text))];
  return is.find((item) => !before.has(text(item))) ?? was.find((item) => !after.has(text(item)));
}

function text(item: Item): string {
  return canonicalItem({ ...item, properties: item.properties.filter(([name]) => name !== 'comment') });
}
