/**
 * What nobody knows of real devices is a switch of the simulator, and the driver is right on both sides of each: a small
 * rollout ends confirmed or is refused before anything changed, and with the power cut in the middle it ends at the base.
 * Virtual time. The table names every switch there is; those of SSH itself say which test tries them.
 */
import { describe, expect, test } from 'vitest';
import type { Behaviour } from '../../../../src/simulator/behaviour.ts';
import { USUAL_BEHAVIOUR } from '../../../../src/simulator/behaviour.ts';
import { virtualDevice } from '../../../support/virtual-device.ts';
import type { VirtualDevice } from '../../../support/virtual-device.ts';
import { configurationOf, tracesOn, virtualRollout } from '../../../support/virtual-rollout.ts';

const exportText = `# 2026-11-21 10:00:00 by RouterOS 7.18.2
# software id = 
#
/interface bridge
add name=bridge1
/interface list
add name=LAN
/interface list member
add interface=ether1 list=LAN
/ip address
add address=192.0.2.1/24 interface=ether1 network=192.0.2.0
/ip dns static
add address=192.0.2.10 name=one.example.org
/ip firewall filter
add action=accept chain=input comment=first dst-port=22 protocol=tcp
add action=drop chain=forward comment=last
/system identity
set name=gw1
`;

/** An item more, one less, one that is another, and one elsewhere in the order. */
const change = (text: string): string =>
  text
    .replace(/(\/ip dns static\r?\n)/, '$1add address=192.0.2.11 name=two.example.org\r\n')
    .replace(/add interface=ether1 list=LAN\r?\n/, '')
    .replace('name=gw1', 'name=gw2')
    .replace(/(add action=accept .*\r?\n)(add action=drop .*\r?\n)/, '$2$1');

/** `confirmed`, `rolled-back`, or the code of why nothing was begun. */
type Outcome = string;
type Sides<Key extends keyof Behaviour> =
  | readonly (readonly [value: Behaviour[Key], outcome: Outcome])[]
  /** Nothing that a rollout touches, or nothing that can be told apart without SSH: where it is tried. */
  | { readonly elsewhere: string };

const well = 'confirmed';
const switches: { readonly [Key in keyof Behaviour]: Sides<Key> } = {
  exitStatus: { elsewhere: 'daemon/driver-rollout: also where exit codes mean nothing' },
  uniqueNames: [
    [true, well],
    [false, 'unsupported'],
  ],
  startupCountsFrom: [
    ['added', well],
    ['boot', well],
  ],
  recomputeAfterJump: [
    [true, well],
    [false, well],
  ],
  startupFollowsWallClock: [
    [false, well],
    // Once it is applied the clock is set back: a net that would not fire for two hours is none.
    [true, 'rolled-back'],
  ],
  // Rows of other kinds, and what is refused: find-compares.test.ts.
  findCompares: [
    ['by-property', well],
    ['as-text', well],
    ['own-type', well],
    ['any-case', well],
  ],
  channelEndStops: { elsewhere: 'daemon/driver-rollout: sessions take their commands with them' },
  commandMs: [
    [0, well],
    [20, well],
  ],
  flushMs: [
    [0, well],
    [40_000, well],
  ],
  lossOrder: [
    ['per-menu', well],
    ['global', well],
  ],
  sourceLimit: [
    [Infinity, well],
    [64 * 1024, well],
    [16 * 1024, well],
    [4 * 1024, well],
    [1024, 'rejected'],
  ],
  bootMs: { elsewhere: 'daemon/driver-rollout: a device that can not be reached for a while' },
  lateInterfacesMs: [
    [0, well],
    [60_000, well],
  ],
  withoutPolicies: [
    [[], well],
    [['write'], 'permission-denied'],
    [['policy', 'sensitive', 'ftp', 'reboot', 'password'], 'permission-denied'],
  ],
  menusVanish: [
    [true, well],
    [false, well],
  ],
  deviceMode: [
    ['advanced', well],
    ['home', 'device-mode'],
  ],
  removedReference: [
    ['ghost', well],
    ['refused', well],
  ],
  hostKeyType: { elsewhere: 'daemon/simulator-ssh: both kinds' },
  hostKeyChange: { elsewhere: 'daemon/simulator-ssh: a new key at once or after the reboot' },
  dialogs: { elsewhere: 'daemon/driver-session: no dialog is met without a terminal' },
  importParsesFirst: { elsewhere: 'nothing is imported' },
  disk: [
    ['one', well],
    ['flash-and-memory', well],
  ],
  diskBytes: [
    [100_000_000, well],
    [100_000, 'disk-full'],
  ],
  backupPlace: {
    elsewhere: 'daemon/driver-backup: a backup is found, fetched and taken off in either place',
  },
  safeModeOverExec: { elsewhere: 'safe mode is never taken' },
  safeModeTimeoutMs: { elsewhere: 'safe mode is never taken' },
  clock: [
    ['set', well],
    ['unset', 'clock-unset'],
  ],
  versionGates: [
    [true, well],
    [false, well],
  ],
  exportsUsers: [
    [true, well],
    [false, well],
  ],
  dynamicRows: [
    [true, well],
    [false, well],
  ],
  stallsBelowWindow: { elsewhere: 'daemon/driver-session: a large export arrives whole' },
};

