/**
 * Every kind of journal record, as types. `journal/README.md` describes them for other readers; a record is
 * only ever added to this list, never changed. Effects come in pairs: a start without a finish means that the
 * device has to be asked.
 */
import type { StateEntry } from '../journal.ts';
import type {
  EffectName,
  Cause,
  EvidenceFacts,
  TouchedItem,
  AdoptedItem,
  BackupFinished,
  TrustDigests,
  PendingKind,
  Superseded,
  DeviceChange,
  TakenOver,
  SignedBy,
  CameIn,
  RestoreEnd,
  RolloutOutcome,
  Resolution,
  Rotated,
  RotationStep,
  NewLogin,
} from './event-fields.ts';
import type { Deadline, Witness } from './rollout.ts';

interface OfDevice {
  readonly device: string;
}
interface OfRollout extends OfDevice {
  readonly rollout: string;
}

export type EffectStarted = OfRollout & {
  readonly kind: `${EffectName}-started`;
  readonly cause?: Cause;
  /** Of `roll-back-started`: what was not as planned, in words. */
  readonly found?: string;
  /** Of `witness-started`: what is written on the device. */
  readonly witness?: { readonly seq: number; readonly head: string };
};

export type EffectFinished = OfRollout & {
  readonly kind: `${EffectName}-finished`;
  /** `unknown`: sent, but the answer never came. */
  readonly result: 'ok' | 'failed' | 'unknown';
  readonly code?: string;
  readonly message?: string;
  /** Of `stage-finished`. */
  readonly deadline?: Deadline;
  /** Of `lock-finished`: probes that failed before anything was changed, so that nothing is judged by them. */
  readonly notJudged?: readonly string[];
  /** Of `arm-finished` and `verify-finished`: how often the net had run. */
  readonly runCount?: number;
  /** Of `clean-finished`: what was on the device once nothing of the rollout was, and its writes were kept. */
  readonly witness?: Witness | null;
};

