/**
 * A repository on this machine, bare or not; read in place and never written.
 * Follows one branch or the highest tag. What a commit means is in `site-files.ts`; whether its head may be believed,
 * and who signed it, is decided by others from what is read here.
 */
import path from 'node:path';
import { InvalidInput } from '../core/errors.ts';
import { taggedCommit } from './deploy-tag.ts';
import { commitsSince, descends } from './git-history.ts';
import { GitObjects } from './git-objects.ts';
import {
  branchPrefix,
  followedRef,
  isFolder,
  missing,
  resolve,
  resolveRef,
  tagPrefix,
  tagRefs,
} from './git-refs.ts';
import type { Followed } from './git-refs.ts';
import { gitTree } from './git-tree.ts';
import type { Listings } from './git-tree.ts';
import { KnownDevices } from './known-devices.ts';
import { readSiteFiles } from './site-files.ts';
import type { SiteFiles } from './site-files.ts';

export interface RepositoryOptions extends Followed {
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

/** A repository on this machine, which also tells the head of what others chose. */
export interface LocalRepository extends DesiredRepository {
  /** The commit of a branch or an annotated tag, by its whole name. */
  headOf(ref: string): Promise<string>;
  /** The object that a ref names; null: there is no such ref. */
  tip(ref: string): Promise<string | null>;
  has(oid: string): Promise<boolean>;
}

export function repositoryAt(gitdir: string, options: RepositoryOptions): LocalRepository {
  const objects = new GitObjects(gitdir);
  const known = new KnownDevices();
  const listings: Listings = new Map();
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
    has: (oid) => objects.has(oid),
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
      return readSiteFiles(gitTree(objects, tree, listings), head, options.path, options.site ?? null, known);
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
