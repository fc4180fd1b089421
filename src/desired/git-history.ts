/** How commits of a repository on this machine are related, as far down as a shallow copy goes. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { InvalidInput } from '../core/errors.ts';
import type { CommitObject, GitObjects } from './git-objects.ts';
import { isOid, unreadable } from './git-objects.ts';

const maxHistory = 200_000;

/** Throws `InvalidInput` history-too-long where nobody can tell: it is not among so many commits, and there are more. */
export async function descends(
  gitdir: string,
  objects: Pick<GitObjects, 'readCommit'>,
  oid: string,
  ancestor: string,
  most = maxHistory,
): Promise<boolean> {
  const cut = await shallowCommits(gitdir);
  const seen = new Set([oid]);
  const queue = [oid];
  for (let next = 0; next < queue.length; next++) {
    const current = queue[next] ?? '';
    if (current === ancestor) return true;
    if (seen.size > most)
      throw new InvalidInput(
        'history-too-long',
        `none of the newest ${most} commits behind ${oid.slice(0, 12)} is ${ancestor.slice(0, 12)}, the last accepted one; push a commit on top of that one`,
        { file: gitdir },
      );
    if (cut.has(current)) continue;
    for (const parent of (await objects.readCommit(current)).parents)
      if (!seen.has(parent)) {
        seen.add(parent);
        queue.push(parent);
      }
  }
  return false;
}

const mostCommits = 300;

/**
 * Newest first by the committer's time, as git goes, until only commits are left that `before` reaches too. A wrong time
 * can make it one too many, never one too few.
 */
export async function commitsSince(
  gitdir: string,
  objects: GitObjects,
  oid: string,
  before: string | null,
): Promise<readonly Uint8Array[] | null> {
  if (before === null) return [(await objects.readCommit(oid)).raw];
  const cut = await shallowCommits(gitdir);
  const known = new Set([before]);
  const seen = new Map<string, Uint8Array>();
  const queue: { readonly oid: string; readonly time: number }[] = [];
  const read = async (name: string): Promise<CommitObject> => {
    const commit = await objects.readCommit(name);
    queue.push({ oid: name, time: committedAt(commit.raw) });
    return commit;
  };
  const commits = new Map([before, oid].map((name) => [name, null as CommitObject | null]));
  for (const name of commits.keys()) commits.set(name, await read(name));
  // What `before` reaches is followed as far down as the oldest commit that it does not seem to reach.
  let oldest = Infinity;
  const unsettled = (): boolean => queue.some(({ oid: name, time }) => !known.has(name) || time >= oldest);
  for (let looked = 0; unsettled(); looked++) {
    if (looked > mostCommits) return null;
    queue.sort((a, b) => a.time - b.time);
    const newest = queue.pop();
    const commit = commits.get(newest?.oid ?? '');
    if (newest === undefined || commit == null) break;
    if (!known.has(commit.oid)) {
      seen.set(commit.oid, commit.raw);
      oldest = Math.min(oldest, newest.time);
    }
    // What a shallow clone left out may have been written by anybody.
    if (cut.has(commit.oid) && !known.has(commit.oid)) return null;
    for (const parent of cut.has(commit.oid) ? [] : commit.parents) {
      if (known.has(commit.oid)) known.add(parent);
      if (!commits.has(parent)) commits.set(parent, await read(parent));
    }
  }
  return [...seen].flatMap(([name, raw]) => (known.has(name) ? [] : [raw]));
}

/** The committer's time; 0 where it can't be read, so that it comes last. */
function committedAt(raw: Uint8Array): number {
  const head = Buffer.from(raw).toString('latin1').split('\n\n', 1)[0] ?? '';
  return Number(/^committer .*> (\d{1,15}) /m.exec(head)?.[1] ?? 0);
}

/** Commits whose parents a shallow clone left out. */
export async function shallowCommits(gitdir: string): Promise<ReadonlySet<string>> {
  try {
    return new Set((await readFile(path.join(gitdir, 'shallow'), 'latin1')).split('\n').filter(isOid));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return new Set();
    throw unreadable(gitdir, cause);
  }
}
