/**
 * What the journal tells of one rollout: the fold of its records. The daemon that runs it and the one that finds it after
 * a crash hold the same state, since nothing else is put into it. Decides nothing; that is `machine.ts`.
 */
import type { Cause, EffectName, EvidenceFacts, RolloutOutcome } from './event-fields.ts';
import { effectOf, isEffectFinished, isEffectStarted } from './effects.ts';
import type { EffectFinished, SitewardEvent } from './events.ts';
import type { Deadline } from './rollout.ts';
import type { Stopwatch } from './window.ts';

export type RolloutPhase =
  | 'planned'
  | 'authorized'
  | 'locked'
  | 'witnessed'
  | 'staged'
  | 'armed'
  | 'applying'
  | 'applied'
  | 'verifying'
  | 'confirming'
  | 'confirmed'
  | 'rolling-back'
  | 'rolled-back'
  | 'not-started'
  | 'diverged'
  | 'drilled'
  | 'resolved'
  | 'settled';

export interface RolloutState {
  readonly id: string;
  readonly device: string;
  readonly commit: string;
  readonly plan: string;
  readonly base: string;
  readonly desired: string;
  readonly complete: boolean;
  /** Differences that its plan leaves for another one. */
  readonly left: number;
  sealed: string;
  /** The revision of the device's history that it goes back to. */
  readonly restores: string | null;
  readonly plannedAt: string;
  phase: RolloutPhase;
  /** The effect that was announced and has no finish yet. */
  inFlight: EffectName | null;
  /** Something of this rollout may be on the device. */
  touched: boolean;
  /** Apply was announced: the device's configuration may have changed. */
  mayHaveChanged: boolean;
  /** The daemon was started again since this rollout began. */
  interrupted: boolean;
  /** It went on after that: what becomes of it now has another reason than the daemon's absence. */
  resumed: boolean;
  /** The device could not be asked for so long that the commit was stopped for the site. */
  unknown: boolean;
  deadline: Deadline | null;
  /** Probes that judge nothing here; absent: all of them judge. */
  notJudged?: readonly string[];
  cause: Cause | null;
  /** How long its effects took; absent in what older versions wrote. */
  watch?: Stopwatch;
  /** Nothing is applied: the net has to fire by itself. */
  drill?: true;
  /** What went wrong, in words that outlive the steps after it. */
  found: string | null;
  /** It leads to the base or target of a rollout that people ended. */
  resolving: boolean;
  /** Why the last effect failed, for people. */
  problem: { readonly code: string; readonly message: string } | null;
  outcome: RolloutOutcome | null;
  confirmAttempts: number;
  rollBackAttempts: number;
  cleanAttempts: number;
}

type RolloutIds = Pick<
  RolloutState,
  'id' | 'device' | 'commit' | 'plan' | 'base' | 'desired' | 'complete' | 'left' | 'sealed' | 'plannedAt'
> & { readonly restores?: string | undefined };

/** Before its first record. */
export function newRollout(ids: RolloutIds): RolloutState {
  const { id, device, commit, plan, base, desired, complete, left, sealed, plannedAt } = ids;
  return {
    id,
    device,
    commit,
    plan,
    base,
    desired,
    complete,
    left,
    sealed,
    restores: ids.restores ?? null,
    plannedAt,
    phase: 'planned',
    inFlight: null,
    touched: false,
    mayHaveChanged: false,
    interrupted: false,
    resumed: false,
    unknown: false,
    deadline: null,
    cause: null,
    found: null,
    resolving: false,
    problem: null,
    outcome: null,
    confirmAttempts: 0,
    rollBackAttempts: 0,
    cleanAttempts: 0,
  };
}

/** It leads to a state of the device's history. A checkpoint of an older version does not say that it does not. */
export function goesBack({ restores }: RolloutState): boolean {
  return typeof restores === 'string';
}

/** Failed attempts to clean or to roll back, after which they are made one at a turn and a person is told. */
const manyAttempts = 5;

export function isStuck({ problem, cleanAttempts, rollBackAttempts }: RolloutState): boolean {
  return problem !== null && Math.max(cleanAttempts, rollBackAttempts) >= manyAttempts;
}

