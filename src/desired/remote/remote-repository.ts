/**
 * The repository with the desired state on a git server: the same as one on this machine, once what is asked about was
 * fetched. One look at the server tells whether there is anything to fetch, and history is deepened only as far as a
 * question needs it.
 */
import { InvalidInput } from '../../core/errors.ts';
import { repositoryAt } from '../git-repository.ts';
import type { DesiredRepository, RepositoryOptions } from '../git-repository.ts';
import type { Mirror } from './mirror.ts';

/** Commits of history that come with a head; then, where that was too few; then all. */
const shallow = 50;
const deeper: readonly (number | null)[] = [2_000, null];

export function openRemoteRepository(options: RepositoryOptions, mirror: Mirror): DesiredRepository {
  const branch = `refs/heads/${options.branch}`;
  let local = repositoryAt(mirror.gitdir, options);

  async function has(oid: string): Promise<boolean> {
    return local.rawCommit(oid).then(
      () => true,
      () => false,
    );
  }

  async function fetch(ref: string, depth: number | null): Promise<void> {
    await mirror.fetch(ref, depth);
    // What it remembers of packs is of before.
    local = repositoryAt(mirror.gitdir, options);
  }

  /** A copy that can't be read is thrown away and fetched once more. */
  async function healing<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof InvalidInput) || !/^(?:object|unreadable)-/.test(error.code)) throw error;
      await mirror.clear();
      await fetch(branch, shallow);
      return ask();
    }
  }

  /** Asks again with more of the history, until the answer is one or there is no more. */
  async function deepening<T>(ask: () => Promise<T>, isAnswer: (answer: T) => boolean): Promise<T> {
    for (const depth of deeper) {
      if (!(await mirror.isShallow())) break;
      // What can't be found may be further down.
      const answer = await ask().catch(unlessMissing);
      if (answer !== null && isAnswer(answer)) return answer;
      await fetch(branch, depth);
    }
    return healing(ask);
  }

  return {
    async head() {
      const oid = (await mirror.refs()).get(branch);
      if (oid === undefined)
        throw new InvalidInput(
          'no-such-branch',
          `the git server has no branch ${JSON.stringify(options.branch)}; check \`desired: branch:\``,
        );
      if (!(await has(oid))) await fetch(branch, shallow);
      return oid;
    },
    readSite: (oid) => healing(() => local.readSite(oid)),
    rawCommit: (oid) => healing(() => local.rawCommit(oid)),
    commitsSince: (oid, before) =>
      deepening(
        () => local.commitsSince(oid, before),
        (commits) => commits !== null,
      ),
    descends: (oid, ancestor) =>
      deepening(
        () => local.descends(oid, ancestor),
        (found) => found,
      ),
    async resolve(rev) {
      const refs = await mirror.refs();
      const ref = [`refs/heads/${rev}`, `refs/tags/${rev}`].find((name) => refs.has(name));
      if (ref !== undefined) await fetch(ref, shallow);
      return local.resolve(rev);
    },
  };
}

function unlessMissing(error: unknown): null {
  if (error instanceof InvalidInput && error.code === 'object-missing') return null;
  throw error;
}
