/**
 * Objects of a git repository on this machine, each hashed again before it is believed. Only objects are read,
 * never a work tree, an index or a repository's configuration, so that hooks and filters have no say.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import git from 'isomorphic-git';
import { InvalidInput, messageOf } from '../core/errors.ts';
import { Packs } from '../packs/packs.ts';

export type ObjectKind = 'commit' | 'tree' | 'blob' | 'tag';

export interface TreeEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'symlink' | 'submodule';
  readonly oid: string;
}

export interface CommitObject {
  readonly oid: string;
  readonly tree: string;
  readonly parents: readonly string[];
  /** Name and address as written. */
  readonly author: string;
  readonly subject: string;
  readonly raw: Uint8Array;
}

const maxTreeEntries = 100_000;
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
  readonly #packs: Packs;
  /** Of the git library; kept between reads, since a new one costs more than the reading. */
  #cache: object = {};

  constructor(gitdir: string) {
    this.#gitdir = gitdir;
    this.#packs = new Packs(gitdir, maxObjectBytes);
  }

  /** The object's content without its header. Throws `InvalidInput`: object-missing, object-damaged, too-large. */
  async read(oid: string, kind: ObjectKind): Promise<Uint8Array> {
    const { type, content } = await this.readAny(oid);
    if (type !== kind)
      throw new InvalidInput('object-damaged', `git object ${oid} is a ${type}, expected a ${kind}`);
    return content;
  }

  async readAny(oid: string): Promise<{ readonly type: ObjectKind; readonly content: Uint8Array }> {
    if (!isOid(oid)) throw new InvalidInput('object-damaged', 'expected a git object name of 40 hex digits');
    const { type, object } = (await this.#readPacked(oid)) ?? (await this.#readOnceMore(oid));
    const kind = kindOf(type);
    if (kind === null || !(object instanceof Uint8Array))
      throw new InvalidInput(
        'object-damaged',
        `git object ${oid} can not be read; run \`git fsck\` on the repository`,
      );
    if (object.length > limits[kind])
      throw new InvalidInput(
        'too-large',
        `git ${kind} ${oid} has ${object.length} bytes, at most ${limits[kind]} are read`,
      );
    const hash = createHash('sha1').update(`${kind} ${object.length}\0`).update(object).digest('hex');
    if (hash !== oid)
      throw new InvalidInput(
        'object-damaged',
        `git object ${oid} does not hash to its name; run \`git fsck\` on the repository`,
      );
    // What was inflated lies in a buffer many times as large, which would be kept with it.
    return { type: kind, content: new Uint8Array(object) };
  }

  /** Null: it is in no pack, or in one that only the git library can read. */
  async #readPacked(oid: string): Promise<{ type: string; object: Uint8Array } | null> {
    const packed = await this.#packs.find(oid);
    if (packed === 'too-large')
      throw new InvalidInput('too-large', `git object ${oid} has more than ${maxObjectBytes} bytes`, {
        file: this.#gitdir,
      });
    return packed === null ? null : { type: packed.kind, object: packed.content };
  }

  /** A second try with a new cache: `git gc` may have moved the object to another pack since. */
  async #readOnceMore(oid: string): Promise<{ type: string | undefined; object: unknown }> {
    try {
      return await this.#readNow(oid);
    } catch {
      this.#cache = {};
    }
    try {
      return await this.#readNow(oid);
    } catch (cause) {
      const missing = cause instanceof Error && cause.name === 'NotFoundError';
      throw new InvalidInput(
        missing ? 'object-missing' : 'object-damaged',
        `git object ${oid} ${missing ? 'is not in the repository' : `can not be read (${messageOf(cause)})`}; run \`git fsck\` on it`,
        { file: this.#gitdir },
        { cause },
      );
    }
  }

  async #readNow(oid: string): Promise<{ type: string | undefined; object: unknown }> {
    const { type, object } = await git.readObject({
      fs,
      gitdir: this.#gitdir,
      oid,
      format: 'content',
      cache: this.#cache,
    });
    return { type, object };
  }

  async readCommit(oid: string): Promise<CommitObject> {
    return parseCommit(oid, await this.read(oid, 'commit'));
  }

  async readTree(oid: string): Promise<readonly TreeEntry[]> {
    return parseTree(oid, await this.read(oid, 'tree'));
  }

  /** The full name of the only object that begins with these digits. */
  async expand(prefix: string): Promise<string | null> {
    try {
      return await git.expandOid({ fs, gitdir: this.#gitdir, oid: prefix, cache: this.#cache });
    } catch {
      // Not found and ambiguous are the same to who asked: no commit by that name.
      return null;
    }
  }
}

export function isOid(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}

function kindOf(type: string | undefined): ObjectKind | null {
  return type === 'commit' || type === 'tree' || type === 'blob' || type === 'tag' ? type : null;
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

/** Refuses what git itself would not write: names twice, with a slash, or that lead out of the folder. */
export function parseTree(oid: string, raw: Uint8Array): readonly TreeEntry[] {
  const damaged = (what: string): InvalidInput =>
    new InvalidInput('object-damaged', `tree ${oid}: ${what}; run \`git fsck\` on the repository`);
  const bytes = Buffer.from(raw);
  const entries: TreeEntry[] = [];
  const names = new Set<string>();
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const nul = bytes.indexOf(0, at);
    if (space < 0 || nul < 0 || space > nul || nul + 21 > bytes.length) throw damaged('it ends early');
    const kind = entryKind(bytes.toString('latin1', at, space));
    if (kind === null) throw damaged('an entry of an unknown mode');
    const name = bytes.toString('utf8', space + 1, nul);
    if (name === '' || name === '.' || name === '..' || name.includes('/') || name.toLowerCase() === '.git')
      throw damaged(`an entry named ${JSON.stringify(name)}`);
    if (names.has(name)) throw damaged(`${JSON.stringify(name)} is there twice`);
    names.add(name);
    entries.push({ name, kind, oid: bytes.toString('hex', nul + 1, nul + 21) });
    if (entries.length > maxTreeEntries) throw damaged(`more than ${maxTreeEntries} entries`);
    at = nul + 21;
  }
  return entries;
}

function entryKind(mode: string): TreeEntry['kind'] | null {
  switch (mode) {
    case '100644':
    case '100755':
    case '100664':
      return 'file';
    case '40000':
      return 'folder';
    case '120000':
      return 'symlink';
    case '160000':
      return 'submodule';
    default:
      return null;
  }
}

/** For people only: bad UTF-8 becomes the replacement character, control characters a space. */
function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1')
    .toString('utf8')
    .replace(/[\0-\x1f\x7f-\x9f]/g, ' ')
    .slice(0, 500);
}
