/**
 * Where a device stands, from the journal's fold and the last reading: one state, why, and the one command that
 * goes on when a person is asked for. Pure.
 */
import { rfc3339Seconds } from '../core/clock.ts';
import { openingAt } from '../core/maintenance.ts';
import { frozenBy, itemsFor } from '../core/gate/pending.ts';
import { sectionsOf } from '../core/plan/action.ts';
import type { DeviceState as FoldedDevice, Quarantine, SiteState } from '../core/site-state.ts';
import type { DeviceSettings, Policy } from '../core/site.ts';
import type { DeviceReport, Failure } from './device-report.ts';
import { lookAt, nextOnDevice } from './next-command.ts';
import { describeFailure } from './device-report.ts';
import { waitsForPeople } from './waits-for-people.ts';

export type DeviceCondition =
  | 'in-sync'
  | 'behind'
  | 'drifted'
  | 'pending-signature'
  | 'rolling-out'
  | 'held'
  | 'quarantined'
  | 'unreachable'
  | 'unknown'
  | 'diverged'
  | 'backed-up'
  | 'error';

export interface Standing {
  readonly state: DeviceCondition;
  readonly reason: string | null;
  readonly message: string | null;
  readonly next: string | null;
}

const quarantineMessages: Readonly<Record<Quarantine['reason'], string>> = {
  'rolled-back': 'this plan was rolled back on this base; correct it in git, or let it be tried once more',
  diverged:
    'this plan ended on this base with a device that had neither; correct it in git, or let it be tried once more',
  'not-converging': 'the device does not keep what was rolled out and confirmed',
  rejected: 'this plan was rejected',
};

const stopWords: Readonly<Record<NonNullable<SiteState['stopped']>['why'], string>> = {
  'rolled-back': 'rolled this commit back',
  diverged: 'has neither what it had nor this commit',
  unknown: 'could not be asked what became of this commit',
};

/** Why what people ordered of a device that stands still can't be put before them. */
export const resolveRefused = 'resolve-refused';

const refusedLogin: readonly string[] = ['key-refused', 'password-refused'];
const unreachableCodes: readonly string[] = [...refusedLogin, 'unreachable', 'timeout', 'outcome-unknown'];
/** What people pull on the device itself to stop everything. */
const brakes: readonly string[] = ['held-on-device', 'user-disabled'];

/** Nobody answers, or nobody lets the daemon in. */
export function isUnreachable({ failure }: DeviceReport): boolean {
  return failure !== null && unreachableCodes.includes(failure.code);
}

export function standingOf(
  device: DeviceSettings,
  folded: FoldedDevice,
  report: DeviceReport,
  site: SiteState,
  approvals: Policy['approvals'],
  nowMs: number,
): Standing {
  return (
    duringRollout(device, folded, report, site) ??
    unreachable(device, report) ??
    backedUp(device, folded, report, site) ??
    standingStill(device, folded, report, site, approvals, nowMs) ??
    unreadable(device, folded, report, site) ??
    restoring(device, folded, report, site, approvals) ??
    stoppedByPeople(device, folded, site, nowMs) ??
    brakePulled(device, report) ??
    waiting(device, folded, report, site, approvals, nowMs) ??
    askedOfPeople(device, site, approvals) ??
    settledState(device, folded, report, site)
  );
}

function duringRollout(
  device: DeviceSettings,
  folded: FoldedDevice,
  report: DeviceReport,
  site: SiteState,
): Standing | null {
  const { rollout } = folded;
  if (rollout === null || waitsForPeople(rollout) !== null || report.stuck !== null) return null;
  if (report.failure !== null) return failedState(device, folded, report.failure, site);
  const reason = rollout.cause ?? rollout.phase;
  if (report.sight !== null && report.sight.evidence === null) {
    const message = `can't be asked (${report.sight.code ?? 'unreachable'}); asking again`;
    return { state: 'rolling-out', reason, message, next: lookAt(device) };
  }
  return { state: 'rolling-out', reason, message: null, next: null };
}