/** Tried with a wall clock that is set back by two hours. */
const aboutJumps = ['recomputeAfterJump', 'startupFollowsWallClock'];

const combinations = Object.entries(switches).flatMap(([name, sides]) =>
  'elsewhere' in sides
    ? []
    : (sides as readonly (readonly [unknown, Outcome])[]).map(([value, outcome]) => ({
        name,
        value,
        outcome,
      })),
);

function deviceWith(name: string, value: unknown): VirtualDevice {
  return virtualDevice({
    exportText,
    behaviour: { ...USUAL_BEHAVIOUR, flushMs: 5_000, [name]: value },
    settings: { flushMs: name === 'flushMs' ? 45_000 : 6_000, windowMs: 60_000, tickMs: 5_000 },
  });
}

describe('a change that holds', () => {
  test.each(combinations)('$name $value: $outcome', async ({ name, value, outcome }) => {
    const device = deviceWith(name, value);
    const before = await configurationOf(device);
    const made = await virtualRollout(device, change);
    let jumped = false;
    const end = await made.toItsEnd({
      onSight: () => {
        if (aboutJumps.includes(name) && !jumped) device.machine.jumpClock(-7_200_000);
        jumped = true;
      },
    });
    const stopped = made.records.find(({ kind }) => kind === 'not-started');
    expect(stopped?.kind === 'not-started' ? stopped.code : end.outcome).toBe(outcome);
    const { exportText: after } = await device.anotherDriver().observe(new AbortController().signal);
    const text = Buffer.from(after).toString('latin1');
    expect(text.includes('set name=gw2')).toBe(outcome === well);
    if (outcome !== well) expect(await configurationOf(device)).toEqual(before);
    expect(tracesOn(device).filter((one) => one !== 'sw-witness')).toEqual([]);
  });
});

describe('the power is cut after apply', () => {
  const applied = combinations.filter(({ outcome }) => outcome === well);
  test.each(applied)('$name $value: base', async ({ name, value }) => {
    const device = deviceWith(name, value);
    const before = await configurationOf(device);
    const made = await virtualRollout(device, change);
    let cut = false;
    const end = await made.toItsEnd({
      onSight: (evidence) => {
        if (cut || evidence?.applyNote !== 'applied') return;
        cut = true;
        device.machine.powerCut();
      },
    });
    expect({ cut, outcome: end.outcome }).toEqual({ cut: true, outcome: 'rolled-back' });
    expect(await configurationOf(device)).toEqual(before);
    expect(tracesOn(device).filter((one) => one !== 'sw-witness')).toEqual([]);
  });
});
