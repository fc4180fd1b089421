/**
 * Where a device stands, from the journal's fold and the last reading: one state, why, and the one command that
 * goes on when a person is asked for. Pure.
 */
import { itemsFor } from '../core/gate/pending.ts';
import type { Resolution } from '../core/rollout/event-fields.ts';
import type { DeviceState as FoldedDevice } from '../core/site-state.ts';
import type { DeviceReport, Failure } from './device-report.ts';
import { lookAt, nextOnDevice } from './next-command.ts';
import { describeFailure } from './device-report.ts';
import { waitingForItsTurn } from './planned-standing.ts';
import { activeHold } from './standing.ts';
import type { DeviceCondition, Judge, Look, Standing } from './standing.ts';
import { waitsForPeople } from './waits-for-people.ts';

/** Why what people ordered of a device that stands still can't be put before them. */
export const resolveRefused = 'resolve-refused';

const refusedLogin: readonly string[] = ['key-refused', 'password-refused'];
const unreachableCodes: readonly string[] = [...refusedLogin, 'unreachable', 'timeout', 'outcome-unknown'];
/** What people pull on the device itself to stop everything. */
const brakes: readonly string[] = ['held-on-device', 'user-disabled'];

/** The first that has something to say is the one. */
const judges: readonly Judge[] = [
  duringRollout,
  unreachable,
  backedUp,
  standingStill,
  unreadable,
  restoring,
  stoppedByPeople,
  brakePulled,
  waitingForItsTurn,
  askedOfPeople,
  notCompared,
  drifted,
];

