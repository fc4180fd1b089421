/**
 * A repository on this machine, bare or not; read in place and never written.
 * Follows one branch. What a commit means is in `site-files.ts`, whether its head may be believed in `freshness.ts`,
 * and who signed it is decided from `rawCommit` by others.
 */
import { readFile, stat } from 'node:fs/promises';
import fs from 'node:fs';
import path from 'node:path';
import git from 'isomorphic-git';
import { InvalidInput } from '../core/errors.ts';
import { GitObjects, isOid } from './git-objects.ts';
import type { CommitObject } from './git-objects.ts';
import { gitTree } from './git-tree.ts';
import { readSiteFiles } from './site-files.ts';
import type { SiteFiles } from './site-files.ts';

export interface RepositoryOptions {
  readonly branch: string;
  /** Folder of the site in the repository, without slashes at its ends; '' is its root. */
  readonly path: string;
  /** The site that commits must be for; another's is a problem `wrong-site`. */
  readonly site?: string;
}

export interface DesiredRepository {
  /** Object name of the branch's newest commit. Throws `InvalidInput`: unreadable-repository, no-such-branch. */
  head(): Promise<string>;
  readSite(oid: string): Promise<SiteFiles>;
  /** Whether `ancestor` is `oid` itself or one of those it descends from. */
  descends(oid: string, ancestor: string): Promise<boolean>;
  /** Every commit that came with `oid`: not reached from `before` (null: only it). Null: more than can be looked at. */
  commitsSince(oid: string, before: string | null): Promise<readonly Uint8Array[] | null>;
  /** The commit as it was hashed, for judging its signature. */
  rawCommit(oid: string): Promise<Uint8Array>;
  /** A branch, a tag, or an object name of at least 7 digits, as the commit it means. */
  resolve(rev: string): Promise<string>;
}

const maxHistory = 200_000;

export function repositoryAt(gitdir: string, options: RepositoryOptions): DesiredRepository {
  const objects = new GitObjects(gitdir);
  return {
    head: () => headOf(gitdir, options.branch),
    async readSite(oid) {
      const { tree, subject, author } = await objects.readCommit(oid);
      const head = { commit: oid, subject, author };
      return readSiteFiles(gitTree(objects, tree), head, options.path, options.site ?? null);
    },
    descends: (oid, ancestor) => descends(gitdir, objects, oid, ancestor),
    commitsSince: (oid, before) => commitsSince(gitdir, objects, oid, before),
    rawCommit: (oid) => objects.read(oid, 'commit'),
    resolve: (rev) => resolve(gitdir, objects, rev),
  };
}

/** Throws `InvalidInput` not-a-repository. */
export async function findGitDir(url: string): Promise<string> {
  for (const candidate of [path.join(url, '.git'), url])
    if ((await isFolder(path.join(candidate, 'objects'))) && (await isFolder(path.join(candidate, 'refs'))))
      return candidate;
  throw new InvalidInput(
    'not-a-repository',
    'no git repository is there; check `desired: url:`, and that the daemon may read it',
    { file: url },
  );
}

async function isFolder(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isDirectory();
  } catch {
    // Whatever is in the way, there is no repository to be read here.
    return false;
  }
}

async function headOf(gitdir: string, branch: string): Promise<string> {
  const oid = await resolveRef(gitdir, `refs/heads/${branch}`);
  if (oid === null)
    throw new InvalidInput(
      'no-such-branch',
      `no branch ${JSON.stringify(branch)}; check \`desired: branch:\``,
      { file: gitdir },
    );
  return oid;
}

/** Null when there is no such reference; unreadable is an error, never "not there". */
async function resolveRef(gitdir: string, ref: string): Promise<string | null> {
  try {
    const oid = await git.resolveRef({ fs, gitdir, ref });
    return isOid(oid) ? oid : null;
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'NotFoundError') {
      if (await isFolder(path.join(gitdir, 'objects'))) return null;
    }
    throw new InvalidInput(
      'unreadable-repository',
      'the repository can not be read',
      { file: gitdir },
      { cause },
    );
  }
}

async function resolve(gitdir: string, objects: GitObjects, rev: string): Promise<string> {
  const unknown = (): InvalidInput =>
    new InvalidInput(
      'no-such-revision',
      `no commit ${JSON.stringify(rev)}; expected a branch, a tag or a commit`,
      { file: gitdir },
    );
  if (!/^[A-Za-z0-9][A-Za-z0-9._/@+-]{0,250}$/.test(rev) || rev.includes('..') || rev.includes('@{'))
    throw unknown();
  let oid: string | null = isOid(rev) ? rev : null;
  for (const ref of [
    rev === 'HEAD' ? 'HEAD' : `refs/heads/${rev}`,
    `refs/tags/${rev}`,
    `refs/remotes/${rev}`,
  ])
    oid ??= await resolveRef(gitdir, ref);
  if (oid === null && /^[0-9a-f]{7,39}$/.test(rev)) oid = await objects.expand(rev);
  if (oid === null) throw unknown();
  for (let depth = 0; depth < 5; depth++) {
    const { type, content } = await objects.readAny(oid);
    if (type === 'commit') return oid;
    const target = /^object ([0-9a-f]{40})\n/.exec(Buffer.from(content).toString('latin1'))?.[1];
    if (type !== 'tag' || target === undefined) throw unknown();
    oid = target;
  }
  throw unknown();
}

async function descends(
  gitdir: string,
  objects: GitObjects,
  oid: string,
  ancestor: string,
): Promise<boolean> {
  const cut = await shallowCommits(gitdir);
  const seen = new Set([oid]);
  const queue = [oid];
  for (let next = 0; next < queue.length; next++) {
    const current = queue[next] ?? '';
    if (current === ancestor) return true;
    if (seen.size > maxHistory)
      throw new InvalidInput('history-too-long', `the history has more than ${maxHistory} commits`, {
        file: gitdir,
      });
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
async function commitsSince(
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
    throw new InvalidInput(
      'unreadable-repository',
      'the repository can not be read',
      { file: gitdir },
      { cause },
    );
  }
}
