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
import { highestTag, taggedCommit } from './deploy-tag.ts';
import { gitTree } from './git-tree.ts';
import { KnownDevices } from './known-devices.ts';
import { readSiteFiles } from './site-files.ts';
import type { SiteFiles } from './site-files.ts';

export interface RepositoryOptions {
  readonly branch: string;
  /** Pattern of the tags that are followed instead of the branch; null: the branch is. */
  readonly tags: string | null;
  /** Folder of the site in the repository, without slashes at its ends; '' is its root. */
  readonly path: string;
  /** The site that commits must be for; another's is a problem `wrong-site`. */
  readonly site?: string;
}

/** What people put their signature on. */
export interface SignedObject {
  readonly kind: 'commit' | 'tag';
  readonly raw: Uint8Array;
}

export interface DesiredRepository {
  /**
   * Object name of the branch's newest commit, or of the one that the highest tag names. Throws `InvalidInput`:
   * unreadable-repository, no-such-branch, no-such-tag, tag-refused.
   */
  head(): Promise<string>;
  /** What must be signed for a head that was just told: the commit itself, or the tag that names it. */
  signedObject(head: string): Promise<SignedObject>;
  readSite(oid: string): Promise<SiteFiles>;
  /** Whether `ancestor` is `oid` itself or one of those it descends from. */
  descends(oid: string, ancestor: string): Promise<boolean>;
  /** Every commit that came with `oid`: not reached from `before` (null: only it). Null: more than can be looked at. */
  commitsSince(oid: string, before: string | null): Promise<readonly Uint8Array[] | null>;
  /** The commit as it was hashed, for judging its signature. */
  rawCommit(oid: string): Promise<Uint8Array>;
  /** A branch, a tag, `HEAD`, or an object name of at least 7 digits, with `~N` for the N-th before it, as the commit it means. */
  resolve(rev: string): Promise<string>;
}

const maxHistory = 200_000;

/** A repository on this machine, which also tells the head of what others chose. */
export interface LocalRepository extends DesiredRepository {
  /** The commit of a branch or an annotated tag, by its whole name. */
  headOf(ref: string): Promise<string>;
  /** The object that a ref names; null: there is no such ref. */
  tip(ref: string): Promise<string | null>;
  has(oid: string): Promise<boolean>;
}

/** `known` is what another view of the same repository read before. */
export function repositoryAt(
  gitdir: string,
  options: RepositoryOptions,
  known: KnownDevices = new KnownDevices(),
): LocalRepository {
  const objects = new GitObjects(gitdir);
  let tag: { readonly commit: string; readonly raw: Uint8Array } | null = null;

  async function headOf(ref: string): Promise<string> {
    const oid = await resolveRef(gitdir, ref);
    if (oid === null) throw new InvalidInput(...missing(ref), { file: gitdir });
    if (!ref.startsWith(tagPrefix)) return oid;
    const { type, content } = await objects.readAny(oid);
    const name = ref.slice(tagPrefix.length);
    if (type !== 'tag')
      throw new InvalidInput('tag-refused', `tag ${name} carries no signature; make it with git tag -s`);
    tag = { commit: taggedCommit(content, name), raw: content };
    return tag.commit;
  }

  return {
    headOf,
    tip: (ref) => resolveRef(gitdir, ref),
    has: (oid) =>
      objects.readAny(oid).then(
        () => true,
        () => false,
      ),
    async head() {
      if (options.tags === null) return headOf(`${branchPrefix}${options.branch}`);
      return headOf(followedRef(options, await tagRefs(gitdir)));
    },
    async signedObject(head) {
      if (options.tags === null) return { kind: 'commit', raw: await objects.read(head, 'commit') };
      if (tag?.commit !== head) throw new InvalidInput('no-such-tag', `no tag names ${head.slice(0, 12)}`);
      return { kind: 'tag', raw: tag.raw };
    },
    async readSite(oid) {
      const { tree, subject, author } = await objects.readCommit(oid);
      const head = { commit: oid, subject, author };
      return readSiteFiles(gitTree(objects, tree), head, options.path, options.site ?? null, known);
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

const branchPrefix = 'refs/heads/';
const tagPrefix = 'refs/tags/';

/** Of all refs that there are, the one whose commit is carried out. */
export function followedRef({ branch, tags }: RepositoryOptions, refs: Iterable<string>): string {
  if (tags === null) return `${branchPrefix}${branch}`;
  const names = [...refs].flatMap((ref) =>
    ref.startsWith(tagPrefix) && !ref.endsWith('^{}') ? [ref.slice(tagPrefix.length)] : [],
  );
  const name = highestTag(names, tags);
  if (name !== null) return `${tagPrefix}${name}`;
  throw new InvalidInput(
    'no-such-tag',
    `no tag matches ${JSON.stringify(tags)}; make one with git tag -s, or check \`desired: track:\``,
  );
}

/** Code and message for a ref that is not there. */
export function missing(ref: string): [code: string, message: string] {
  return ref.startsWith(tagPrefix)
    ? ['no-such-tag', `no tag ${JSON.stringify(ref.slice(tagPrefix.length))}; check \`desired: track:\``]
    : [
        'no-such-branch',
        `no branch ${JSON.stringify(ref.slice(branchPrefix.length))}; check \`desired: branch:\``,
      ];
}

async function tagRefs(gitdir: string): Promise<readonly string[]> {
  try {
    return (await git.listTags({ fs, gitdir })).map((name) => `${tagPrefix}${name}`);
  } catch (cause) {
    throw new InvalidInput(
      'unreadable-repository',
      'the repository can not be read',
      { file: gitdir },
      { cause },
    );
  }
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
      `no commit ${JSON.stringify(rev)}; expected a branch, a tag or a commit, and ~N for the N-th before it`,
      { file: gitdir },
    );
  const [, name = '', back = '0'] = /^(.*?)(?:~(\d{1,5}))?$/.exec(rev) ?? [];
  if (!/^[A-Za-z0-9][A-Za-z0-9._/@+-]{0,250}$/.test(name) || name.includes('..') || name.includes('@{'))
    throw unknown();
  const tip = await resolveName(gitdir, objects, name);
  if (tip === null) throw unknown();
  let oid = tip;
  for (let steps = Number(back); steps > 0; steps--) {
    const [parent] = (await objects.readCommit(oid)).parents;
    if (parent === undefined) throw unknown();
    oid = parent;
  }
  return oid;
}

/** The commit that a branch, a tag or the first digits of an object's name mean; null: there is none. */
async function resolveName(gitdir: string, objects: GitObjects, rev: string): Promise<string | null> {
  let oid: string | null = isOid(rev) ? rev : null;
  for (const ref of [
    rev === 'HEAD' ? 'HEAD' : `refs/heads/${rev}`,
    `refs/tags/${rev}`,
    `refs/remotes/${rev}`,
  ])
    oid ??= await resolveRef(gitdir, ref);
  if (oid === null && /^[0-9a-f]{7,39}$/.test(rev)) oid = await objects.expand(rev);
  for (let depth = 0; oid !== null && depth < 5; depth++) {
    const { type, content } = await objects.readAny(oid);
    if (type === 'commit') return oid;
    const target = /^object ([0-9a-f]{40})\n/.exec(Buffer.from(content).toString('latin1'))?.[1];
    oid = type === 'tag' ? (target ?? null) : null;
  }
  return null;
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
