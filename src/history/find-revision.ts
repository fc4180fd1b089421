/**
 * From what a person types to a revision: a short hash, a label, `~n` (n before the newest), or a time. And where a
 * rollback leads. Reads as much of the history as it takes, never more.
 */
import { InvalidInput } from '../core/errors.ts';
import type { Archive } from './archive.ts';
import type { Revision } from './revision.ts';

/** Throws `InvalidInput` no-such-revision. */
export async function findRevision(archive: Archive, device: string, rev: string): Promise<Revision> {
  const labels = await archive.labels(device);
  const label = labels.find(({ name }) => name === rev);
  if (label !== undefined) return await archive.revision(label.of);
  const steps = /^~(\d{1,6})$/.exec(rev);
  const hash = /^[0-9a-f]{4,40}$/.test(rev);
  const time = steps === null && !hash ? timeOf(rev) : null;
  const found: Revision[] = [];
  let behind = 0;
  for await (const revision of archive.revisions(device)) {
    if (steps !== null && behind === Number(steps[1])) return revision;
    if (time !== null && revision.atS * 1000 <= time) return revision;
    if (hash && revision.oid.startsWith(rev)) found.push(revision);
    behind += 1;
  }
  // What retention took from the branch is still there where it has a label.
  for (const { of } of hash ? labels : [])
    if (of.startsWith(rev) && !found.some(({ oid }) => oid === of)) found.push(await archive.revision(of));
  const [only, second] = found;
  if (only !== undefined && second === undefined) return only;
  throw missing(device, rev, { kept: behind, several: only !== undefined, time: time !== null });
}

function timeOf(text: string): number | null {
  const full = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?$/.test(text);
  const ms = full ? Date.parse(text.replace(' ', 'T')) : NaN;
  return Number.isNaN(ms) ? null : ms;
}

function missing(
  device: string,
  rev: string,
  { kept, several, time }: { kept: number; several: boolean; time: boolean },
): InvalidInput {
  const shown = JSON.stringify(rev.slice(0, 80));
  const message =
    kept === 0
      ? `${device}: nothing was kept of this device yet; run: siteward backup ${device}`
      : several
        ? `${device}: several revisions begin with ${shown}; give more digits`
        : time
          ? `${device}: nothing is kept from before ${shown}; run: siteward history ${device}`
          : `${device}: no revision ${shown}: expected a hash, a label, '~n' (in quotes) or a time; run: siteward history ${device}`;
  return new InvalidInput('no-such-revision', message);
}

export interface WayBack {
  readonly revision: Revision;
  readonly what: 'checkpoint' | 'before-rollout';
  /** Its label, when it is a checkpoint. */
  readonly label: string | null;
  /** True: the device has it already. */
  readonly isThere: boolean;
}

/**
 * The newest checkpoint that is not what the device has, or the state before the last rollout, whichever is newer. What
 * a restore left is never gone back to: before a restore nothing is looked for. Null: there is nothing to go back to.
 */
export async function wayBack(archive: Archive, device: string): Promise<WayBack | null> {
  const labels = await archive.labels(device);
  const newest = (await archive.newest(device))?.revision;
  if (newest === undefined) return null;
  const labelOf = ({ oid }: Revision): string | null => labels.find(({ of }) => of === oid)?.name ?? null;
  let behindRollout = false;
  for await (const revision of archive.revisions(device)) {
    const label = labelOf(revision);
    const isThere = await archive.isSame(revision, newest);
    if (behindRollout || revision.restored !== null || (label !== null && !isThere))
      return { revision, what: label === null ? 'before-rollout' : 'checkpoint', label, isThere };
    behindRollout = revision.why === 'rollout';
  }
  return null;
}
