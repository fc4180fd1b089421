/** What `rsc plan --commands` prints is typed on a device made from ACTUAL: it becomes DESIRED, and comes back. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allCommands, findPlan } from '../../../src/cli/rsc-plan.ts';
import type { Text } from '../../../src/cli/rsc-texts.ts';
import type { Owns } from '../../../src/core/plan/scope.ts';
import { readExport } from '../../../src/drivers/routeros/export-syntax.ts';
import { seededRandom } from '../../../src/simulator/random.ts';
import { mutatedExport } from '../../support/mutated-export.ts';
import { noRealExports, realExports, whyNoRealExports, type RealExport } from '../../support/real-exports.ts';
import { startMachine } from '../simulator/started-machine.ts';

function textOf(name: string, bytes: Uint8Array): Text {
  return { name, bytes: Buffer.from(bytes), read: readExport(bytes, name) };
}

/** Null when there is nothing that can be planned whole; such answers have tests of their own. */
function thereAndBack(actual: Uint8Array, desired: Uint8Array): 'reached' | null {
  const wanted = textOf('DESIRED', desired);
  const { plans, faults, blocked } = findPlan([textOf('ACTUAL', actual), wanted], 'sections');
  if (plans.length === 0 || faults.length + blocked.length > 0) return null;
  const device = startMachine(Buffer.from(actual).toString('latin1'));
  const read = (): Text => textOf('device', Buffer.from(`${device.run('/export').join('\n')}\n`, 'latin1'));
  const type = (line: string): void => expect([line, ...device.run(line)]).toEqual([line]);
  /** Commands that are still to be run, and what is in the way of them. */
  const left = (to: Text, owns: Owns): readonly string[] => {
    const rest = findPlan([read(), to], owns);
    const problems = [...rest.faults, ...rest.blocked].map(({ message }) => message);
    return [...problems, ...allCommands(rest.plans, false)];
  };

  const before = read();
  allCommands(plans, false).forEach(type);
  expect(left(wanted, 'sections')).toEqual([]);
  allCommands(plans, true).forEach(type);
  expect(left(before, 'everything')).toEqual([]);
  return 'reached';
}

const header = '# 2026-01-30 10:00:00 by RouterOS 7.18.2\n# software id = \n#\n';

test.each([
  [
    'a row that only its id names',
    '/ppp profile\nset *FFFFFFFE comment=a\n',
    '/ppp profile\nset *FFFFFFFE comment=b\n',
  ],
  [
    'names, values and bytes that the console would expand',
    '/ip pool\nadd name="a \\$b" ranges=192.0.2.1\n',
    '/ip pool\nadd comment="\\\\ \\" \\D0\\9E {x} [y] ; #\\r\\n\\t" name="a \\$b" ranges=192.0.2.2\nadd name="c;d=e" ranges=192.0.2.3\n',
  ],
  [
    'order',
    '/ip firewall filter\nadd action=drop chain=input comment=a\nadd action=drop chain=input comment=b\nadd action=drop chain=input comment=b\n',
    '/ip firewall filter\nadd action=drop chain=input comment=b\nadd action=accept chain=input comment=n\nadd action=drop chain=input comment=b\nadd action=drop chain=input comment=a\n',
  ],
  [
    'a name that a list of interfaces follows',
    '/interface bridge\nadd name=lan1\nadd name=lan2\n/routing isis instance\nadd areas=49.0001 name=isis1 system-id=0000.0000.0001\n/routing isis interface-template\nadd instance=isis1 interfaces=lan1,lan2 levels=l2\n',
    '/interface bridge\nadd name=up1\nadd name=lan2\n/routing isis instance\nadd areas=49.0001 name=isis1 system-id=0000.0000.0001\n/routing isis interface-template\nadd instance=isis1 interfaces=up1,lan2 levels=l2\n',
  ],
  [
    'another way for a default route, and another action for a rule',
    '/ip route\nadd gateway=192.0.2.1\n/ip firewall mangle\nadd action=jump chain=forward jump-target=x\nadd action=accept chain=x\n',
    '/ip route\nadd gateway=192.0.2.254\n/ip firewall mangle\nadd action=accept chain=forward\nadd action=accept chain=x\n',
  ],
  [
    'members in another order, and one more of them',
    '/interface bridge\nadd name=b\nadd name=c\nadd name=d\n/interface bridge vlan\nadd bridge=b tagged=b,c vlan-ids=10\nadd bridge=b tagged=b,c vlan-ids=20\n',
    '/interface bridge\nadd name=b\nadd name=c\nadd name=d\n/interface bridge vlan\nadd bridge=b tagged=c,b vlan-ids=10\nadd bridge=b tagged=d,c,b vlan-ids=20\n',
  ],
  [
    'what only the console says can be unset',
    '/routing bgp connection\nadd as=65000 local.role=ebgp name=a remote.address=192.0.2.1\n',
    '/routing bgp connection\nadd as=65000 local.role=ebgp multihop=yes name=a remote.address=192.0.2.1\n',
  ],
  [
    'more than one rollout may hold',
    '/ip firewall address-list\nadd address=192.0.2.1 list=old\n',
    `/ip firewall address-list\n${[...Array(600).keys()].map((i) => `add address=10.0.${i >> 8}.${i & 255} list=office\n`).join('')}`,
  ],
])('%s: there and back', (_what, actual, desired) => {
  expect(thereAndBack(Buffer.from(header + actual), Buffer.from(desired))).toBe('reached');
});

const whole = realExports().filter(({ pure, bytes }) => {
  const text = Buffer.from(bytes).toString('latin1');
  return pure && text.endsWith('\n') && !text.includes('#error');
});

/** Ports, certificates and builtin profiles that a text names: a simulated device has those of its own export only. */
function hardware({ bytes }: RealExport): readonly string[] {
  const words =
    /\b(?:ether|sfp|wlan|wifi|lte)[\w+-]*\d[\w+-]*|=lo\b|certificate=\S+|default-encryption|\*FFFFFFFE/g;
  return Buffer.from(bytes).toString('latin1').match(words) ?? [];
}
const pairs = whole.flatMap((a) => {
  const has = new Set(hardware(a));
  const alike = (b: RealExport): boolean => a.version.startsWith(b.version.slice(0, 2)) && a !== b;
  return whole
    .filter((b) => alike(b) && hardware(b).every((name) => has.has(name)))
    .map((b) => [a, b] as const);
});

describe.skipIf(noRealExports)(`real exports${whyNoRealExports}`, () => {
  test('one becomes another, as far as that can be planned whole: there and back', () => {
    const some = pairs.filter((_pair, i) => i % 4 === 0);
    const reached = some.filter(([a, b]) => thereAndBack(a.bytes, b.bytes) !== null);
    expect(reached.length).toBeGreaterThan(8);
  }, 120_000);

  test('edited in some lines: there and back', () => {
    let reached = 0;
    fc.assert(
      fc.property(fc.constantFrom(...whole.keys()), fc.nat(), (which, seed) => {
        const { bytes } = whole[which] as RealExport;
        const random = seededRandom(seed);
        if (
          thereAndBack(
            bytes,
            mutatedExport(bytes, (limit) => random.below(limit)),
          ) !== null
        )
          reached++;
      }),
      { numRuns: 120 },
    );
    expect(reached).toBeGreaterThan(30);
  }, 120_000);
});
