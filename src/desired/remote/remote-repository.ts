/**
 * The repository with the desired state on a git server: the same as one on this machine, once what is asked about was
 * fetched. One look at the server tells whether there is anything to fetch, and history is deepened only as far as a
 * question needs it.
 */
import { InvalidInput } from '../../core/errors.ts';
import { followedRef, missing } from '../git-refs.ts';
import { repositoryAt } from '../git-repository.ts';
import type { DesiredRepository, RepositoryOptions } from '../git-repository.ts';
import type { Mirror } from './mirror.ts';

/** Commits of history that come with a head; then, where that was too few; then all. */
const shallow = 50;
const deeper: readonly (number | null)[] = [2_000, null];

export function openRemoteRepository(options: RepositoryOptions, mirror: Mirror): DesiredRepository {
  /** What is followed: the branch, or the tag that was highest at the last look. */
  let followed = `refs/heads/${options.branch}`;
  let local = repositoryAt(mirror.gitdir, options);

  /** A copy that can't be read is thrown away and fetched once more. */
  async function healing<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof InvalidInput) || !/^(?:object|unreadable)-/.test(error.code)) throw error;
      await mirror.clear();
      // What it remembers of packs is of before.
      local = repositoryAt(mirror.gitdir, options);
      await mirror.fetch(followed, shallow);
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
      await mirror.fetch(followed, depth);
    }
    return healing(ask);
  }

  return {
    async head() {
      const refs = await mirror.refs();
      followed = followedRef(options, refs.keys());
      const oid = refs.get(followed);
      if (oid === undefined) {
        const [code, message] = missing(followed);
        throw new InvalidInput(code, `on the git server: ${message}`);
      }
      return healing(async () => {
        const isHere = (await local.has(oid)) && (await local.tip(followed)) === oid;
        if (!isHere) await mirror.fetch(followed, shallow);
        return local.headOf(followed);
      });
    },
    async signedObject(head) {
      // The copy may be another since, which has not looked at the tag.
      if (options.tags !== null) await local.headOf(followed);
      return local.signedObject(head);
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
      const [, name = '', back = ''] = /^(.*?)(~\d+)?$/.exec(rev) ?? [];
      if (name === 'HEAD') {
        await mirror.fetch(followed, shallow);
        return healing(async () => local.resolve(`${await local.headOf(followed)}${back}`));
      }
      const ref = [`refs/heads/${name}`, `refs/tags/${name}`].find((one) => refs.has(one));
      if (ref !== undefined) await mirror.fetch(ref, shallow);
      return local.resolve(rev);
    },
  };
}

function unlessMissing(error: unknown): null {
  if (error instanceof InvalidInput && error.code === 'object-missing') return null;
  throw error;
}
