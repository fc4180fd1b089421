/**
 * What a person types about a fault that the daemon can't put right: one exact command, which shows more than the fault
 * itself or ends it. Pure.
 */
import type { DeviceSettings } from '../core/site.ts';
import type { Failure } from './device-report.ts';

/** Shows everything that is wrong with the settings, the files and this device, and what to do about it. */
export function lookAt({ name }: Pick<DeviceSettings, 'name'>): string {
  return `siteward check ${name}`;
}

/** Gives the daemon's login the rights of that level, and prints the settings that go with it. */
export function enrolFor(
  { name, address, port, user }: Pick<DeviceSettings, 'name' | 'address' | 'port' | 'user'>,
  manage: DeviceSettings['manage'],
): string {
  const where = `${address}${port === 22 ? '' : ` --port ${port}`}${user === 'siteward' ? '' : ` --user ${user}`}`;
  return `siteward enrol ${name} ${where} --manage ${manage}`;
}

/** `commit`: the accepted one, in which a fault of the desired text stands. */
export function nextOnDevice(
  device: DeviceSettings,
  { code, place }: Pick<Failure, 'code' | 'place'>,
  commit: string | null,
  followed: FollowedRef,
): string {
  const { name, address, port, user, identityFile } = device;
  const login = `ssh -p ${port}${identityFile === null ? '' : ` -i ${identityFile}`} ${user}@${address}`;
  switch (code) {
    case 'incomplete-export':
    case 'unreadable-export':
      // RouterOS 6 shows secrets unless told not to; later ones hide them and know the word.
      return `${login} /export hide-sensitive > ${name}.rsc && siteward rsc check ${name}.rsc`;
    case 'desired-missing':
      return `mkdir -p devices/${name} && siteward adopt ${name} > devices/${name}/config.rsc`;
    case 'internal':
    case 'assertion-failed':
      return 'journalctl -u siteward -n 50';
    case 'secrets-not-set':
    case 'unknown-secret':
      // The place is in git; what is missing is on this machine.
      return lookAt(device);
    default:
      // Files of this machine have absolute paths.
      return place === null || place.file.startsWith('/') || commit === null
        ? lookAt(device)
        : instead(commit, followed);
  }
}

export interface BranchFault {
  readonly reason: string | null;
  /** The branch's newest commit; null: it could not be read. */
  readonly head: string | null;
  readonly accepted: string | null;
}

/** What `desired:` of the settings says. */
export interface FollowedRef {
  readonly url: string;
  readonly branch: string;
  /** The pattern, where tags are followed. */
  readonly tags: string | null;
  readonly path: string;
}

const tagFaults: readonly string[] = ['no-such-tag', 'tag-refused', 'commit-signature-refused'];

/** About a branch, or a tag, that can't be followed. */
export function nextOnBranch({ reason, head, accepted }: BranchFault, followed: FollowedRef): string {
  const { url, branch, tags, path } = followed;
  if (reason === 'copy-unwritable') return 'siteward check --offline';
  if (reason === 'no-such-branch') return `git push ${url} HEAD:refs/heads/${branch}`;
  // Whatever is in the commit, it is the repository that is not well.
  if (reason?.startsWith('object-') === true && url.startsWith('/'))
    return `git -C ${url} fsck --no-dangling`;
  if (tags !== null && tagFaults.includes(reason ?? '')) return tagsOf(url, tags);
  if (reason === 'commit-signature-refused')
    return 'git commit --amend --no-edit -S && git push --force-with-lease';
  if (head === null || reason?.startsWith('object-') === true) return `git ls-remote ${url}`;
  if (accepted !== null && tags === null && toWhereItWasLeft.includes(reason ?? ''))
    return `git push --force-with-lease=${branch}:${head} ${url} ${accepted}:refs/heads/${branch}`;
  if (accepted !== null) return instead(head, followed);
  // Where nothing was accepted yet, another commit is asked about anew.
  if (reason === 'commit-rejected' && tags === null)
    return `git commit --allow-empty -m "ask again" && git push ${url} HEAD:refs/heads/${branch}`;
  return `git ls-tree -r --name-only ${head.slice(0, 12)} ${path === '' ? '.' : path}`;
}

/** Another commit on top of it would not be accepted either. */
const toWhereItWasLeft: readonly string[] = ['commit-rejected', 'history-too-long'];

/** What takes the place of a commit that can't be carried out. */
function instead(commit: string, { url, tags }: FollowedRef): string {
  return tags === null ? `git revert --no-edit ${commit.slice(0, 12)} && git push` : tagsOf(url, tags);
}

/** Which tag it is, and that a higher one takes its place, is for a person: what is on the branch only previews. */
function tagsOf(url: string, tags: string): string {
  return `git ls-remote --tags ${url} '${tags}'`;
}
