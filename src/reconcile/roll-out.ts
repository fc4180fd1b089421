/**
 * Begins a rollout, and goes on with one that the journal left in flight. Everything needed to finish it later is
 * sealed on disk before the first record names it, and the authorization is consumed before the device hears
 * of it.
 */
import { contentDigest, itemIdentity } from '../core/digest.ts';
import { DeviceError, HostKeyMismatch, OutcomeUnknown, SitewardError } from '../core/errors.ts';
import type { SecretFacts } from '../core/digest.ts';
import type { Plan, PlannedAction } from '../core/plan/action.ts';
import type { Approval } from '../core/gate/pending.ts';
import type { Trust } from '../core/gate/trust.ts';
import type { TouchedItem } from '../core/rollout/event-fields.ts';
import type { SitewardEvent } from '../core/rollout/events.ts';
import type { Evidence, Rollout } from '../core/rollout/rollout.ts';
import { goesBack } from '../core/rollout/state.ts';
import type { RolloutState } from '../core/rollout/state.ts';
import { effectiveWindowMs } from '../core/rollout/window.ts';
import type { DeviceState } from '../core/site-state.ts';
import type { DeviceRoom } from './device-room.ts';
import type { Permission } from './pass-gate.ts';
import { isHeld, mayStart, whoAllows } from './pass-gate.ts';
import { consumption } from './proposal.ts';
import { judgeWitness, sealedRollout, stuckBy } from './read-device.ts';
import { hardwareIn } from './device-report.ts';
import type { Stuck } from './device-report.ts';
import type { PlannedDevice } from './comparison.ts';
import { judging, longestMs, probeAgain } from './probes.ts';
import type { RolloutRoom } from './rollout-runner.ts';
import { runRollout } from './rollout-runner.ts';

/** Resolves when the rollout is settled or waits for a person: true; or was not begun: false. */
export async function rollOut(
  room: DeviceRoom,
  planned: PlannedDevice,
  permission: Permission,
): Promise<boolean> {
  return await room.inRolloutSlot('begins', async () => {
    room.signal.throwIfAborted();
    if (!mayStart(room, planned, permission)) return false;
    const rollout = buildRollout(room, planned);
    const event = await seal(room, planned, rollout);
    // Judged at this moment and not when it was queued: a key may have been revoked, a hold set, the plan rejected.
    const by = await whoAllows(room, permission);
    room.signal.throwIfAborted();
    if (by === null || !mayStart(room, planned, permission)) return false;
    const ids = { rollout: rollout.id, device: room.device.name };
    // A hold that was on its way to the disk when this was judged has been answered by now, so it counts.
    const mayGoOn = (): boolean => !isHeld(room, planned);
    await begin(room, rollout, event, authorization(ids, permission, by, room.trust()), mayGoOn);
    return true;
  });
}

/** What is needed to finish it, on disk; and the record that names it. */
export async function seal(
  room: DeviceRoom,
  planned: Omit<PlannedDevice, 'text' | 'hostKey' | 'obstacle'>,
  rollout: Rollout,
): Promise<SitewardEvent> {
  const { plan, digest, commit, complete, restores } = planned;
  const sealed = await room.files.put('rollout', Buffer.from(JSON.stringify(rollout), 'utf8'));
  return {
    kind: 'rollout-planned',
    rollout: rollout.id,
    device: room.device.name,
    commit,
    plan: digest,
    base: plan.baseDigest,
    class: plan.class,
    items: plan.actions.map((planned) => touchedItem(planned, room.driver.dialect)),
    desired: await room.files.put('desired', planned.desiredText),
    complete,
    sealed,
    ...(plan.left === undefined ? {} : { left: plan.left }),
    ...hardwareIn(room.report.current()),
    ...(restores === undefined ? {} : { restores }),
  };
}

/** Both go into the journal's queue at once, so that nothing can come between the plan and what allows it. */
export async function begin(
  room: DeviceRoom,
  rollout: Rollout,
  planned: SitewardEvent,
  allowed: SitewardEvent,
  mayGoOn: () => boolean = () => true,
): Promise<void> {
  await Promise.all([room.ledger.append(planned), room.ledger.append(allowed)]);
  if (!mayGoOn()) {
    const ids = { rollout: rollout.id, device: rollout.device };
    const message = 'it was held before the first command left';
    await room.ledger.append({ kind: 'not-started', ...ids, code: 'held', message });
  }
  await run(room, rollout);
}

