/**
 * What people ask about the past of a device, and the order to keep what it has now. Reads the device where it has to and
 * changes nothing on it.
 */
import type { RevisionAnswer } from '../api/history-answers.ts';
import type { AnswerOf, Operations } from '../api/operations.ts';
import { rfc3339Seconds } from '../core/clock.ts';
import { InvalidInput, SitewardError, codeOf, messageOf } from '../core/errors.ts';
import type { Kept } from '../history/archive.ts';
import type { BinaryBackup } from '../history/binary-backups.ts';
import { findRevision } from '../history/find-revision.ts';
import type { Label } from '../history/label.ts';
import { labelProblem } from '../history/ref-name.ts';
import type { Revision } from '../history/revision.ts';
import { ownName } from '../history/revision.ts';
import { keepReading } from '../reconcile/archive-reading.ts';
import { actorOf, select } from './orders.ts';
import type { RunningDevice, RunningSite } from './running-site.ts';

type Result = AnswerOf<'backup'>['results'][number];

export function buildHistory(
  site: RunningSite,
): Pick<Operations, 'backup' | 'history' | 'show' | 'binary' | 'secrets'> {
  return {
    backup: async ({ device, label }, client) => {
      const problem = label === undefined ? null : labelProblem(label);
      if (problem !== null) throw new InvalidInput('bad-label', problem);
      const devices = select(site, device);
      const by = actorOf(client);
      const results = await Promise.all(devices.map((one) => backUp(site, one, label ?? null, by)));
      return { v: 1, results };
    },
    history: async ({ device: name, limit }) => {
      select(site, name);
      const notes = await notesOf(site, name);
      const revisions: RevisionAnswer[] = [];
      for await (const revision of site.archive.revisions(name)) {
        if (revisions.length === limit) return { v: 1, device: name, revisions, more: true };
        revisions.push(revisionAnswer(revision, notes));
      }
      return { v: 1, device: name, revisions, more: false };
    },
    show: async ({ device: name, rev }) => {
      select(site, name);
      const revision = await findRevision(site.archive, name, rev);
      const text = await site.archive.text(revision);
      return { v: 1, device: name, revision: revisionAnswer(revision, await notesOf(site, name)), text };
    },
    binary: async ({ device: name, rev }) => {
      select(site, name);
      const revision = await findRevision(site.archive, name, rev);
      const notes = await notesOf(site, name);
      const found = notes.backups.find((one) => one.revision === revision.oid);
      if (found === undefined)
        throw new InvalidInput(
          'no-binary-backup',
          `${name}: of revision ${shortOid(revision.oid)} no binary backup is kept; siteward history ${name} marks those of which one is`,
        );
      const content = (await site.binaryBackups.read(name, found)).toString('base64');
      return { v: 1, device: name, revision: revisionAnswer(revision, notes), content, ...found.made };
    },
    secrets: async ({ device: name, rev }) => {
      select(site, name);
      const revision = await findRevision(site.archive, name, rev);
      const sealed = await site.archive.sealedSecrets(revision);
      if (sealed === null)
        throw new InvalidInput(
          'no-sealed-secrets',
          `${name}: with revision ${shortOid(revision.oid)} no secrets were kept; that takes \`history: recipients:\` and \`secrets: compare\` in the settings`,
        );
      const content = sealed.toString('base64');
      const answer = revisionAnswer(revision, await notesOf(site, name));
      return { v: 1, device: name, revision: answer, content };
    },
  };
}

export interface RevisionNotes {
  readonly labels: readonly Label[];
  /** The newest first. */
  readonly backups: readonly BinaryBackup[];
}

/** What is known of a device's revisions beside themselves. */
export async function notesOf(
  { archive, binaryBackups }: Pick<RunningSite, 'archive' | 'binaryBackups'>,
  device: string,
): Promise<RevisionNotes> {
  return { labels: await archive.labels(device), backups: await binaryBackups.list(device) };
}

export function revisionAnswer(revision: Revision, { labels, backups }: RevisionNotes): RevisionAnswer {
  const { oid, atS, why, who, added, removed, rollout, restored, secrets } = revision;
  const binary = backups.find((one) => one.revision === oid);
  return {
    rev: shortOid(oid),
    at: rfc3339Seconds(atS * 1000),
    why,
    who: who ?? ownName,
    added,
    removed,
    labels: labels.filter(({ of }) => of === oid).map(({ name }) => name),
    rollout: why === 'rollout' ? rollout : null,
    restored: restored === null ? null : shortOid(restored),
    binary: binary === undefined ? null : rfc3339Seconds(binary.atS * 1000),
    secrets: secrets?.slice(0, 12) ?? null,
  };
}

export function shortOid(oid: string): string {
  return oid.slice(0, 12);
}

async function backUp(
  site: RunningSite,
  running: RunningDevice,
  label: string | null,
  by: string,
): Promise<Result> {
  const { name: device } = running.settings;
  try {
    const { revision, isNew } = await readAndKeep(running, label === null ? 'manual' : 'checkpoint');
    const atS = Math.floor(site.clock.now() / 1000);
    if (label !== null) await site.archive.label(revision, { name: label, by, atS });
    const rev = shortOid(revision.oid);
    const what = isNew ? `+${revision.added} -${revision.removed} lines` : 'it has what it had then';
    const named = label === null ? '' : ` is ${label}`;
    const { binary } = running.settings.backup;
    if (binary) running.loop.wake({ backup: true });
    const follows = binary ? '; its binary backup follows' : '';
    const message = `${rev}${named}: ${what}${follows}`;
    const next = binary ? { next: `siteward history ${device}` } : {};
    return { device, done: true, code: isNew ? 'kept' : 'unchanged', message, ...next };
  } catch (error) {
    if (!(error instanceof SitewardError)) throw error;
    const next = error.code === 'rollout-in-flight' ? `siteward status ${device}` : null;
    return { device, done: false, code: codeOf(error), message: messageOf(error), next };
  }
}

/** In the middle of a rollout a device has a state that nobody meant, which is none to go back to. */
async function readAndKeep(running: RunningDevice, why: 'manual' | 'checkpoint'): Promise<Kept> {
  const { room, folded } = running;
  const before = folded().lastRollout?.id;
  requireQuiet(running);
  const observation = await room.driver.observe(room.signal);
  requireQuiet(running);
  if (folded().lastRollout?.id !== before) throw inFlight(folded().lastRollout?.id ?? '');
  return await keepReading(room, observation, why);
}

export function requireQuiet({ folded }: RunningDevice): void {
  const { rollout } = folded();
  if (rollout !== null && rollout.phase !== 'diverged') throw inFlight(rollout.id);
}

function inFlight(rollout: string): SitewardError {
  return new SitewardError(
    'rollout-in-flight',
    `rollout ${rollout} is in flight; what the device has then is kept by itself, ask again after it`,
  );
}
