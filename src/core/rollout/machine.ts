/**
 * The rollout as a pure state machine: `nextStep` says, from the fold of its records and what the device was last seen to
 * be, the one thing to do next. Running and recovering are the same loop; recovery only begins it with a state that came
 * from the journal. Nothing here waits, reads or sends.
 */
import { unreachable } from '../errors.ts';
import { drillStep } from './drill.ts';
import type { Cause, RolloutOutcome } from './event-fields.ts';
import type { Evidence } from './rollout.ts';
import { rolledBackNote } from './rollout.ts';
import type { RolloutState } from './state.ts';
import type { Sight, Step } from './step.ts';
import { factsOf } from './step.ts';

/** How long to wait before looking at the device again while it works by itself. */
const lookAgainMs = 1_000;
const lookRarelyMs = 15_000;
/** Looks without an apply job and without a note of its end, after which the job counts as dead. */
const looksForMissingJob = 3;
/** Rollbacks that came to their end and not to the base, after which people judge. */
const rollBacksInVain = 3;

/** The next step of a rollout. `sight` is what was read from the device since the last record. */
export function nextStep(state: RolloutState, sight: Sight): Step {
  if (state.phase === 'settled') return { do: 'done' };
  if (state.outcome !== null) return towardsSettled(state, state.outcome, sight);
  if (state.mayHaveChanged) return judge(state, sight);
  return towardsApply(state, sight);
}

/** Before apply: each effect in turn; whatever goes wrong, nothing has changed and nothing will. */
function towardsApply(state: RolloutState, sight: Sight): Step {
  const abort = (code: string, message: string): Step => ({
    do: 'record',
    event: { kind: 'not-started', rollout: state.id, device: state.device, code, message },
  });
  if (state.interrupted) return abort('daemon-gone', 'the daemon ended before anything was changed');
  if (state.problem !== null) return abort(state.problem.code, state.problem.message);
  switch (state.phase) {
    case 'planned':
      return abort('daemon-gone', 'the daemon ended before the rollout was authorized');
    case 'authorized':
      return { do: 'effect', effect: 'lock' };
    case 'locked':
      return { do: 'effect', effect: 'witness' };
    case 'witnessed':
      return { do: 'effect', effect: 'stage' };
    case 'staged':
      return { do: 'effect', effect: 'arm' };
    case 'armed':
      return state.drill === true ? drillStep(state, sight) : { do: 'effect', effect: 'apply' };
    case 'applying':
    case 'applied':
    case 'verifying':
    case 'confirming':
    case 'confirmed':
    case 'rolling-back':
    case 'rolled-back':
    case 'not-started':
    case 'diverged':
    case 'drilled':
    case 'resolved':
    case 'settled':
      return { do: 'stop' };
    default:
      return unreachable(state.phase);
  }
}

/** After apply was announced: the device alone says where it stands. */
function judge(state: RolloutState, sight: Sight): Step {
  const { evidence } = sight;
  if (state.phase === 'diverged') return { do: 'stop' };
  if (evidence === null) return look(sight.looks);
  if (evidence.decision === 'confirm') return judgeConfirmed(state, evidence, sight);
  if (evidence.decision === 'rollback' || state.phase === 'rolling-back') {
    return judgeRollingBack(state, evidence, sight);
  }
  return judgeUndecided(state, evidence, sight);
}

/** Armed, and nobody has decided yet. */
function judgeUndecided(state: RolloutState, evidence: Evidence, sight: Sight): Step {
  const { deadline } = state;
  // Past the deadline, or rebooted: the device's own timer decides, unless a clock that was set back keeps it waiting.
  const isOver =
    deadline !== null &&
    (evidence.uptimeS < deadline.armedUptimeS || evidence.uptimeS >= deadline.deadlineUptimeS);
  if (isOver && sight.netStandsStill) return rollBack(state.cause ?? causeOf(state, evidence));
  if (evidence.applyJob || evidence.rollbackJob) return look(sight.looks);
  if (!evidence.net.present || !evidence.net.enabled) return rollBack(state.cause ?? 'net-lost');
  if (state.cause !== null) return rollBack(state.cause);
  if (isOver) return look(sight.looks);
  if (evidence.applyNote === '') {
    if (sight.looks < looksForMissingJob) return look(sight.looks);
    // The order may never have left this side, when the daemon died right after it announced it.
    return rollBack(wasAway(state) ? 'daemon-gone' : 'apply-failed');
  }
  if (evidence.applyNote !== 'applied') return rollBack('apply-failed');
  if (evidence.footprint.kind !== 'target') return rollBack('verify-failed');
  switch (state.phase) {
    case 'applying':
      return {
        do: 'record',
        event: { kind: 'applied', rollout: state.id, device: state.device, evidence: factsOf(evidence) },
      };
    case 'verifying':
      return { do: 'effect', effect: state.inFlight === null ? 'confirm' : 'verify' };
    case 'confirming':
      return state.confirmAttempts < 3 ? { do: 'effect', effect: 'confirm' } : rollBack('confirm-refused');
    default:
      return { do: 'effect', effect: 'verify' };
  }
}

