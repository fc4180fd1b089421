/** Small random configurations in menus whose facts are known, and how to make one from words. */
import fc from 'fast-check';
import type { Configuration, Item, Section, SectionKind } from '../../src/core/item.ts';
import { menuFacts } from '../../src/drivers/routeros/menus.ts';

export function item(section: string, properties: Record<string, string>, key?: string | null): Item {
  const facts = menuFacts(section);
  const names = facts?.key ?? [];
  const own = names.length === 0 ? null : names.map((name) => `${name}=${properties[name] ?? ''}`).join(',');
  const sorted = Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    section,
    key: key === undefined ? own : key,
    created: key === undefined || key === null,
    properties: sorted,
    place: null,
  };
}

export function section(path: string, items: readonly Item[], kind?: SectionKind): Section {
  return { path, kind: kind ?? menuFacts(path)?.kind ?? 'unknown', items };
}

export function configuration(...sections: readonly Section[]): Configuration {
  return { sections };
}

const filter = '/ip firewall filter';
const list = '/ip firewall address-list';
const routes = '/ip route';

function without(value: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(value).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}

const rule = fc
  .record({
    chain: fc.constantFrom('input', 'forward', 'guests'),
    action: fc.constantFrom('accept', 'drop'),
    'src-address': fc.option(fc.constantFrom('192.0.2.1', '192.0.2.2', '198.51.100.0/24'), {
      nil: undefined,
    }),
    protocol: fc.option(fc.constantFrom('tcp', 'udp'), { nil: undefined }),
    disabled: fc.option(fc.constant('yes'), { nil: undefined, freq: 4 }),
    comment: fc.option(fc.constantFrom('a', 'b "c"'), { nil: undefined, freq: 3 }),
  })
  .map((value) => item(filter, without(value)));

const address = fc
  .record({
    list: fc.constantFrom('office', 'guests'),
    address: fc.integer({ min: 1, max: 9 }).map((n) => `192.0.2.${n}`),
    comment: fc.option(fc.constantFrom('x', 'y'), { nil: undefined }),
  })
  .map((value) => item(list, without(value)));

const route = fc
  .record({
    'dst-address': fc.integer({ min: 1, max: 5 }).map((n) => `10.${n}.0.0/16`),
    gateway: fc.constantFrom('192.0.2.1', '192.0.2.2'),
    comment: fc.option(fc.constantFrom('x', 'y'), { nil: undefined }),
  })
  .map((value) => item(routes, without(value)));

const service = fc.record({
  name: fc.constantFrom('telnet', 'www', 'ftp'),
  disabled: fc.option(fc.constant('yes'), { nil: undefined }),
  address: fc.option(fc.constant('192.0.2.0/24'), { nil: undefined }),
});

function oncePerKey(items: readonly Item[]): readonly Item[] {
  return [...new Map(items.map((one) => [one.key, one])).values()];
}

/** Several rows, some equal; each section may be missing. */
export const anyConfiguration: fc.Arbitrary<Configuration> = fc
  .record({
    rules: fc.array(rule, { maxLength: 9 }),
    addresses: fc.array(address, { maxLength: 6 }).map(oncePerKey),
    routes: fc.array(route, { maxLength: 5 }),
    services: fc.array(service, { maxLength: 3 }),
    identity: fc.option(fc.constantFrom('gw1', 'gw2'), { nil: undefined }),
  })
  .map(({ rules, addresses, routes: r, services, identity }) =>
    configuration(
      section(filter, rules),
      section(list, addresses),
      section(routes, r),
      section('/ip service', oncePerKey(services.flatMap((s) => serviceItem(s)))),
      section(
        '/system identity',
        identity === undefined ? [] : [item('/system identity', { name: identity }, '')],
      ),
    ),
  );

function serviceItem({
  name,
  ...rest
}: {
  name: string;
  disabled: string | undefined;
  address: string | undefined;
}): Item[] {
  const properties = without(rest);
  return Object.keys(properties).length === 0 ? [] : [item('/ip service', properties, `name=${name}`)];
}

/** A shuffled, edited copy of the rows, so that moves, sets, adds and removes come together. */
export function editedFrom(base: Configuration): fc.Arbitrary<Configuration> {
  const rules = base.sections.find((s) => s.path === filter)?.items ?? [];
  return fc
    .record({
      other: anyConfiguration,
      order: fc.shuffledSubarray([...rules], {
        minLength: Math.floor(rules.length / 2),
        maxLength: rules.length,
      }),
      edits: fc.array(fc.record({ at: fc.nat(8), protocol: fc.constantFrom('icmp', 'gre') }), {
        maxLength: 2,
      }),
      fresh: fc.array(fc.record({ at: fc.nat(8), rule }), { maxLength: 2 }),
    })
    .map(({ other, order, edits, fresh }) => {
      const rows = [...order];
      for (const { at, protocol } of edits) {
        const row = rows[at];
        if (row)
          rows[at] = item(filter, { ...Object.fromEntries(row.properties as [string, string][]), protocol });
      }
      for (const one of fresh) rows.splice(one.at, 0, one.rule);
      return configuration(...other.sections.map((s) => (s.path === filter ? section(filter, rows) : s)));
    });
}
