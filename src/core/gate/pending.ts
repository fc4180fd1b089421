/** What waits for signatures, as plain data; decisions about it are in `document.ts` and `decide.ts`. */
import type { Role } from '../site.ts';

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
  readonly kind: 'rollout' | 'rotation' | 'resolve' | 'adopt' | 'accept-commit';
  readonly class: Role;
  readonly site: string;
  /** 32 hex digits, made at the daemon's first start. */
  readonly daemon: string;
  readonly commit: string;
  readonly devices: readonly PendingDevice[];
  readonly planText: string;
  /** Null until somebody asks for it. */
  readonly document: IssuedDocument | null;
  readonly approvals: readonly Approval[];
}
