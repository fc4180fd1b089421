/**
 * The walker against the simulated device's own evaluation: for random small configurations, changes of them and
 * sessions that get in before the change, `open` means that the device takes a new connection after it, and `closed`
 * that it does not. What neither models (rates, contents) is decided by chance, the same before and after.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ManagementPath } from '../../src/core/site.ts';
import { Device } from '../../src/simulator/device/device.ts';
import { whyUnreachable, type ReachedAt } from '../../src/simulator/network/reachability.ts';
import { exportOf, planBetween } from '../support/path-plans.ts';

type Rows = Readonly<Record<string, readonly string[]>>;

const option = <T>(value: fc.Arbitrary<T>, freq = 2): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined, freq });

const addresses = fc.constantFrom(
  '192.0.2.50',
  '192.0.2.0/24',
  '!192.0.2.0/25',
  '10.0.0.0/8',
  '!10.0.5.9',
  '192.0.2.40-192.0.2.60',
  '203.0.113.0/24',
);
const listNames = fc.constantFrom('admins', '!admins', 'bad', '!bad', 'seen', 'fed');
const ports = fc.constantFrom('22', '!22', '20-25', '80,443', '!80', '1-21,23-65535');
const interfaceNames = fc.constantFrom('bridge', 'ether1', '!bridge', '!ether1', 'voice');
const interfaceLists = fc.constantFrom('LAN', '!LAN', 'WAN', '!WAN', 'ALL', 'all');
const states = fc.constantFrom(
  'new',
  'established,related',
  '!new',
  'invalid',
  'new,established',
  'untracked',
);
/** What no packet here carries. */
const chances = [
  'limit=1,5:packet',
  'limit=2,5:packet',
  'content=abc',
  'connection-mark=m',
  'ttl=equal:9',
] as const;

function ruleOf(chains: readonly string[], actions: readonly string[], input: boolean): fc.Arbitrary<string> {
  const side = input ? 'in' : 'out';
  return fc
    .record({
      action: fc.constantFrom(...actions),
      chain: fc.constantFrom(...chains),
      state: actions.includes('notrack') ? fc.constant(undefined) : option(states),
      disabled: option(fc.constant('yes'), 12),
      dst: option(fc.constantFrom('192.0.2.1', '!192.0.2.1', '198.51.100.2', '192.0.2.0/24'), 5),
      protocol: fc.constantFrom('tcp', 'tcp', 'udp', '!udp', undefined),
      port: option(ports),
      interfaces: option(interfaceNames, 4),
      list: option(interfaceLists, 4),
      src: option(addresses),
      sources: option(listNames, 3),
      chance: option(fc.constantFrom(...chances), 5),
    })
    .map((r) => {
      const withPort = r.protocol === 'tcp' ? r.port : undefined;
      const jump = r.action === 'jump' ? (r.chain === 'one' ? 'two' : 'one') : undefined;
      const words: readonly (string | undefined)[] = [
        `action=${r.chain === 'two' && r.action === 'jump' ? 'return' : r.action}`,
        `chain=${r.chain}`,
        r.state && `connection-state=${r.state}`,
        r.disabled && `disabled=${r.disabled}`,
        r.dst && `dst-address=${r.dst}`,
        withPort && `dst-port=${withPort}`,
        r.interfaces && `${side}-interface=${r.interfaces}`,
        r.list && r.interfaces === undefined ? `${side}-interface-list=${r.list}` : undefined,
        r.chain !== 'two' && jump !== undefined ? `jump-target=${jump}` : undefined,
        r.protocol && `protocol=${r.protocol}`,
        r.src && `src-address=${r.src}`,
        r.sources && `src-address-list=${r.sources}`,
        r.chance,
      ];
      return `add ${words.filter((word) => word !== undefined).join(' ')}`;
    });
}

