/**
 * The gate's decisions about signatures: does this one count, and is that enough, still, right before the
 * first command (I2)? Pure and total: every "no" is a value with its own code. The bytes signed are compared
 * with the document made again from the item; nothing that a signer supplies is parsed for authority.
 */
import { rfc3339 } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Policy } from '../site.ts';
import type { SignatureRefusalCode, SignatureRefused } from '../sshsig/verdict.ts';
import { verifyWithAnyPrincipal } from '../sshsig/verify.ts';
import { documentText, namespaceFor } from './document.ts';
import type { Approval, IssuedDocument, PendingItem } from './pending.ts';
import type { Trust } from './trust.ts';
import { personOf, principalsOf } from './trust.ts';

export type GateRefusalCode =
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

export interface Counted {
  readonly kind: 'counted';
  readonly approval: Approval;
  /** With this one. */
  readonly have: number;
  readonly need: number;
  readonly complete: boolean;
}

export interface Authorized {
  readonly kind: 'authorized';
  /** One for each person that counted. */
  readonly by: readonly Approval[];
}

/** More signatures than this are not looked at. */
const maxApprovals = 16;
/** How far the clock may have been set back since the document was issued. */
const skewMs = 60_000;

/** Judges one signature over the item's document. The caller records the answer and keeps the approval. */
export function judgeSignature(
  item: PendingItem,
  armoredSignature: string | Uint8Array,
  trust: Trust,
  policy: Policy,
  nowMs: number,
): Counted | GateRefusal {
  const open = openDocument(item, nowMs);
  if ('kind' in open) return open;
  if (item.approvals.length >= maxApprovals) {
    return refused(
      'too-many-signatures',
      `${item.id} has ${maxApprovals} signatures already; reject it and ask for a new document`,
    );
  }
  // One character, one byte: a character outside ASCII would be refused as malformed anyway.
  const bytes =
    typeof armoredSignature === 'string' ? Buffer.from(armoredSignature, 'utf8') : armoredSignature;
  const signer = judgeSigner(item, open, bytes, trust, nowMs);
  if ('kind' in signer) return signer;
  const approvals = countApprovals(item, open, trust, nowMs);
  const counted = approvals.map((approval) => approval.person);
  if (counted.includes(signer.person)) {
    return refused(
      'same-person',
      `${signer.person} has signed ${item.id} already; another person must`,
      null,
      signer.fingerprint,
    );
  }
  if (approvals.some(({ fingerprint }) => fingerprint === signer.fingerprint)) {
    return refused(
      'same-key',
      `the key ${signer.fingerprint} has signed ${item.id} already; another key must`,
      null,
      signer.fingerprint,
    );
  }
  const approval: Approval = {
    ...signer,
    at: rfc3339(nowMs),
    signature: Buffer.from(bytes).toString('utf8'),
  };
  const have = counted.length + 1;
  const need = policy.approvals[item.class];
  return { kind: 'counted', approval, have, need, complete: isEnough(have, need) };
}

/** How far an item is: persons whose signatures count now. */
export function approvalsOf(
  item: PendingItem,
  trust: Trust,
  policy: Policy,
  nowMs: number,
): { have: number; need: number; by: string[] } {
  const need = policy.approvals[item.class];
  const open = openDocument(item, nowMs);
  const by =
    'kind' in open ? [] : countApprovals(item, open, trust, nowMs).map((approval) => approval.person);
  return { have: by.length, need, by };
}

/** What the device and the plan are right now, read under the device's lock. */
export interface CurrentState {
  readonly planSha256: string;
  readonly baseSha256: string;
  /** `SHA256:…` of the live session's host key. */
  readonly deviceKey: string;
}

/**
 * Judges everything once more, at execution: the document, what it was made for, and each signature with the
 * trust files of now. A key revoked or expired since it signed no longer counts.
 */
export function checkAuthorization(
  item: PendingItem,
  device: string,
  current: CurrentState,
  trust: Trust,
  policy: Policy,
  nowMs: number,
): Authorized | GateRefusal {
  const block = item.devices.find((listed) => listed.name === device);
  if (block === undefined) return refused('device-not-listed', `${item.id} does not name ${device}`);
  const open = openDocument(item, nowMs);
  if ('kind' in open) return open;
  const again = 'a new document must be signed';
  if (block.planSha256 !== current.planSha256)
    return refused('plan-changed', `${device}: the plan is another than the signed one; ${again}`);
  if (block.baseSha256 !== current.baseSha256) {
    return refused(
      'base-changed',
      `${device}: what the plan starts from has changed on the device since it was signed; ${again}`,
    );
  }
  if (block.deviceKey !== current.deviceKey) {
    return refused(
      'device-key-changed',
      `${device}: its host key is not the one in the signed document; ${again}`,
    );
  }
  const by = countApprovals(item, open, trust, nowMs);
  const need = policy.approvals[item.class];
  if (!isEnough(by.length, need)) {
    return refused(
      'quorum-missing',
      `${item.id} has ${by.length} of ${need} signatures that count now; run: siteward pending ${item.id}`,
    );
  }
  return { kind: 'authorized', by };
}

