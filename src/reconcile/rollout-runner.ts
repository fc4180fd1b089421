/**
 * Runs one rollout to its end, new or found in the journal: asks the machine for the next step, announces it, does
 * it, records what came of it. It decides nothing itself. When `signal` ends it, what is in flight stays in the
 * journal as announced, and the next start asks the device.
 */
import type { Clock } from '../core/clock.ts';
import {
  codeOf,
  DeviceError,
  JournalError,
  messageOf,
  OutcomeUnknown,
  SitewardError,
} from '../core/errors.ts';
import type { EffectName } from '../core/rollout/event-fields.ts';
import type { EffectFinished, EffectStarted } from '../core/rollout/events.ts';
import type { RolloutState } from '../core/rollout/state.ts';
import { nextStep } from '../core/rollout/machine.ts';
import type { Sight, Step } from '../core/rollout/step.ts';
import { nothingSeen } from '../core/rollout/step.ts';
import { isStuck } from '../core/rollout/state.ts';
import type { Evidence, Rollout, Witness } from '../core/rollout/rollout.ts';
import type { Driver } from '../drivers/driver.ts';
import type { Ledger } from './ledger.ts';
import { NetWatch } from './net-watch.ts';
import type { RunProbe } from './probes.ts';
import { judging, probeBefore, probeUntilWell } from './probes.ts';
import { verifyDevice } from './verify-device.ts';
import { whatDiffers } from './what-differs.ts';

export interface RolloutRoom {
  readonly site: string;
  readonly rollout: Rollout;
  readonly driver: Driver;
  readonly ledger: Ledger;
  readonly probe: RunProbe;
  /** I6: throws when the device was written to by others. */
  readonly judgeWitness: (witness: Witness | null) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called after each look at the device: what was seen, or the code of why nothing was. */
  readonly onSight: (evidence: Evidence | null, code: string | null) => void;
}

/** Looks in a row at a device that does not answer, after which others may have this rollout's turn. */
const looksForMissingDevice = 12;

/**
 * Resolves when the rollout is settled, waits for a person, or gets nowhere for a while (no answer, a step that fails
 * again and again); it is gone on with by calling this again. Rejects when the signal ends it or the journal fails.
 */
export async function runRollout(room: RolloutRoom, state: RolloutState): Promise<void> {
  let sight: Sight = nothingSeen;
  const net = new NetWatch(room.rollout.times);
  let misses = 0;
  for (;;) {
    room.signal.throwIfAborted();
    const step = nextStep(state, sight);
    switch (step.do) {
      case 'done':
      case 'stop':
        return;
      case 'record':
        await room.ledger.append(step.event);
        sight = nothingSeen;
        break;
      case 'look':
        await room.clock.sleep(step.afterMs, room.signal);
        sight = await look(room, sight, net);
        misses = sight.evidence === null ? misses + 1 : 0;
        if (misses >= looksForMissingDevice) return;
        break;
      case 'effect':
        await runEffect(room, state, step, sight);
        sight = nothingSeen;
        if (isStuck(state)) return;
        break;
    }
  }
}

async function look(room: RolloutRoom, sight: Sight, net: NetWatch): Promise<Sight> {
  try {
    const evidence = await room.driver.evidence(room.rollout, null, room.signal);
    room.onSight(evidence, null);
    // How long the device has been watched, not how long it could not be reached.
    const looks = sight.evidence === null ? 1 : sight.looks + 1;
    const confirmSeenAt =
      evidence.decision === 'confirm' ? (sight.confirmSeenAt ?? evidence.net.runCount) : null;
    const netStandsStill = net.standsStill(evidence);
    return { evidence, looks, confirmSeenAt, netStandsStill };
  } catch (error) {
    room.signal.throwIfAborted();
    if (!(error instanceof DeviceError) && !(error instanceof OutcomeUnknown)) throw error;
    room.onSight(null, error.code);
    return { ...sight, evidence: null, looks: sight.looks + 1 };
  }
}

