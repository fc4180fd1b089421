/**
 * What was fetched of a git server, as a bare repository in the state. It is a cache: whatever is wrong with it, it is
 * thrown away and fetched again, so that a process killed at any moment costs time and nothing else. The library that
 * writes it syncs nothing, so a mark says durably that it is being written, and goes when all of it is on the disk: a
 * copy with that mark is none. As deep as was asked for, no deeper.
 */
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import fs from 'node:fs';
import type { Stats } from 'node:fs';
import path from 'node:path';
import git from 'isomorphic-git';
import PQueue from 'p-queue';
import { InvalidInput } from '../../core/errors.ts';
import { sync, syncTree } from '../../durable.ts';
import { faultOfPack } from '../../packs/foreign-pack.ts';
import { isOid } from '../git-objects.ts';
import { shallowCommits } from '../git-history.ts';
import { asHttpClient, libraryUrl, remoteFault } from './git-remote.ts';
import type { GitRemote } from './git-remote.ts';
import { mergePacks } from './merge-packs.ts';

export interface Mirror {
  readonly gitdir: string;
  /** Object names by ref, as the server has them now. */
  refs(): Promise<ReadonlyMap<string, string>>;
  /** Brings what the ref names now, with so many commits of its history; null: all of it. */
  fetch(ref: string, depth: number | null): Promise<void>;
  /** Whether some commit's parents were left out. */
  isShallow(): Promise<boolean>;
  /** Throws away what is here. */
  clear(): Promise<void>;
}

/** Of an answer, and of each object in it. */
const maxBytes = 256 * 1024 * 1024;
/** Of all that an answer comes to. */
const mostUnpacked = 4 * 1024 * 1024 * 1024;
const wholeHistory = 0x7fffffff;
const patienceMs = 120_000;
const tooManyPacks = 40;
/** What the disk says, and no server. */
const ofDisk: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS', 'EACCES', 'EPERM', 'EIO']);

/** Throws away what an earlier process was writing when it ended, where it can. */
export async function openMirror(gitdir: string, remote: GitRemote, stop: AbortSignal): Promise<Mirror> {
  const mark = path.join(gitdir, 'unfinished');
  async function talk<T>(work: (http: ReturnType<typeof asHttpClient>) => Promise<T>): Promise<T> {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(patienceMs)]);
    try {
      return await work(asHttpClient(remote, signal, maxBytes));
    } catch (error) {
      stop.throwIfAborted();
      throw isOfDisk(error) ? error : remoteFault(error);
    } finally {
      await remote.close();
    }
  }

  /** What it throws instead of the disk's own words. */
  function unwritable(error: unknown): unknown {
    if (!isOfDisk(error)) return error;
    const { code = '' } = error as NodeJS.ErrnoException;
    return new InvalidInput(
      'copy-unwritable',
      `the copy of the git repository can not be written (${code}); free space or rights are missing`,
      { file: gitdir },
      { cause: error },
    );
  }

  async function clear(): Promise<void> {
    await rm(gitdir, { recursive: true, force: true }).catch((error: unknown) => {
      throw unwritable(error);
    });
  }

  /** While this process lives, what it wrote is there in the order in which it wrote it; the mark is for all others. */
  async function marked(write: () => Promise<void>): Promise<void> {
    try {
      await clearUnfinished();
      await mkdir(gitdir, { recursive: true, mode: 0o700 });
      await writeFile(mark, '', { mode: 0o600 });
      for (const one of [mark, gitdir, path.dirname(gitdir)]) await sync(one);
      // What a server did leaves the copy whole.
      await write().catch(async (error: unknown) => {
        if (!isOfDisk(error)) await unmark();
        throw error;
      });
      await unmark();
    } catch (error) {
      // The first fault is what is told: where this is refused as well the mark stays, and the next fetch begins with it.
      if (isOfDisk(error)) await clear().catch(() => undefined);
      throw unwritable(error);
    }
  }

  async function unmark(): Promise<void> {
    // Where it could not be put in order there is none any more.
    const begun = await statusOf(mark);
    if (begun === null) return;
    await syncTree(gitdir, begun.ctimeMs);
    await rm(mark);
    await sync(gitdir);
  }

  async function bring(ref: string, depth: number | null): Promise<void> {
    // A repository that is there already stays as it is.
    await git.init({ fs, gitdir, bare: true, defaultBranch: 'main' });
    await git.addRemote({ fs, gitdir, remote: 'origin', url: libraryUrl, force: true });
    const { fetchHead } = await talk((http) =>
      git.fetch({
        fs: lookingThrough(),
        http,
        gitdir,
        url: libraryUrl,
        remote: 'origin',
        ref,
        remoteRef: ref,
        singleBranch: true,
        tags: false,
        depth: depth ?? wholeHistory,
        cache: {},
      }),
    );
    if (fetchHead === null)
      throw new InvalidInput('no-such-branch', 'the repository on the git server is empty');
    // By this the next fetch knows what it has.
    await git.writeRef({ fs, gitdir, ref, value: fetchHead, force: true });
    // A copy that can't be put in order is fetched anew at the next question, as any that is damaged.
    await mergePacks(gitdir, tooManyPacks).catch((error: unknown) => {
      if (isOfDisk(error)) throw error;
      return clear();
    });
  }

  async function clearUnfinished(): Promise<void> {
    if ((await statusOf(mark)) !== null) await clear();
  }

  // Whoever asks about another revision meanwhile waits: a mark is of one fetch, and a connection of one question.
  const turns = new PQueue({ concurrency: 1 });
  // A daemon starts without it as well: the next fetch begins with this again, and tells what is in the way.
  await clearUnfinished().catch(() => undefined);
  return {
    gitdir,
    clear: () => turns.add(clear),
    isShallow: async () => (await shallowCommits(gitdir)).size > 0,
    refs: () =>
      turns.add(() =>
        talk(async (http) => {
          const refs = await git.listServerRefs({ http, url: libraryUrl, protocolVersion: 1 });
          return new Map(refs.filter(({ oid }) => isOid(oid)).map(({ ref, oid }) => [ref, oid]));
        }),
      ),
    fetch: (ref, depth) => turns.add(() => marked(() => bring(ref, depth))),
  };
}

/** The library unpacks without a limit what it is sent, once it has written it. */
function lookingThrough(): { readonly promises: typeof fs.promises } {
  const writeFile: typeof fs.promises.writeFile = async (file, data, options) => {
    if (typeof file === 'string' && file.endsWith('.pack') && data instanceof Uint8Array) {
      const pack = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      const fault = await faultOfPack(pack, { objectBytes: maxBytes, bytes: mostUnpacked });
      if (fault !== null) throw refusedPack(fault);
    }
    await fs.promises.writeFile(file, data, options);
  };
  return { promises: { ...fs.promises, writeFile } };
}

function refusedPack(fault: 'too-large' | 'damaged'): InvalidInput {
  return fault === 'damaged'
    ? new InvalidInput('repository-unreachable', "the git server's answer can't be used (a damaged pack)")
    : new InvalidInput(
        'too-large',
        `the git server sends a file of more than ${maxBytes} bytes, or more than ${mostUnpacked} in all; make the repository smaller`,
      );
}

function isOfDisk(error: unknown): boolean {
  return ofDisk.has((error as NodeJS.ErrnoException).code ?? '');
}

/** Null: there is nothing. */
async function statusOf(file: string): Promise<Stats | null> {
  return await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}
