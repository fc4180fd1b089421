/**
 * Which host key a device is known by: the one in the settings, or one that people signed since. A signed one is kept
 * with its whole document and judged each time by the trust files of now, as if it were to be signed for at the moment
 * it was pinned: what a revoked key allowed is over. It counts for the settings that it was signed over and no others.
 */
import { sha256 } from '../digest.ts';
import type { Policy } from '../site.ts';
import { checkAuthorization } from './decide.ts';
import { documentText } from './document.ts';
import type { HostKeyPin } from './host-key-pin.ts';
import type { PendingItem } from './pending.ts';
import type { GateRefusal } from './refusal.ts';
import type { Trust } from './trust.ts';

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
