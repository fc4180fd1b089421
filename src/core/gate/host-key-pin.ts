/**
 * A host key that people signed, as the journal tells of it. Judges nothing and needs nothing that does: who only reads
 * a journal loads no verifier of signatures. Whether it is in force is in `host-key.ts`.
 */
import { JournalError } from '../errors.ts';
import type { SitewardRecord } from '../rollout/events.ts';
import type { Role } from '../site.ts';
import type { Approval, PendingDevice, PendingState } from './pending.ts';
import { pendingItem } from './pending.ts';

export interface HostKeyPin {
  readonly device: string;
  readonly hostKey: string;
  /** What the settings named then. */
  readonly settingsKey: string;
  /** When it was pinned: the moment at which its signatures are judged. RFC 3339. */
  readonly at: string;
  readonly by: readonly string[];
  readonly id: string;
  readonly class: Role;
  readonly commit: string;
  readonly devices: readonly PendingDevice[];
  readonly text: string;
  readonly challenge: string;
  readonly notBefore: string;
  readonly expires: string;
  readonly approvals: readonly Approval[];
}

/** From the records. Throws `JournalError` where the item that was signed is not among them. */
export function pinOf(
  pending: PendingState | undefined,
  record: Extract<SitewardRecord, { kind: 'host-key-pinned' }>,
): HostKeyPin {
  const { device, hostKey, settingsKey, text, at, by } = record;
  if (pending?.document == null)
    throw new JournalError(
      'journal-damaged',
      `record ${record.seq} (host-key-pinned) names ${record.pending}, for which no document was issued`,
    );
  const { challenge, notBefore, expires } = pending.document;
  const item = pendingItem({ site: '', daemon: '' }, pending, [], text, null);
  const { id, class: role, commit, devices, approvals } = item;
  return {
    ...{ device, hostKey, settingsKey, at, by: by.map(({ person }) => person), id, class: role, commit },
    ...{ devices, text, challenge, notBefore, expires, approvals },
  };
}
