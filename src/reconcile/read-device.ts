/**
 * Reads what a device is, and says why nothing may be begun on it although it can be read: its witness must be the one
 * that this journal announced last, no other writer's objects may be on it, and no rollout may wait for a person.
 */
import { SitewardError } from '../core/errors.ts';
import { deviceChanges } from '../core/rollout/event-fields.ts';
import type { Rollout, Witness } from '../core/rollout/rollout.ts';
import type { Observation } from '../drivers/driver.ts';
import type { Stuck } from './device-report.ts';
import type { DeviceRoom } from './device-room.ts';
import { requireUnchanged } from './changed-device.ts';
import { waitsForPeople } from './waits-for-people.ts';

/** `stopped`: why what is in flight was not gone on with. Throws `DeviceError` when the device can't be read. */
export async function readDevice(room: DeviceRoom, stopped: Stuck | null): Promise<Observation> {
  const observation = await room.driver.observe(room.signal);
  const stuck = (await stuckOn(room, observation)) ?? stopped;
  room.report.update({
    readAt: room.clock.now(),
    facts: observation.facts,
    observation,
    failure: null,
    stuck,
  });
  return observation;
}

/** Null: nothing but the plan itself decides. */
async function stuckOn(room: DeviceRoom, observation: Observation): Promise<Stuck | null> {
  const { witness, leftovers } = observation;
  try {
    judgeWitness(witness, room);
    const { rollout } = room.folded();
    if (rollout === null) {
      judgeLeftovers(leftovers);
      await requireUnchanged(room, observation);
    } else if (rollout.phase !== 'diverged') await sealedRollout(room);
    return rollout === null ? null : waitsForPeople(rollout);
  } catch (error) {
    return stuckBy(error);
  }
}

export const forPeople: readonly string[] = [
  ...deviceChanges,
  'foreign-rollout',
  'foreign-daemon',
  'journal-rewound',
  'sealed-rollout-missing',
  'device-key-changed',
];

/** What people have to decide; throws everything else again. */
export function stuckBy(error: unknown): Stuck {
  if (!(error instanceof SitewardError) || !forPeople.includes(error.code)) throw error;
  return { code: error.code, message: error.message };
}

/** What is in flight, as it was sealed. Throws `SitewardError` when it can't be gone on with. */
export async function sealedRollout(room: DeviceRoom): Promise<Rollout | null> {
  const state = room.folded().rollout;
  if (state === null) return null;
  const sealed = await room.files.get('rollout', state.sealed);
  if (sealed === null) {
    throw new SitewardError(
      'sealed-rollout-missing',
      `rollout ${state.id} is in flight, but its sealed scripts are gone from the state; restore the state folder, ` +
        'or resolve it as actual: what is on the device is kept',
    );
  }
  const rollout = JSON.parse(sealed.toString('utf8')) as Rollout;
  if (rollout.deviceKey !== room.device.hostKey) {
    throw new SitewardError(
      'device-key-changed',
      `rollout ${state.id} is in flight on the device with host key ${rollout.deviceKey}, and another is in force now; ` +
        'if the settings were changed, name that one again until it is settled; if it was rotated, or that device is gone, ' +
        'resolve it as actual',
    );
  }
  return rollout;
}

/** I6: no rollout of this journal is in flight here, so a lock or a rollout's objects are another's work or its remains. */
function judgeLeftovers(leftovers: readonly string[]): void {
  const [first] = leftovers;
  if (first === undefined) return;
  throw new SitewardError(
    'foreign-rollout',
    `script ${first} of another rollout is on the device: find out whose it is; nothing is changed while it is there. ` +
      'If nobody is at work there, resolve it as actual: it is taken off',
  );
}

/** I6: a device that is ahead of the journal, or that another daemon wrote to, is not touched. */
export function judgeWitness(witness: Witness | null, room: DeviceRoom): void {
  if (witness === null) return;
  const { witnesses, witnessAccepted: accepted } = room.folded();
  if (accepted !== null && isSameRecord(accepted, witness) && accepted.daemon === witness.daemon) return;
  if (witness.site !== room.site || witness.daemon !== room.daemon) {
    throw new SitewardError(
      'foreign-daemon',
      `the device was last written by daemon ${witness.daemon.slice(0, 8)} of site ${witness.site}; ` +
        'if this site lost its state, restore the state folder; if another daemon serves the device, stop one of the two; ' +
        "if neither can be, resolve it as actual: what is on the device is kept, and it is this daemon's",
    );
  }
  if (witnesses.length === 0) {
    throw new SitewardError(
      'journal-rewound',
      'the device was written by this daemon, but the journal knows nothing of it under this name; ' +
        'if it was renamed in the settings, name it as before; else restore the newest state, ' +
        'or resolve it as actual: what is on the device is kept',
    );
  }
  // An older one of this journal's own came back with a backup; one that it never wrote is a copy's work, also below it.
  if (!witnesses.some((own) => isSameRecord(own, witness))) {
    throw new SitewardError(
      'journal-rewound',
      `the device has seen record ${witness.seq} of this journal, which is not in it; ` +
        'the state was restored from an older copy or is in use twice: restore the newest one and start again, ' +
        'or resolve it as actual: what is on the device is kept',
    );
  }
}

function isSameRecord(
  one: { readonly seq: number; readonly head: string },
  other: { readonly seq: number; readonly head: string },
): boolean {
  return one.seq === other.seq && one.head === other.head;
}
