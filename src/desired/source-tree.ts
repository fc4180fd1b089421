/**
 * Where the files of a site come from: a commit, or a folder on disk for `lint`. Folders are listed and files are
 * read by paths with `/`; nothing here follows a link.
 */
import { InvalidInput } from '../core/errors.ts';

export interface SourceEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'symlink' | 'submodule' | 'other';
  /** With equal ones the content is equal, of a folder all that is below it; null: nobody can tell. */
  readonly id: string | null;
}

export interface SourceTree {
  /** By name; `''` is the root; null: there is no such folder. */
  list(folder: string): Promise<ReadonlyMap<string, SourceEntry> | null>;
  /** A file that `list` named. Throws `InvalidInput` too-large. */
  read(file: string): Promise<Uint8Array>;
  /** Told what was found where somebody looked, by its id; null: nothing was there. */
  note?(path: string, id: string | null): void;
}

export function inFolder(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** What stands at a path; null: nothing. A link on the way there is an error, whatever it leads to. */
export async function entryAt(tree: SourceTree, path: string): Promise<SourceEntry | null> {
  const entry = await findEntry(tree, path);
  tree.note?.(path, entry?.id ?? null);
  return entry;
}

async function findEntry(tree: SourceTree, path: string): Promise<SourceEntry | null> {
  const words = path.split('/');
  const last = words.pop() ?? '';
  let folder = '';
  for (const word of words) {
    const step = (await tree.list(folder))?.get(word);
    if (step === undefined) return null;
    folder = inFolder(folder, word);
    if (step.kind !== 'folder') refuseLink(step, folder);
    if (step.kind !== 'folder') return null;
  }
  const entry = (await tree.list(folder))?.get(last);
  if (entry === undefined) return null;
  refuseLink(entry, path);
  return entry;
}

export function refuseLink({ kind }: SourceEntry, file: string): void {
  if (kind === 'file' || kind === 'folder') return;
  const what = kind === 'other' ? 'neither a file nor a folder' : `a ${kind}, which is not followed`;
  throw new InvalidInput('not-a-file', `${what}: put the file itself here`, { file: printable(file) });
}

/** For places: names in a repository are anybody's bytes. */
export function printable(name: string): string {
  return name.replace(/[^\x21-\x7e]/g, '?').slice(0, 200);
}
