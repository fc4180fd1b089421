/**
 * Is this signature, over these bytes, by somebody who is listed for it, now? A strict subset of what
 * `ssh-keygen -Y verify` accepts. Pure: files are parsed and the time is given. The answer is a value with a
 * typed reason, never a throw; whatever goes wrong inside is a refusal.
 */
import { createHash } from 'node:crypto';
import type { SignerLine } from './allowed-signers.ts';
import { verifyEd25519 } from './ed25519.ts';
import { matchPatternList } from './patterns.ts';
import { isKeyType, parsePublicKey } from './public-key.ts';
import type { PublicKey } from './public-key.ts';
import type { Revocations } from './revocation.ts';
import { decodeArmor, decodeSignatureBlob, Reader, WireError, wireString } from './wire.ts';
import type { SignatureBlob } from './wire.ts';

export type SignatureRefusalCode =
  | 'empty-message'
  | 'empty-identity'
  | 'malformed-signature'
  | 'wrong-namespace'
  | 'unsupported-key-type'
  | 'bad-signature'
  | 'verifier-disagreement'
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
  readonly fingerprint: string;
  readonly keyType: string;
}

export type SignatureVerdict = SignatureAccepted | SignatureRefused;

interface SignatureQuestion {
  readonly message: Uint8Array;
  /** Armored. */
  readonly signature: Uint8Array;
  readonly namespace: string;
  readonly allowedSigners: readonly SignerLine[];
  readonly revoked: Revocations;
  readonly nowMs: number;
}

/** `identity` null takes whichever line lists the key; the principal is then that line's pattern list. */
export function verifySignature(
  question: SignatureQuestion & { readonly identity: string | null },
): SignatureVerdict {
  const { identity } = question;
  if (identity === '') return refused('empty-identity', 'the identity is empty');
  return verifyWith(question, identity === null ? null : [identity]);
}

/**
 * Which of these principals signed? For the gate, where a signer names nobody: the key tells. The first
 * principal that a line of the key fits; lines count in the order of the file.
 */
export function verifyWithAnyPrincipal(
  question: SignatureQuestion & { readonly principals: readonly string[] },
): SignatureVerdict {
  return verifyWith(question, question.principals);
}

function verifyWith(question: SignatureQuestion, principals: readonly string[] | null): SignatureVerdict {
  let fingerprint: string | null = null;
  try {
    if (question.message.length === 0) return refused('empty-message', 'there is nothing that was signed');
    const blob = decodeSignatureBlob(decodeArmor(question.signature));
    const namespace = toBytes(question.namespace);
    if (namespace === '' || blob.namespace !== namespace) {
      return refused('wrong-namespace', `it was not made for the namespace ${question.namespace}`);
    }
    const key = keyOf(blob, question.allowedSigners);
    if (key === null || key.algorithm === null) {
      return refused(
        'unsupported-key-type',
        'its kind of key can’t be verified yet; sign with an Ed25519 key',
        key?.fingerprint ?? null,
      );
    }
    fingerprint = key.fingerprint;
    if (blob.signatureType !== key.type) {
      return refused('malformed-signature', 'the signature and its key are of different types', fingerprint);
    }
    if (blob.signatureTrailer.length !== 0) {
      return refused('malformed-signature', 'there are bytes behind its end', fingerprint);
    }
    const verdict = verifyEd25519(key.algorithm, blob.signatureBody, signedData(blob, question.message));
    if (verdict === 'disagreement')
      return refused('verifier-disagreement', 'two verifiers disagree about it; report this', fingerprint);
    if (verdict !== 'valid') return refused('bad-signature', 'it does not fit these bytes', fingerprint);
    if (question.revoked.keys.has(key.blob))
      return refused('revoked-key', `the key ${fingerprint} is revoked`, fingerprint);
    return judgeLines(question, key, principals);
  } catch (error) {
    const reason = error instanceof WireError ? error.message : 'it can’t be read';
    return refused('malformed-signature', reason, fingerprint);
  }
}

/** The listed key if it is one, for its prepared form; null when its type is unknown. */
function keyOf(blob: SignatureBlob, signers: readonly SignerLine[]): PublicKey | null {
  const base64 = blob.publicKey.toString('base64');
  const listed = signers.find((signer) => signer.key.blob === base64)?.key;
  if (listed !== undefined) return listed;
  return isKeyType(new Reader(blob.publicKey).name()) ? parsePublicKey(blob.publicKey) : null;
}

/** The namespace asked for equals the one in the blob by now, and the reserved field is empty. */
function signedData(blob: SignatureBlob, message: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from('SSHSIG', 'latin1'),
    wireString(blob.namespace),
    wireString(''),
    wireString(blob.hashAlgorithm),
    wireString(createHash(blob.hashAlgorithm).update(message).digest()),
  ]);
}

// The nearer a line came to fitting, the more its reason tells; so the highest one is given.
const refusalRank: readonly SignatureRefusalCode[] = [
  'unknown-key',
  'principal-mismatch',
  'namespace-not-allowed',
  'key-not-yet-valid',
  'key-expired',
];

function judgeLines(
  question: SignatureQuestion,
  key: PublicKey,
  principals: readonly string[] | null,
): SignatureVerdict {
  let best = refused('unknown-key', `the key ${key.fingerprint} is not listed`, key.fingerprint);
  for (const line of question.allowedSigners) {
    if (line.key.blob !== key.blob || line.certAuthority) continue;
    const judged = judgeLine(line, question, principals);
    if (judged.ok) return judged;
    if (refusalRank.indexOf(judged.code) > refusalRank.indexOf(best.code)) best = judged;
  }
  return best;
}

function judgeLine(
  line: SignerLine,
  question: SignatureQuestion,
  principals: readonly string[] | null,
): SignatureVerdict {
  const { fingerprint } = line.key;
  const no = (code: SignatureRefusalCode, reason: string): SignatureRefused =>
    refused(code, reason, fingerprint);
  const principal =
    principals === null
      ? line.principals
      : principals.find((name) => name !== '' && matchPatternList(toBytes(name), line.principals));
  if (principal === undefined)
    return no('principal-mismatch', `the key ${fingerprint} is listed for somebody else`);
  if (line.namespaces !== null && !matchPatternList(toBytes(question.namespace), line.namespaces)) {
    return no(
      'namespace-not-allowed',
      `the key ${fingerprint} is not listed for the namespace ${question.namespace}`,
    );
  }
  const seconds = Math.floor(question.nowMs / 1000);
  // A time that is no number compares false with everything; it must not make a line valid.
  if (!Number.isFinite(seconds)) return no('key-not-yet-valid', 'the time of this verification is not known');
  if (line.validAfter !== null && seconds < line.validAfter)
    return no('key-not-yet-valid', `the key ${fingerprint} is not valid yet`);
  if (line.validBefore !== null && seconds > line.validBefore)
    return no('key-expired', `the key ${fingerprint} has expired`);
  return { ok: true, principal, fingerprint, keyType: line.key.type };
}

/** Names in files and signatures are bytes; ours are text. */
function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function refused(
  code: SignatureRefusalCode,
  reason: string,
  fingerprint: string | null = null,
): SignatureRefused {
  return { ok: false, code, reason, fingerprint };
}