/** Read, and yet nothing is begun on it: what people may decide, or have ordered. */
function standingStill(
  device: DeviceSettings,
  folded: FoldedDevice,
  report: DeviceReport,
  site: SiteState,
  approvals: Policy['approvals'],
  nowMs: number,
): Standing | null {
  const { rollout, resolve } = folded;
  const diverged = rollout?.phase === 'diverged';
  const stuck = report.stuck ?? (rollout === null ? null : waitsForPeople(rollout));
  if (stuck === null && resolve === null) return null;
  // What was ordered can't be put before people, or be begun.
  if (resolve !== null && report.failure !== null) {
    const failed = failedState(device, folded, report.failure, site);
    if (report.failure.code !== resolveRefused) return failed;
    return { ...failed, next: `siteward resolve ${device.name} --as actual` };
  }
  const items = itemsFor(site.pending, device.name).filter(({ kind }) => kind === 'resolve');
  // Where the whole site's state was lost, accepting its commit settles the devices with it.
  const whole = site.accepted === null ? itemsFor(site.pending, null) : [];
  const [pending] = [...items, ...whole];
  const first = diverged ? 'base' : folded.changed === null || site.accepted === null ? 'actual' : 'target';
  const ordered = resolve === null ? `siteward resolve ${device.name} --as ${first}` : 'siteward pending';
  const isSigned = pending !== undefined && pending.approvals.length >= approvals[pending.class];
  const hold = isSigned ? stoppedByPeople(device, folded, site, nowMs) : null;
  return {
    state: diverged ? 'diverged' : stuck === null ? 'held' : 'error',
    reason: stuck?.code ?? 'resolve-unfinished',
    message: stuck === null ? `to be taken to ${resolve?.as ?? ''}; it was not finished` : stuck.message,
    next: hold?.next ?? (pending === undefined ? ordered : `siteward pending ${pending.id}`),
  };
}

/** What `rollout.state` says in answers: the phase, or that evidence is missing or mixed. */
export function rolloutStateName(folded: FoldedDevice, report: DeviceReport): string {
  const { rollout } = folded;
  if (rollout === null) return 'settled';
  if (report.sight?.evidence === null && rollout.mayHaveChanged) return 'unknown';
  if (rollout.phase === 'rolling-back' && report.sight?.evidence?.footprint.kind === 'mixed')
    return 'between';
  return rollout.phase;
}

function unreachable(device: DeviceSettings, report: DeviceReport): Standing | null {
  const { failure } = report;
  if (failure === null || !isUnreachable(report)) return null;
  const message = describeFailure(failure);
  // Whoever disables the user on the device wants it left alone; from here that can't be told from a wrong key.
  const state = refusedLogin.includes(failure.code) ? 'held' : 'unreachable';
  return { state, reason: failure.code, message, next: lookAt(device) };
}

function failedState(
  device: DeviceSettings,
  folded: FoldedDevice,
  failure: Failure,
  site: SiteState,
): Standing {
  const next = afterFailure(failure, device, folded, site);
  return { state: 'error', reason: failure.code, message: describeFailure(failure), next };
}

function unreadable(
  device: DeviceSettings,
  folded: FoldedDevice,
  report: DeviceReport,
  site: SiteState,
): Standing | null {
  if (report.failure !== null) return failedState(device, folded, report.failure, site);
  if (report.readAt === null) return { state: 'unknown', reason: 'not-read-yet', message: null, next: null };
  return null;
}

/** Nothing is wanted of it but that what it has is kept. */
function backedUp(
  device: DeviceSettings,
  folded: FoldedDevice,
  report: DeviceReport,
  site: SiteState,
): Standing | null {
  const { keepFailure } = report;
  if (device.manage !== 'backup') return null;
  const unread = unreadable(device, folded, report, site);
  if (unread !== null) return unread;
  if (keepFailure === null) return { state: 'backed-up', reason: null, message: null, next: null };
  return { state: 'error', reason: keepFailure.code, message: keepFailure.message, next: lookAt(device) };
}

