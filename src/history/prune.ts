/**
 * Drops what the limits no longer keep of one device: first the new boundary is durable, so that no reader goes past it,
 * then the objects go, what lies in a commit before the commit, and the oldest commit first. So whenever the power goes,
 * what is left to remove can be reached from the boundary's parents, and the next turn removes it. Objects in packs are
 * left to `git gc`.
 */
import type { HistoryRepository } from './repository.ts';
import { boundaryAfter, retained, unsent } from './retention.ts';
import type { Arrived, KeepLimits, Sized } from './retention.ts';
import { objectsLeft, objectsOf } from './revision-objects.ts';
import { revisionOf } from './revision.ts';
import type { Revision } from './revision.ts';

/** Other devices' revisions wait meanwhile; what is more goes with the next turn. */
const mostAtOnce = 500;

/** `branch`: the newest first. Returns how many revisions were removed. Throws `SitewardError`. */
export async function pruneRevisions(
  repository: HistoryRepository,
  branch: readonly Revision[],
  checkpoints: readonly Revision[],
  {
    limits,
    nowMs,
    arrived,
  }: { readonly limits: KeepLimits; readonly nowMs: number | null; readonly arrived: Arrived },
): Promise<number> {
  const before = await repository.boundary();
  const sized = limits.bytes === null ? branch.map(unweighed) : await weigh(repository, branch);
  const now = retained(sized, limits, nowMs, Math.max(1, unsent(branch, arrived)));
  const { boundary, roots } = boundaryAfter(before, now, checkpoints);
  const stay = [...now.kept, ...checkpoints];
  const gone = await behind(repository, roots, new Set(stay.map(({ oid }) => oid)));
  const needed = new Set<string>();
  if (gone.length > 0)
    for (const revision of stay) for (const oid of await objectsOf(repository, revision)) needed.add(oid);
  const inside: string[][] = [[], [], []];
  for (const revision of gone)
    for (const [depth, oids] of (await objectsLeft(repository, revision)).entries())
      inside[depth]?.push(...oids.filter((oid) => !needed.has(oid)));
  if (!isSame(before, boundary)) await repository.setBoundary(boundary);
  for (const oids of inside.reverse()) await repository.removeObjects(oids);
  for (const { oid } of gone) await repository.removeObjects([oid]);
  return gone.length;
}

/** Ancestors of the roots that nothing leads to any more: of each root the oldest first, none of a pack. */
async function behind(
  repository: HistoryRepository,
  roots: readonly Revision[],
  stay: ReadonlySet<string>,
): Promise<readonly Revision[]> {
  const found: Revision[] = [];
  for (const root of roots) {
    const chain: Revision[] = [];
    let oid = root.parent;
    while (oid !== null && !stay.has(oid) && (await repository.looseBytes(oid)) !== null) {
      const revision = revisionOf(await repository.read(oid, 'commit'));
      chain.push(revision);
      oid = revision.parent;
    }
    found.push(...chain.reverse());
  }
  return found.slice(0, mostAtOnce);
}

function unweighed(revision: Revision): Revision & Sized {
  return { ...revision, bytes: 0 };
}

/** An object counts for the newest revision that has it; one in a pack counts nothing. */
async function weigh(
  repository: HistoryRepository,
  branch: readonly Revision[],
): Promise<readonly (Revision & Sized)[]> {
  const counted = new Set<string>();
  const weighed: (Revision & Sized)[] = [];
  for (const revision of branch) {
    let bytes = 0;
    for (const oid of [revision.oid, ...(await objectsOf(repository, revision))]) {
      if (!counted.has(oid)) bytes += (await repository.looseBytes(oid)) ?? 0;
      counted.add(oid);
    }
    weighed.push({ ...revision, bytes });
  }
  return weighed;
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((oid) => other.has(oid));
}