export type SitewardEvent =
  | { readonly kind: 'daemon-created'; readonly daemon: string; readonly site: string }
  | {
      readonly kind: 'daemon-started';
      readonly nonce: string;
      readonly version: string;
      readonly trust: TrustDigests;
      /** Version of the binary list of revoked keys; no later one may be below it. */
      readonly krl?: string;
    }
  | { readonly kind: 'daemon-stopped' }
  | { readonly kind: 'trust-loaded'; readonly trust: TrustDigests; readonly krl?: string }
  | {
      /** Newer files can't be used: those of `trust` stay in force. */
      readonly kind: 'trust-kept';
      readonly code: string;
      readonly message: string;
      readonly trust: TrustDigests;
    }
  | { readonly kind: 'torn-tail-set-aside'; readonly bytes: number; readonly file: string }
  | {
      /** Records can be written again; what was never answered was set aside in `file`. */
      readonly kind: 'journal-recovered';
      readonly code: string;
      readonly message: string;
      readonly bytes: number;
      readonly file: string | null;
    }
  | {
      /** Written by the journal itself: what all records before it come to. */
      readonly kind: 'checkpoint';
      readonly part: number;
      readonly parts: number;
      readonly state: readonly StateEntry[];
    }
  | {
      readonly kind: 'commit-accepted';
      readonly commit: string;
      readonly previous: string | null;
      readonly reason: 'first' | 'descendant' | 'signed';
      readonly signer: string | null;
      /** Addresses and verified signers of every commit that came with it; `*`: too many to tell. */
      readonly authors?: readonly string[];
      /** With the reason `signed`: the signatures that are used up. */
      readonly pending?: string;
      readonly challenge?: string;
      readonly document?: string;
      readonly by?: readonly SignedBy[];
      readonly trust?: TrustDigests;
      /** Of a state that was lost: what devices carried, accepted as it is from now on. */
      readonly witnesses?: readonly TakenOver[];
    }
  | {
      readonly kind: 'commit-refused';
      readonly commit: string;
      readonly code: string;
      readonly message: string;
    }
  | (OfDevice & {
      /** A reading equal to desired (but for drift) counts as confirmed at that commit. */
      readonly kind: 'read-confirmed';
      readonly commit: string;
      /** SHA-256 of the desired text, kept in the state under that name. */
      readonly desired: string;
      /** What the device says of its hardware. */
      readonly hardware?: string;
    })
  | {
      /** Again for another device of the same commit whose text is the same: one item, several devices. */
      readonly kind: 'pending-opened';
      readonly pending: string;
      readonly asks: PendingKind;
      /** These three are null when it is about the whole site. */
      readonly device: string | null;
      readonly deviceKey: string | null;
      readonly base: string | null;
      readonly commit: string;
      readonly class: 'operational' | 'recovery';
      readonly reason: string;
      /** SHA-256 of the text that signers read, kept in the state under that name. */
      readonly plan: string;
      /** Who wrote what is asked about, where the devices don't tell. */
      readonly authors?: readonly string[];
      /** Sections that it is about: nothing is begun in them by itself while its document is out. */
      readonly sections?: readonly string[];
      /** The item in whose place it comes. */
      readonly supersedes: Superseded | null;
    }
  | {
      readonly kind: 'document-issued';
      readonly pending: string;
      /** SHA-256 of the document, kept in the state under that name. */
      readonly document: string;
      readonly challenge: string;
      readonly notBefore: string;
      readonly expires: string;
    }
  | (Partial<CameIn> & {
      readonly kind: 'signature-accepted';
      readonly pending: string;
      readonly document: string;
      readonly person: string;
      readonly principal: string;
      readonly fingerprint: string;
      readonly signature: string;
      /** Of a security key: how often it has signed. */
      readonly counter?: number;
      readonly trust?: TrustDigests;
    })
  | {
      /** A security key that counts lower than before may have been copied: people look. It is no refusal. */
      readonly kind: 'key-counter-decreased';
      readonly pending: string;
      readonly person: string;
      readonly fingerprint: string;
      readonly counter: number;
      readonly known: number;
    }
  | (Partial<CameIn> & {
      readonly kind: 'signature-refused';
      readonly pending: string;
      readonly code: string;
      readonly message: string;
      /** Null: none was issued. */
      readonly document?: string | null;
      /** Null: it could not be read. */
      readonly fingerprint?: string | null;
      readonly trust?: TrustDigests;
    })
  | (Partial<CameIn> & {
      readonly kind: 'pending-closed';
      readonly pending: string;
      readonly reason: string;
      /** Only this device's part of it. */
      readonly device?: string;
    })
  | (OfRollout & {
      readonly kind: 'rollout-planned';
      readonly commit: string;
      readonly plan: string;
      readonly base: string;
      readonly class: 'benign' | 'operational' | 'recovery';
      readonly items: readonly TouchedItem[];
      /** SHA-256 of the desired text the target comes from. */
      readonly desired: string;
      /** The target is all of that text: no part is left for later, no section is blocked. */
      readonly complete: boolean;
      /** SHA-256 of the sealed rollout in the state. */
      readonly sealed: string;
      /** Differences that this plan leaves for another one. */
      readonly left?: number;
      /** What the device says of its hardware. */
      readonly hardware?: string;
      /** The revision of the device's history that it goes back to. */
      readonly restores?: string;
    })
  /** Of a rollout that applies nothing: the device has to fire its net by itself. `sealed` as with `rollout-planned`. */
  | (OfRollout & { readonly kind: 'drill-planned'; readonly sealed: string })
  | (OfRollout & {
      readonly kind: 'drilled';
      readonly fired: boolean;
      readonly message: string;
      readonly evidence: EvidenceFacts;
    })
  /** `resolved`: the signatures were used up by the `resolved` record that names this rollout as its next. */
  | (OfRollout & { readonly kind: 'authorized'; readonly reason: 'benign' | 'resolved' })
  | (OfRollout & {
      readonly kind: 'authorization-consumed';
      readonly pending: string;
      readonly challenge: string;
      readonly document: string;
      readonly by: readonly SignedBy[];
      readonly trust?: TrustDigests;
    })
  | EffectStarted
  | EffectFinished
  | (OfRollout & { readonly kind: 'applied'; readonly evidence: EvidenceFacts })
  | (OfRollout & { readonly kind: 'confirmed'; readonly evidence: EvidenceFacts })
  | (OfRollout & { readonly kind: 'rolled-back'; readonly cause: Cause; readonly evidence: EvidenceFacts })
  | (OfRollout & { readonly kind: 'not-started'; readonly code: string; readonly message: string })
  | (OfRollout & { readonly kind: 'diverged'; readonly evidence: EvidenceFacts })
  | (OfRollout & {
      /** The device could not be asked for a while: nothing more of this commit begins on the site. */
      readonly kind: 'wave-stopped';
      readonly commit: string;
      readonly reason: 'unknown';
    })
  | (OfRollout & { readonly kind: 'settled'; readonly outcome: RolloutOutcome })
  | (OfDevice & {
      readonly kind: 'quarantined';
      readonly reason: 'rolled-back' | 'not-converging' | 'rejected';
      readonly plan: string;
      readonly base: string;
    })
  | (OfDevice & { readonly kind: 'retry' })
  | (OfDevice & {
      /** It is no longer the one that was left; null: it is again. People decide what becomes of it. */
      readonly kind: 'device-changed';
      readonly code: DeviceChange | null;
      readonly witness: Witness | null;
      readonly hardware: string | null;
    })
  | (OfDevice & {
      /** Two readings in a row said the same of what tells it from another; null: not told, or no measure yet. */
      readonly kind: 'device-known';
      readonly witness: Witness | null;
      readonly hardware: string | null;
    })
  | (OfDevice & {
      /** What a person wants of a device that stands still; null: no longer. Nothing is done before it is signed. */
      readonly kind: 'resolve-ordered';
      readonly as: Resolution | null;
      /** Where base and target are written: the SHA-256 of the stuck rollout in the state; null for `actual`. */
      readonly sealed: string | null;
    })
  | (OfDevice & {
      /** Signatures used up: what is named here is ended, and the device is this daemon's again. */
      readonly kind: 'resolved';
      readonly as: Resolution;
      /** The rollout, ours or another's, whose objects are taken off the device; null: there is none. */
      readonly rollout: string | null;
      /** SHA-256 of what it takes to do that, in the state. */
      readonly sealed: string | null;
      /** On the device, and accepted as it is from now on. */
      readonly witness: Witness | null;
      readonly hardware?: string;
      /** The rollout that leads to base or target; null: nothing else is changed. */
      readonly next: string | null;
      readonly commit: string;
      readonly pending: string;
      readonly challenge: string;
      readonly document: string;
      readonly by: readonly SignedBy[];
      readonly trust?: TrustDigests;
    })
  | (OfDevice & {
      /** Sections of which a person wants what is there to count as siteward's own; none: all; null: no longer. */
      readonly kind: 'adopt-ordered';
      readonly sections: readonly string[] | null;
      /** Why it can't be carried out. */
      readonly code?: string;
      readonly message?: string;
    })
  | (OfDevice & {
      /** Signatures used up: from now on these count as made by siteward, as long as they are as they were. */
      readonly kind: 'items-adopted';
      readonly items: readonly AdoptedItem[];
      readonly pending: string;
      readonly challenge: string;
      readonly document: string;
      readonly by: readonly SignedBy[];
      readonly trust?: TrustDigests;
    })
  | (OfDevice & {
      /** From now on a file of this name may be on the device: its own backup, made, fetched and taken off. */
      readonly kind: 'backup-started';
      readonly backup: string;
    })
  | (OfDevice &
      BackupFinished & {
        /** It is off the device again. */
        readonly kind: 'backup-finished';
        readonly backup: string;
      })
  | (OfDevice & {
      /** What a person wants to have replaced; null: no longer. Nothing is done before it is signed. */
      readonly kind: 'rotation-ordered';
      readonly what: Rotated | null;
      /** What is replaced is believed stolen. */
      readonly emergency: boolean;
      /** Of a credential: the key or password that is to take its place, made when it was ordered. */
      readonly login?: NewLogin;
      /** Why it can't be carried out. */
      readonly code?: string;
      readonly message?: string;
    })
  | (OfDevice & {
      /** Signatures used up: the daemon's own key or password on the device is replaced by this one. */
      readonly kind: 'rotation-authorized';
      readonly rotation: string;
      readonly login: NewLogin;
      readonly pending: string;
      readonly challenge: string;
      readonly document: string;
      readonly by: readonly SignedBy[];
      readonly trust?: TrustDigests;
    })
  | (OfDevice & {
      readonly kind: 'rotation-step-started';
      readonly rotation: string;
      readonly step: RotationStep;
    })
  | (OfDevice & {
      readonly kind: 'rotation-step-finished';
      readonly rotation: string;
      readonly step: RotationStep;
      /** `unknown`: sent, but the answer never came. */
      readonly result: 'ok' | 'failed' | 'unknown';
      readonly code?: string;
      readonly message?: string;
    })
  | (OfDevice & {
      readonly kind: 'rotation-ended';
      readonly rotation: string;
      /** `undone`: the new one is off the device again, the old one counts. */
      readonly outcome: 'rotated' | 'undone';
      readonly code?: string;
      readonly message?: string;
    })
  | (OfDevice & {
      /** Signatures used up: the device is known by this key from now on, as long as they stand and the settings stay. */
      readonly kind: 'host-key-pinned';
      readonly hostKey: string;
      /** The key that the settings named then: once they name another, they count. */
      readonly settingsKey: string;
      /** What signers read, whole: with the pending item it makes the document again. */
      readonly text: string;
      readonly pending: string;
      readonly challenge: string;
      readonly document: string;
      readonly by: readonly SignedBy[];
      readonly trust?: TrustDigests;
    })
  | {
      /** Signed, but not good enough at the moment of execution. */
      readonly kind: 'refused';
      /** Of a device, or of a pending item that is about the site. */
      readonly device?: string;
      readonly pending?: string;
      readonly code: string;
      readonly message: string;
      readonly document?: string;
      /** Whose signatures had come in, counted or not. */
      readonly by?: readonly SignedBy[];
      readonly trust?: TrustDigests;
    }
  | (OfDevice & {
      /** A person wants what the device had in `revision` of its history. `text`: SHA-256 of that, in the state. */
      readonly kind: 'restore-ordered';
      readonly revision: string;
      readonly text: string;
      /** What the person was shown: the order is for this plan on this base and no other. */
      readonly plan: string;
      readonly base: string;
    })
  | (OfDevice & {
      /** The order is over and nothing was changed; one that was carried out ends with its rollout. */
      readonly kind: 'restore-ended';
      readonly revision: string;
      readonly reason: RestoreEnd;
    })
  | {
      readonly kind: 'held';
      /** null: every device. */
      readonly device: string | null;
      readonly reason: string;
      /** RFC 3339, or null: until released. */
      readonly until: string | null;
    }
  | { readonly kind: 'released'; readonly device: string | null };

/** A record as it stands in the journal. */
export type SitewardRecord = SitewardEvent & {
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
};
