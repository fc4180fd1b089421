/**
 * Commands as `nobody`, through `setpriv`: rights mean nothing to root, so what depends on them is run as somebody
 * who has none. Tests say in their names why they are left out where that is not possible.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';

export interface OtherUser {
  readonly uid: number;
  readonly gid: number;
  /** Put before a command's words. */
  readonly prefix: readonly string[];
}

/** The user, or why there is none here. */
export function otherUser(): OtherUser | string {
  if (process.getuid?.() !== 0) return 'needs root, which can become somebody else';
  const id = (what: string): number =>
    Number(execFileSync('id', [what, 'nobody'], { encoding: 'utf8' }).trim());
  const [uid, gid] = [id('-u'), id('-g')];
  const prefix = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--'];
  const tried = spawnSync(prefix[0] ?? '', [...prefix.slice(1), process.execPath, '-e', '0']);
  if (tried.error !== undefined) return 'needs setpriv (util-linux)';
  if (tried.status !== 0) return `user nobody can't run ${process.execPath}`;
  return { uid, gid, prefix };
}

/** Gives a folder and all in it to a user. Links themselves, never what they lead to. */
export function giveAll(name: string, { uid, gid }: Pick<OtherUser, 'uid' | 'gid'>): void {
  const stats = lstatSync(name);
  if (stats.isSymbolicLink()) return;
  chownSync(name, uid, gid);
  if (stats.isDirectory()) for (const one of readdirSync(name)) giveAll(path.join(name, one), { uid, gid });
}

/** Lets everybody look into a temporary folder, whose own mode keeps all others out. */
export function showAll(folder: string): void {
  chmodSync(folder, 0o755);
}