/** The device has decided to keep the target: believed once its rollback has run since and declined. */
function judgeConfirmed(state: RolloutState, evidence: Evidence, sight: Sight): Step {
  if (evidence.applyJob || evidence.rollbackJob) return look(sight.looks);
  const declined = sight.confirmSeenAt !== null && evidence.net.runCount > sight.confirmSeenAt;
  if (evidence.net.present && evidence.net.enabled && !declined && !sight.netStandsStill)
    return look(sight.looks);
  const ids = { rollout: state.id, device: state.device, evidence: factsOf(evidence) };
  if (declined && evidence.footprint.kind === 'target')
    return { do: 'record', event: { kind: 'confirmed', ...ids } };
  return { do: 'record', event: { kind: 'diverged', ...ids } };
}

/** The device has decided to go back, or this side has. */
function judgeRollingBack(state: RolloutState, evidence: Evidence, sight: Sight): Step {
  if (evidence.applyJob || evidence.rollbackJob) return look(sight.looks);
  const cause = state.cause ?? causeOf(state, evidence);
  const { kind } = evidence.footprint;
  if (!evidence.net.present) {
    // Without that note a timer was taken away before what the rollback wrote was durable: a power cut could undo it.
    if (kind === 'base' && evidence.rollbackNote === rolledBackNote)
      return rolledBack(state, evidence, cause);
    // Nobody's plan led to what it has, or its rollback says that it is over while it is not at the base.
    if ((kind === 'other' || state.problem === null) && state.rollBackAttempts >= rollBacksInVain) {
      const ids = { rollout: state.id, device: state.device, evidence: factsOf(evidence) };
      return { do: 'record', event: { kind: 'diverged', ...ids } };
    }
  }
  // The device's own ticks get some time before this side helps, and more after each time it did. At the base nothing but
  // the timer is left, which waits until the device has written down what went back.
  const works = evidence.net.present && evidence.net.enabled && evidence.decision === 'rollback';
  const patience = works
    ? kind === 'base'
      ? 60
      : 10 + 10 * state.rollBackAttempts
    : 2 * state.rollBackAttempts;
  return sight.looks <= Math.min(patience, 60) && (works || state.rollBackAttempts > 0)
    ? look(sight.looks)
    : rollBack(cause);
}

/** An outcome is known: take everything off the device, then close. */
function towardsSettled(state: RolloutState, outcome: RolloutOutcome, sight: Sight): Step {
  if (!state.touched) {
    return { do: 'record', event: { kind: 'settled', rollout: state.id, device: state.device, outcome } };
  }
  const { evidence } = sight;
  const again =
    outcome === 'confirmed' || outcome === 'resolved' || state.cleanAttempts > 0 || state.interrupted;
  if (again && evidence === null) {
    const pause = Math.min(60_000, 500 * 2 ** state.cleanAttempts);
    return sight.looks === 0 && state.cleanAttempts > 0 ? { do: 'look', afterMs: pause } : look(sight.looks);
  }
  // A reboot between confirmed and settled may have lost the decision: then it goes back, or went back, after all.
  if (outcome === 'confirmed' && evidence !== null && evidence.decision !== 'confirm') {
    if (evidence.decision === 'rollback') return judgeRollingBack(state, evidence, sight);
    if (evidence.net.present || evidence.footprint.kind === 'base') return rollBack('net-lost');
  }
  return { do: 'effect', effect: 'clean' };
}

function look(looks: number): Step {
  return { do: 'look', afterMs: looks === 0 ? 0 : looks < 30 ? lookAgainMs : lookRarelyMs };
}

function rollBack(cause: Cause): Step {
  return { do: 'effect', effect: 'roll-back', cause };
}

function rolledBack(state: RolloutState, evidence: Evidence, cause: Cause): Step {
  const ids = { rollout: state.id, device: state.device };
  return { do: 'record', event: { kind: 'rolled-back', ...ids, cause, evidence: factsOf(evidence) } };
}

/** Why the device decided to go back when nobody here asked for it. */
function causeOf(state: RolloutState, evidence: Evidence): Cause {
  if (evidence.applyNote !== '' && evidence.applyNote !== 'applied') return 'apply-failed';
  // A device that was started again went back for a reason of its own.
  const rebooted = state.deadline !== null && evidence.uptimeS < state.deadline.armedUptimeS;
  return wasAway(state) && !rebooted ? 'daemon-gone' : 'window-passed';
}

/** The daemon ended in the middle of it, and nothing of it was done since. */
function wasAway({ interrupted, resumed }: RolloutState): boolean {
  return interrupted && !resumed;
}
