/** What stands in the way of signing though the daemon runs, in words for `status`, each with what comes next. */
import type { StatusAnswer } from '../api/answers.ts';
import { rfc3339 } from '../core/clock.ts';
import type { HostKeyStanding } from '../core/gate/host-key.ts';
import type { RotationStep } from '../core/rollout/event-fields.ts';
import type { CredentialRotation } from '../core/rotation.ts';
import { rotationWaitsUntil } from '../core/rotation.ts';
import { lookAt } from '../reconcile/next-command.ts';
import { strandedRollouts } from '../reconcile/stranded-rollouts.ts';
import type { RunningSite } from './running-site.ts';

export function warningsOf(
  site: Pick<
    RunningSite,
    'trust' | 'trustProblem' | 'ledger' | 'settings' | 'devices' | 'hostKeys' | 'historyPush'
  >,
): NonNullable<StatusAnswer['warnings']> {
  const { distrust } = site.trust();
  const problem = site.trustProblem();
  const next = 'siteward check';
  const clock = {
    code: 'clock-untrusted',
    message: `no signature counts: ${distrust ?? ''}; what needs none goes on`,
    next,
  };
  const unkept = site.devices.flatMap(({ room }) => room.report.current().keepFailure ?? []);
  const unsent = site.historyPush?.failure() ?? null;
  const stranded = strandedRollouts(site.ledger.state, site.settings.devices);
  const unpinned = site.settings.devices.flatMap((device) => {
    const standing = site.hostKeys.standing(device);
    if (standing.kind !== 'untrusted') return [];
    const message = unpinnedMessage(device.name, standing);
    return [{ code: 'host-key-pin-untrusted', message, next: `siteward rotate host-key ${device.name}` }];
  });
  return [
    ...unpinned,
    ...site.settings.devices.flatMap(({ name }) => {
      const rotation = site.ledger.state.devices.get(name)?.credential ?? null;
      return rotation === null ? [] : rotationWaits(name, rotation);
    }),
    ...stranded.map(({ message }) => ({ code: 'rollout-of-unserved-device', message, next })),
    // One disk: what one device says of it is true of all.
    ...unkept.slice(0, 1).map((failure) => ({ ...failure, next })),
    ...site.devices.flatMap(({ settings: { name }, room }) => {
      const { failure } = room.report.current().backup;
      if (failure === null) return [];
      const message = `${name}: no binary backup: ${failure.message}`;
      return [{ code: 'backup-failed', message, next: `siteward backup ${name}` }];
    }),
    ...(unsent === null ? [] : [unsent]),
    ...(distrust === null ? [] : [clock]),
    ...(problem === null
      ? []
      : [{ code: problem.code, message: `older trust files stay in force: ${problem.message}`, next }]),
  ];
}

/** A step that failed more than once stands until it is done. */
function rotationWaits(device: string, rotation: CredentialRotation): NonNullable<StatusAnswer['warnings']> {
  const { failed } = rotation;
  const until = rotationWaitsUntil(rotation);
  if (failed === undefined || until === 0) return [];
  const message =
    `${device}: ${unfinished[failed.step]}; failed ${failed.times} times: ${failed.code}: ${failed.message}; ` +
    `tried again at ${rfc3339(until)}`;
  return [{ code: 'rotation-waits', message, next: lookAt({ name: device }) }];
}

const unfinished: Readonly<Record<RotationStep, string>> = {
  add: 'the new credential is not on the device yet',
  prove: 'the new credential is not proved yet, and the old one is kept',
  remove: "the new credential counts, and the old ones of the daemon's user still let in",
  undo: 'the new credential is not used, and is still on the device',
};

/** What was signed before and counts no more. */
export function unpinnedMessage(
  device: string,
  { pin, refusal }: Extract<HostKeyStanding, { kind: 'untrusted' }>,
): string {
  return (
    `${device}: host key ${pin.hostKey}, signed by ${pin.by.join(', ')} at ${pin.at}, is not in force any more ` +
    `(${refusal.code}); the one in the settings is`
  );
}
