/**
 * Objects of a git repository on this machine, each hashed again before it is believed. Only objects are read,
 * never a work tree, an index or a repository's configuration, so that hooks and filters have no say.
 */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import fs from 'node:fs';
import git from 'isomorphic-git';
import { fileProblem, InvalidInput } from '../core/errors.ts';
import { ifThere } from '../packs/found.ts';
import type { Found, ObjectKind } from '../packs/found.ts';
import { findLoose } from '../packs/loose-object.ts';
import { Packs } from '../packs/packs.ts';
import { parseTree } from './git-listing.ts';
import type { Listing } from './git-listing.ts';

export interface CommitObject {
  readonly oid: string;
  readonly tree: string;
  readonly parents: readonly string[];
  /** Name and address as written. */
  readonly author: string;
  readonly subject: string;
  readonly raw: Uint8Array;
}

const limits: Readonly<Record<ObjectKind, number>> = {
  commit: 256 * 1024,
  tag: 256 * 1024,
  tree: 16 * 1024 * 1024,
  blob: 8 * 1024 * 1024,
};

/** Nothing larger is unpacked. */
const maxObjectBytes = Math.max(...Object.values(limits));

export class GitObjects {
  readonly #gitdir: string;
  #packs: Packs;

  constructor(gitdir: string) {
    this.#gitdir = gitdir;
    this.#packs = new Packs(gitdir, maxObjectBytes);
  }

  /** The object's content without its header. Throws `InvalidInput`: object-missing, object-damaged, too-large, unreadable-repository. */
  async read(oid: string, kind: ObjectKind): Promise<Uint8Array> {
    const { type, content } = await this.readAny(oid);
    if (type !== kind)
      throw new InvalidInput('object-damaged', `git object ${oid} is a ${type}, expected a ${kind}`);
    return content;
  }

  async has(oid: string): Promise<boolean> {
    try {
      await this.readAny(oid);
      return true;
    } catch (error) {
      if (error instanceof InvalidInput && error.code === 'object-missing') return false;
      throw error;
    }
  }

  async readAny(oid: string): Promise<{ readonly type: ObjectKind; readonly content: Uint8Array }> {
    if (!isOid(oid)) throw new InvalidInput('object-damaged', 'expected a git object name of 40 hex digits');
    const found = await this.#find(oid).catch((cause: unknown) => {
      throw unreadable(this.#gitdir, cause);
    });
    if (found === null) throw await this.#missing(oid);
    if (found === 'too-large')
      throw new InvalidInput('too-large', `git object ${oid} has more than ${maxObjectBytes} bytes`, {
        file: this.#gitdir,
      });
    if (found === 'damaged') throw this.#damaged(oid, 'can not be read');
    const { kind, content } = found;
    if (content.length > limits[kind])
      throw new InvalidInput(
        'too-large',
        `git ${kind} ${oid} has ${content.length} bytes, at most ${limits[kind]} are read`,
      );
    const hash = createHash('sha1').update(`${kind} ${content.length}\0`).update(content).digest('hex');
    if (hash !== oid) throw this.#damaged(oid, 'does not hash to its name');
    // What was inflated lies in a buffer many times as large, or in one that later objects are made of.
    return { type: kind, content: new Uint8Array(content) };
  }

  /** Where it is likely, then where else it may be: a damaged one may be whole in another place. */
  async #find(oid: string): Promise<Found> {
    const places = [
      () => this.#packs.findKnown(oid),
      () => findLoose(this.#gitdir, oid, maxObjectBytes),
      () => this.#packs.findNew(oid),
    ];
    let last: Found = null;
    for (const place of places) {
      last = (await place()) ?? last;
      if (last !== null && last !== 'damaged') break;
    }
    return last;
  }

  #damaged(oid: string, what: string): InvalidInput {
    // Whatever is remembered of the packs may be what is wrong.
    this.#packs = new Packs(this.#gitdir, maxObjectBytes);
    return new InvalidInput(
      'object-damaged',
      `git object ${oid} ${what}; run \`git fsck\` on the repository`,
      { file: this.#gitdir },
    );
  }

  async #missing(oid: string): Promise<InvalidInput> {
    const lender = await ifThere(stat(`${this.#gitdir}/objects/info/alternates`));
    const message =
      lender === null
        ? 'is not in the repository; run `git fsck` on it'
        : 'is in none of its own packs, and what it borrows (objects/info/alternates) is not read; run `git repack -a -d` on it';
    return new InvalidInput('object-missing', `git object ${oid} ${message}`, { file: this.#gitdir });
  }

  async readCommit(oid: string): Promise<CommitObject> {
    return parseCommit(oid, await this.read(oid, 'commit'));
  }

  /** Much of what an earlier commit had there is likely to be there still. */
  async readTree(oid: string, before?: Listing): Promise<Listing> {
    return parseTree(oid, await this.read(oid, 'tree'), before);
  }

  /** The full name of the only object that begins with these digits. */
  async expand(prefix: string): Promise<string | null> {
    try {
      return await git.expandOid({ fs, gitdir: this.#gitdir, oid: prefix, cache: {} });
    } catch {
      // Not found and ambiguous are the same to who asked: no commit by that name.
      return null;
    }
  }
}

export function isOid(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}

/** In the disk's own words, about the file that it speaks of. */
export function unreadable(gitdir: string, cause: unknown): InvalidInput {
  const { path: file = gitdir } = cause as NodeJS.ErrnoException;
  return new InvalidInput('unreadable-repository', fileProblem(cause), { file }, { cause });
}

/** Headers in git's own order, each once but `parent`: another order is how one commit is read as two. */
export function parseCommit(oid: string, raw: Uint8Array): CommitObject {
  const damaged = (what: string): InvalidInput =>
    new InvalidInput('object-damaged', `commit ${oid}: ${what}; run \`git fsck\` on the repository`);
  const text = Buffer.from(raw).toString('latin1');
  const end = text.indexOf('\n\n');
  const head = (end < 0 ? text.replace(/\n$/, '') : text.slice(0, end)).split('\n');
  if (text.slice(0, end < 0 ? text.length : end).includes('\0')) throw damaged('a NUL byte in the header');
  const tree = /^tree ([0-9a-f]{40})$/.exec(head[0] ?? '')?.[1];
  if (tree === undefined) throw damaged('expected the tree first');
  const parents: string[] = [];
  let line = 1;
  for (; head[line]?.startsWith('parent '); line++) {
    const parent = (head[line] ?? '').slice('parent '.length);
    if (!isOid(parent)) throw damaged('a parent is no object name');
    parents.push(parent);
  }
  const author = /^author (.*) \d+ [+-]\d{4}$/.exec(head[line] ?? '')?.[1];
  if (author === undefined) throw damaged('expected the author after the parents');
  if (!(head[line + 1] ?? '').startsWith('committer '))
    throw damaged('expected the committer after the author');
  const rest = head.slice(line + 2);
  if (rest.some((header) => /^(?:tree|parent|author|committer) /.test(header)))
    throw damaged('a header twice');
  const body = end < 0 ? '' : text.slice(end + 2);
  return { oid, tree, parents, author: utf8(author), subject: utf8(body.split('\n', 1)[0] ?? ''), raw };
}

/** For people only: bad UTF-8 becomes the replacement character, control characters a space. */
function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1')
    .toString('utf8')
    .replace(/[\0-\x1f\x7f-\x9f]/g, ' ')
    .slice(0, 500);
}
