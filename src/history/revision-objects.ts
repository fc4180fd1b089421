/**
 * The objects below a revision: what a device said, sealed beside it the secrets that it hides, if they are kept, and the
 * two folders both lie in. No two devices share one.
 */
import { entriesOf } from './git-object.ts';
import type { HistoryRepository } from './repository.ts';
import type { Revision } from './revision.ts';

/** The names of the files. */
export const file = 'config.rsc';
export const secretsFile = 'secrets.age';

/** From the outermost in: a folder of the site, one of the device, the files. Throws `SitewardError` history-damaged. */
export async function objectsOf(
  repository: HistoryRepository,
  { tree, device }: Pick<Revision, 'tree' | 'device'>,
): Promise<readonly [root: string, folder: string, text: string, ...secrets: string[]]> {
  const [folder] = entriesOf(await repository.read(tree, 'tree'), device);
  return [tree, folder, ...entriesOf(await repository.read(folder, 'tree'), file, secretsFile)];
}

/** As far as they are still there, by depth: of a revision that is being dropped the innermost go first. */
export async function objectsLeft(
  repository: HistoryRepository,
  { tree, device }: Pick<Revision, 'tree' | 'device'>,
): Promise<readonly (readonly string[])[]> {
  const root = await repository.find(tree);
  if (root === null) return [];
  const [folder] = entriesOf(root, device);
  const inner = await repository.find(folder);
  return inner === null ? [[tree], [folder]] : [[tree], [folder], entriesOf(inner, file, secretsFile)];
}