function authorization(
  ids: { readonly rollout: string; readonly device: string },
  permission: Permission,
  by: readonly Approval[],
  trust: Trust,
): SitewardEvent {
  if (permission.kind === 'benign') return { kind: 'authorized', ...ids, reason: 'benign' };
  return { kind: 'authorization-consumed', ...ids, ...consumption(permission.signed, by, trust) };
}

/**
 * Ends what is in flight before anything else is looked at. Says what of it people have to judge; null: nothing;
 * `waits`: the device does not answer, so there is nothing else to do on it.
 */
export async function finishRollout(room: DeviceRoom): Promise<Stuck | 'waits' | null> {
  try {
    const rollout = await sealedRollout(room);
    if (rollout === null) return null;
    // A device that does not answer waits outside: it would keep others from their turn.
    if (!(await answers(room, rollout))) return 'waits';
    await room.inRolloutSlot('goes-on', () => run(room, rollout));
    return isUnseen(room) ? 'waits' : null;
  } catch (error) {
    return stuckBy(error);
  }
}

async function answers(room: DeviceRoom, rollout: Rollout): Promise<boolean> {
  try {
    seen(room, rollout, await room.driver.evidence(rollout, null, room.signal));
    return true;
  } catch (error) {
    room.signal.throwIfAborted();
    if (!(error instanceof DeviceError) && !(error instanceof OutcomeUnknown)) throw error;
    room.report.update({ sight: { evidence: null, code: error.code } });
    await stopWave(room);
    // It does not answer by this key any more: people say which one counts.
    if (error instanceof HostKeyMismatch) throw error;
    return false;
  }
}

function seen(room: DeviceRoom, rollout: Rollout, evidence: Evidence): void {
  room.report.update({ sight: { evidence, code: null } });
  // Taking off what is left of an ended rollout touches nothing of anybody else's.
  if (room.folded().rollout?.outcome !== 'resolved') requireOwnDevice(room, rollout, evidence);
  if (room.report.current().failure !== null) room.report.update({ failure: null });
}

function isUnseen(room: DeviceRoom): boolean {
  return room.folded().rollout !== null && room.report.current().sight?.evidence === null;
}

/** What became of it is not known: until a person says otherwise, no other device of the site gets that commit. */
async function stopWave(room: DeviceRoom): Promise<void> {
  const state = room.folded().rollout;
  if (state === null || !state.mayHaveChanged || state.unknown || state.outcome !== null) return;
  if (goesBack(state)) return;
  const { id: rollout, device, commit } = state;
  await room.ledger.append({ kind: 'wave-stopped', rollout, device, commit, reason: 'unknown' });
}

export async function run(room: DeviceRoom, rollout: Rollout): Promise<void> {
  const state = room.folded().rollout;
  if (state === null) return;
  const { site, driver, ledger, clock, signal } = room;
  const onSight: RolloutRoom['onSight'] = (evidence, code) => {
    if (evidence === null) room.report.update({ sight: { evidence, code } });
    else seen(room, rollout, evidence);
  };
  room.log('rollout', { device: rollout.device, rollout: rollout.id, phase: state.phase });
  const { probe } = room;
  // After a pause of this machine the reading that the plan rests on may be of long ago.
  const judge: RolloutRoom['judgeWitness'] = (witness) => {
    judgeWitness(witness, room);
  };
  const parts = { site, rollout, driver, ledger, clock, signal, onSight, probe, judgeWitness: judge };
  await runRollout(parts, state);
  const unseen = isUnseen(room);
  if (unseen) await stopWave(room);
  room.report.update({
    sight: unseen ? room.report.current().sight : null,
    // What went back to another state than git's is no rollout that did not last.
    justConfirmed: state.outcome === 'confirmed' && state.phase === 'settled' && !goesBack(state),
  });
  // Sealed until settled, and not a moment longer: the scripts may hold secrets.
  if (room.folded().rollout === null) await room.files.remove('rollout', state.sealed);
  room.log('rollout', {
    device: rollout.device,
    rollout: rollout.id,
    phase: state.phase,
    outcome: state.outcome,
  });
  if (state.outcome === 'rolled-back' && state.phase === 'settled') await reportProbes(room, rollout, state);
}

