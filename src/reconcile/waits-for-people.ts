/** What of a rollout in flight does not go on by itself: why, and what people can decide. From the journal alone; pure. */
import type { RolloutState } from '../core/rollout/state.ts';
import { isStuck } from '../core/rollout/state.ts';
import type { Stuck } from './device-report.ts';

/** Null: it goes on by itself. */
export function waitsForPeople(rollout: RolloutState): Stuck | null {
  if (rollout.phase === 'diverged') return { code: 'diverged', message: divergedMessage(rollout) };
  if (!isStuck(rollout)) return null;
  const { outcome, problem, rollBackAttempts, cleanAttempts } = rollout;
  const [code, what, left, times] =
    outcome === null
      ? ['rollback-failed', 'rolling back', 'its rollback is taken off', rollBackAttempts]
      : ['cleaning-failed', 'taking the rollout off the device', 'all of it is taken off', cleanAttempts];
  const message =
    `${what} failed ${times} times: ${problem?.message ?? ''}; it is tried again. ` +
    `If it can't succeed, resolve it as actual: what the device has is kept, and ${left}`;
  return { code, message };
}

function divergedMessage({ id, problem }: RolloutState): string {
  const what =
    problem?.message ??
    'it is over on the device, which has neither what it had (base) nor what was planned (target)';
  return (
    `rollout ${id}: ${what}; ` +
    'resolve it as base, as target, or as actual, which keeps what it has now; nothing is done before it is signed'
  );
}
