/**
 * Which line of allowed_signers lets this signer sign for this namespace, now? A plain key must be listed
 * itself; a certificate only counts through a line that lists its authority with cert-authority, and must name
 * the principal exactly. The first line that fits wins.
 */
import type { SignerLine } from './allowed-signers.ts';
import type { Certificate } from './certificate.ts';
import { matchPatternList } from './patterns.ts';
import type { PublicKey } from './public-key.ts';
import { refused } from './verdict.ts';
import type { SignatureRefusalCode, SignatureRefused } from './verdict.ts';

export interface Signer {
  readonly key: PublicKey;
  readonly certificate: Certificate | null;
}

export interface SignerQuestion {
  /** Null: whoever is listed; the principal is then the line's pattern list, or the certificate's name. */
  readonly principals: readonly string[] | null;
  readonly namespace: string;
  readonly nowMs: number;
}

type Judged = { readonly ok: true; readonly principal: string } | SignatureRefused;

// The nearer a line came to fitting, the more its reason tells; so the highest one is given.
const refusalRank: readonly SignatureRefusalCode[] = [
  'principal-mismatch',
  'namespace-not-allowed',
  'key-not-yet-valid',
  'key-expired',
];

export function judgeLines(signer: Signer, lines: readonly SignerLine[], question: SignerQuestion): Judged {
  const { key, certificate } = signer;
  const listed = certificate === null ? key.blob : certificate.authority.blob;
  let best: SignatureRefused | null = null;
  for (const line of lines) {
    if (line.certAuthority !== (certificate !== null) || line.key.blob !== listed) continue;
    const judged = judgeLine(line, signer, question);
    if (judged.ok) return judged;
    if (best === null || refusalRank.indexOf(judged.code) > refusalRank.indexOf(best.code)) best = judged;
  }
  if (best !== null) return best;
  return refused(
    'unknown-key',
    certificate === null
      ? `the key ${key.fingerprint} is not listed`
      : `the certificate authority ${certificate.authority.fingerprint} is not listed as one`,
    key.fingerprint,
  );
}

function judgeLine(
  line: SignerLine,
  signer: Signer,
  { principals, namespace, nowMs }: SignerQuestion,
): Judged {
  const { fingerprint } = signer.key;
  const no = (code: SignatureRefusalCode, why: string): SignatureRefused =>
    refused(code, `the key ${fingerprint} ${why}`, fingerprint);
  const principal = principalOn(line, signer.certificate, principals);
  if (principal === undefined) return no('principal-mismatch', 'is listed for somebody else');
  if (line.namespaces !== null && !matchPatternList(toBytes(namespace), line.namespaces))
    return no('namespace-not-allowed', `is not listed for the namespace ${namespace}`);
  const seconds = Math.floor(nowMs / 1000);
  // A time that is no number compares false with everything; it must not make a line valid.
  if (!Number.isSafeInteger(seconds) || seconds < 0)
    return no('key-not-yet-valid', 'can’t be judged: the time of this verification is not known');
  if (line.validAfter !== null && seconds < line.validAfter)
    return no('key-not-yet-valid', 'is not valid yet');
  if (line.validBefore !== null && seconds > line.validBefore) return no('key-expired', 'has expired');
  if (signer.certificate !== null) {
    const { validAfter, validBefore } = signer.certificate;
    if (BigInt(seconds) < validAfter)
      return no('key-not-yet-valid', 'has a certificate that is not valid yet');
    if (BigInt(seconds) >= validBefore) return no('key-expired', 'has a certificate that has expired');
  }
  return { ok: true, principal };
}

/** The first principal that both the line's patterns and, by its exact bytes, the certificate name. */
function principalOn(
  line: SignerLine,
  certificate: Certificate | null,
  principals: readonly string[] | null,
): string | undefined {
  if (principals === null) {
    if (certificate === null) return line.principals;
    return certificate.principals.find(
      (name) => isPlainName(name) && matchPatternList(name, line.principals),
    );
  }
  return principals.find((principal) => {
    const name = toBytes(principal);
    return (
      name !== '' &&
      matchPatternList(name, line.principals) &&
      (certificate === null || certificate.principals.includes(name))
    );
  });
}

/** Patterns belong into files: as the name of somebody, one would be taken for what it only looks like. */
export function isPlainName(name: string): boolean {
  return name !== '' && !name.startsWith('!') && !['*', '?', ','].some((char) => name.includes(char));
}

/** Names in files and signatures are bytes; ours are text. */
export function toBytes(text: string): string {
  // As many bytes as characters: ASCII, which reads the same.
  if (Buffer.byteLength(text, 'utf8') === text.length) return text;
  return Buffer.from(text, 'utf8').toString('latin1');
}
