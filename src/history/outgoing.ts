/**
 * What of one device a git server does not have yet: its newer revisions, the oldest first, then its checkpoints, in pieces
 * of bounded size, each of which leaves the server's branch at a revision. Only ever leads on from what the server has.
 * Reads and changes nothing.
 */
import { SitewardError } from '../core/errors.ts';
import { damaged } from './git-object.ts';
import type { GitObject } from './git-object.ts';
import { packOf } from './pack.ts';
import { branchOf, labelsOf } from './ref-name.ts';
import type { HistoryRepository } from './repository.ts';
import { objectsOf } from './revision-objects.ts';
import { revisionOf } from './revision.ts';
import type { Revision } from './revision.ts';

export interface OutgoingParcel {
  readonly updates: readonly { readonly ref: string; readonly from: string | null; readonly to: string }[];
  /** Commits in the pack whose parents retention took before the server had anything of the device. */
  readonly shallow: readonly string[];
  readonly pack: Buffer;
}

/** One thing to send: what a reference is to name, and everything below it that is new. */
interface Step {
  readonly ref: string;
  readonly to: string;
  readonly oids: readonly string[];
  readonly shallow: string | null;
}

const mostSteps = 200;
const mostBytes = 16 * 1024 * 1024;

/** `has`: object names by reference, as the server has them. Throws `SitewardError` history-remote-differs, history-damaged. */
export async function* outgoing(
  repository: HistoryRepository,
  device: string,
  has: ReadonlyMap<string, string>,
): AsyncGenerator<OutgoingParcel> {
  const at = new Map(has);
  let steps: Step[] = [];
  let objects = new Map<string, GitObject>();
  let bytes = 0;
  const parcel = async (): Promise<OutgoingParcel> => {
    const newest = new Map(steps.map(({ ref, to }) => [ref, to]));
    const updates = [...newest].map(([ref, to]) => ({ ref, from: at.get(ref) ?? null, to }));
    for (const [ref, to] of newest) at.set(ref, to);
    const shallow = steps.flatMap((step) => step.shallow ?? []);
    const pack = await packOf([...objects.values()]);
    steps = [];
    objects = new Map();
    bytes = 0;
    return { updates, shallow, pack };
  };
  for (const step of await stepsOf(repository, device, has)) {
    // git's receive-pack (2.39 at least) stumbles over two such ends for two references at once.
    if (step.shallow !== null && steps.length > 0) yield await parcel();
    for (const oid of step.oids) {
      if (objects.has(oid)) continue;
      const object = await repository.find(oid);
      if (object === null) throw damaged(`object ${oid} is missing`);
      objects.set(oid, object);
      bytes += object.content.length;
    }
    steps.push(step);
    if (steps.length >= mostSteps || bytes >= mostBytes) yield await parcel();
  }
  if (steps.length > 0) yield await parcel();
}

async function stepsOf(
  repository: HistoryRepository,
  device: string,
  has: ReadonlyMap<string, string>,
): Promise<readonly Step[]> {
  const branch = branchOf(device);
  const tip = has.get(branch) ?? null;
  const { fresh, found } = await since(repository, branch, tip);
  if (tip !== null && !found) throw differs(device, branch, tip);
  const steps: Step[] = [];
  const boundary = await repository.boundary();
  for (const revision of fresh.reverse()) {
    // With something of the device on the server, its oldest revision there is the parent of ours.
    const cut = tip === null && boundary.has(revision.oid);
    steps.push({ ref: branch, to: revision.oid, ...(await within(repository, revision, cut)) });
  }
  const onBranch = new Set(fresh.map(({ oid }) => oid));
  for (const [word, oid] of await repository.refs(labelsOf(device))) {
    const ref = `${labelsOf(device)}/${word}`;
    const there = has.get(ref);
    if (there === oid) continue;
    if (there !== undefined) throw differs(device, ref, there);
    const tag = await repository.read(oid, 'tag');
    const of = /^object ([0-9a-f]{40})$/m.exec(tag.content.toString('latin1'))?.[1] ?? '';
    const revision = revisionOf(await repository.read(of, 'commit'));
    const alone = tip === null && !onBranch.has(of) && revision.parent !== null;
    const { oids, shallow } = await within(repository, revision, alone);
    steps.push({ ref, to: oid, oids: [...oids, oid], shallow });
  }
  return steps;
}

async function within(
  repository: HistoryRepository,
  revision: Revision,
  cut: boolean,
): Promise<Pick<Step, 'oids' | 'shallow'>> {
  const oids = [revision.oid, ...(await objectsOf(repository, revision))];
  return { oids, shallow: cut ? revision.oid : null };
}

/** Revisions that are newer than the one that the server has, the newest first. One whose parent it is leads on from it. */
async function since(
  repository: HistoryRepository,
  branch: string,
  tip: string | null,
): Promise<{ readonly fresh: Revision[]; readonly found: boolean }> {
  const boundary = await repository.boundary();
  const fresh: Revision[] = [];
  let oid = await repository.ref(branch);
  while (oid !== null && oid !== tip) {
    const revision = revisionOf(await repository.read(oid, 'commit'));
    fresh.push(revision);
    if (revision.parent === tip) return { fresh, found: true };
    oid = boundary.has(oid) ? null : revision.parent;
  }
  return { fresh, found: oid === tip };
}

function differs(device: string, ref: string, oid: string): SitewardError {
  return new SitewardError(
    'history-remote-differs',
    `${device}: the git server has ${oid.slice(0, 12)} at ${ref}, which this history does not lead on from; ` +
      'nothing there is overwritten: keep it under another name on the server and remove it there, or name another ' +
      'repository in `history: remote: url:`',
  );
}
