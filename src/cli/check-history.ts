/** The history for `siteward check`: everything that is kept is read and proved. Changes nothing. */
import path from 'node:path';
import type { Settings } from '../settings/settings.ts';
import { failure } from './finding.ts';
import type { Finding } from './finding.ts';
import { statusIfThere } from './on-disk.ts';
import { count } from './terminal.ts';

/** Nothing is said of a history that was not begun. */
export async function checkHistory({ state, site, devices }: Settings): Promise<Finding[]> {
  const what = 'history';
  const folder = path.join(state, 'history.git');
  try {
    if ((await statusIfThere(folder)) === null) return [];
  } catch (error) {
    return [failure(what, error)];
  }
  const [{ openArchive }, { fileDisk }, { packedObjects }, { verifyHistory }] = await Promise.all([
    import('../history/archive.ts'),
    import('../history/disk.ts'),
    import('../history/packed-objects.ts'),
    import('../history/verify.ts'),
  ]);
  const archive = openArchive({ folder, site, disk: fileDisk, packed: packedObjects(folder) });
  const findings: Finding[] = [];
  let revisions = 0;
  for (const { name } of devices)
    await verifyHistory(archive, name).then(
      (many) => (revisions += many),
      (error: unknown) => findings.push(failure(what, error, name)),
    );
  if (findings.length > 0) return findings;
  return [{ what, result: 'ok', code: 'valid', message: `${count(revisions, 'revision')}, each proved` }];
}
