/** The gate's "no": a value with its own code and a sentence that says what to do. Never an error. */
import type { SignatureRefusalCode, SignatureRefused } from '../sshsig/verdict.ts';

export type GateRefusalCode =
  | 'clock-untrusted'
  | 'no-document'
  | 'document-mismatch'
  | 'not-yet-valid'
  | 'expired'
  | 'signature-invalid'
  | 'wrong-namespace'
  | 'unknown-key'
  | 'revoked-key'
  | 'key-expired'
  | 'key-not-yet-valid'
  | 'role-denied'
  | 'own-change'
  | 'same-person'
  | 'same-key'
  | 'too-many-signatures'
  | 'unsupported-key-type'
  | 'unsupported-signature-type'
  | 'weak-key'
  | 'certificate-forged'
  | 'certificate-not-allowed'
  | 'user-presence-missing'
  | 'user-verification-missing'
  | 'verifier-disagreement'
  | 'device-not-listed'
  | 'plan-changed'
  | 'base-changed'
  | 'device-key-changed'
  | 'quorum-missing';

export interface GateRefusal {
  readonly kind: 'refused';
  readonly code: GateRefusalCode;
  /** What is wrong and what to do. */
  readonly message: string;
  /** What the signature check said, where it was that. */
  readonly signature: SignatureRefusalCode | null;
  /** Of the key that signed, as far as it could be read. */
  readonly fingerprint: string | null;
}

export function refused(
  code: GateRefusalCode,
  message: string,
  fingerprint: string | null = null,
): GateRefusal {
  return { kind: 'refused', code, message, signature: null, fingerprint };
}

/** What the gate calls it, and what to do beyond the reason. */
const ofCode: Readonly<Record<SignatureRefusalCode, readonly [GateRefusalCode, string]>> = {
  'wrong-namespace': ['wrong-namespace', '; sign with: ssh-keygen -Y sign -n NAMESPACE -f KEY FILE'],
  'unknown-key': ['unknown-key', '; a line in allowed_signers and a person in the settings must name it'],
  'principal-mismatch': [
    'unknown-key',
    '; a line in allowed_signers and a person in the settings must name it',
  ],
  'namespace-not-allowed': ['role-denied', '; its line in allowed_signers does not give it this role'],
  'bad-signature': [
    'signature-invalid',
    '; sign the file exactly as `siteward pending --document` wrote it, and this item’s',
  ],
  'empty-message': ['signature-invalid', ''],
  'empty-identity': ['signature-invalid', ''],
  'identity-not-plain': ['signature-invalid', ''],
  'malformed-signature': ['signature-invalid', '; hand in the file that `ssh-keygen -Y sign` wrote'],
  'revoked-key': ['revoked-key', '; another key must sign'],
  'unsupported-key-type': ['unsupported-key-type', ''],
  'unsupported-signature-type': ['unsupported-signature-type', ''],
  'weak-key': ['weak-key', '; another key must sign'],
  'certificate-forged': ['certificate-forged', ''],
  'certificate-not-allowed': ['certificate-not-allowed', ''],
  'user-presence-missing': ['user-presence-missing', '; sign again and touch it'],
  'user-verification-missing': [
    'user-verification-missing',
    '; sign with a security key made by ssh-keygen -t ed25519-sk -O verify-required',
  ],
  'verifier-disagreement': ['verifier-disagreement', ''],
  'key-expired': ['key-expired', '; another key must sign'],
  'key-not-yet-valid': ['key-not-yet-valid', '; another key must sign'],
};

export function refusedSignature(verdict: SignatureRefused, namespace: string): GateRefusal {
  const { code: signature, reason, fingerprint } = verdict;
  const [code, advice] = ofCode[signature];
  const message = `${reason}${advice.replace('NAMESPACE', namespace)}`;
  return { kind: 'refused', code, message, signature, fingerprint };
}
