/**
 * What is put before people, and the pending item that stands for it: one way for every kind of question. An item lives
 * as long as text, device and base are what they were; another text or base takes its place and says what it replaced.
 * Decides nothing about signatures itself; that is `core/gate`.
 */
import { checkAuthorization } from '../core/gate/decide.ts';
import type { Approval, PendingState } from '../core/gate/pending.ts';
import { itemsFor, openDevices, pendingItem } from '../core/gate/pending.ts';
import { trustDigests } from '../core/gate/trust.ts';
import type { Trust } from '../core/gate/trust.ts';
import type { PendingKind, SignedBy, Superseded, TrustDigests } from '../core/rollout/event-fields.ts';
import { authorsFor } from '../core/site-state.ts';
import type { Role } from '../core/site.ts';
import type { DeviceRoom } from './device-room.ts';

/** In the place of a commit where none was accepted yet. */
export const noCommit = '0'.repeat(40);

export interface Proposal {
  readonly kind: PendingKind;
  readonly class: Role;
  readonly reason: string;
  readonly commit: string;
  /** What signers read: printable ASCII, each line ended by LF. */
  readonly text: string;
  /** Its SHA-256. */
  readonly digest: string;
  /** Who wrote what is asked about, where the devices' state does not tell. */
  readonly authors?: readonly string[];
  /** Sections of the device that it is about. */
  readonly sections?: readonly string[];
  /** Null: it is about the site as a whole. */
  readonly device: { readonly name: string; readonly deviceKey: string; readonly base: string } | null;
}

/** What a proposal has when enough people signed it; judged again right before it is carried out. */
export interface Signed {
  readonly pending: PendingState;
  readonly document: NonNullable<PendingState['document']>;
}

export type GateRoom = Pick<
  DeviceRoom,
  'site' | 'daemon' | 'ledger' | 'files' | 'clock' | 'policy' | 'trust' | 'oneAtATime'
>;

/** Opens the item that stands for the proposal, or keeps the one that does; closes the others of its kind. */
export async function keepPending(
  room: GateRoom,
  device: string | null,
  kind: PendingKind,
  proposal: Proposal | null,
): Promise<PendingState | null> {
  return await room.oneAtATime(async () => {
    const { pending: items } = room.ledger.state;
    const open = itemsFor(items, device).filter((pending) => pending.kind === kind);
    const standing = open.find((pending) => proposal !== null && stands(pending, proposal)) ?? null;
    let supersedes: Superseded | null = null;
    for (const pending of open) {
      if (pending === standing) continue;
      const { id, plan } = pending;
      if (proposal !== null) supersedes = { pending: id, plan, base: baseOf(pending, device) };
      const reason = proposal === null ? 'nothing-to-do' : 'superseded';
      await room.ledger.append({
        kind: 'pending-closed',
        pending: id,
        reason,
        ...(device === null ? {} : { device }),
      });
    }
    if (proposal === null || standing !== null) return standing;
    return await openItem(room, proposal, supersedes);
  });
}

async function openItem(
  room: GateRoom,
  proposal: Proposal,
  supersedes: Superseded | null,
): Promise<PendingState | null> {
  const { state } = room.ledger;
  const { kind, commit, reason, digest: plan, device } = proposal;
  const joined = [...state.pending.values()].find((pending) => takesIn(pending, proposal));
  const id = joined?.id ?? `${room.site}-${device?.name ?? 'commit'}-${state.pendingCount + 1}`;
  await room.files.put('plan', Buffer.from(proposal.text, 'latin1'));
  await room.ledger.append({
    kind: 'pending-opened',
    pending: id,
    asks: kind,
    device: device?.name ?? null,
    deviceKey: device?.deviceKey ?? null,
    base: device?.base ?? null,
    commit,
    class: proposal.class,
    reason,
    plan,
    ...(proposal.authors === undefined ? {} : { authors: proposal.authors }),
    ...(proposal.sections === undefined ? {} : { sections: proposal.sections }),
    supersedes,
  });
  return state.pending.get(id) ?? null;
}

/** Devices of one commit with one text share an item, as long as nobody asked for its document. */
function takesIn(pending: PendingState, { kind, class: role, commit, digest, device }: Proposal): boolean {
  if (device === null || pending.document !== null || pending.devices.length === 0) return false;
  return (
    pending.kind === kind && pending.class === role && pending.commit === commit && pending.plan === digest
  );
}

function stands(pending: PendingState, { kind, class: role, digest, device, commit }: Proposal): boolean {
  if (pending.kind !== kind || pending.class !== role || pending.plan !== digest) return false;
  if (device === null) return pending.commit === commit;
  const block = pending.devices.find(({ name, open }) => open && name === device.name);
  return block?.base === device.base && block.deviceKey === device.deviceKey;
}

function baseOf(pending: PendingState, device: string | null): string {
  return pending.devices.find(({ name }) => name === device)?.base ?? '';
}

/** Whether enough signatures came in to look closer. Null: it still waits. */
export function signedFor(room: GateRoom, pending: PendingState | null): Signed | null {
  if (pending === null || pending.document === null) return null;
  if (pending.approvals.length < room.policy.approvals[pending.class]) return null;
  // An expired document is no refusal worth a record: whoever asks for it gets a new one.
  if (Date.parse(pending.document.expires) <= room.clock.now()) return null;
  return { pending, document: pending.document };
}

/** Neither rejected, nor superseded, nor consumed since. */
export function stillOpen(room: GateRoom, { pending }: Signed, device: string | null): boolean {
  return itemsFor(room.ledger.state.pending, device).includes(pending);
}

/** Who authorizes it at this moment; null: nobody, and the refusal is recorded. */
export async function authorizedNow(
  room: GateRoom,
  proposal: Proposal,
  { pending, document }: Signed,
): Promise<readonly Approval[] | null> {
  const { device, digest: planSha256, text } = proposal;
  const trust = room.trust();
  const refuse = async (code: string, message: string): Promise<null> => {
    const known = pending.refusal;
    const name = device?.name ?? null;
    // The same answer again, at the next pass, is no new decision.
    if (known !== null && known.device === name && known.code === code && known.message === message)
      return null;
    await room.ledger.append({
      kind: 'refused',
      ...(name === null ? {} : { device: name }),
      pending: pending.id,
      code,
      message,
      document: document.digest,
      by: pending.approvals.map(({ person, fingerprint }) => ({ person, fingerprint })),
      trust: trustDigests(trust),
    });
    return null;
  };
  const issued = await room.files.get('document', document.digest);
  if (issued === null) {
    return await refuse('document-missing', 'the issued document is gone from the state');
  }
  const authors = authorsFor(room.ledger.state, openDevices(pending));
  const verdict = checkAuthorization(
    pendingItem(room, pending, authors, text, issued.toString('latin1')),
    device?.name ?? null,
    { planSha256, baseSha256: device?.base ?? '', deviceKey: device?.deviceKey ?? '' },
    trust,
    room.policy,
    room.clock.now(),
  );
  return verdict.kind === 'authorized' ? verdict.by : await refuse(verdict.code, verdict.message);
}

/** The fields of the record that uses an authorization up. */
export function consumption(
  { pending, document }: Signed,
  by: readonly Approval[],
  trust: Trust,
): {
  readonly pending: string;
  readonly challenge: string;
  readonly document: string;
  readonly by: readonly SignedBy[];
  readonly trust: TrustDigests;
} {
  return {
    pending: pending.id,
    challenge: document.challenge,
    document: document.digest,
    by: by.map(({ person, fingerprint }) => ({ person, fingerprint })),
    trust: trustDigests(trust),
  };
}
