/**
 * The gate's decisions about signatures: does this one count, and is that enough, still, right before the
 * first command (I2)? Pure and total: every "no" is a value with its own code. The bytes signed are compared
 * with the document made again from the item; nothing that a signer supplies is parsed for authority.
 */
import { rfc3339 } from '../clock.ts';
import { sha256 } from '../digest.ts';
import { messageOf } from '../errors.ts';
import type { Policy } from '../site.ts';
import type { SecurityKeyState } from '../sshsig/signature.ts';
import { verifyWithAnyPrincipal } from '../sshsig/verify.ts';
import { clockSkewMs } from './clock-trust.ts';
import { documentText, namespaceFor } from './document.ts';
import type { Approval, IssuedDocument, PendingDevice, PendingItem } from './pending.ts';
import { refused, refusedSignature } from './refusal.ts';
import type { GateRefusal } from './refusal.ts';
import type { Trust } from './trust.ts';
import { isAuthor, personOf, principalsOf } from './trust.ts';

export interface Counted {
  readonly kind: 'counted';
  readonly approval: Approval;
  /** What a security key said; its counter is for the caller to remember. */
  readonly securityKey: SecurityKeyState | null;
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

/** Judges one signature over the item's document. The caller records the answer and keeps the approval. */
export function judgeSignature(
  item: PendingItem,
  armoredSignature: string | Uint8Array,
  trust: Trust,
  policy: Policy,
  nowMs: number,
): Counted | GateRefusal {
  const open = openDocument(item, trust, nowMs);
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
  const judged = judgeSigner(item, open, bytes, trust, policy, nowMs);
  if ('kind' in judged) return judged;
  const { securityKey, ...signer } = judged;
  const approvals = countApprovals(item, open, trust, policy, nowMs);
  const counted = approvals.map((approval) => approval.person);
  if (counted.includes(signer.person)) {
    return refused(
      'same-person',
      `${signer.person} has signed ${item.id} already; another person must`,
      signer.fingerprint,
    );
  }
  if (approvals.some(({ fingerprint }) => fingerprint === signer.fingerprint)) {
    return refused(
      'same-key',
      `the key ${signer.fingerprint} has signed ${item.id} already; another key must`,
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
  return { kind: 'counted', approval, securityKey, have, need, complete: isEnough(have, need) };
}

/** How far an item is: persons whose signatures count now. */
export function approvalsOf(
  item: PendingItem,
  trust: Trust,
  policy: Policy,
  nowMs: number,
): { have: number; need: number; by: string[] } {
  const need = policy.approvals[item.class];
  const open = openDocument(item, trust, nowMs);
  const by =
    'kind' in open ? [] : countApprovals(item, open, trust, policy, nowMs).map((approval) => approval.person);
  return { have: by.length, need, by };
}

/**
 * Whether a security key's counter hints at a copy of it: each signature counts one more, so one that does not was made
 * by another token. A token that never counts always says 0.
 */
export function counterDecreased(known: number, counter: number): boolean {
  return known > 0 && counter <= known;
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
  /** Null: the item is about the site as a whole. */
  device: string | null,
  current: CurrentState,
  trust: Trust,
  policy: Policy,
  nowMs: number,
): Authorized | GateRefusal {
  const block = blockFor(item, device);
  if (block === undefined)
    return refused('device-not-listed', `${item.id} does not name ${device ?? 'the site alone'}`);
  const open = openDocument(item, trust, nowMs);
  if ('kind' in open) return open;
  const again = 'a new document must be signed';
  if (block.planSha256 !== current.planSha256)
    return refused(
      'plan-changed',
      `${device ?? item.site}: the plan is another than the signed one; ${again}`,
    );
  if (block.baseSha256 !== current.baseSha256) {
    return refused(
      'base-changed',
      `${device ?? item.site}: what the plan starts from has changed on the device since it was signed; ${again}`,
    );
  }
  if (block.deviceKey !== current.deviceKey) {
    return refused(
      'device-key-changed',
      `${device ?? item.site}: its host key is not the one in the signed document; ${again}`,
    );
  }
  const by = countApprovals(item, open, trust, policy, nowMs);
  const need = policy.approvals[item.class];
  if (!isEnough(by.length, need)) {
    return refused(
      'quorum-missing',
      `${item.id} has ${by.length} of ${need} signatures that count now; run: siteward pending ${item.id}`,
    );
  }
  return { kind: 'authorized', by };
}

/** What the document says of the device; of a site alone it says nothing but the text, which is judged all the same. */
function blockFor(item: PendingItem, device: string | null): PendingDevice | undefined {
  if (device !== null) return item.devices.find((listed) => listed.name === device);
  if (item.devices.length > 0) return undefined;
  return { name: '', deviceKey: '', baseSha256: '', planSha256: sha256(item.planText) };
}

/** A threshold that is no whole number from 1 is never met, whatever it compares like. */
function isEnough(have: number, need: number): boolean {
  return Number.isSafeInteger(need) && need >= 1 && have >= need;
}

/** The document, if it is the item's own and valid now. */
function openDocument(item: PendingItem, trust: Trust, nowMs: number): IssuedDocument | GateRefusal {
  const { document } = item;
  if (trust.distrust !== null)
    return refused(
      'clock-untrusted',
      `${item.id}: no signature counts: ${trust.distrust}; run: siteward check`,
    );
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
  if (!(nowMs >= notBefore - clockSkewMs)) {
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

type Signer = Pick<Approval, 'person' | 'principal' | 'fingerprint'> & Pick<Counted, 'securityKey'>;

function judgeSigner(
  item: PendingItem,
  document: IssuedDocument,
  signature: Uint8Array,
  trust: Trust,
  policy: Policy,
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
    requireUserVerification: policy.userVerification === 'required',
  });
  if (!verdict.ok) return refusedSignature(verdict, namespace);
  const { principal, fingerprint, securityKey } = verdict;
  const person = personOf(principal, trust.people);
  if (person === null)
    return refused('unknown-key', `the key ${fingerprint} belongs to none of the people`, fingerprint);
  if (!person.roles.includes(item.class)) {
    return refused('role-denied', `${person.name} does not have the role ${item.class}`, fingerprint);
  }
  if (policy.fourEyes === 'required' && isAuthor(person, item.authors)) {
    return refused(
      'own-change',
      `${person.name} wrote or signed a commit that ${item.id} comes from; another person must sign`,
      fingerprint,
    );
  }
  return { person: person.name, principal, fingerprint, securityKey };
}

/**
 * Approvals whose signatures stand now, the first of each person and of each key (certificates could give one
 * key to two people). What a stored approval claims is not used.
 */
function countApprovals(
  item: PendingItem,
  document: IssuedDocument,
  trust: Trust,
  policy: Policy,
  nowMs: number,
): Approval[] {
  const persons = new Map<string, Approval>();
  const keys = new Set<string>();
  for (const approval of item.approvals.slice(0, maxApprovals)) {
    const judged = judgeSigner(item, document, Buffer.from(approval.signature, 'utf8'), trust, policy, nowMs);
    if ('kind' in judged || persons.has(judged.person) || keys.has(judged.fingerprint)) continue;
    const { person, principal, fingerprint } = judged;
    keys.add(fingerprint);
    persons.set(person, { ...approval, person, principal, fingerprint });
  }
  return [...persons.values()];
}
