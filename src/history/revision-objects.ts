/** The objects below a revision: what a device said, and the two folders it lies in. No two devices share one. */
import { onlyEntry } from './git-object.ts';
import type { HistoryRepository } from './repository.ts';
import type { Revision } from './revision.ts';

/** The name of the only file. */
export const file = 'config.rsc';

/** From the outermost in: a folder of the site, one of the device, the text. Throws `SitewardError` history-damaged. */
export async function objectsOf(
  repository: HistoryRepository,
  { tree, device }: Pick<Revision, 'tree' | 'device'>,
): Promise<readonly [root: string, folder: string, blob: string]> {
  const folder = onlyEntry(await repository.read(tree, 'tree'), device);
  const blob = onlyEntry(await repository.read(folder, 'tree'), file);
  return [tree, folder, blob];
}

/** As far as they are still there: of a revision that is being dropped the innermost go first. */
export async function objectsLeft(
  repository: HistoryRepository,
  { tree, device }: Pick<Revision, 'tree' | 'device'>,
): Promise<readonly string[]> {
  const root = await repository.find(tree);
  if (root === null) return [];
  const folder = onlyEntry(root, device);
  const inner = await repository.find(folder);
  return inner === null ? [tree, folder] : [tree, folder, onlyEntry(inner, file)];
}
