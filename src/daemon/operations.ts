/**
 * What the socket's questions do: answers are made from the journal's fold and the last readings, orders become
 * records. Nothing here decides who may do what; a change that needs a signature passes the gate whoever asks.
 */
import type { AnswerOf, Operations } from '../api/operations.ts';
import { rfc3339 } from '../core/clock.ts';
import type { RecordEnvelope } from '../core/journal.ts';
import { InvalidInput, SitewardError } from '../core/errors.ts';
import { approvalsOf, judgeSignature } from '../core/gate/decide.ts';
import { issueDocument, namespaceFor } from '../core/gate/document.ts';
import type { PendingItem } from '../core/gate/pending.ts';
import type { PendingState } from '../core/site-state.ts';
import { findPending } from '../core/site-state.ts';
import type { PlannedDevice } from '../reconcile/comparison.ts';
import { pendingItemOf } from '../reconcile/pass-gate.ts';
import { devicePlanAnswer, deviceStatusAnswer } from './answers.ts';
import { actorOf, buildOrders, record, select } from './orders.ts';
import type { RunningDevice, RunningSite } from './running-site.ts';

export function buildOperations(site: RunningSite): Operations {
  return {
    status: ({ device }) => Promise.resolve(statusAnswer(site, device)),
    plan: async ({ device, rev }) => {
      const devices = await Promise.all(
        select(site, device).map((one) => devicePlanAnswer(site, one, rev ?? null)),
      );
      return { v: 1, devices };
    },
    pending: ({ ids }) => Promise.resolve(pendingAnswer(site, ids)),
    document: ({ id }, client) => site.oneAtATime(() => documentFor(site, id, actorOf(client))),
    approve: ({ id, signatures }, client) =>
      site.oneAtATime(() => approve(site, id, signatures, actorOf(client))),
    reject: async ({ id, reason }, client) => {
      const pending = requirePending(site, id);
      const { plan, base, device } = pending;
      await record(site, { kind: 'pending-closed', pending: id, reason: `rejected: ${reason}` }, client);
      await record(site, { kind: 'quarantined', device, reason: 'rejected', plan, base }, client);
      return { v: 1, id };
    },
    ...buildOrders(site),
    refresh: async () => {
      await site.refreshDesired();
      for (const device of site.devices) device.loop.wake();
      const { head, state, message } = site.desired.head();
      return { v: 1, head, commit: site.ledger.state.accepted?.commit ?? null, state, message };
    },
    records: ({ sinceSeq, since, device, limit, last }) => {
      if (device !== undefined) select(site, device);
      const ofDevice = (one: RecordEnvelope): boolean =>
        one['device'] === device || isPendingOf(one['pending'], `${site.settings.site}-${device ?? ''}-`);
      const fits = site.recent.filter(
        (one) =>
          one.seq > sinceSeq &&
          (since === undefined || one.at >= rfc3339(Date.parse(since))) &&
          (device === undefined || ofDevice(one)),
      );
      const records = last === true ? fits.slice(-limit) : fits.slice(0, limit);
      return Promise.resolve({ v: 1, records, head: site.ledger.journal.head });
    },
  };
}

function statusAnswer(site: RunningSite, only: string | undefined): AnswerOf<'status'> {
  const { state, journal } = site.ledger;
  const head = site.desired.head();
  const files = site.desired.files();
  return {
    v: 1,
    site: site.settings.site,
    commit: state.accepted?.commit ?? null,
    desired: {
      head: head.head,
      state: head.state,
      reason: head.reason,
      message: head.message,
      next: head.state === 'accepted' || head.state === 'unknown' ? null : 'siteward refresh',
      subject: files?.subject ?? null,
      author: files?.author ?? null,
      acceptedAt: state.accepted?.at ?? null,
    },
    journal: { seq: journal.head.seq, head: journal.head.hash },
    devices: select(site, only).map((device) => deviceStatusAnswer(site, device)),
    readOnly: journal.broken,
    hold: state.siteHold,
  };
}

function pendingAnswer(site: RunningSite, ids: readonly string[] | undefined): AnswerOf<'pending'> {
  for (const id of ids ?? []) requirePending(site, id);
  const pending = site.devices.flatMap((device) => {
    const one = device.folded().pending;
    if (one === null || (ids !== undefined && !ids.includes(one.id))) return [];
    const planned = plannedFor(device, one);
    const by = [...new Set(one.approvals.map((approval) => approval.person))];
    const counted = planned === null ? null : approvalsNow(site, device, planned, one);
    const need = site.settings.policy.approvals[one.class];
    return [
      {
        id: one.id,
        kind: 'rollout' as const,
        class: one.class,
        devices: [one.device],
        issued: one.document?.notBefore ?? null,
        expires: one.document?.expires ?? null,
        approvals: counted ?? { have: by.length, need, by },
        reason: one.reason,
        commit: one.commit,
        namespace: namespaceFor(one.class, site.settings.organization),
        text: planned?.text ?? null,
      },
    ];
  });
  return { v: 1, pending };
}

