/**
 * The gate in the flow: from a plan to the permission to carry it out, or to a reason why not. Keeps the pending item
 * that signers see. Decides nothing about signatures itself; that is `core/gate`.
 */
import type { Approval } from '../core/gate/pending.ts';
import { frozenBy } from '../core/gate/pending.ts';
import { sectionsOf } from '../core/plan/action.ts';
import { openingAt } from '../core/maintenance.ts';
import type { DeviceSettings } from '../core/site.ts';
import { activeHold } from './standing.ts';
import type { DeviceRoom, Order } from './device-room.ts';
import type { PlannedDevice } from './comparison.ts';
import { authorizedNow, keepPending, signedFor, stillOpen } from './proposal.ts';
import type { Proposal, Signed } from './proposal.ts';

/** Says that a plan may be carried out now; for signed plans, judged again right before the first command. */
export type Permission = (
  | { readonly kind: 'benign' }
  | { readonly kind: 'signed'; readonly signed: Signed; readonly proposal: Proposal }
) & {
  /** The maintenance window in which it was given ends then. */
  readonly before?: number;
};

/** Null: not now. The reason is in the report or in the pending item. */
export async function passGate(
  room: DeviceRoom,
  planned: PlannedDevice | null,
  order: Order,
): Promise<Permission | null> {
  if (room.ledger.journal.broken !== null) return null;
  const wanted =
    planned !== null && room.device.manage === 'rollout' && !isQuarantined(room, planned) ? planned : null;
  const proposal = wanted === null ? null : proposalOf(room, wanted);
  // Who reads a document about these sections is not to find them changed when they sign.
  if (wanted !== null && proposal === null && isFrozen(room, wanted)) return null;
  const pending = await keepPending(room, room.device.name, 'rollout', proposal);
  const turn = order.apply ? {} : turnOf(room.device, room.clock.now());
  if (wanted === null || turn === null) return null;
  const signed = signedFor(room, pending);
  const given =
    proposal === null
      ? ({ kind: 'benign' } as const)
      : signed === null
        ? null
        : ({ kind: 'signed', signed, proposal } as const);
  const permission: Permission | null = given === null ? null : { ...given, ...turn };
  return permission !== null && mayStart(room, wanted, permission) ? permission : null;
}

/** Whether it begins without a person's word, and before when; null: not now. */
function turnOf({ rollout, maintenance }: DeviceSettings, nowMs: number): Pick<Permission, 'before'> | null {
  if (rollout !== 'window') return rollout === 'auto' ? {} : null;
  const opening = maintenance === null ? null : openingAt(maintenance, nowMs);
  return opening === null || opening.from > nowMs ? null : { before: opening.to };
}

/** Null: nobody has to sign it. */
function proposalOf(
  room: DeviceRoom,
  { plan, text, digest, commit, hostKey }: PlannedDevice,
): Proposal | null {
  const { class: role, reason, baseDigest: base } = plan;
  if (role === 'benign') return null;
  const device = { name: room.device.name, deviceKey: hostKey, base };
  return { kind: 'rollout', class: role, reason, commit, text, digest, sections: sectionsOf(plan), device };
}

function isFrozen(room: DeviceRoom, { plan }: PlannedDevice): boolean {
  const { state } = room.ledger;
  const { approvals } = room.policy;
  return frozenBy(state.pending, room.device.name, sectionsOf(plan), approvals, room.clock.now()) !== null;
}

/** What people or other devices may decide at any moment, also while this rollout waits for its turn. */
export function mayStart(room: DeviceRoom, planned: PlannedDevice, permission: Permission): boolean {
  const { stopped, accepted } = room.ledger.state;
  const folded = room.folded();
  if (room.ledger.journal.broken !== null || planned.obstacle !== null || isHeld(room, planned)) return false;
  // The way back to what the device had depends on no commit, and what became of one is why people want it.
  if (planned.restores !== undefined) {
    if (folded.restore?.plan !== planned.digest) return false;
  } else {
    if (isQuarantined(room, planned)) return false;
    if (accepted?.commit !== planned.commit || stopped?.commit === planned.commit) return false;
  }
  // It may have waited for its turn until the window was over.
  if (permission.before !== undefined && room.clock.now() >= permission.before) return false;
  if (permission.kind === 'benign') return !isFrozen(room, planned);
  return stillOpen(room, permission.signed, room.device.name);
}

/** What an earlier restore left holds off git, and not the next restore. */
export function isHeld(room: DeviceRoom, { restores }: Pick<PlannedDevice, 'restores'>): boolean {
  const hold = activeHold(room.ledger.state, room.folded(), room.clock.now());
  return hold !== null && !(restores !== undefined && hold.restored === true);
}

function isQuarantined(room: DeviceRoom, planned: PlannedDevice): boolean {
  const { quarantine } = room.folded();
  if (quarantine === null) return false;
  // A device that does not keep what was confirmed keeps no other plan either: that waits for a person.
  if (quarantine.reason === 'not-converging') return true;
  return quarantine.plan === planned.digest && quarantine.base === planned.plan.baseDigest;
}

/** Who authorizes it at this moment; null: nobody, and the refusal is recorded. */
export async function whoAllows(
  room: DeviceRoom,
  permission: Permission,
): Promise<readonly Approval[] | null> {
  return permission.kind === 'benign'
    ? []
    : await authorizedNow(room, permission.proposal, permission.signed);
}
