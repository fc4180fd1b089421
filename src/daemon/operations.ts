/**
 * What the socket's questions do: answers are made from the journal's fold and the last readings, orders become
 * records. Nothing here decides who may do what; a change that needs a signature passes the gate whoever asks.
 */
import type { AnswerOf, Operations } from '../api/operations.ts';
import { rfc3339 } from '../core/clock.ts';
import { itemsFor } from '../core/gate/pending.ts';
import type { RecordEnvelope } from '../core/journal.ts';
import { InvalidInput } from '../core/errors.ts';
import { splitFragments } from '../core/fragments.ts';
import type { DesiredHead } from '../reconcile/desired-state.ts';
import { nextOnBranch } from '../reconcile/next-command.ts';
import { devicePlanAnswer, deviceStatusAnswer, problemAnswer } from './answers.ts';
import { buildGate } from './gate.ts';
import { buildHistory } from './history.ts';
import { restore } from './restore.ts';
import { buildOrders, select } from './orders.ts';
import type { RunningSite } from './running-site.ts';
import { warningsOf } from './warnings.ts';
import { readWhole } from './whole-reading.ts';

export function buildOperations(site: RunningSite): Operations {
  return {
    status: ({ device }) => Promise.resolve(statusAnswer(site, device)),
    plan: async ({ device, rev }) => {
      const devices = await Promise.all(
        select(site, device).map((one) => devicePlanAnswer(site, one, rev ?? null)),
      );
      return { v: 1, devices };
    },
    reading: ({ device, sections }) => readingAnswer(site, device, sections ?? []),
    render: ({ device, rev }) => renderAnswer(site, device, rev ?? null),
    ...buildGate(site),
    ...buildOrders(site),
    ...buildHistory(site),
    restore: (request, client) => restore(site, request, client),
    refresh: async () => {
      await site.refreshDesired();
      for (const device of site.devices) device.loop.wake();
      const { head, state, message } = site.desired.head();
      return { v: 1, head, commit: site.ledger.state.accepted?.commit ?? null, state, message };
    },
    records: ({ sinceSeq, since, device, limit, last }) => {
      // One that was taken out of the settings has left its records.
      const isRecorded = site.recent.some((one) => one['device'] === device);
      if (device !== undefined && !isRecorded) select(site, device);
      const asked = device === undefined ? null : pendingIdsOf(site.recent, device);
      const ofDevice = (one: RecordEnvelope): boolean =>
        one['device'] === device ||
        (one['device'] === undefined && asked?.has(String(one['pending'])) === true);
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

async function readingAnswer(
  site: RunningSite,
  name: string,
  sections: readonly string[],
): Promise<AnswerOf<'reading'>> {
  const [device] = select(site, name);
  if (device === undefined) throw new InvalidInput('no-such-device', `no device ${name}`);
  const { rollout } = device.folded();
  if (rollout !== null)
    throw new InvalidInput(
      'rollout-in-flight',
      `${name} is in the middle of rollout ${rollout.id}; ask again`,
    );
  const { driver, signal } = device.room;
  const { observation, unseen } = await readWhole(driver, sections, signal);
  const text = Buffer.from(observation.exportText).toString('latin1');
  return { v: 1, device: name, version: observation.facts.version, text, unseen: [...unseen] };
}

async function renderAnswer(
  site: RunningSite,
  name: string,
  rev: string | null,
): Promise<AnswerOf<'render'>> {
  const [device] = select(site, name);
  if (device === undefined) throw new InvalidInput('no-such-device', `no device ${name}`);
  const { driver, report } = device.room;
  const { text, file, commit } = await (rev === null
    ? site.desired.textFor(name, driver.dialect)
    : site.desired.textAt(name, driver.dialect, rev));
  const version = report.current().observation?.facts.version ?? null;
  const { configuration, problems } = driver.dialect.parseDesired(text, file, version);
  return {
    v: 1,
    device: name,
    commit,
    files: splitFragments(text, file).map((fragment) => fragment.file),
    text: driver.dialect.show(configuration, device.room.secretWord),
    problems: problems.map(problemAnswer),
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
      next: nextForHead(site, head),
      subject: files?.subject ?? null,
      author: files?.author ?? null,
      acceptedAt: state.accepted?.at ?? null,
    },
    journal: { seq: journal.head.seq, head: journal.head.hash },
    devices: select(site, only).map((device) => deviceStatusAnswer(site, device)),
    readOnly: journal.broken === null ? null : { ...journal.broken, next: nextOf(journal.broken.code) },
    warnings: warningsOf(site),
    hold: state.siteHold,
  };
}

/** What people are asked about the head, or the look at what they have mended. */
function nextForHead({ ledger, settings }: RunningSite, { state, head, reason }: DesiredHead): string | null {
  if (state === 'accepted' || state === 'unknown') return null;
  const [pending] = itemsFor(ledger.state.pending, null);
  if (pending !== undefined) return `siteward pending ${pending.id}`;
  const accepted = ledger.state.accepted?.commit ?? null;
  return nextOnBranch({ reason, head, accepted }, settings.desired);
}

/** What is wrong with the files, or what this machine lacks. */
function nextOf(code: string): string {
  return code === 'journal-damaged' ? 'siteward journal verify' : 'siteward check --offline';
}

/** Signatures and documents name the pending item, which was opened for one or more devices. */
function pendingIdsOf(recent: readonly RecordEnvelope[], device: string): ReadonlySet<string> {
  return new Set(
    recent.flatMap((one) =>
      one.kind === 'pending-opened' && one['device'] === device ? [String(one['pending'])] : [],
    ),
  );
}