function approvalsNow(
  site: RunningSite,
  device: RunningDevice,
  planned: PlannedDevice,
  pending: PendingState,
): { have: number; need: number; by: string[] } | null {
  const { document } = pending;
  const text = document === null ? undefined : site.documents.get(document.digest);
  if (document === null || text === undefined) return null;
  const item: PendingItem = {
    ...pendingItemOf(device.room, planned, pending),
    document: { text, ...document },
  };
  return approvalsOf(item, site.trust(), site.settings.policy, site.clock.now());
}

/** The document of a pending item: the same bytes until it expires, then a new one with a challenge of its own. */
async function documentFor(site: RunningSite, id: string, actor: string): Promise<AnswerOf<'document'>> {
  const item = await openItem(site, id);
  const namespace = namespaceFor(item.pending.class, site.settings.organization);
  const now = site.clock.now();
  const { document } = item.item;
  if (document !== null && Date.parse(document.expires) > now)
    return { v: 1, id, text: document.text, namespace };
  const challenge = site.random(16).toString('hex');
  const issued = issueDocument(
    { ...item.item, document: null, approvals: [] },
    { challenge, nowMs: now, expiresMs: site.settings.policy.expiresMs },
  );
  const digest = await site.files.put('document', Buffer.from(issued.text, 'latin1'));
  const { notBefore, expires } = issued;
  await site.ledger.append(
    { kind: 'document-issued', pending: id, document: digest, challenge, notBefore, expires },
    actor,
  );
  site.documents.set(digest, issued.text);
  return { v: 1, id, text: issued.text, namespace };
}

async function approve(
  site: RunningSite,
  id: string,
  signatures: readonly string[],
  actor: string,
): Promise<AnswerOf<'approve'>> {
  const { seq } = site.ledger.journal.head;
  const { device, pending } = await openItem(site, id);
  const results: AnswerOf<'approve'>['results'] = [];
  let [have, need, complete] = [0, site.settings.policy.approvals[pending.class], false];
  for (const signature of signatures) {
    const { item } = await openItem(site, id);
    const verdict = judgeSignature(item, signature, site.trust(), site.settings.policy, site.clock.now());
    if (verdict.kind === 'refused') {
      const { code, message } = verdict;
      await site.ledger.append({ kind: 'signature-refused', pending: id, code, message }, actor);
      results.push({
        kind: 'refused',
        code,
        message,
        ...(verdict.fingerprint === null ? {} : { fingerprint: verdict.fingerprint }),
      });
      site.count('approvals', { result: 'refused', reason: code });
      continue;
    }
    const { person, principal, fingerprint, signature: armored } = verdict.approval;
    const document = item.document === null ? '' : (pending.document?.digest ?? '');
    await site.ledger.append(
      {
        kind: 'signature-accepted',
        pending: id,
        document,
        person,
        principal,
        fingerprint,
        signature: armored,
      },
      actor,
    );
    results.push({ kind: 'counted', person, fingerprint });
    site.count('approvals', { result: 'accepted', reason: '' });
    ({ have, need, complete } = verdict);
  }
  if (complete) device.loop.wake();
  return { v: 1, id, results, have, need, complete, seq, devices: [pending.device] };
}

/** The pending item with its plan as it was read last, and its document where one was issued. */
async function openItem(
  site: RunningSite,
  id: string,
): Promise<{ device: RunningDevice; pending: PendingState; item: PendingItem }> {
  const pending = requirePending(site, id);
  const device = site.devices.find((one) => one.settings.name === pending.device);
  const planned = device === undefined ? null : plannedFor(device, pending);
  if (device === undefined || planned === null) {
    throw new SitewardError(
      'not-read-yet',
      `${pending.device} was not read since the start; try again in a moment`,
    );
  }
  const { document } = pending;
  const item = pendingItemOf(device.room, planned, pending);
  if (document === null) return { device, pending, item };
  const text =
    site.documents.get(document.digest) ??
    (await site.files.get('document', document.digest))?.toString('latin1');
  if (text === undefined) return { device, pending, item };
  site.documents.set(document.digest, text);
  return { device, pending, item: { ...item, document: { text, ...document } } };
}

function plannedFor(device: RunningDevice, pending: PendingState): PlannedDevice | null {
  const planned = device.room.report.current().comparison?.planned ?? null;
  return planned !== null && planned.digest === pending.plan && planned.plan.baseDigest === pending.base
    ? planned
    : null;
}

function requirePending(site: RunningSite, id: string): PendingState {
  const pending = findPending(site.ledger.state, id);
  if (pending === null) {
    throw new InvalidInput('no-such-pending', `nothing is pending under ${id}; run: siteward pending`);
  }
  return pending;
}

/** Signatures and documents name the pending item, whose id begins with site and device. */
function isPendingOf(pending: unknown, prefix: string): boolean {
  return (
    typeof pending === 'string' && pending.startsWith(prefix) && /^\d+$/.test(pending.slice(prefix.length))
  );
}
