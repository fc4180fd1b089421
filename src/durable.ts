/** Makes durable what was written through other hands: a library's files, a tree that was copied. */
import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

const atOnce = 16;

/** The bytes of a file, or the names in a folder. */
export async function sync(fileOrFolder: string): Promise<void> {
  const handle = await open(fileOrFolder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * All that is in the folder; all was written before the first is waited for, so that the disk takes most of it at once.
 * `sinceMs`: only what changed since then, by the file system's clock.
 */
export async function syncTree(folder: string, sinceMs = -Infinity): Promise<void> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = [folder, ...names.map((entry) => path.join(entry.parentPath, entry.name))];
  const syncOne = async (one: string): Promise<void> => {
    if ((await stat(one)).ctimeMs >= sinceMs) await sync(one);
  };
  while (paths.length > 0) await Promise.all(paths.splice(-atOnce).map(syncOne));
}
