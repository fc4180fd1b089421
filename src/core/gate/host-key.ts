/**
 * Which host key a device is known by: the one in the settings, or one that people signed since. A signed one is kept
 * with its whole document and judged each time by the trust files of now, as if it were to be signed for at the moment
 * it was pinned: what a revoked key allowed is over. It counts for the settings that it was signed over and no others.
 */
import { sha256 } from '../digest.ts';
import { JournalError } from '../errors.ts';
import type { SitewardRecord } from '../rollout/events.ts';
import type { Policy, Role } from '../site.ts';
import { checkAuthorization } from './decide.ts';
import { documentText } from './document.ts';
import type { Approval, PendingDevice, PendingItem, PendingState } from './pending.ts';
import { pendingItem } from './pending.ts';
import type { GateRefusal } from './refusal.ts';
import type { Trust } from './trust.ts';

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

/** `none`: nothing was signed. `moot`: the settings name the signed key, or were changed to another since. */
export type HostKeyStanding =
  | { readonly kind: 'none' | 'moot'; readonly hostKey: string }
  | { readonly kind: 'pinned'; readonly hostKey: string; readonly pin: HostKeyPin }
  | {
      readonly kind: 'untrusted';
      readonly hostKey: string;
      readonly pin: HostKeyPin;
      readonly refusal: GateRefusal;
    };

/** What the signed text rests on, beside the key that the device shows. */
export function hostKeyBase(settingsKey: string): string {
  return sha256(`the settings name ${settingsKey}`);
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

export function hostKeyStanding(
  settingsKey: string,
  pin: HostKeyPin | null,
  of: { readonly site: string; readonly daemon: string },
  trust: Trust,
  policy: Policy,
): HostKeyStanding {
  if (pin === null) return { kind: 'none', hostKey: settingsKey };
  if (pin.settingsKey !== settingsKey || pin.hostKey === settingsKey)
    return { kind: 'moot', hostKey: settingsKey };
  const verdict = checkAuthorization(
    signedItem(pin, of),
    pin.device,
    { planSha256: sha256(pin.text), baseSha256: hostKeyBase(settingsKey), deviceKey: pin.hostKey },
    // The clock of today has no part in it: it was believed when the signatures were used.
    { ...trust, distrust: null },
    policy,
    Date.parse(pin.at),
  );
  return verdict.kind === 'authorized'
    ? { kind: 'pinned', hostKey: pin.hostKey, pin }
    : { kind: 'untrusted', hostKey: settingsKey, pin, refusal: verdict };
}

/** The item as it was signed; its document is made again, and the signatures tell whether it is that one. */
function signedItem(pin: HostKeyPin, of: { readonly site: string; readonly daemon: string }): PendingItem {
  const { id, class: role, commit, devices, text, challenge, notBefore, expires, approvals } = pin;
  const item: PendingItem = {
    ...{ id, kind: 'rotation', class: role, ...of, commit, authors: [], devices, planText: text },
    ...{ document: null, approvals },
  };
  const issued = { challenge, notBefore, expires };
  return { ...item, document: { text: textOrNone(item, issued), ...issued } };
}

/** What can't be made again belongs to no item: it is refused like any other text that differs. */
function textOrNone(item: PendingItem, issued: Parameters<typeof documentText>[1]): string {
  try {
    return documentText(item, issued);
  } catch {
    return '';
  }
}
