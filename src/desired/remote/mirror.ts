/**
 * What was fetched of a git server, as a bare repository in the state. It is a cache: whatever is wrong with it, it is
 * thrown away and fetched again, so that a process killed at any moment costs time and nothing else. As deep as was
 * asked for, no deeper.
 */
import { rm } from 'node:fs/promises';
import fs from 'node:fs';
import git from 'isomorphic-git';
import { InvalidInput } from '../../core/errors.ts';
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

const maxBytes = 256 * 1024 * 1024;
const wholeHistory = 0x7fffffff;
const patienceMs = 120_000;
const tooManyPacks = 40;

export function openMirror(gitdir: string, remote: GitRemote, stop: AbortSignal): Mirror {
  async function talk<T>(work: (http: ReturnType<typeof asHttpClient>) => Promise<T>): Promise<T> {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(patienceMs)]);
    try {
      return await work(asHttpClient(remote, signal, maxBytes));
    } catch (error) {
      stop.throwIfAborted();
      throw remoteFault(error);
    } finally {
      await remote.close();
    }
  }

  async function clear(): Promise<void> {
    await rm(gitdir, { recursive: true, force: true });
  }

  return {
    gitdir,
    clear,
    isShallow: async () => (await shallowCommits(gitdir)).size > 0,
    refs: () =>
      talk(async (http) => {
        const refs = await git.listServerRefs({ http, url: libraryUrl, protocolVersion: 1 });
        return new Map(refs.filter(({ oid }) => isOid(oid)).map(({ ref, oid }) => [ref, oid]));
      }),
    async fetch(ref, depth) {
      // A repository that is there already stays as it is.
      await git.init({ fs, gitdir, bare: true, defaultBranch: 'main' });
      await git.addRemote({ fs, gitdir, remote: 'origin', url: libraryUrl, force: true });
      const { fetchHead } = await talk((http) =>
        git.fetch({
          fs,
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
      await mergePacks(gitdir, tooManyPacks).catch(() => clear());
    },
  };
}
