/**
 * The gate in the flow: from a plan to the permission to carry it out, or to a reason why not. Opens, keeps and
 * closes the pending item that signers see. Decides nothing about signatures itself; that is `core/gate`.
 */
import { checkAuthorization } from '../core/gate/decide.ts';
import type { PendingItem } from '../core/gate/pending.ts';
import type { PendingState } from '../core/site-state.ts';
import { activeHold } from './device-status.ts';
import type { DeviceRoom, Order } from './device-room.ts';
import type { PlannedDevice } from './comparison.ts';

/** Says that a plan may be carried out now; for signed plans, judged again right before the first command. */
export type Permission =
  | { readonly kind: 'benign' }
  | {
      readonly kind: 'signed';
      readonly pending: PendingState;
      readonly document: NonNullable<PendingState['document']>;
    };

/** Null: not now. The reason is in the report or in the pending item. */
export async function passGate(
  room: DeviceRoom,
  planned: PlannedDevice | null,
  order: Order,
): Promise<Permission | null> {
  if (room.ledger.journal.broken !== null) return null;
  await closeStale(room, planned);
  if (planned === null || room.device.manage !== 'rollout') return null;
  const folded = room.folded();
  const { quarantine } = folded;
  if (
    quarantine !== null &&
    quarantine.plan === planned.digest &&
    quarantine.base === planned.plan.baseDigest
  )
    return null;
  if (planned.plan.class !== 'benign') await openPending(room, planned, planned.plan.class);
  if (planned.obstacle !== null) return null;
  if (activeHold(room.ledger.state, folded, room.clock.now()) !== null) return null;
  const { stopped, accepted } = room.ledger.state;
  if (stopped !== null && stopped.commit === accepted?.commit) return null;
  const { pending } = room.folded();
  if (planned.plan.class === 'benign')
    return room.device.rollout === 'manual' && !order.apply ? null : { kind: 'benign' };
  if (pending?.document == null || pending.approvals.length < room.policy.approvals[pending.class])
    return null;
  return { kind: 'signed', pending, document: pending.document };
}

/** A pending item whose plan is no longer wanted, or not on this base, can never be carried out. */
async function closeStale(room: DeviceRoom, planned: PlannedDevice | null): Promise<void> {
  const { pending } = room.folded();
  if (pending === null) return;
  if (planned !== null && pending.plan === planned.digest && pending.base === planned.plan.baseDigest) return;
  await room.ledger.append({
    kind: 'pending-closed',
    pending: pending.id,
    reason: planned === null ? 'nothing-to-do' : 'superseded',
  });
}

async function openPending(
  room: DeviceRoom,
  planned: PlannedDevice,
  cls: 'operational' | 'recovery',
): Promise<void> {
  if (room.folded().pending !== null) return;
  const { name } = room.device;
  await room.ledger.append({
    kind: 'pending-opened',
    pending: `${room.site}-${name}-${room.ledger.state.pendingCount + 1}`,
    device: name,
    commit: planned.commit,
    class: cls,
    reason: planned.plan.reason,
    plan: planned.digest,
    base: planned.plan.baseDigest,
  });
}

/** Null: authorized at this moment. Else the refusal, which is recorded, and the rollout does not begin. */
export async function refusalNow(
  room: DeviceRoom,
  planned: PlannedDevice,
  permission: Permission,
): Promise<string | null> {
  if (permission.kind === 'benign') return planned.plan.class === 'benign' ? null : 'not-benign';
  const text = await room.files.get('document', permission.document.digest);
  if (text === null)
    return await refuse(room, 'document-missing', 'the issued document is gone from the state');
  const { pending, document } = permission;
  const item: PendingItem = {
    ...pendingItemOf(room, planned, pending),
    document: { text: text.toString('latin1'), ...document },
  };
  const verdict = checkAuthorization(
    item,
    room.device.name,
    { planSha256: planned.digest, baseSha256: planned.plan.baseDigest, deviceKey: planned.hostKey },
    room.trust(),
    room.policy,
    room.clock.now(),
  );
  return verdict.kind === 'authorized' ? null : await refuse(room, verdict.code, verdict.message);
}

async function refuse(room: DeviceRoom, code: string, message: string): Promise<string> {
  await room.ledger.append({ kind: 'refused', device: room.device.name, code, message });
  return code;
}

export function pendingItemOf(
  room: Pick<DeviceRoom, 'site' | 'daemon' | 'device'>,
  planned: PlannedDevice,
  pending: PendingState,
): PendingItem {
  return {
    id: pending.id,
    kind: 'rollout',
    class: pending.class,
    site: room.site,
    daemon: room.daemon,
    commit: pending.commit,
    devices: [
      {
        name: room.device.name,
        deviceKey: planned.hostKey,
        baseSha256: planned.plan.baseDigest,
        planSha256: planned.digest,
      },
    ],
    planText: planned.text,
    document: null,
    approvals: pending.approvals,
  };
}