export function standingOf(look: Look): Standing {
  for (const judge of judges) {
    const standing = judge(look);
    if (standing !== null) return standing;
  }
  return plain('in-sync', null, null);
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

/** Nobody answers, or nobody lets the daemon in. */
export function isUnreachable({ failure }: DeviceReport): boolean {
  return failure !== null && unreachableCodes.includes(failure.code);
}

function plain(state: DeviceCondition, reason: string | null, next: string | null): Standing {
  return { state, reason, message: null, next };
}

function duringRollout(look: Look): Standing | null {
  const { device, report } = look;
  const { rollout } = look.folded;
  if (rollout === null || waitsForPeople(rollout) !== null || report.stuck !== null) return null;
  if (report.failure !== null) return failed(look, report.failure);
  const reason = rollout.cause ?? rollout.phase;
  if (report.sight !== null && report.sight.evidence === null) {
    const message = `can't be asked (${report.sight.code ?? 'unreachable'}); asking again`;
    return { state: 'rolling-out', reason, message, next: lookAt(device) };
  }
  return plain('rolling-out', reason, null);
}

function unreachable({ device, report }: Look): Standing | null {
  const { failure } = report;
  if (failure === null || !isUnreachable(report)) return null;
  const message = describeFailure(failure);
  // Whoever disables the user on the device wants it left alone; from here that can't be told from a wrong key.
  const state = refusedLogin.includes(failure.code) ? 'held' : 'unreachable';
  return { state, reason: failure.code, message, next: lookAt(device) };
}

/** Nothing is wanted of it but that what it has is kept. */
function backedUp(look: Look): Standing | null {
  const { device } = look;
  const { keepFailure } = look.report;
  if (device.manage !== 'backup') return null;
  const unread = unreadable(look);
  if (unread !== null) return unread;
  if (keepFailure === null) return plain('backed-up', null, null);
  return { state: 'error', reason: keepFailure.code, message: keepFailure.message, next: lookAt(device) };
}

/** Read, and yet nothing is begun on it: what people may decide, or have ordered. */
function standingStill(look: Look): Standing | null {
  const { device, folded, report, site, approvals } = look;
  const { rollout, resolve } = folded;
  const diverged = rollout?.phase === 'diverged';
  const stuck = report.stuck ?? (rollout === null ? null : waitsForPeople(rollout));
  if (stuck === null && resolve === null) return null;
  // What was ordered can't be put before people, or be begun.
  if (resolve !== null && report.failure !== null) {
    const standing = failed(look, report.failure);
    if (report.failure.code !== resolveRefused) return standing;
    return { ...standing, next: `siteward resolve ${device.name} --as actual` };
  }
  const items = itemsFor(site.pending, device.name).filter(({ kind }) => kind === 'resolve');
  // Where the whole site's state was lost, accepting its commit settles the devices with it.
  const whole = site.accepted === null ? itemsFor(site.pending, null) : [];
  const [pending] = [...items, ...whole];
  const first = firstResolution(look, diverged);
  const ordered = resolve === null ? `siteward resolve ${device.name} --as ${first}` : 'siteward pending';
  const isSigned = pending !== undefined && pending.approvals.length >= approvals[pending.class];
  const hold = isSigned ? stoppedByPeople(look) : null;
  return {
    state: diverged ? 'diverged' : stuck === null ? 'held' : 'error',
    reason: stuck?.code ?? 'resolve-unfinished',
    message: stuck === null ? `to be taken to ${resolve?.as ?? ''}; it was not finished` : stuck.message,
    next: hold?.next ?? (pending === undefined ? ordered : `siteward pending ${pending.id}`),
  };
}

/** What most will want; where it diverged at the target, that is there. */
function firstResolution({ folded, site }: Look, diverged: boolean): Resolution {
  if (diverged) return folded.rollout?.problem === null ? 'base' : 'actual';
  return folded.changed === null || site.accepted === null ? 'actual' : 'target';
}

function unreadable(look: Look): Standing | null {
  const { failure, readAt } = look.report;
  if (failure !== null) return failed(look, failure);
  return readAt === null ? plain('unknown', 'not-read-yet', null) : null;
}

function failed(look: Look, failure: Failure): Standing {
  const next = afterFailure(look, failure);
  return { state: 'error', reason: failure.code, message: describeFailure(failure), next };
}

/** A device that shows another host key is waited for by people, or by nobody until somebody orders it. */
function afterFailure({ device, folded, site, desired }: Look, failure: Failure): string {
  const { name } = device;
  // Without an accepted commit that can be read nothing is compared; what ends that waits for a signature.
  const head = itemsFor(site.pending, null).find(({ reason }) => reason === failure.code);
  if (head !== undefined) return `siteward pending ${head.id}`;
  if (failure.code !== 'host-key-mismatch')
    return nextOnDevice(device, failure, site.accepted?.commit ?? null, desired);
  const pending = itemsFor(site.pending, name).find(({ kind }) => kind === 'rotation');
  if (folded.rotation !== null && pending !== undefined) return `siteward pending ${pending.id}`;
  return `siteward rotate host-key ${name}`;
}

/** On its way to a state of its history. */
function restoring({ device, folded, report, site, approvals }: Look): Standing | null {
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
  const obstacle = report.observation?.obstacles[0];
  if (obstacle !== undefined)
    return { state: 'held', reason: obstacle.code, message: obstacle.message, next: lookAt(device) };
  return { state: 'behind', reason: 'restore', message, next: null };
}

function stoppedByPeople({ device, folded, site, nowMs }: Look): Standing | null {
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

function brakePulled({ device, report: { observation } }: Look): Standing | null {
  const brake = observation?.obstacles.find(({ code }) => brakes.includes(code));
  if (brake === undefined) return null;
  return { state: 'held', reason: brake.code, message: brake.message, next: lookAt(device) };
}

/** What people ordered or were asked about besides the plan. */
function askedOfPeople({ device, site, approvals }: Look): Standing | null {
  const pending = itemsFor(site.pending, device.name).find(
    ({ kind, class: role, approvals: have }) => kind !== 'rollout' && have.length < approvals[role],
  );
  if (pending === undefined) return null;
  return plain('pending-signature', pending.reason, `siteward pending ${pending.id}`);
}

function notCompared({ device, report, site }: Look): Standing | null {
  if (report.readCommit !== (site.accepted?.commit ?? null)) return plain('behind', 'reading', null);
  const blocked = report.comparison?.problems[0];
  if (blocked === undefined) return null;
  const next = `siteward plan ${device.name}`;
  return { state: 'error', reason: blocked.code, message: describeFailure(blocked), next };
}

function drifted({ device, report }: Look): Standing | null {
  const drift = report.comparison?.differences.some(({ label }) => label === 'drift') === true;
  return drift ? plain('drifted', 'drift', `siteward plan ${device.name}`) : null;
}
