/**
 * A folder of a commit, out of git's own bytes. Refuses what git itself would not write: names twice, with a slash, or
 * that lead out of the folder. Of a folder with thousands of entries a commit changes a few: what is byte for byte as it
 * was in an earlier one is taken from there. Pure.
 */
import { InvalidInput } from '../core/errors.ts';

export interface TreeEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'symlink' | 'submodule';
  /** Name of the object. */
  readonly id: string;
}

export interface Listing {
  readonly entries: ReadonlyMap<string, TreeEntry>;
  readonly raw: Buffer;
  /** The same entries as git has them, and where in the bytes each ends. */
  readonly order: readonly TreeEntry[];
  readonly ends: readonly number[];
}

const maxTreeEntries = 100_000;
const idBytes = 20;
const nothing: Listing = { entries: new Map(), raw: Buffer.alloc(0), order: [], ends: [] };

/** Throws `InvalidInput` object-damaged. */
export function parseTree(oid: string, bytes: Uint8Array, before: Listing = nothing): Listing {
  const damaged = (what: string): InvalidInput =>
    new InvalidInput('object-damaged', `tree ${oid}: ${what}; run \`git fsck\` on the repository`);
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = new Map<string, TreeEntry>();
  const order: TreeEntry[] = [];
  const ends: number[] = [];
  /** Of the earlier entries, the one that should come now. */
  let next = 0;
  for (let at = 0; at < raw.length; at = ends.at(-1) ?? raw.length) {
    let entry = before.order[next];
    const start = before.ends[next - 1] ?? 0;
    const length = (before.ends[next] ?? 0) - start;
    if (entry !== undefined && isSame(raw, at, before.raw, start, length)) {
      next += 1;
      ends.push(at + length);
    } else {
      const read = entryAt(raw, at);
      if (typeof read === 'string') throw damaged(read);
      entry = read.entry;
      ends.push(read.end);
      while ((before.order[next]?.name ?? '\uffff') <= entry.name) next += 1;
    }
    entries.set(entry.name, entry);
    order.push(entry);
    if (entries.size < order.length) throw damaged(`${JSON.stringify(entry.name)} is there twice`);
    if (order.length > maxTreeEntries) throw damaged(`more than ${maxTreeEntries} entries`);
  }
  return { entries, raw, order, ends };
}

function isSame(one: Buffer, at: number, other: Buffer, from: number, length: number): boolean {
  if (at + length > one.length) return false;
  for (let i = 0; i < length; i++) if (one[at + i] !== other[from + i]) return false;
  return true;
}

/** Or what is wrong with it. */
function entryAt(raw: Buffer, at: number): { readonly entry: TreeEntry; readonly end: number } | string {
  const space = raw.indexOf(0x20, at);
  const nul = raw.indexOf(0, at);
  const end = nul + 1 + idBytes;
  if (space < 0 || nul < 0 || space > nul || end > raw.length) return 'it ends early';
  const kind = kinds[raw.toString('latin1', at, space)];
  if (kind === undefined) return 'an entry of an unknown mode';
  const name = raw.toString('utf8', space + 1, nul);
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.toLowerCase() === '.git')
    return `an entry named ${JSON.stringify(name)}`;
  return { entry: { name, kind, id: raw.toString('hex', nul + 1, end) }, end };
}

const kinds: Readonly<Partial<Record<string, TreeEntry['kind']>>> = {
  100644: 'file',
  100755: 'file',
  100664: 'file',
  40000: 'folder',
  120000: 'symlink',
  160000: 'submodule',
};