/** Applies one record of this rollout. Returns false if the record does not fit the state. */
export function foldRollout(state: RolloutState, event: SitewardEvent): boolean {
  if (isEffectStarted(event)) {
    const effect = effectOf(event);
    state.resumed = true;
    state.inFlight = effect;
    state.touched = true;
    if (effect === 'apply') {
      state.mayHaveChanged = true;
      state.phase = 'applying';
    }
    if (effect === 'verify') state.phase = 'verifying';
    if (effect === 'confirm') {
      state.phase = 'confirming';
      state.confirmAttempts += 1;
    }
    if (effect === 'roll-back') {
      state.phase = 'rolling-back';
      state.rollBackAttempts += 1;
      // A confirmed rollout that lost its decision before it was settled goes back after all.
      state.outcome = null;
      state.cause ??= event.cause ?? null;
      state.found ??= event.found ?? null;
    }
    if (effect === 'clean') state.cleanAttempts += 1;
    return true;
  }
  if (isEffectFinished(event)) {
    if (state.inFlight !== effectOf(event)) return false;
    foldFinish(state, effectOf(event), event);
    return true;
  }
  switch (event.kind) {
    case 'authorized':
    case 'authorization-consumed':
      state.phase = 'authorized';
      state.resolving = event.kind === 'authorized' && event.reason === 'resolved';
      return true;
    case 'wave-stopped':
      state.unknown = true;
      return true;
    case 'applied':
      state.phase = 'applied';
      state.resumed = true;
      state.inFlight = null;
      return true;
    case 'confirmed':
    case 'rolled-back':
    case 'drilled':
    case 'not-started':
      foldEnd(state, event);
      return true;
    case 'diverged':
      state.phase = 'diverged';
      state.inFlight = null;
      state.problem = keepsTarget(event.evidence) ? timerStandsStill : null;
      return true;
    case 'resolved':
      state.phase = 'resolved';
      state.outcome = 'resolved';
      state.sealed = event.sealed ?? state.sealed;
      state.touched = true;
      state.inFlight = null;
      state.problem = null;
      state.rollBackAttempts = 0;
      state.cleanAttempts = 0;
      return true;
    case 'settled':
      state.phase = 'settled';
      return true;
    default:
      return false;
  }
}

/** Diverged with the target on the device: it was decided so, and its timer was never seen to decline. */
function keepsTarget({ decision, footprint }: Pick<EvidenceFacts, 'decision' | 'footprint'>): boolean {
  return decision === 'confirm' && footprint === 'target';
}

const timerStandsStill = {
  code: 'not-armed',
  message:
    'the device has decided to keep what was planned (target), but its rollback timer stands still, as when its clock ' +
    'was set back, and was not seen to decline',
};

type End = Extract<SitewardEvent, { readonly kind: 'confirmed' | 'rolled-back' | 'drilled' | 'not-started' }>;

/** Each is both where the rollout stands and what came of it. */
function foldEnd(state: RolloutState, event: End): void {
  state.phase = event.kind;
  state.outcome = event.kind;
  state.inFlight = null;
  if (event.kind === 'not-started') state.problem = { code: event.code, message: event.message };
  if (event.kind !== 'rolled-back') return;
  state.cause = event.cause;
  if (event.cause === 'apply-failed' && event.evidence.applyNote !== 'applied')
    state.found ??= event.evidence.applyNote;
}

/** Ends of `lock` that prove that it is not on the device. */
const nothingLocked: ReadonlySet<string> = new Set([
  'locked',
  'foreign-rollout',
  'key-refused',
  'password-refused',
  'probe-red',
  'host-key-mismatch',
]);

function foldFinish(state: RolloutState, effect: EffectName, event: EffectFinished): void {
  if (event.result !== 'ok') {
    state.problem = { code: event.code ?? 'internal', message: event.message ?? '' };
    // An unknown end stays in flight: only evidence closes it.
    if (event.result === 'unknown') return;
    state.inFlight = null;
    // Any other failure may have come after the lock was added, by a question about it that got no answer.
    if (effect === 'lock' && nothingLocked.has(event.code ?? '')) state.touched = false;
    if (effect !== 'verify') return;
    state.cause ??= 'verify-failed';
    state.found ??= state.problem.message;
    return;
  }
  state.inFlight = null;
  state.problem = null;
  if (event.deadline !== undefined) state.deadline = event.deadline;
  if (event.notJudged !== undefined) state.notJudged = event.notJudged;
  if (effect === 'lock') state.phase = 'locked';
  if (effect === 'witness') state.phase = 'witnessed';
  if (effect === 'stage') state.phase = 'staged';
  if (effect === 'arm') state.phase = 'armed';
  if (effect === 'clean') state.touched = false;
}
