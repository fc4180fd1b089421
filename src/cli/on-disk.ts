/** What stands at a path, for commands: nothing there is an answer, anything else that goes wrong is told. */
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fileProblem, InvalidInput } from '../core/errors.ts';

/** Null: there is nothing. Throws `InvalidInput` unreadable, for a folder on the way that can't be entered, say. */
export async function statusIfThere(file: string): Promise<Stats | null> {
  try {
    return await stat(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new InvalidInput('unreadable', fileProblem(cause), { file }, { cause });
  }
}