const inputActions = ['accept', 'accept', 'drop', 'reject', 'tarpit', 'log', 'jump', 'return', 'passthrough'];
const sections: Readonly<Record<string, fc.Arbitrary<string>>> = {
  '/ip firewall filter': fc.oneof(
    { weight: 6, arbitrary: ruleOf(['input', 'input', 'one', 'two'], inputActions, true) },
    { weight: 1, arbitrary: ruleOf(['output', 'forward'], ['accept', 'drop'], false) },
  ),
  '/ip firewall raw': ruleOf(['prerouting'], ['accept', 'drop', 'notrack'], true),
  '/ip firewall nat': ruleOf(
    ['dstnat'],
    ['accept', 'dst-nat to-addresses=192.0.2.9', 'redirect to-ports=23'],
    true,
  ),
  '/ip firewall address-list': fc
    .tuple(fc.constantFrom('admins', 'bad', 'seen', 'fed'), addresses, option(fc.constant('yes'), 6))
    .map(([list, address, off]) => {
      const plain = address.replace('!', '');
      return `add address=${plain}${off === undefined ? '' : ' disabled=yes'} list=${list}`;
    }),
  '/interface list member': fc
    .tuple(
      fc.constantFrom('LAN', 'WAN'),
      fc.constantFrom('bridge', 'ether1', 'voice'),
      option(fc.constant('yes'), 5),
    )
    .map(
      ([list, name, off]) => `add ${off === undefined ? '' : 'disabled=yes '}interface=${name} list=${list}`,
    ),
  '/ip address': fc.constantFrom(
    'add address=192.0.2.33/27 interface=ether4',
    'add address=10.0.5.1/24 interface=ether4',
    'add address=192.0.2.1/24 disabled=yes interface=bridge',
    'add address=203.0.113.1/24 interface=voice',
  ),
  '/ip route': fc.constantFrom(
    'add dst-address=10.0.0.0/16 gateway=192.0.2.254',
    'add dst-address=10.0.5.0/24 gateway=198.51.100.1',
    'add distance=5 dst-address=10.0.0.0/16 gateway=198.51.100.1',
    'add blackhole dst-address=192.0.2.48/28',
    'add disabled=yes dst-address=10.0.5.0/24 gateway=192.0.2.254',
  ),
  '/interface bridge port': fc.constantFrom(
    'add bridge=bridge interface=ether2 pvid=20',
    'add bridge=bridge interface=ether5',
    'add bridge=bridge disabled=yes interface=ether2',
  ),
  '/interface bridge': fc.constantFrom('add name=bridge vlan-filtering=yes', 'add disabled=yes name=bridge'),
  '/ip service': fc.constantFrom(
    'set ssh address=192.0.2.0/24',
    'set ssh address=10.0.0.0/8,192.0.2.48/28',
    'set ssh address=203.0.113.0/24',
    'set ssh disabled=yes',
  ),
};

const start: Rows = {
  '/interface bridge': ['add name=bridge'],
  '/interface vlan': ['add interface=bridge name=voice vlan-id=20'],
  '/interface list': ['add name=LAN', 'add name=WAN', 'add exclude=WAN include=LAN name=ALL'],
  '/interface bridge port': ['add bridge=bridge interface=ether2', 'add bridge=bridge interface=ether3'],
  '/interface list member': ['add interface=bridge list=LAN', 'add interface=ether1 list=WAN'],
  '/ip address': [
    'add address=192.0.2.1/24 interface=bridge',
    'add address=198.51.100.2/30 interface=ether1',
  ],
  '/ip firewall address-list': [
    'add address=192.0.2.48/28 list=admins',
    'add address=203.0.113.0/24 list=bad',
  ],
  '/ip firewall filter': [
    'add action=accept chain=input connection-state=established,related',
    'add action=add-src-to-address-list address-list=fed chain=forward dst-port=4444 protocol=tcp',
  ],
  '/ip firewall raw': [],
  '/ip firewall nat': [],
  '/ip route': [
    'add dst-address=0.0.0.0/0 gateway=198.51.100.1',
    'add dst-address=10.0.0.0/16 gateway=192.0.2.254',
  ],
  '/ip service': [],
};
/** A row says the same thing once: of these the first stays. */
const keys: Readonly<Record<string, RegExp>> = {
  '/interface bridge': /name=\S+/,
  '/interface bridge port': /interface=\S+/,
  '/interface list member': /interface=.*/,
  '/ip address': /address=\S+ |address=\S+/,
  '/ip firewall address-list': /.*/,
  '/ip service': /ssh/,
};

interface Edit {
  readonly section: string;
  readonly row: string;
  readonly at: number;
  readonly how: 'insert' | 'replace' | 'remove' | 'move';
}