/** A device that shows another host key is waited for by people, or by nobody until somebody orders it. */
function afterFailure(
  failure: Failure,
  device: DeviceSettings,
  folded: FoldedDevice,
  site: SiteState,
): string {
  const { name } = device;
  // Without an accepted commit that can be read nothing is compared; what ends that waits for a signature.
  const head = itemsFor(site.pending, null).find(({ reason }) => reason === failure.code);
  if (head !== undefined) return `siteward pending ${head.id}`;
  if (failure.code !== 'host-key-mismatch')
    return nextOnDevice(device, failure, site.accepted?.commit ?? null);
  const pending = itemsFor(site.pending, name).find(({ kind }) => kind === 'rotation');
  if (folded.rotation !== null && pending !== undefined) return `siteward pending ${pending.id}`;
  return `siteward rotate host-key ${name}`;
}

/** On its way to a state of its history. */
function restoring(
  device: DeviceSettings,
  folded: FoldedDevice,
  { observation }: DeviceReport,
  site: SiteState,
  approvals: Policy['approvals'],
): Standing | null {
  const { restore } = folded;
  if (restore === null) return null;
  const message = `is to go back to revision ${restore.revision.slice(0, 12)}`;
  const pending = itemsFor(site.pending, device.name).find(({ kind }) => kind === 'rollout');
  const next = pending === undefined ? null : `siteward pending ${pending.id}`;
  const refusal = pending?.refusal ?? null;
  if (refusal !== null)
    return { state: 'pending-signature', reason: refusal.code, message: refusal.message, next };
  if (pending !== undefined && pending.approvals.length < approvals[pending.class])
    return { state: 'pending-signature', reason: 'restore', message, next };
  const obstacle = observation?.obstacles[0];
  if (obstacle !== undefined)
    return { state: 'held', reason: obstacle.code, message: obstacle.message, next: lookAt(device) };
  return { state: 'behind', reason: 'restore', message, next: null };
}

function stoppedByPeople(
  device: DeviceSettings,
  folded: FoldedDevice,
  site: SiteState,
  nowMs: number,
): Standing | null {
  const hold = activeHold(site, folded, nowMs);
  if (hold === null) return null;
  const until = hold.until === null ? '' : `, until ${hold.until}`;
  const scope = hold === site.siteHold ? '--all' : device.name;
  return {
    state: 'held',
    reason: 'held',
    message: `"${hold.reason}" by ${hold.by}${until}`,
    next: `siteward release ${scope}`,
  };
}

/** Of the rollout that was the last one; of others it says nothing any more. */
function probesWords({ lastRollout }: FoldedDevice, { probesAfter }: DeviceReport): string {
  if (probesAfter === null || probesAfter.rollout !== lastRollout?.id) return '';
  const { failing } = probesAfter;
  return failing.length === 0
    ? '; back at the base its probes pass again'
    : `; back at the base, too, ${failing.join('; ')}`;
}

function brakePulled(device: DeviceSettings, { observation }: DeviceReport): Standing | null {
  const brake = observation?.obstacles.find(({ code }) => brakes.includes(code));
  if (brake === undefined) return null;
  return { state: 'held', reason: brake.code, message: brake.message, next: lookAt(device) };
}

export function activeHold(site: SiteState, folded: FoldedDevice, nowMs: number): FoldedDevice['hold'] {
  const holds = [site.siteHold, folded.hold];
  return (
    holds.find((hold) => hold !== null && (hold.until === null || Date.parse(hold.until) > nowMs)) ?? null
  );
}