/** Whether what the probes look at is well again now that the device is back, for people. A daemon that dies here asks no more. */
async function reportProbes(room: DeviceRoom, rollout: Rollout, state: RolloutState): Promise<void> {
  const probes = judging(rollout.probes, state);
  if (probes.length === 0) return;
  const failing = await probeAgain(probes, room.probe, room.clock, room.signal);
  room.report.update({ probesAfter: { rollout: rollout.id, failing } });
  const ids = { device: rollout.device, rollout: rollout.id };
  if (failing.length === 0) room.log('probes-pass-again', ids);
  else room.log('probes-fail-after-rollback', { ...ids, failing });
}

/** I6: a device that meanwhile carries another's lock or witness is not touched, whatever the journal says of it. */
function requireOwnDevice(room: DeviceRoom, rollout: Rollout, evidence: Evidence): void {
  judgeWitness(evidence.witness, room);
  const { lock } = evidence;
  if (lock !== null && !(lock.includes(rollout.id) && lock.includes(rollout.owner.daemon))) {
    throw new SitewardError(
      'foreign-rollout',
      `rollout ${rollout.id} is in flight, but the device is locked by another; find out whose lock it is`,
    );
  }
  const elsewhere = endedElsewhere(room.folded(), evidence);
  if (elsewhere === null) return;
  throw new SitewardError(
    'journal-rewound',
    `rollout ${rollout.id} ${elsewhere}: the state was restored from an older copy or is in use twice; ` +
      'restore the newest one, then start again',
  );
}

/** What a copy of this journal did with the rollout and this one knows nothing of; null: nothing. */
function endedElsewhere({ rollout: state, witnesses }: DeviceState, evidence: Evidence): string | null {
  if (state === null) return null;
  const { applyJob, applyNote, decision, lock, witness, objects } = evidence;
  if (!state.mayHaveChanged) {
    const applied = applyJob || applyNote !== '' || decision === 'confirm';
    return applied ? 'was never applied here, but was on the device' : null;
  }
  // Only cleaning takes the lock and leaves the witness. To roll back now could undo what was confirmed elsewhere.
  const cleaned = lock === null && objects.length === 0 && state.cleanAttempts === 0;
  return cleaned && witness?.seq === witnesses.at(-1)?.seq
    ? 'is in flight here, but was ended on the device'
    : null;
}

/** How long this device would wait before it takes this plan back. */
export function windowFor(
  { device, driver, folded }: Pick<DeviceRoom, 'device' | 'driver' | 'folded'>,
  plan: Pick<Plan, 'actions'>,
): number {
  const { windowMs, tickMs, soakMs, flushMs } = device;
  const probesMs = longestMs(device.probes);
  const settleMs = driver.dialect.settleMs?.(plan) ?? 0;
  return effectiveWindowMs({ windowMs, tickMs, soakMs, flushMs, probesMs, settleMs }, folded().measured);
}

export function buildRollout(room: DeviceRoom, planned: Pick<PlannedDevice, 'plan' | 'hostKey'>): Rollout {
  const { device, daemon, nonce } = room;
  const { tickMs, flushMs, minUptimeMs, soakMs } = device;
  const windowMs = windowFor(room, planned.plan);
  const id = room.random(6).toString('hex');
  return {
    id,
    device: device.name,
    owner: { daemon, nonce },
    deviceKey: planned.hostKey,
    plan: planned.plan,
    times: { windowMs, tickMs, flushMs, minUptimeMs, soakMs },
    probes: device.probes,
    payload: room.driver.render(id, planned.plan),
  };
}

function touchedItem({ action }: PlannedAction, facts: SecretFacts): TouchedItem {
  const { verb, section } = action;
  const before = action.verb === 'set' ? action.from : action.verb === 'add' ? null : action.item;
  const after = action.verb === 'set' ? action.to : action.verb === 'remove' ? null : action.item;
  const was = before === null ? null : itemIdentity(before, facts);
  return {
    verb,
    section,
    item: after === null ? (was ?? '') : itemIdentity(after, facts),
    was,
    digest: after === null ? null : contentDigest(after, facts),
  };
}
