/**
 * The parts of a state as they are taken out of it, beside a running daemon or without one: the journal up to a cut,
 * everything that its fold at that cut refers to, and all else that lies in the state. No lock is needed: the journal
 * only grows, and its files are whole before a record names them; what goes meanwhile makes the cut begin anew. Reads
 * only. What is left out is a copy of what is elsewhere, or nobody's.
 */
import type { Stats } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { rfc3339 } from '../core/clock.ts';
import { SitewardError } from '../core/errors.ts';
import { segmentNumber } from '../journal/segments.ts';
import { filesInUse, namesIn, proveJournal } from './state-proof.ts';
import type { ProvedJournal } from './state-proof.ts';
import type { TarPart } from './state-tar.ts';

/** The first part of an exported state: what is in it, and what has to be there beside it. */
export const stateHeadSchema = z.strictObject({
  format: z.literal('siteward-state'),
  v: z.literal(1),
  site: z.string().min(1).max(63),
  /** The daemon's id. */
  daemon: z.string().regex(/^[0-9a-f]{32}$/),
  at: z.iso.datetime(),
  /** The version that exported it. */
  version: z.string().max(100),
  /** The newest record in it. */
  journal: z.strictObject({ seq: z.int().positive(), head: z.string().regex(/^[0-9a-f]{64}$/) }),
  /** Files of the settings, which are not in it. */
  beside: z.array(z.string().max(4096)).max(10_000),
});
export type StateHead = z.output<typeof stateHeadSchema>;

export const stateHeadName = 'siteward-state.json';
export const importFolder = 'importing';

/** Of this process and this disk, fetched again from the git server, or of an import that was cut. */
export const leftOut: ReadonlySet<string> = new Set(['lock', 'lost+found', 'desired.git', importFolder]);
/** What an interrupted write leaves is nobody's. */
const unfinished = /\.new$/;
const unfinishedInHistory = /\.lock$|^tmp_/;

/** Something that belongs to the cut went while it was read; the next cut is without it. */
export class StateMoved extends Error {}

export interface Cut {
  readonly head: StateHead;
  readonly parts: AsyncIterable<TarPart>;
}

/**
 * Throws `SitewardError`: no-state, journal-damaged. The parts throw `StateMoved`.
 */
export async function cutState(
  folder: string,
  now: { readonly nowMs: number; readonly version: string; readonly beside: readonly string[] },
): Promise<Cut> {
  const proved = await proveJournal(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw noState(folder);
    throw error;
  });
  const { state, replayed } = proved;
  if (state.daemon === null || state.site === null || replayed.last === null) throw noState(folder);
  const head: StateHead = {
    format: 'siteward-state',
    v: 1,
    site: state.site,
    daemon: state.daemon,
    at: rfc3339(now.nowMs),
    version: now.version,
    journal: { seq: replayed.head.seq, head: replayed.head.hash },
    beside: [...now.beside],
  };
  return { head, parts: partsOf(folder, head, proved) };
}

async function* partsOf(
  folder: string,
  head: StateHead,
  { state, replayed }: ProvedJournal,
): AsyncGenerator<TarPart> {
  const text = Buffer.from(`${JSON.stringify(head, null, 2)}\n`);
  const atS = Math.floor(Date.parse(head.at) / 1000);
  yield { path: stateHeadName, kind: 'file', bytes: text.length, atS, content: [text] };
  const missing = new Set(filesInUse(state));
  const special = ['journal', 'history.git'];
  for (const name of await namesIn(folder)) {
    if (leftOut.has(name) || special.includes(name)) continue;
    for await (const part of below(folder, name, unfinished)) {
      missing.delete(part.path);
      yield part;
    }
  }
  const [gone] = missing;
  if (gone !== undefined) throw new StateMoved(gone);
  yield* journalParts(folder, replayed.last);
  yield* historyParts(folder);
}

/** Whole segments, the newest up to the cut. A segment that retention drops meanwhile makes it another cut. */
async function* journalParts(
  folder: string,
  last: ProvedJournal['replayed']['last'],
): AsyncGenerator<TarPart> {
  for (const name of [...(await namesIn(join(folder, 'journal')))].sort()) {
    const number = segmentNumber(name);
    const path = `journal/${name}`;
    if (number === null) yield* below(folder, path, unfinished);
    else if (last !== null && number <= last.number) {
      let isThere = false;
      for await (const part of fileAt(folder, path, number === last.number ? last.bytes : null)) {
        isThere = true;
        yield part;
      }
      if (!isThere) throw new StateMoved(path);
    }
  }
}

/**
 * Names before what they name, and objects of their own before packs: an object is durable before a name leads to it,
 * and git packs it before it lets go of it. The end of a shallow history comes last: it moves before what is behind it goes.
 */
async function* historyParts(folder: string): AsyncGenerator<TarPart> {
  const root = 'history.git';
  const inside = await namesIn(join(folder, root));
  const first = ['refs', 'packed-refs'].filter((name) => inside.includes(name));
  const others = inside.filter((name) => !['refs', 'packed-refs', 'objects', 'shallow'].includes(name));
  for (const name of [...first, ...others]) yield* below(folder, `${root}/${name}`, unfinishedInHistory);
  const objects = await namesIn(join(folder, root, 'objects'));
  for (const name of objects.filter((one) => one !== 'pack'))
    yield* below(folder, `${root}/objects/${name}`, unfinishedInHistory);
  const taken = new Set<string>();
  for (let found = true; found;) {
    found = false;
    for await (const part of below(folder, `${root}/objects/pack`, unfinishedInHistory)) {
      if (taken.has(part.path)) continue;
      taken.add(part.path);
      found = true;
      yield part;
    }
  }
  yield* below(folder, `${root}/shallow`, unfinishedInHistory);
}

/** The file or folder with all that is in it; nothing when it is not there (any more). Links and sockets are passed over. */
async function* below(folder: string, path: string, skip: RegExp): AsyncGenerator<TarPart> {
  const stats = await statusOf(join(folder, path));
  if (stats === null || skip.test(path.slice(path.lastIndexOf('/') + 1))) return;
  if (stats.isFile()) yield* fileAt(folder, path, null);
  if (!stats.isDirectory()) return;
  yield { path, kind: 'folder', bytes: 0, atS: Math.floor(stats.mtimeMs / 1000), content: [] };
  for (const name of await namesIn(join(folder, path))) yield* below(folder, `${path}/${name}`, skip);
}

async function statusOf(file: string): Promise<Stats | null> {
  return await lstat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}

/** Opened before its head is written, so that it stays there, and closed behind its content; nothing when it is gone. */
async function* fileAt(folder: string, path: string, length: number | null): AsyncGenerator<TarPart> {
  const handle = await open(join(folder, path), 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return;
  try {
    const { size, mtimeMs } = await handle.stat();
    const bytes = length ?? size;
    const atS = Math.floor(mtimeMs / 1000);
    yield { path, kind: 'file', bytes, atS, content: contentOf(handle, path, bytes) };
  } finally {
    await handle.close();
  }
}

async function* contentOf(handle: FileHandle, path: string, bytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes;) {
    const buffer = Buffer.allocUnsafe(Math.min(pieceBytes, bytes - at));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) throw new StateMoved(path);
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

const pieceBytes = 256 * 1024;

function noState(folder: string): SitewardError {
  return new SitewardError(
    'no-state',
    `${folder} holds no state of a daemon yet; check \`state:\` in the settings`,
  );
}