const edit: fc.Arbitrary<Edit> = fc
  .constantFrom('/ip firewall filter', '/ip firewall filter', '/ip firewall filter', ...Object.keys(sections))
  .chain((section) =>
    fc.record({
      section: fc.constant(section),
      row: sections[section] ?? fc.constant(''),
      at: fc.nat(8),
      how: fc.constantFrom('insert', 'insert', 'replace', 'remove', 'move'),
    }),
  );

function edited(rows: Rows, edits: readonly Edit[]): Rows {
  const result: Record<string, string[]> = Object.fromEntries(
    Object.entries(rows).map(([k, v]) => [k, [...v]]),
  );
  for (const { section, row, at, how } of edits) {
    const there = (result[section] ??= []);
    const index = Math.min(at, there.length);
    if (how === 'insert') there.splice(index, 0, row);
    else if (how === 'replace') there.splice(index, 1, row);
    else {
      const [taken] = there.splice(index, 1);
      if (how === 'move' && taken !== undefined) there.unshift(taken);
    }
  }
  return result;
}

function textOf(rows: Rows): string {
  return Object.entries(rows)
    .map(([path, lines]) => {
      const seen = new Set<string>();
      const once = [...lines].reverse().filter((line) => {
        const key = keys[path]?.exec(line)?.[0] ?? `${line}#${seen.size}`;
        return seen.has(key) ? false : (seen.add(key), true);
      });
      return [path, ...once.reverse(), ''].join('\n');
    })
    .join('');
}

const sessions: readonly { readonly at: ReachedAt; readonly management: Partial<ManagementPath> }[] = [
  { at: { address: '192.0.2.1', interface: 'ether2', from: '192.0.2.50' }, management: {} },
  {
    at: { address: '192.0.2.1', interface: 'ether2', from: '192.0.2.50' },
    management: { told: true, interface: 'ether2' },
  },
  { at: { address: '192.0.2.1', interface: 'ether2', from: '10.0.5.9' }, management: { from: '10.0.5.9' } },
  {
    at: { address: '192.0.2.1', interface: 'ether2', from: '10.0.5.9' },
    management: { from: '10.0.5.9', told: true, interface: 'bridge' },
  },
  // Somewhere on its way the session is translated.
  {
    at: { address: '192.0.2.1', interface: 'ether2', from: '192.0.2.50' },
    management: { address: '127.0.0.1', port: 40_022, from: '127.0.0.1' },
  },
];

const scenario = fc.record({
  before: fc.array(edit, { maxLength: 7 }),
  edits: fc.array(edit, { minLength: 1, maxLength: 3 }),
  session: fc.constantFrom(...sessions),
  holds: fc.array(fc.constantFrom<string>(...chances), { maxLength: 4 }),
  timedLists: fc.subarray(['seen', 'fed']),
});

function deviceOf(text: string): Device {
  return new Device(exportOf(text), { version: undefined, user: 'siteward', monotonic: () => 0, flushMs: 0 });
}

test('open means that a device takes the next connection, closed that it does not', () => {
  const counts = { untouched: 0, open: 0, closed: 0, undecidable: 0, refused: 0 };
  fc.assert(
    fc.property(scenario, ({ before, edits, session, holds, timedLists }) => {
      const base = textOf(edited(start, before));
      const target = textOf(edited(edited(start, before), edits));
      const at: ReachedAt = {
        ...session.at,
        timedLists,
        chance: (name, value) => holds.includes(`${name}=${value}`),
      };
      fc.pre(whyUnreachable(deviceOf(base), at) === undefined);
      let plan;
      try {
        plan = planBetween(base, target, session.management);
      } catch {
        // Some changes have no plan: a reference that would dangle, a default that nobody knows.
        counts.refused += 1;
        return;
      }
      if (plan === null) return;
      counts[plan.path.kind] += 1;
      const why = whyUnreachable(deviceOf(target), at);
      const { kind, by } = plan.path;
      if (kind === 'open' || kind === 'untouched') expect({ why, by }).toEqual({ why: undefined, by });
      if (kind === 'closed') expect(why).toBeDefined();
    }),
    { numRuns: Number(process.env['PATH_RUNS'] ?? 1500), maxSkipsPerRun: 1000 },
  );
  // The claims are made, and not rarely.
  expect(counts.open).toBeGreaterThan(100);
  expect(counts.closed).toBeGreaterThan(30);
  if (process.env['PATH_RUNS'] !== undefined) console.log(counts);
}, 600_000);
