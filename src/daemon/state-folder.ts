/**
 * The state folder as the daemon needs it: made at first start, of this process's user, and nobody else's to look
 * into, since sealed rollouts may hold secrets. Says what to do about it; never repairs an owner or a mode.
 */
import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { InvalidInput } from '../core/errors.ts';
import { checkOwnedFolder } from '../settings/trust-files.ts';

/** Throws `InvalidInput`. */
export async function openStateFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusable(folder, error);
  }
  await judgeStateFolder(folder);
}

/** Whether it is there. Throws `InvalidInput` when it is and can't be used. */
export async function judgeStateFolder(folder: string): Promise<boolean> {
  let found;
  try {
    found = await stat(folder);
    if (!found.isDirectory())
      throw new InvalidInput('not-a-folder', 'state: expected a folder', { file: folder });
    const own = process.geteuid?.() ?? found.uid;
    if (found.uid !== own)
      throw new InvalidInput(
        'wrong-owner',
        `state: belongs to user ${found.uid} and this is user ${own}; start as that user, or run: chown -R ${own} ${folder}`,
        { file: folder },
      );
    if ((found.mode & 0o077) !== 0)
      throw new InvalidInput(
        'readable-by-others',
        `state: others may look into it; run: chmod 700 ${folder}`,
        {
          file: folder,
        },
      );
    await checkOwnedFolder(folder);
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    if (error instanceof InvalidInput) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw unusable(folder, error);
  }
}

function unusable(folder: string, cause: unknown): InvalidInput {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
  const user = process.geteuid?.() ?? 0;
  return new InvalidInput(
    'state-unusable',
    `state: can’t be used by user ${user} (${code}); run: install -d -m 700 -o ${user} ${folder}`,
    { file: folder },
    { cause },
  );
}
