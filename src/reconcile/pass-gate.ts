/**
 * The gate in the flow: from a plan to the permission to carry it out, or to a reason why not. Opens, keeps and
 * closes the pending item that signers see. Decides nothing about signatures itself; that is `core/gate`.
 */
import { checkAuthorization } from '../core/gate/decide.ts';
import type { Approval, PendingItem } from '../core/gate/pending.ts';
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
  if (planned === null || room.device.manage !== 'rollout' || isQuarantined(room, planned)) return null;
  if (planned.plan.class !== 'benign') await openPending(room, planned, planned.plan.class);
  if (room.device.rollout === 'manual' && !order.apply) return null;
  const permission = permissionOf(room, planned);
  return permission !== null && mayStart(room, planned, permission) ? permission : null;
}

function permissionOf(room: DeviceRoom, planned: PlannedDevice): Permission | null {
  if (planned.plan.class === 'benign') return { kind: 'benign' };
  const { pending } = room.folded();
  if (pending === null || pending.document === null) return null;
  if (pending.approvals.length < room.policy.approvals[pending.class]) return null;
  // An expired document is no refusal worth a record: whoever asks for it gets a new one.
  if (Date.parse(pending.document.expires) <= room.clock.now()) return null;
  return { kind: 'signed', pending, document: pending.document };
}

/** What people or other devices may decide at any moment, also while this rollout waits for its turn. */
export function mayStart(room: DeviceRoom, planned: PlannedDevice, permission: Permission): boolean {
  const { stopped, accepted } = room.ledger.state;
  const folded = room.folded();
  if (room.ledger.journal.broken !== null || planned.obstacle !== null || isQuarantined(room, planned))
    return false;
  if (activeHold(room.ledger.state, folded, room.clock.now()) !== null) return false;
  if (accepted?.commit !== planned.commit || stopped?.commit === planned.commit) return false;
  return permission.kind === 'benign' || folded.pending === permission.pending;
}

function isQuarantined(room: DeviceRoom, planned: PlannedDevice): boolean {
  const { quarantine } = room.folded();
  return (
    quarantine !== null && quarantine.plan === planned.digest && quarantine.base === planned.plan.baseDigest
  );
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

/** Who authorizes it at this moment; null: nobody, and the refusal is recorded. */
export async function authorizedNow(
  room: DeviceRoom,
  planned: PlannedDevice,
  permission: Permission,
): Promise<readonly Approval[] | null> {
  if (permission.kind === 'benign') return [];
  const { pending, document } = permission;
  const text = await room.files.get('document', document.digest);
  if (text === null)
    return await refuse(room, 'document-missing', 'the issued document is gone from the state');
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
  return verdict.kind === 'authorized' ? verdict.by : await refuse(room, verdict.code, verdict.message);
}

async function refuse(room: DeviceRoom, code: string, message: string): Promise<null> {
  await room.ledger.append({ kind: 'refused', device: room.device.name, code, message });
  return null;
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
