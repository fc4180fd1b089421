/**
 * An exported state put into an empty state folder: written beside where it will lie, made durable, proved, and only
 * then moved into place. Whatever ends it before leaves a folder that no daemon starts on and that says how to clean up.
 * Never writes over a state.
 */
import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidInput, messageOf, SitewardError } from '../core/errors.ts';
import { importFolder, leftOut, stateHeadName, stateHeadSchema } from './state-export.ts';
import type { StateHead } from './state-export.ts';
import { sync, syncTree } from '../durable.ts';
import { openStateFolder } from './state-folder.ts';
import { lockState } from './state-lock.ts';
import { proveFiles, proveHistory, proveJournal } from './state-proof.ts';
import type { Fault } from './state-proof.ts';
import { readTar } from './state-tar.ts';
import type { TarPart } from './state-tar.ts';

export interface Imported {
  readonly head: StateHead;
  /** The commit last accepted then. */
  readonly accepted: string | null;
  readonly records: number;
  readonly devices: number;
  readonly revisions: number;
  /** What was damaged when it was exported; the state is in place all the same. */
  readonly faults: readonly Fault[];
}

const mostHeadBytes = 8 * 1024 * 1024;

/**
 * `site`: what the settings say; null: they are not asked. Throws `SitewardError`: state-not-empty, import-unfinished,
 * state-locked, wrong-site, not-a-state, journal-damaged; nothing is left in the folder then.
 */
export async function importState(
  folder: string,
  plain: AsyncIterable<Uint8Array>,
  site: string | null,
): Promise<Imported> {
  await openStateFolder(folder);
  const lock = await lockState(folder);
  try {
    await requireEmpty(folder);
    const staging = join(folder, importFolder);
    await mkdir(staging, { mode: 0o700 });
    await sync(folder);
    const imported = await stage(staging, plain, site).catch(async (error: unknown) => {
      await rm(staging, { recursive: true, force: true });
      throw error instanceof SitewardError ? error : unwritable(folder, error);
    });
    // From here on nothing is taken back: what is in place would be a state without its other half.
    await moveIn(folder, staging).catch((error: unknown) => {
      throw unwritable(folder, error);
    });
    return imported;
  } finally {
    await lock.release();
  }
}

async function requireEmpty(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.includes(importFolder)) throw unfinishedImport(folder);
  const [there] = names.filter((name) => name !== 'lock' && name !== 'lost+found');
  if (there === undefined) return;
  throw new SitewardError(
    'state-not-empty',
    `${folder} holds ${there} already, and a state is never written over: move it away, or name another folder: --state`,
  );
}

/** What an import that was cut leaves is no state, and nobody may go on from it. */
export async function refuseUnfinishedImport(folder: string): Promise<void> {
  if ((await readdir(folder)).includes(importFolder)) throw unfinishedImport(folder);
}

function unfinishedImport(folder: string): InvalidInput {
  return new InvalidInput(
    'import-unfinished',
    `state: an import was cut, or is under way; when none is, run: find ${folder} -mindepth 1 -delete   and import again`,
    { file: folder },
  );
}

function unwritable(folder: string, cause: unknown): SitewardError {
  return new SitewardError(
    'state-unwritable',
    `${folder}: ${messageOf(cause)}; free space or rights are missing`,
    { cause },
  );
}

async function stage(
  staging: string,
  plain: AsyncIterable<Uint8Array>,
  site: string | null,
): Promise<Imported> {
  const head = await unpack(staging, plain, site);
  const imported = await prove(staging, head);
  await syncTree(staging);
  return imported;
}

async function unpack(
  staging: string,
  plain: AsyncIterable<Uint8Array>,
  site: string | null,
): Promise<StateHead> {
  let head: StateHead | null = null;
  for await (const part of readTar(plain)) {
    if (head === null) {
      head = await readHead(part);
      if (site !== null && head.site !== site)
        throw new InvalidInput(
          'wrong-site',
          `this is the state of ${head.site}, and the settings are for ${site}; take the export of ${site}`,
        );
    } else await write(staging, part);
  }
  if (head === null) throw notAState();
  return head;
}

async function readHead(part: TarPart): Promise<StateHead> {
  if (part.path !== stateHeadName || part.bytes > mostHeadBytes) throw notAState();
  const pieces: Uint8Array[] = [];
  for await (const piece of part.content) pieces.push(piece);
  try {
    return stateHeadSchema.parse(JSON.parse(Buffer.concat(pieces).toString('utf8')));
  } catch (cause) {
    throw new InvalidInput(
      'not-a-state',
      'its head is none that this version knows; import it with the version that exported it',
      null,
      { cause },
    );
  }
}

function notAState(): InvalidInput {
  return new InvalidInput('not-a-state', 'this is no state that siteward exported; take another file');
}

async function write(staging: string, part: TarPart): Promise<void> {
  const path = join(staging, part.path);
  const [top = ''] = part.path.split('/');
  if (leftOut.has(top)) throw notAState();
  if (part.kind === 'folder') {
    await mkdir(path, { recursive: true, mode: 0o700 });
    return;
  }
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
  // One that is there already would be a second part of that name.
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const piece of part.content) await file.writeFile(piece);
  } finally {
    await file.close();
  }
}

/** The journal must be whole and end where the export says; what else is damaged was so before, and is told. */
async function prove(staging: string, head: StateHead): Promise<Imported> {
  const { state, replayed } = await proveJournal(staging);
  const { seq, hash } = replayed.head;
  if (seq !== head.journal.seq || hash !== head.journal.head || state.daemon !== head.daemon)
    throw new InvalidInput(
      'not-a-state',
      'its journal is not the one that its head names; take another export',
    );
  const missing = await proveFiles(staging, state);
  const { devices, revisions, faults } = await proveHistory(staging, head.site);
  return {
    head,
    accepted: state.accepted?.commit ?? null,
    records: seq - replayed.begin.seq,
    devices,
    revisions,
    faults: [...missing, ...faults],
  };
}

/** The staging folder goes last: as long as it is there, nothing in the folder counts. */
async function moveIn(folder: string, staging: string): Promise<void> {
  for (const name of await readdir(staging)) await rename(join(staging, name), join(folder, name));
  await sync(staging);
  await sync(folder);
  await rmdir(staging);
  await sync(folder);
}
