/**
 * Is this signature, over these bytes, by somebody who is listed for it, now? A strict subset of what
 * `ssh-keygen -Y verify` accepts. Pure: files are parsed and the time is given. The answer is a value with a
 * typed reason, never a throw; whatever goes wrong inside is a refusal.
 */
import { hash } from 'node:crypto';
import type { SignerLine } from './allowed-signers.ts';
import {
  certificateProblem,
  checkCertificate,
  isCertificate,
  parseCertificate,
  verifyRequired,
} from './certificate.ts';
import { parsePublicKey } from './public-key.ts';
import type { PublicKey } from './public-key.ts';
import { revocationOf } from './revocation.ts';
import type { Revocations } from './revocation.ts';
import { bothVerifiers, checkSignature } from './signature.ts';
import type { SecurityKeyState } from './signature.ts';
import { isPlainName, judgeLines, toBytes } from './signer-lines.ts';
import type { Signer } from './signer-lines.ts';
import { refused } from './verdict.ts';
import type { SignatureAccepted, SignatureRefused, SignatureVerdict } from './verdict.ts';
import type { Verifiers } from './verifiers.ts';
import { decodeArmor, decodeSignatureBlob, WireError, wireString } from './wire.ts';
import type { SignatureBlob } from './wire.ts';

export interface SignatureQuestion {
  readonly message: Uint8Array;
  /** Armored. */
  readonly signature: Uint8Array;
  readonly namespace: string;
  readonly allowedSigners: readonly SignerLine[];
  readonly revoked: Revocations;
  readonly nowMs: number;
  /** Only security keys that checked who touched them (PIN, fingerprint) may sign. */
  readonly requireUserVerification?: boolean;
}

/** `identity` null takes whichever line lists the key; the principal is then that line's pattern list. */
export function verifySignature(
  question: SignatureQuestion & { readonly identity: string | null },
  verifiers: Verifiers = bothVerifiers,
): SignatureVerdict {
  const { identity } = question;
  if (identity === '') return refused('empty-identity', 'the identity is empty');
  if (identity !== null && !isPlainName(identity))
    return refused('identity-not-plain', 'the identity must be one plain name, without * ? , or a leading !');
  return verifyWith(question, identity === null ? null : [identity], verifiers);
}

/**
 * Which of these principals signed? For the gate, where a signer names nobody: the key tells. The first
 * principal that a line of the key fits; lines count in the order of the file.
 */
export function verifyWithAnyPrincipal(
  question: SignatureQuestion & { readonly principals: readonly string[] },
): SignatureVerdict {
  return verifyWith(question, question.principals, bothVerifiers);
}

function verifyWith(
  question: SignatureQuestion,
  principals: readonly string[] | null,
  verifiers: Verifiers,
): SignatureVerdict {
  let fingerprint: string | null = null;
  try {
    if (question.message.length === 0) return refused('empty-message', 'there is nothing that was signed');
    const blob = decodeSignatureBlob(decodeArmor(question.signature));
    const namespace = toBytes(question.namespace);
    if (namespace === '' || blob.namespace !== namespace)
      return refused('wrong-namespace', `it was not made for the namespace ${question.namespace}`);
    const signer = readSigner(blob.publicKey, question.allowedSigners);
    fingerprint = signer.key.fingerprint;
    const problem = problemOfCertificate(signer, question.allowedSigners, verifiers);
    if (problem !== null) return problem;
    const data = signedData(blob, question.message);
    const { verdict, securityKey } = checkSignature(signer.key, blob.signature, data, verifiers);
    if (verdict === 'disagreement') return disagreement(fingerprint);
    if (verdict !== 'valid') return refused('bad-signature', 'it does not fit these bytes', fingerprint);
    const missing = missingPresence(question, signer, securityKey);
    if (missing !== null) return missing;
    const revoked = revocationOf(question.revoked, signer.key, signer.certificate);
    if (revoked !== null) return refused('revoked-key', revoked, fingerprint);
    const { nowMs } = question;
    const asked = { principals, namespace: question.namespace, nowMs };
    const judged = judgeLines(signer, question.allowedSigners, asked);
    return judged.ok ? accepted(judged.principal, signer, securityKey) : judged;
  } catch (error) {
    if (error instanceof WireError) return refused(error.code, error.message, fingerprint);
    return refused('malformed-signature', 'it can’t be read', fingerprint);
  }
}

function readSigner(blob: Buffer, lines: readonly SignerLine[]): Signer {
  const listed = listedKey(blob.toString('latin1'), lines);
  if (listed !== null) return { key: listed, certificate: null };
  if (!isCertificate(blob)) return { key: parsePublicKey(blob), certificate: null };
  const certificate = parseCertificate(blob);
  return { key: certificate.key, certificate };
}

/** The same key as it was listed, for what the library has made of it already. */
function listedKey(blob: string, lines: readonly SignerLine[]): PublicKey | null {
  return lines.find((line) => line.key.blob === blob)?.key ?? null;
}

function problemOfCertificate(
  { key, certificate }: Signer,
  lines: readonly SignerLine[],
  verifiers: Verifiers,
): SignatureRefused | null {
  if (certificate === null) return null;
  const authority = listedKey(certificate.authority.blob, lines);
  const { verdict, securityKey } = checkCertificate(certificate, authority, verifiers);
  if (verdict === 'disagreement') return disagreement(key.fingerprint);
  if (verdict !== 'valid') {
    const reason = `its certificate was not signed by the authority that it names`;
    return refused('certificate-forged', reason, key.fingerprint);
  }
  const problem =
    securityKey?.userPresent === false
      ? 'its authority is a security key that nobody touched'
      : certificateProblem(certificate);
  return problem === null
    ? null
    : refused('certificate-not-allowed', `its certificate can’t be used: ${problem}`, key.fingerprint);
}

/** A signature that a token gave without anybody there may have been asked for by malware. */
function missingPresence(
  { requireUserVerification }: SignatureQuestion,
  { key, certificate }: Signer,
  state: SecurityKeyState | null,
): SignatureRefused | null {
  if (state?.userPresent === false)
    return refused('user-presence-missing', 'the security key was not touched for it', key.fingerprint);
  const verification =
    requireUserVerification === true || certificate?.criticalOptions.has(verifyRequired) === true;
  if (verification && state?.userVerified !== true) {
    const reason = 'no security key has checked by PIN or fingerprint who made it, and that is required';
    return refused('user-verification-missing', reason, key.fingerprint);
  }
  return null;
}

const magic = Buffer.from('SSHSIG', 'latin1');

/** The namespace asked for equals the one in the blob by now, and the reserved field is empty. */
function signedData(blob: SignatureBlob, message: Uint8Array): Buffer {
  const digest = hash(blob.hashAlgorithm, message, 'buffer');
  return Buffer.concat([magic, blob.signedFields, wireString(digest)]);
}

function accepted(
  principal: string,
  { key, certificate }: Signer,
  securityKey: SecurityKeyState | null,
): SignatureAccepted {
  return {
    ok: true,
    principal,
    fingerprint: key.fingerprint,
    keyType: certificate === null ? key.kind.type : certificate.type,
    certificate:
      certificate === null
        ? null
        : {
            keyId: certificate.keyId,
            serial: certificate.serial.toString(),
            authority: certificate.authority.fingerprint,
          },
    securityKey,
  };
}

function disagreement(fingerprint: string): SignatureRefused {
  return refused('verifier-disagreement', 'two verifiers disagree about it; report this', fingerprint);
}