/** A threshold that is no whole number from 1 is never met, whatever it compares like. */
function isEnough(have: number, need: number): boolean {
  return Number.isSafeInteger(need) && need >= 1 && have >= need;
}

/** The document, if it is the item's own and valid now. */
function openDocument(item: PendingItem, nowMs: number): IssuedDocument | GateRefusal {
  const { document } = item;
  if (document === null) {
    return refused(
      'no-document',
      `${item.id} has no document yet; run: siteward pending ${item.id} --document`,
    );
  }
  if (item.class === 'recovery' && item.kind !== 'rotation') {
    return refused('role-denied', `${item.id}: the recovery role signs rotations only`);
  }
  let expected: string;
  try {
    expected = documentText(item, document);
  } catch (error) {
    return refused('document-mismatch', `${item.id}: its document can't be made again (${messageOf(error)})`);
  }
  if (expected !== document.text)
    return refused('document-mismatch', `${item.id}: its document is not the one that belongs to it`);
  const notBefore = Date.parse(document.notBefore);
  const expires = Date.parse(document.expires);
  // Written so that a time that is no number refuses.
  if (!(nowMs >= notBefore - skewMs)) {
    return refused(
      'not-yet-valid',
      `${item.id}: its document is valid from ${document.notBefore}; check this machine's clock`,
    );
  }
  if (!(nowMs < expires)) {
    return refused(
      'expired',
      `${item.id}: its document expired at ${document.expires}; run: siteward pending ${item.id} --document`,
    );
  }
  return document;
}

type Signer = Pick<Approval, 'person' | 'principal' | 'fingerprint'>;

function judgeSigner(
  item: PendingItem,
  document: IssuedDocument,
  signature: Uint8Array,
  trust: Trust,
  nowMs: number,
): Signer | GateRefusal {
  const namespace = namespaceFor(item.class, trust.organization);
  const verdict = verifyWithAnyPrincipal({
    message: Buffer.from(document.text, 'latin1'),
    signature,
    namespace,
    principals: principalsOf(trust.people),
    allowedSigners: trust.signers,
    revoked: trust.revoked,
    nowMs,
  });
  if (!verdict.ok) return ofSignature(verdict, namespace);
  const { principal, fingerprint } = verdict;
  const person = personOf(principal, trust.people);
  if (person === null)
    return refused('unknown-key', `the key ${fingerprint} belongs to none of the people`, null, fingerprint);
  if (!person.roles.includes(item.class)) {
    return refused('role-denied', `${person.name} does not have the role ${item.class}`, null, fingerprint);
  }
  return { person: person.name, principal, fingerprint };
}

/**
 * Approvals whose signatures stand now, the first of each person and of each key (certificates could give one
 * key to two people). What a stored approval claims is not used.
 */
function countApprovals(
  item: PendingItem,
  document: IssuedDocument,
  trust: Trust,
  nowMs: number,
): Approval[] {
  const persons = new Map<string, Approval>();
  const keys = new Set<string>();
  for (const approval of item.approvals.slice(0, maxApprovals)) {
    const signer = judgeSigner(item, document, Buffer.from(approval.signature, 'utf8'), trust, nowMs);
    if ('kind' in signer || persons.has(signer.person) || keys.has(signer.fingerprint)) continue;
    keys.add(signer.fingerprint);
    persons.set(signer.person, { ...approval, ...signer });
  }
  return [...persons.values()];
}

function ofSignature(verdict: SignatureRefused, namespace: string): GateRefusal {
  const { code, reason, fingerprint } = verdict;
  const no = (gateCode: GateRefusalCode, advice: string): GateRefusal =>
    refused(gateCode, `${reason}${advice}`, code, fingerprint);
  switch (code) {
    case 'wrong-namespace':
      return no('wrong-namespace', `; sign with: ssh-keygen -Y sign -n ${namespace} -f KEY FILE`);
    case 'unknown-key':
    case 'principal-mismatch':
      return no('unknown-key', '; a line in allowed_signers and a person in the settings must name it');
    case 'namespace-not-allowed':
      return no('role-denied', '; its line in allowed_signers does not give it this role');
    case 'bad-signature':
      return no(
        'signature-invalid',
        '; sign the file exactly as `siteward pending --document` wrote it, and this item’s',
      );
    case 'empty-message':
    case 'empty-identity':
    case 'identity-not-plain':
    case 'malformed-signature':
      return no('signature-invalid', '');
    case 'revoked-key':
    case 'unsupported-key-type':
    case 'unsupported-signature-type':
    case 'weak-key':
    case 'certificate-forged':
    case 'certificate-not-allowed':
    case 'user-presence-missing':
    case 'user-verification-missing':
    case 'verifier-disagreement':
    case 'key-expired':
    case 'key-not-yet-valid':
      return no(code, '');
  }
}

function refused(
  code: GateRefusalCode,
  message: string,
  signature: SignatureRefusalCode | null = null,
  fingerprint: string | null = null,
): GateRefusal {
  return { kind: 'refused', code, message, signature, fingerprint };
}
