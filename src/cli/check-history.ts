/**
 * The history for `siteward check`: everything that is kept is read and proved, and the git server that it is pushed to is
 * asked what it has. Changes nothing.
 */
import path from 'node:path';
import type { Settings } from '../settings/settings.ts';
import { failure } from './finding.ts';
import type { Finding } from './finding.ts';
import { statusIfThere } from './on-disk.ts';
import { count } from './terminal.ts';

const what = 'history';
const patienceMs = 60_000;

/** `isOffline`: the git server is not asked. */
export async function checkHistory(settings: Settings, isOffline: boolean): Promise<Finding[]> {
  return [...(await checkKept(settings)), ...(isOffline ? [] : await checkRemote(settings))];
}

async function checkRemote({ history: { remote: server } }: Settings): Promise<Finding[]> {
  if (server === null) return [];
  const [{ historyRemote }, { advertisedBy }] = await Promise.all([
    import('../daemon/git-remote.ts'),
    import('../desired/remote/receive-pack.ts'),
  ]);
  const remote = historyRemote(server);
  try {
    const { refs } = await advertisedBy(remote, AbortSignal.timeout(patienceMs));
    const branches = [...refs.keys()].filter((ref) => ref.startsWith('refs/heads/')).length;
    const message = `its git server can be reached and has ${count(branches, 'branch', 'branches')}`;
    return [{ what, result: 'ok', code: 'reachable', message }];
  } catch (error) {
    return [failure(what, error)];
  } finally {
    await remote.close();
  }
}

/** Nothing is said of a history that was not begun. */
async function checkKept(settings: Settings): Promise<Finding[]> {
  const { state, site, devices } = settings;
  const folder = path.join(state, 'history.git');
  const { binaryBackupsOf } = await import('../daemon/site-history.ts');
  let backups: ReturnType<typeof binaryBackupsOf>;
  try {
    // Recipients that are none are found here, before a history is begun.
    backups = binaryBackupsOf(settings);
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
  let binary = 0;
  for (const { name } of devices)
    try {
      revisions += await verifyHistory(archive, name);
      for (const backup of await backups.list(name)) {
        await backups.read(name, backup);
        binary += 1;
      }
    } catch (error) {
      findings.push(failure(what, error, name));
    }
  if (findings.length > 0) return findings;
  const all = [count(revisions, 'revision'), ...(binary === 0 ? [] : [count(binary, 'binary backup')])];
  return [{ what, result: 'ok', code: 'valid', message: `${all.join(', ')}, each proved` }];
}
