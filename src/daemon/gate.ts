/**
 * What people ask and say about pending items: what waits, its document, signatures, no. Every kind of item goes through
 * here the same way. Whoever brings a signature, what counts is the signature.
 */
import type { AnswerOf, Client, Operations } from '../api/operations.ts';
import { InvalidInput, SitewardError } from '../core/errors.ts';
import { approvalsOf, counterDecreased, judgeSignature } from '../core/gate/decide.ts';
import type { Counted } from '../core/gate/decide.ts';
import { issueDocument, namespaceFor } from '../core/gate/document.ts';
import type { PendingItem, PendingState } from '../core/gate/pending.ts';
import { openDevices, pendingItem } from '../core/gate/pending.ts';
import { openingAt } from '../core/maintenance.ts';
import { longestExpiryMs } from '../core/gate/policy.ts';
import { movedLines } from '../core/gate/moved.ts';
import type { GateRefusal } from '../core/gate/refusal.ts';
import { trustDigests } from '../core/gate/trust.ts';
import type { Trust } from '../core/gate/trust.ts';
import type { CameIn } from '../core/rollout/event-fields.ts';
import type { SitewardEvent } from '../core/rollout/events.ts';
import { rejectionOf } from '../reconcile/accept-commit.ts';
import type { StateFileKind } from '../reconcile/state-files.ts';
import { authorsFor } from '../core/site-state.ts';
import { actorOf } from './orders.ts';
import type { RunningSite } from './running-site.ts';

export function buildGate(
  site: RunningSite,
): Pick<Operations, 'pending' | 'document' | 'approve' | 'reject'> {
  return {
    pending: async ({ ids }) => {
      const all = [...site.ledger.state.pending.values()];
      const asked = ids?.map((id) => requirePending(site, id)) ?? all;
      return { v: 1, pending: await Promise.all(asked.map((pending) => pendingAnswer(site, pending))) };
    },
    document: ({ id }, client) => site.oneAtATime(() => documentFor(site, id, actorOf(client))),
    approve: ({ id, signatures }, client) => site.oneAtATime(() => approve(site, id, signatures, client)),
    reject: ({ id, reason }, client) => site.oneAtATime(() => reject(site, id, reason, client)),
  };
}

async function pendingAnswer(
  site: RunningSite,
  pending: PendingState,
): Promise<AnswerOf<'pending'>['pending'][number]> {
  const { policy, organization } = site.settings;
  const { id, kind, commit, reason, document, supersedes } = pending;
  const item = await itemOf(site, pending).catch(() => null);
  const approvals =
    item === null
      ? { have: 0, need: policy.approvals[pending.class], by: [] }
      : approvalsOf(item, site.trust(), policy, site.clock.now());
  return {
    id,
    kind,
    class: pending.class,
    devices: openDevices(pending),
    issued: document?.notBefore ?? null,
    expires: document?.expires ?? null,
    approvals,
    reason,
    commit,
    namespace: namespaceFor(pending.class, organization),
    text: item?.planText ?? null,
    supersedes:
      supersedes === null
        ? null
        : { id: supersedes.pending, changed: await changedSince(site, pending, item?.planText ?? '') },
  };
}

/** What is another than in the item before: lines of the text, or what the devices had. */
async function changedSince(site: RunningSite, pending: PendingState, text: string): Promise<string[]> {
  const { supersedes, devices, plan } = pending;
  if (supersedes === null) return [];
  const before = await site.files.get('plan', supersedes.plan);
  const moved =
    before === null || supersedes.plan === plan ? [] : movedLines(before.toString('latin1'), text);
  const same = devices.some(({ base }) => base === supersedes.base);
  return same ? moved : [...moved, 'what the plan starts from is no longer the same on the device'];
}