async function runEffect(
  room: RolloutRoom,
  state: RolloutState,
  { effect, cause }: Extract<Step, { do: 'effect' }>,
  { evidence }: Sight,
): Promise<void> {
  const ids = { rollout: room.rollout.id, device: room.rollout.device };
  const { seq, hash } = room.ledger.journal.head;
  const witness = { seq, head: hash };
  const started: EffectStarted = {
    kind: `${effect}-started`,
    ...ids,
    ...(cause === undefined ? {} : { cause }),
    ...(cause !== 'verify-failed' || evidence === null || state.found !== null
      ? {}
      : { found: whatDiffers(room.rollout.plan, evidence.footprint) }),
    ...(effect === 'witness' ? { witness } : {}),
  };
  await room.ledger.append(started);
  const finished = await perform(room, state, effect, witness);
  await room.ledger.append({ kind: `${effect}-finished`, ...ids, ...finished });
}

/** Another's traces on the device: nobody here may go on. */
function isForeign(error: unknown): boolean {
  return (
    error instanceof SitewardError &&
    ['foreign-rollout', 'foreign-daemon', 'journal-rewound'].includes(error.code) &&
    !(error instanceof DeviceError)
  );
}

/** Verifying needs an answer: none is no verdict. */
const noAnswer: readonly string[] = ['unreachable', 'timeout', 'key-refused', 'password-refused'];

type Finish = Omit<EffectFinished, 'kind' | 'rollout' | 'device'>;

/** Does the effect and says how it ended; throws only when the daemon is ending or the journal failed. */
async function perform(
  room: RolloutRoom,
  state: RolloutState,
  effect: EffectName,
  witness: { seq: number; head: string },
): Promise<Finish> {
  try {
    return { result: 'ok', ...(await performOnDevice(room, state, effect, witness)) };
  } catch (error) {
    room.signal.throwIfAborted();
    if (error instanceof JournalError || isForeign(error)) throw error;
    const told = { code: codeOf(error), message: messageOf(error) };
    // A command that may have gone out is unknown.
    const unanswered = effect === 'verify' && noAnswer.includes(told.code);
    const failed = error instanceof DeviceError && !unanswered;
    return { result: failed ? 'failed' : 'unknown', ...told };
  }
}

async function performOnDevice(
  room: RolloutRoom,
  state: RolloutState,
  effect: EffectName,
  witness: { seq: number; head: string },
): Promise<Partial<Finish>> {
  const { driver, rollout, signal, clock } = room;
  switch (effect) {
    case 'lock': {
      // Before the device is written to for the first time.
      const notJudged = await probeBefore(rollout.probes ?? [], room.probe, signal);
      await driver.lock(rollout, room.judgeWitness, signal);
      return notJudged.length === 0 ? {} : { notJudged };
    }
    case 'witness':
      await driver.writeWitness(
        rollout,
        { site: room.site, daemon: rollout.owner.daemon, ...witness },
        signal,
      );
      return {};
    case 'stage':
      return { deadline: await driver.stage(rollout, signal) };
    case 'arm':
      return { runCount: (await driver.arm(rollout, signal)).runCount };
    case 'apply':
      await driver.apply(rollout, signal);
      return {};
    case 'verify': {
      const readEvidence = async (): Promise<Evidence> => {
        const evidence = await driver.evidence(rollout, null, signal);
        room.onSight(evidence, null);
        return evidence;
      };
      const probes = judging(rollout.probes, state);
      const probesPass = (): Promise<void> => probeUntilWell(probes, room.probe, clock, signal);
      return await verifyDevice(rollout, { readEvidence, probesPass }, clock, signal);
    }
    case 'confirm':
      await driver.confirm(rollout, requireDeadline(state), signal);
      return {};
    case 'roll-back':
      await driver.rollBack(rollout, requireDeadline(state), signal);
      return {};
    case 'clean':
      // By people's word what is another's is taken off, too.
      return {
        witness: await driver.clean(
          rollout,
          state.outcome === 'resolved' ? () => undefined : room.judgeWitness,
          signal,
        ),
      };
  }
}

function requireDeadline(state: RolloutState): NonNullable<RolloutState['deadline']> {
  if (state.deadline === null)
    throw new DeviceError('not-armed', 'the rollout was never staged on the device');
  return state.deadline;
}
