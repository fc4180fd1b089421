/** Makes files durable: those written here, whole or not at all, and those of other hands, a library's or a copied tree. */
import { open, readdir, rename, stat } from 'node:fs/promises';
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

/** For the owner alone. The bytes are durable, the name is not yet; what was there under it is overwritten. */
export async function writeSynced(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** After a power cut the file has these bytes, or is what it was. */
export async function replaceDurably(file: string, bytes: Uint8Array): Promise<void> {
  await writeSynced(`${file}.new`, bytes);
  await rename(`${file}.new`, file);
  await sync(path.dirname(file));
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
