/**
 * What waits for signatures, as plain data, and how the journal's records change it. Every kind of question has the
 * same shape: a text, and the devices it is about, each with what the answer would rest on. Decisions about it are in
 * `document.ts` and `decide.ts`.
 */
import type { PendingKind, Superseded } from '../rollout/event-fields.ts';
import type { SitewardRecord } from '../rollout/events.ts';
import type { Policy, Role } from '../site.ts';

export interface PendingDevice {
  readonly name: string;
  /** `SHA256:…` of the device's host key. */
  readonly deviceKey: string;
  readonly baseSha256: string;
  readonly planSha256: string;
}

export interface Approval {
  readonly person: string;
  readonly principal: string;
  /** `SHA256:…` of the signing key. */
  readonly fingerprint: string;
  /** RFC 3339. */
  readonly at: string;
  /** Armored signature, verified again at execution. */
  readonly signature: string;
}

export interface IssuedDocument {
  readonly text: string;
  /** 32 hex digits. */
  readonly challenge: string;
  /** RFC 3339 to the second. */
  readonly notBefore: string;
  readonly expires: string;
}

export interface PendingItem {
  readonly id: string;
  readonly kind: PendingKind;
  readonly class: Role;
  readonly site: string;
  /** 32 hex digits, made at the daemon's first start. */
  readonly daemon: string;
  readonly commit: string;
  /** Addresses and principals of who wrote what would be carried out, for four eyes. */
  readonly authors: readonly string[];
  readonly devices: readonly PendingDevice[];
  readonly planText: string;
  /** Null until somebody asks for it. */
  readonly document: IssuedDocument | null;
  readonly approvals: readonly Approval[];
}

/** One device of a pending item. */
export interface PendingBlock {
  readonly name: string;
  /** `SHA256:…` of the host key it had when it was asked. */
  readonly deviceKey: string;
  readonly base: string;
  /** Neither consumed nor dropped. One that is not stays listed while a document names it. */
  open: boolean;
}

/** A pending item as far as the journal holds it; its text lies in the state under the digest `plan`. */
export interface PendingState {
  readonly id: string;
  readonly kind: PendingKind;
  readonly class: Role;
  readonly commit: string;
  readonly reason: string;
  readonly plan: string;
  readonly openedAt: string;
  /** The item in whose place it came, with the text and the base of that one. */
  readonly supersedes: Superseded | null;
  /** Who wrote what is asked about; null: the devices' state tells. */
  readonly authors: readonly string[] | null;
  /** Sections of the devices that it is about. */
  readonly sections: readonly string[];
  /** None: it is about the site. */
  devices: PendingBlock[];
  document: {
    readonly digest: string;
    readonly challenge: string;
    readonly notBefore: string;
    readonly expires: string;
  } | null;
  approvals: Approval[];
  /** Why it was refused at execution though enough had signed; a new signature or document may change that. */
  refusal: Refusal | null;
}

export interface Refusal {
  /** Null: of the site. */
  readonly device: string | null;
  readonly code: string;
  readonly message: string;
}

export type PendingItems = Map<string, PendingState>;

/** Items that wait for this device's block, or with null for the site as a whole. */
export function itemsFor(items: PendingItems, device: string | null): readonly PendingState[] {
  return [...items.values()].filter(({ devices }) =>
    device === null ? devices.length === 0 : devices.some(({ name, open }) => open && name === device),
  );
}

export function openDevices(pending: PendingState): string[] {
  return pending.devices.flatMap(({ name, open }) => (open ? [name] : []));
}

/**
 * The item whose signers are reading about one of these sections right now: its document is out, valid, and not signed by
 * enough. Nothing begins there by itself meanwhile.
 */
export function frozenBy(
  items: PendingItems,
  device: string,
  sections: readonly string[],
  approvals: Policy['approvals'],
  nowMs: number,
): PendingState | null {
  const reading = itemsFor(items, device).find(
    ({ document, approvals: have, class: role, sections: own }) =>
      document !== null &&
      Date.parse(document.expires) > nowMs &&
      have.length < approvals[role] &&
      own.some((section) => sections.includes(section)),
  );
  return reading ?? null;
}

type PendingRecord = Extract<
  SitewardRecord,
  { kind: 'pending-opened' | 'document-issued' | 'signature-accepted' | 'pending-closed' | 'refused' }
>;

/** Applies a record to the items. Records about an item that is gone change nothing. */
export function foldPending(items: PendingItems, record: PendingRecord): void {
  if (record.kind === 'pending-opened') {
    const { device: name, deviceKey, base } = record;
    const block = name === null ? [] : [{ name, deviceKey: deviceKey ?? '', base: base ?? '', open: true }];
    const known = items.get(record.pending);
    // The same item once more is another device with the same text.
    if (known === undefined) items.set(record.pending, openedItem(record, block));
    else known.devices.push(...block);
    return;
  }
  const pending = record.pending === undefined ? undefined : items.get(record.pending);
  if (pending === undefined) return;
  switch (record.kind) {
    case 'document-issued': {
      const { document: digest, challenge, notBefore, expires } = record;
      // A new document asks for new signatures: those over the old one don't count for it.
      pending.document = { digest, challenge, notBefore, expires };
      pending.devices = pending.devices.filter(({ open }) => open);
      pending.approvals = [];
      pending.refusal = null;
      return;
    }
    case 'signature-accepted': {
      const { person, principal, fingerprint, signature, at } = record;
      pending.approvals.push({ person, principal, fingerprint, signature, at });
      pending.refusal = null;
      return;
    }
    case 'refused': {
      const { device = null, code, message } = record;
      pending.refusal = { device, code, message };
      return;
    }
    case 'pending-closed':
      closeBlock(items, record.pending, record.device ?? null);
      return;
  }
}

function openedItem(
  record: Extract<SitewardRecord, { kind: 'pending-opened' }>,
  devices: PendingBlock[],
): PendingState {
  const { pending: id, asks: kind, commit, reason, plan, at: openedAt, supersedes } = record;
  const { authors = null, sections = [] } = record;
  const open = { authors, sections, devices, document: null, approvals: [], refusal: null };
  return { id, kind, class: record.class, commit, reason, plan, openedAt, supersedes, ...open };
}

/** Consumed or dropped for one device; with null the whole item. The item goes with its last open block. */
export function closeBlock(items: PendingItems, id: string, device: string | null): void {
  const pending = items.get(id);
  if (pending === undefined) return;
  for (const block of pending.devices) if (block.name === device) block.open = false;
  // What is signed stays as it was signed, for the devices that are left.
  if (pending.document === null) pending.devices = pending.devices.filter(({ open }) => open);
  if (device === null || openDevices(pending).length === 0) items.delete(id);
}

/** What signers see and sign, made from the fold and the texts in the state. */
export function pendingItem(
  site: { readonly site: string; readonly daemon: string },
  pending: PendingState,
  authors: readonly string[],
  planText: string,
  documentText: string | null,
): PendingItem {
  const { id, kind, commit, document, approvals, plan: planSha256 } = pending;
  return {
    id,
    kind,
    class: pending.class,
    ...site,
    commit,
    authors: pending.authors ?? authors,
    devices: pending.devices.map(({ name, deviceKey, base: baseSha256 }) => ({
      name,
      deviceKey,
      baseSha256,
      planSha256,
    })),
    planText,
    document: document === null || documentText === null ? null : { text: documentText, ...document },
    approvals,
  };
}
