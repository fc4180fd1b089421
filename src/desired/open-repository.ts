/**
 * The repository that the settings name, wherever it is: a folder on this machine is read in place, a git server by a
 * copy of what was fetched. Both look the same from here on.
 */
import { findGitDir, repositoryAt } from './git-repository.ts';
import type { DesiredRepository, RepositoryOptions } from './git-repository.ts';
import { openMirror } from './remote/mirror.ts';
import { openRemoteRepository } from './remote/remote-repository.ts';
import type { GitRemote } from './remote/git-remote.ts';

export interface RepositoryPlace extends RepositoryOptions {
  /** An absolute path, `https://` or `ssh://`. */
  readonly url: string;
}

export interface RemoteAccess {
  /** Where the copy is kept. */
  readonly folder: string;
  /** The server by its URL; throws `InvalidInput` for one that can't be spoken to as the settings are. */
  readonly remote: (url: URL) => GitRemote;
  readonly signal: AbortSignal;
}

/** Throws `InvalidInput`: unsupported-url, not-a-repository. */
export async function openRepository(
  place: RepositoryPlace,
  access: RemoteAccess,
): Promise<DesiredRepository> {
  if (!isRemoteUrl(place.url)) return repositoryAt(await findGitDir(place.url), place);
  const remote = access.remote(new URL(place.url));
  return openRemoteRepository(place, await openMirror(access.folder, remote, access.signal));
}

export function isRemoteUrl(url: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(url);
}
