/**
 * Reads what the device is and what it should be, and refuses to go on with a device that has seen another
 * writer: its witness must be the one that this journal announced last.
 */
import { SitewardError } from '../core/errors.ts';
import type { Witness } from '../core/rollout/rollout.ts';
import type { Observation } from '../drivers/driver.ts';
import type { DesiredText, DeviceRoom } from './device-room.ts';

export interface Reading {
  readonly observation: Observation;
  readonly desired: DesiredText;
}

/** Throws `DeviceError` when the device can't be read, `InvalidInput` when its desired text can't be used. */
export async function readDevice(room: DeviceRoom): Promise<Reading> {
  const observation = await room.driver.observe(room.signal);
  room.report.update({
    readAt: room.clock.now(),
    readCommit: room.ledger.state.accepted?.commit ?? null,
    facts: observation.facts,
    failure: null,
  });
  judgeWitness(observation.witness, room);
  if (room.folded().rollout === null) judgeLeftovers(observation.leftovers);
  const desired = await room.desired();
  return { observation, desired };
}

/** I6: no rollout of this journal is in flight here, so a lock or a rollout's objects are another's work or its remains. */
function judgeLeftovers(leftovers: readonly string[]): void {
  const [first] = leftovers;
  if (first === undefined) return;
  throw new SitewardError(
    'foreign-rollout',
    `script ${first} of another rollout is on the device: find out whose it is; nothing is changed while it is there`,
  );
}

/** I6: a device that is ahead of the journal, or that another daemon wrote to, is not touched. */
export function judgeWitness(witness: Witness | null, room: DeviceRoom): void {
  if (witness === null) return;
  const { witnesses } = room.folded();
  if (witness.site !== room.site || witness.daemon !== room.daemon) {
    throw new SitewardError(
      'foreign-daemon',
      `the device was last written by daemon ${witness.daemon.slice(0, 8)}… of site ${witness.site}; ` +
        'if this site lost its state, restore the state folder; if another daemon serves the device, stop one of the two',
    );
  }
  if (witnesses.length === 0) {
    throw new SitewardError(
      'journal-rewound',
      'the device was written by this daemon, but the journal knows nothing of it under this name; ' +
        'if it was renamed in the settings, name it as before; else restore the newest state',
    );
  }
  // An older one of this journal's own came back with a backup; one that it never wrote is a copy's work, also below it.
  if (!witnesses.some(({ seq, head }) => seq === witness.seq && head === witness.head)) {
    throw new SitewardError(
      'journal-rewound',
      `the device has seen record ${witness.seq} of this journal, which is not in it; ` +
        'the state was restored from an older copy or is in use twice: restore the newest one, then start again',
    );
  }
}
