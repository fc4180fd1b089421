/**
 * Begins a rollout, and goes on with one that the journal left in flight. Everything needed to finish it later is
 * sealed on disk before the first record names it, and the authorization is consumed before the device hears
 * of it.
 */
import { canonicalItem, itemIdentity, sha256 } from '../core/digest.ts';
import { SitewardError } from '../core/errors.ts';
import type { PlannedAction } from '../core/plan/action.ts';
import type { TouchedItem } from '../core/rollout/events.ts';
import type { Rollout } from '../core/rollout/rollout.ts';
import type { DeviceRoom } from './device-room.ts';
import type { Permission } from './pass-gate.ts';
import { refusalNow } from './pass-gate.ts';
import type { PlannedDevice } from './comparison.ts';
import type { RolloutRoom } from './rollout-runner.ts';
import { runRollout } from './rollout-runner.ts';

/** Resolves when the rollout is settled, waits for a person, or was not begun. */
export async function rollOut(
  room: DeviceRoom,
  planned: PlannedDevice,
  permission: Permission,
): Promise<void> {
  await room.inRolloutSlot(async () => {
    // Judged at this moment and not when it was queued: a key may have been revoked while it waited.
    if ((await refusalNow(room, planned, permission)) !== null) return;
    const rollout = buildRollout(room, planned);
    const sealed = await room.files.put('rollout', Buffer.from(JSON.stringify(rollout), 'utf8'));
    const desired = await room.files.put('desired', planned.desiredText);
    const ids = { rollout: rollout.id, device: room.device.name };
    await room.ledger.append({
      kind: 'rollout-planned',
      ...ids,
      commit: planned.commit,
      plan: planned.digest,
      base: planned.plan.baseDigest,
      class: planned.plan.class,
      items: planned.plan.actions.map(touchedItem),
      desired,
      sealed,
    });
    if (permission.kind === 'benign') {
      await room.ledger.append({ kind: 'authorized', ...ids, reason: 'benign' });
    } else {
      const { pending, document } = permission;
      await room.ledger.append({
        kind: 'authorization-consumed',
        ...ids,
        pending: pending.id,
        challenge: document.challenge,
        document: document.digest,
        by: pending.approvals.map(({ person, fingerprint }) => ({ person, fingerprint })),
      });
    }
    await run(room, rollout);
  });
}

/** Ends what is in flight before anything else is looked at. False: it waits for a person. */
export async function finishRollout(room: DeviceRoom): Promise<boolean> {
  const state = room.folded().rollout;
  if (state === null) return true;
  const sealed = await room.files.get('rollout', state.sealed);
  if (sealed === null) {
    throw new SitewardError(
      'sealed-rollout-missing',
      `rollout ${state.id} is in flight, but its sealed scripts are gone from the state; restore the state folder`,
    );
  }
  await run(room, JSON.parse(sealed.toString('utf8')) as Rollout);
  return room.folded().rollout === null;
}

async function run(room: DeviceRoom, rollout: Rollout): Promise<void> {
  const state = room.folded().rollout;
  if (state === null) return;
  const { site, driver, ledger, clock, signal } = room;
  const onSight: RolloutRoom['onSight'] = (evidence, code) => {
    room.report.update({ sight: { evidence, code } });
  };
  room.log('rollout', { device: rollout.device, rollout: rollout.id, phase: state.phase });
  await runRollout({ site, rollout, driver, ledger, clock, signal, onSight }, state);
  room.report.update({
    sight: null,
    justConfirmed: state.outcome === 'confirmed' && state.phase === 'settled',
  });
  // Sealed until settled, and not a moment longer: the scripts may hold secrets.
  if (room.folded().rollout === null) await room.files.remove('rollout', state.sealed);
  room.log('rollout', {
    device: rollout.device,
    rollout: rollout.id,
    phase: state.phase,
    outcome: state.outcome,
  });
}

function buildRollout(room: DeviceRoom, planned: PlannedDevice): Rollout {
  const { device, daemon, nonce } = room;
  const { windowMs, tickMs, flushMs, minUptimeMs, soakMs } = device;
  const id = room.random(6).toString('hex');
  return {
    id,
    device: device.name,
    owner: { daemon, nonce },
    plan: planned.plan,
    times: { windowMs, tickMs, flushMs, minUptimeMs, soakMs },
    payload: room.driver.render(id, planned.plan),
  };
}

function touchedItem({ action }: PlannedAction): TouchedItem {
  const { verb, section } = action;
  const before = action.verb === 'set' ? action.from : action.verb === 'add' ? null : action.item;
  const after = action.verb === 'set' ? action.to : action.verb === 'remove' ? null : action.item;
  const was = before === null ? null : itemIdentity(before);
  return {
    verb,
    section,
    item: after === null ? (was ?? '') : itemIdentity(after),
    was,
    digest: after === null ? null : sha256(canonicalItem(after)),
  };
}
