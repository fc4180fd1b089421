/**
 * Names in a repository on this machine and the objects that they mean. Unreadable is an error, never "not there".
 */
import { stat } from 'node:fs/promises';
import fs from 'node:fs';
import path from 'node:path';
import git from 'isomorphic-git';
import { InvalidInput } from '../core/errors.ts';
import { highestTag } from './deploy-tag.ts';
import type { GitObjects } from './git-objects.ts';
import { isOid, unreadable } from './git-objects.ts';

export async function isFolder(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isDirectory();
  } catch {
    // Whatever is in the way, there is no repository to be read here.
    return false;
  }
}

export const branchPrefix = 'refs/heads/';
export const tagPrefix = 'refs/tags/';

export interface Followed {
  readonly branch: string;
  /** Pattern of the tags that are followed instead of the branch; null: the branch is. */
  readonly tags: string | null;
}

/** Of all refs that there are, the one whose commit is carried out. */
export function followedRef({ branch, tags }: Followed, refs: Iterable<string>): string {
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

export async function tagRefs(gitdir: string): Promise<readonly string[]> {
  try {
    return (await git.listTags({ fs, gitdir })).map((name) => `${tagPrefix}${name}`);
  } catch (cause) {
    throw unreadable(gitdir, cause);
  }
}

/** Null when there is no such reference; unreadable is an error, never "not there". */
export async function resolveRef(gitdir: string, ref: string): Promise<string | null> {
  try {
    const oid = await git.resolveRef({ fs, gitdir, ref });
    return isOid(oid) ? oid : null;
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'NotFoundError') {
      if (await isFolder(path.join(gitdir, 'objects'))) return null;
    }
    throw unreadable(gitdir, cause);
  }
}

export async function resolve(gitdir: string, objects: GitObjects, rev: string): Promise<string> {
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
