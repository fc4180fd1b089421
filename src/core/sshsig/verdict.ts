/** What is answered about a signature: accepted with who and what, or refused with a typed reason. */
import type { SecurityKeyState } from './signature.ts';

export type SignatureRefusalCode =
  | 'empty-message'
  | 'empty-identity'
  | 'identity-not-plain'
  | 'malformed-signature'
  | 'wrong-namespace'
  | 'unsupported-key-type'
  | 'unsupported-signature-type'
  | 'weak-key'
  | 'bad-signature'
  | 'verifier-disagreement'
  | 'certificate-forged'
  | 'certificate-not-allowed'
  | 'user-presence-missing'
  | 'user-verification-missing'
  | 'revoked-key'
  | 'unknown-key'
  | 'principal-mismatch'
  | 'namespace-not-allowed'
  | 'key-not-yet-valid'
  | 'key-expired';

export interface SignatureRefused {
  readonly ok: false;
  readonly code: SignatureRefusalCode;
  /** A sentence without its full stop. Holds nothing of what the signer sent but key fingerprints. */
  readonly reason: string;
  /** Of the key in the signature, as far as it could be read. */
  readonly fingerprint: string | null;
}

export interface SignatureAccepted {
  readonly ok: true;
  readonly principal: string;
  /** Of the key that signed; of the plain one inside a certificate, so that one key is one key. */
  readonly fingerprint: string;
  readonly keyType: string;
  readonly certificate: CertificateUsed | null;
  /** Its counter is for the caller to remember: a decrease hints at a copied token. */
  readonly securityKey: SecurityKeyState | null;
}

export interface CertificateUsed {
  /** The authority's words; bytes as latin1. */
  readonly keyId: string;
  /** Decimal. */
  readonly serial: string;
  /** `SHA256:…` of the authority's key. */
  readonly authority: string;
}

export type SignatureVerdict = SignatureAccepted | SignatureRefused;

export function refused(
  code: SignatureRefusalCode,
  reason: string,
  fingerprint: string | null = null,
): SignatureRefused {
  return { ok: false, code, reason, fingerprint };
}