/** The document of a pending item: the same bytes until it expires, then a new one with a challenge of its own. */
async function documentFor(site: RunningSite, id: string, actor: string): Promise<AnswerOf<'document'>> {
  const pending = requirePending(site, id);
  const item = await itemOf(site, pending);
  const namespace = namespaceFor(pending.class, site.settings.organization);
  const now = site.clock.now();
  if (item.document !== null && Date.parse(item.document.expires) > now)
    return { v: 1, id, text: item.document.text, namespace };
  const { distrust } = site.trust();
  if (distrust !== null)
    throw new SitewardError('clock-untrusted', `no document is made: ${distrust}; run: siteward check`);
  const challenge = site.random(16).toString('hex');
  const open = openDevices(pending);
  const issued = issueDocument(
    {
      ...item,
      devices: item.devices.filter(({ name }) => open.includes(name)),
      document: null,
      approvals: [],
    },
    { challenge, nowMs: now, expiresMs: expiryFor(site, pending, now) },
  );
  const digest = await site.files.put('document', Buffer.from(issued.text, 'latin1'));
  const { notBefore, expires } = issued;
  await site.ledger.append(
    { kind: 'document-issued', pending: id, document: digest, challenge, notBefore, expires },
    actor,
  );
  return { v: 1, id, text: issued.text, namespace };
}

/** As the policy says, or to the end of the last maintenance window in which what is signed may begin. */
function expiryFor(site: RunningSite, pending: PendingState, nowMs: number): number {
  const { expiresMs } = site.settings.policy;
  if (pending.kind !== 'rollout') return expiresMs;
  const open = openDevices(pending);
  const ends = site.settings.devices.flatMap(({ name, maintenance }) => {
    const opening = open.includes(name) && maintenance !== null ? openingAt(maintenance, nowMs) : null;
    return opening === null ? [] : [opening.to - nowMs];
  });
  return Math.min(Math.max(expiresMs, ...ends), longestExpiryMs);
}

async function approve(
  site: RunningSite,
  id: string,
  signatures: readonly string[],
  client: Client,
): Promise<AnswerOf<'approve'>> {
  const { seq } = site.ledger.journal.head;
  const pending = requirePending(site, id);
  const devices = openDevices(pending);
  const results: AnswerOf<'approve'>['results'] = [];
  // What counted before is said, too, when nothing of this counts.
  const before = approvalsOf(
    await itemOf(site, pending),
    site.trust(),
    site.settings.policy,
    site.clock.now(),
  );
  let { have, need } = before;
  let complete = have >= need;
  for (const signature of signatures) {
    const item = await itemOf(site, pending);
    const trust = site.trust();
    const verdict = judgeSignature(item, signature, trust, site.settings.policy, site.clock.now());
    results.push(await recordVerdict(site, pending, verdict, trust, client));
    if (verdict.kind === 'counted') ({ have, need, complete } = verdict);
  }
  if (complete) goOn(site, devices);
  return { v: 1, id, results, have, need, complete, seq, devices };
}

/** Yes or no, with everything that an auditor asks for: over what, by which key, by which files, how it came in. */
async function recordVerdict(
  site: RunningSite,
  { id: pending, document }: PendingState,
  verdict: Counted | GateRefusal,
  inForce: Trust,
  client: Client,
): Promise<AnswerOf<'approve'>['results'][number]> {
  const common = { pending, trust: trustDigests(inForce), ...cameIn(client) };
  const actor = actorOf(client);
  if (verdict.kind === 'refused') {
    const { code, message, fingerprint } = verdict;
    const about = { code, message, document: document?.digest ?? null, fingerprint };
    await site.ledger.append({ kind: 'signature-refused', ...common, ...about }, actor);
    site.count('approvals', { result: 'refused', reason: code });
    return { kind: 'refused', code, message, ...(fingerprint === null ? {} : { fingerprint }) };
  }
  const { person, principal, fingerprint, signature } = verdict.approval;
  const counter = verdict.securityKey?.counter;
  const known = site.ledger.state.keyCounters.get(fingerprint);
  await site.ledger.append(
    {
      kind: 'signature-accepted',
      ...common,
      document: document?.digest ?? '',
      person,
      principal,
      fingerprint,
      signature,
      ...(counter === undefined ? {} : { counter }),
    },
    actor,
  );
  site.count('approvals', { result: 'accepted', reason: '' });
  if (counter !== undefined && known !== undefined && counterDecreased(known, counter)) {
    await site.ledger.append({ kind: 'key-counter-decreased', pending, person, fingerprint, counter, known });
    site.log('key-counter-decreased', { pending, person, fingerprint, counter, known });
  }
  return { kind: 'counted', person, fingerprint };
}

