/**
 * What a piece of work does to a folder, call by call, and the folder as it is when the power goes behind any of them:
 * of writes that nobody synced each may have arrived, in part, or not at all. For code that writes through Node's own
 * file system, a library's included.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';

export type Change =
  | { readonly kind: 'write'; readonly file: string; readonly bytes: Buffer }
  | { readonly kind: 'folder'; readonly file: string }
  | { readonly kind: 'rename'; readonly file: string; readonly to: string }
  | { readonly kind: 'remove'; readonly file: string }
  /** Of a file its bytes, of a folder the names in it: durable from then on. */
  | { readonly kind: 'sync'; readonly file: string };

/** How much of a change reached the disk, in thousandths of its bytes; null: nothing, its name included. */
export type Arrival = (change: Change, index: number) => number | null;

const recorded = ['writeFile', 'mkdir', 'rename', 'unlink', 'rmdir', 'rm'] as const;

/** Every change below `folder` while `work` runs, in the order in which they were made. */
export async function recordChanges(
  folder: string,
  work: () => Promise<unknown>,
): Promise<readonly Change[]> {
  const changes: Change[] = [];
  const restore = replaceCalls(recorded, (name, original) => async (...words) => {
    const result = await original(...words);
    const file = path.resolve(String(words[0]));
    if (file.startsWith(folder)) changes.push(changeOf(name, file, words[1]));
    return result;
  });
  const { open } = fs.promises;
  fs.promises.open = async (...words) => {
    const handle = await open(...words);
    const sync = handle.sync.bind(handle);
    handle.sync = async () => {
      await sync();
      changes.push({ kind: 'sync', file: path.resolve(String(words[0])) });
    };
    return handle;
  };
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    fs.promises.open = open;
    restore();
  }
  return changes;
}

type Call = (...words: unknown[]) => Promise<unknown>;

/** Puts others in the place of these calls of Node's own, for whoever imported them too, until what it returns is called. */
function replaceCalls<N extends string>(
  names: readonly N[],
  by: (name: N, original: Call) => Call,
): () => void {
  // One signature for all of them, which Node's types do not have.
  const calls = fs.promises as unknown as Record<N, Call>;
  const originals = names.map((name) => [name, calls[name]] as const);
  for (const [name, original] of originals) calls[name] = by(name, original);
  syncBuiltinESMExports();
  return () => {
    for (const [name, original] of originals) calls[name] = original;
    syncBuiltinESMExports();
  };
}

function changeOf(name: (typeof recorded)[number], file: string, second: unknown): Change {
  switch (name) {
    case 'writeFile':
      return {
        kind: 'write',
        file,
        bytes: typeof second === 'string' ? Buffer.from(second) : Buffer.from(second as Uint8Array),
      };
    case 'mkdir':
      return { kind: 'folder', file };
    case 'rename':
      return { kind: 'rename', file, to: path.resolve(String(second)) };
    case 'unlink':
    case 'rmdir':
    case 'rm':
      return { kind: 'remove', file };
  }
}

/** Runs `work` on a disk that is full after so many writes below the folder; nothing is written from then on. */
export async function fillDisk(folder: string, after: number, work: () => Promise<unknown>): Promise<void> {
  let writes = 0;
  const restore = replaceCalls(['writeFile'], (_name, original) => async (...words) => {
    const [file] = words;
    if (typeof file === 'string' && path.resolve(file).startsWith(folder) && ++writes > after)
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    return await original(...words);
  });
  try {
    await work();
  } finally {
    restore();
  }
}

type Refusable = 'open' | 'stat' | 'readdir' | 'readFile' | 'rm';

/** Runs `work` on a disk that answers every one of these calls about such a file with an error. */
export async function refuseFiles<T>(
  { code, calls, files }: { code: string; calls: readonly Refusable[]; files: RegExp },
  work: () => Promise<T>,
): Promise<T> {
  const restore = replaceCalls(calls, (name, original) => async (...words) => {
    const file = String(words[0]);
    if (files.test(file)) throw Object.assign(new Error(`${code}: ${name} '${file}'`), { code, path: file });
    return await original(...words);
  });
  try {
    return await work();
  } finally {
    restore();
  }
}

/** Makes the changes again: whole where they were synced, and else as far as they arrived. */
export function replayChanges(changes: readonly Change[], arrival: Arrival): void {
  for (const [index, change] of changes.entries()) {
    if (change.kind === 'sync') continue;
    const share = isDurable(change, changes.slice(index + 1)) ? 1000 : arrival(change, index);
    if (share === null) continue;
    const { file } = change;
    // What came before it in the same place may not have arrived.
    if (change.kind !== 'remove') fs.mkdirSync(path.dirname(file), { recursive: true });
    switch (change.kind) {
      case 'write':
        fs.writeFileSync(file, change.bytes.subarray(0, Math.floor((change.bytes.length * share) / 1000)));
        break;
      case 'folder':
        fs.mkdirSync(file, { recursive: true });
        break;
      case 'rename':
        if (fs.existsSync(file)) fs.renameSync(file, change.to);
        break;
      case 'remove':
        fs.rmSync(file, { recursive: true, force: true });
        break;
    }
  }
}

function isDurable(change: Change, later: readonly Change[]): boolean {
  const synced = (file: string): boolean => later.some((one) => one.kind === 'sync' && one.file === file);
  const named = synced(path.dirname(change.kind === 'rename' ? change.to : change.file));
  return named && (change.kind !== 'write' || synced(change.file));
}