function waiting(
  device: DeviceSettings,
  folded: FoldedDevice,
  report: DeviceReport,
  site: SiteState,
  approvals: Policy['approvals'],
  nowMs: number,
): Standing | null {
  const planned = report.comparison?.planned ?? null;
  const { quarantine } = folded;
  const pending = itemsFor(site.pending, device.name).find(({ kind }) => kind === 'rollout') ?? null;
  const quarantined = ({ reason, cause, found, at }: Quarantine): Standing => {
    const next = `siteward retry ${device.name}`;
    const why = cause === null ? '' : `, ${cause}${found == null || found === '' ? '' : `: ${found}`}`;
    const probes = reason === 'rolled-back' ? probesWords(folded, report) : '';
    const message = `${quarantineMessages[reason]} (${at.slice(0, 19)}Z${why}${probes})`;
    return { state: 'quarantined', reason, message, next };
  };
  const different = report.comparison !== null && report.comparison.differences.length > 0;
  if (quarantine?.reason === 'not-converging' && different) return quarantined(quarantine);
  if (planned === null) return null;
  if (
    quarantine !== null &&
    quarantine.plan === planned.digest &&
    quarantine.base === planned.plan.baseDigest
  ) {
    return quarantined(quarantine);
  }
  const frozen =
    planned.plan.class === 'benign'
      ? frozenBy(site.pending, device.name, sectionsOf(planned.plan), approvals, nowMs)
      : null;
  if (frozen !== null) {
    const { id, document } = frozen;
    const message =
      `people are asked to sign ${id} about the same sections; what is planned now begins when that is signed, rejected, ` +
      `or expired (${document?.expires ?? ''})`;
    return { state: 'behind', reason: 'frozen', message, next: `siteward pending ${id}` };
  }
  if (pending?.refusal?.device === device.name) {
    const { code, message } = pending.refusal;
    return { state: 'pending-signature', reason: code, message, next: `siteward pending ${pending.id}` };
  }
  // With its signatures it waits for nothing more here; what else is in the way is said below.
  if (pending !== null && pending.approvals.length < approvals[pending.class]) {
    return {
      state: 'pending-signature',
      reason: pending.reason,
      message: null,
      next: `siteward pending ${pending.id}`,
    };
  }
  if (site.stopped !== null && site.stopped.commit === site.accepted?.commit) {
    const message = `${site.stopped.device} ${stopWords[site.stopped.why]}; nothing more of this commit is rolled out`;
    return { state: 'held', reason: 'wave-stopped', message, next: 'siteward release --all' };
  }
  if (planned.obstacle !== null) {
    const { code, message } = planned.obstacle;
    return { state: 'held', reason: code, message, next: lookAt(device) };
  }
  if (device.manage !== 'rollout') {
    return { state: 'behind', reason: 'report-only', message: null, next: `siteward plan ${device.name}` };
  }
  if (device.rollout === 'manual') {
    return { state: 'behind', reason: 'manual', message: null, next: `siteward apply ${device.name}` };
  }
  const opening = device.maintenance === null ? null : openingAt(device.maintenance, nowMs);
  if (device.rollout === 'window' && !(opening !== null && opening.from <= nowMs)) {
    const begins = opening === null ? 'never' : `at ${rfc3339Seconds(opening.from)}`;
    const message = `it begins with the maintenance window, ${begins}; apply begins it now`;
    return { state: 'behind', reason: 'window', message, next: `siteward apply ${device.name}` };
  }
  return { state: 'behind', reason: 'rollout-due', message: null, next: null };
}

/** What people ordered or were asked about besides the plan. */
function askedOfPeople(
  { name }: DeviceSettings,
  site: SiteState,
  approvals: Policy['approvals'],
): Standing | null {
  const pending = itemsFor(site.pending, name).find(
    ({ kind, class: role, approvals: have }) => kind !== 'rollout' && have.length < approvals[role],
  );
  if (pending === undefined) return null;
  const next = `siteward pending ${pending.id}`;
  return { state: 'pending-signature', reason: pending.reason, message: null, next };
}

function settledState(
  device: DeviceSettings,
  _folded: FoldedDevice,
  report: DeviceReport,
  site: SiteState,
): Standing {
  const plain = (state: DeviceCondition, reason: string | null, next: string | null): Standing => ({
    state,
    reason,
    message: null,
    next,
  });
  if (report.readCommit !== (site.accepted?.commit ?? null)) return plain('behind', 'reading', null);
  const blocked = report.comparison?.problems[0];
  if (blocked !== undefined) {
    return {
      state: 'error',
      reason: blocked.code,
      message: describeFailure(blocked),
      next: `siteward plan ${device.name}`,
    };
  }
  if (report.comparison?.differences.some((difference) => difference.label === 'drift') === true) {
    return plain('drifted', 'drift', `siteward plan ${device.name}`);
  }
  return plain('in-sync', null, null);
}
