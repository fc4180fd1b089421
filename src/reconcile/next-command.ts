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

/** `commit`: the accepted one, in which a fault of the desired text stands. */
export function nextOnDevice(
  device: DeviceSettings,
  { code, place }: Pick<Failure, 'code' | 'place'>,
  commit: string | null,
): string {
  const { name, address, port, user, identityFile } = device;
  const login = `ssh -p ${port}${identityFile === null ? '' : ` -i ${identityFile}`} ${user}@${address}`;
  switch (code) {
    case 'incomplete-export':
    case 'unreadable-export':
      return `${login} /export > ${name}.rsc && siteward rsc check ${name}.rsc`;
    case 'desired-missing':
      return `mkdir -p devices/${name} && ${login} /export > devices/${name}/config.rsc`;
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
        : revert(commit);
  }
}

export interface BranchFault {
  readonly reason: string | null;
  /** The branch's newest commit; null: it could not be read. */
  readonly head: string | null;
  readonly accepted: string | null;
}

interface FollowedRef {
  readonly url: string;
  readonly branch: string;
  /** The pattern, where tags are followed. */
  readonly tags: string | null;
  readonly path: string;
}

const tagFaults: readonly string[] = ['no-such-tag', 'tag-refused', 'commit-signature-refused'];

/** About a branch that can't be followed. */
export function nextOnBranch(
  { reason, head, accepted }: BranchFault,
  { url, branch, tags, path }: FollowedRef,
): string {
  if (reason === 'no-such-branch') return `git push ${url} HEAD:refs/heads/${branch}`;
  // It is the tag that must be signed: which one it is, and that a higher one takes its place, is for a person.
  if (tags !== null && tagFaults.includes(reason ?? '')) return `git ls-remote --tags ${url} '${tags}'`;
  if (reason === 'commit-signature-refused')
    return 'git commit --amend --no-edit -S && git push --force-with-lease';
  // The branch goes back to where it was left; where nothing was accepted yet, another commit is asked about anew.
  if (reason === 'commit-rejected' && head !== null) {
    if (accepted === null)
      return `git commit --allow-empty -m "ask again" && git push ${url} HEAD:refs/heads/${branch}`;
    return `git push --force-with-lease=${branch}:${head} ${url} ${accepted}:refs/heads/${branch}`;
  }
  if (head === null) return `git ls-remote ${url}`;
  if (accepted !== null) return revert(head);
  return `git ls-tree -r --name-only ${head.slice(0, 12)} ${path === '' ? '.' : path}`;
}

function revert(commit: string): string {
  return `git revert --no-edit ${commit.slice(0, 12)} && git push`;
}
