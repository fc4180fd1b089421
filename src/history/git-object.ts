/**
 * Git objects as bytes, and back: what is written here any git reads. Strict about what is read: a person may have put
 * a hand to the repository. Pure but for hashing and packing.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { SitewardError } from '../core/errors.ts';
import type { ObjectKind } from '../packs/found.ts';
import { unpackLoose } from '../packs/loose-object.ts';

export interface GitObject {
  readonly kind: ObjectKind;
  readonly oid: string;
  readonly content: Buffer;
}

/** No export comes near it; a packed object that claims more is not unpacked. */
export const mostBytes = 64 * 1024 * 1024;
const deflated = promisify(deflate);

export function gitObject(kind: ObjectKind, content: Buffer): GitObject {
  const oid = createHash('sha1').update(`${kind} ${content.length}\0`).update(content).digest('hex');
  return { kind, oid, content };
}

/** Entries in the order of their names: files, or a folder with the tree of that name. */
export function treeOf(
  ...entries: readonly (readonly [name: string, of: Pick<GitObject, 'kind' | 'oid'>])[]
): GitObject {
  const parts = entries.flatMap(([name, { kind, oid }]) => [
    Buffer.from(`${kind === 'tree' ? '40000' : '100644'} ${name}\0`, 'latin1'),
    Buffer.from(oid, 'hex'),
  ]);
  return gitObject('tree', Buffer.concat(parts));
}

/**
 * What the entries of a tree name: those that must be there, and then, if they are, those that may. Throws `SitewardError`
 * history-damaged for any other tree.
 */
export function entriesOf(
  { oid, content }: GitObject,
  name: string,
  ...optional: readonly string[]
): readonly [first: string, ...others: string[]] {
  const found: string[] = [];
  let at = 0;
  for (const wanted of [name, ...optional]) {
    const nul = content.indexOf(0, at);
    const head = content.toString('latin1', at, Math.max(nul, at));
    if (head !== `100644 ${wanted}` && head !== `40000 ${wanted}`) continue;
    found.push(content.toString('hex', nul + 1, nul + 21));
    at = nul + 21;
  }
  const [first, ...others] = found;
  const isWhole = at === content.length && content.includes(` ${name}\0`);
  if (first === undefined || !isWhole) throw damaged(`tree ${oid} is not what siteward writes`);
  return [first, ...others];
}

/** As it lies in a file of its own. */
export async function packLoose({ kind, content }: GitObject): Promise<Buffer> {
  return await deflated(Buffer.concat([Buffer.from(`${kind} ${content.length}\0`, 'latin1'), content]));
}

/** Throws `SitewardError` history-damaged unless the bytes hash to the name. */
export function readLoose(oid: string, bytes: Uint8Array): GitObject {
  const found = unpackLoose(bytes, mostBytes);
  if (found === 'damaged') throw damaged(`object ${oid} can't be unpacked`);
  if (found === 'too-large') throw damaged(`object ${oid} has more than ${mostBytes} bytes`);
  return proved(oid, found.kind, found.content);
}

/** Throws `SitewardError` history-damaged unless the content hashes to the name. */
export function proved(oid: string, kind: ObjectKind, content: Buffer): GitObject {
  const object = gitObject(kind, content);
  if (object.oid !== oid) throw damaged(`object ${oid} does not hash to its name`);
  return object;
}

export function damaged(what: string, cause?: unknown): SitewardError {
  return new SitewardError(
    'history-damaged',
    `history: ${what}; run git fsck on the history.git of the state, and restore it from a copy`,
    { cause },
  );
}

export function isOid(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}