function cameIn({ claimed }: Client): CameIn {
  return { way: 'socket', claimed };
}

/** Whoever waits for people's word looks at once. */
function goOn(site: RunningSite, devices: readonly string[]): void {
  for (const device of site.devices) if (devices.includes(device.settings.name)) device.loop.wake();
  // It fails only with the journal, which status tells.
  if (devices.length === 0) site.refreshDesired().catch(() => undefined);
}

async function reject(
  site: RunningSite,
  id: string,
  reason: string,
  client: Client,
): Promise<AnswerOf<'reject'>> {
  const pending = requirePending(site, id);
  const after = consequences(site, pending, reason);
  const actor = actorOf(client);
  const closed = { kind: 'pending-closed', pending: id, reason: `rejected: ${reason}` } as const;
  await site.ledger.append({ ...closed, ...cameIn(client) }, actor);
  for (const event of after) await site.ledger.append(event, actor);
  goOn(site, openDevices(pending));
  return { v: 1, id };
}

/** What keeps a rejected question from being asked again at the next look. */
function consequences(
  site: RunningSite,
  { kind, commit, plan, devices }: PendingState,
  reason: string,
): readonly SitewardEvent[] {
  const open = devices.filter((block) => block.open);
  switch (kind) {
    case 'rollout':
      return open.map(({ name, base }) => {
        const restore = site.ledger.state.devices.get(name)?.restore ?? null;
        if (restore?.plan === plan)
          return { kind: 'restore-ended', device: name, revision: restore.revision, reason: 'rejected' };
        return { kind: 'quarantined', device: name, reason: 'rejected', plan, base };
      });
    case 'resolve':
      return open.map(({ name }) => ({ kind: 'resolve-ordered', device: name, as: null, sealed: null }));
    case 'accept-commit':
      return [rejectionOf(commit, reason)];
    case 'rotation':
      return open.map(({ name }) => ({
        kind: 'rotation-ordered',
        device: name,
        what: null,
        emergency: false,
      }));
    case 'adopt':
      return open.map(({ name }) => ({ kind: 'adopt-ordered', device: name, sections: null }));
  }
}

/** The item with its text and, where one was issued, its document, as they are in the state. */
async function itemOf(site: RunningSite, pending: PendingState): Promise<PendingItem> {
  const { document, plan } = pending;
  const text = await textOf(site, 'plan', plan);
  const documentText = document === null ? null : await textOf(site, 'document', document.digest);
  const ids = { site: site.settings.site, daemon: site.ledger.state.daemon ?? '' };
  if (text === null) {
    throw new SitewardError(
      'document-missing',
      `the text of ${pending.id} is gone from the state; reject it, and it is asked anew`,
    );
  }
  return pendingItem(ids, pending, authorsFor(site.ledger.state, openDevices(pending)), text, documentText);
}

async function textOf(site: RunningSite, kind: StateFileKind, digest: string): Promise<string | null> {
  return (await site.files.get(kind, digest))?.toString('latin1') ?? null;
}

function requirePending(site: RunningSite, id: string): PendingState {
  const { pending } = site.ledger.state;
  const found = pending.get(id);
  if (found !== undefined) return found;
  const later = [...pending.values()].find(({ supersedes }) => supersedes?.pending === id);
  const message =
    later === undefined
      ? `nothing is pending under ${id}; run: siteward pending`
      : `${id} was superseded by ${later.id}; run: siteward pending ${later.id}`;
  throw new InvalidInput('no-such-pending', message);
}
