/**
 * The files of a device around one of them in somebody's work tree: what else it is composed of, its variables, and what
 * of the device the repository speaks for. A file that lies in no site's folder stands for itself.
 */
import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { InvalidInput, fileProblem } from '../core/errors.ts';
import type { DesiredDevice } from '../desired/device-files.ts';

export interface WorkFiles extends Pick<DesiredDevice, 'vars' | 'owns' | 'ignore'> {
  readonly fragments: NonNullable<DesiredDevice['fragments']>;
  /** Which of them is the one that was named. */
  readonly file: string;
  /** Where that is on disk, links followed. */
  readonly onDisk: string;
}

/** Throws `InvalidInput` when the file can't be read, or is none of the device's. */
export async function workFiles(named: string, device: string): Promise<WorkFiles> {
  const onDisk = await realpath(named).catch((error: unknown) => {
    throw new InvalidInput('unreadable', fileProblem(error), { file: named }, { cause: error });
  });
  const site = await siteFolderOf(path.dirname(onDisk), device);
  if (site === null) {
    const text = await readFile(onDisk);
    const alone = { vars: new Map(), owns: 'sections', ignore: [] } as const;
    return { ...alone, fragments: [{ file: named, text }], file: named, onDisk };
  }
  const [{ folderTree, workTreeOf }, { readDeviceFiles }] = await Promise.all([
    import('../desired/folder-tree.ts'),
    import('../desired/device-files.ts'),
  ]);
  const root = (await workTreeOf(site)) ?? site;
  const inRoot = (one: string): string => path.relative(root, one).split(path.sep).join('/');
  const { fragments, error, vars, owns, ignore } = await readDeviceFiles(
    folderTree(root),
    inRoot(site),
    device,
  );
  if (fragments === null)
    throw error ?? new InvalidInput('desired-missing', 'the file is not there', { file: named });
  const file = inRoot(onDisk);
  if (!fragments.some((one) => one.file === file)) {
    const files = fragments.map((one) => one.file).join(', ');
    throw new InvalidInput(
      'usage',
      `${named} is none of the files that ${device} is made of (${files}): name one of them`,
    );
  }
  return { vars, owns, ignore, fragments, file, onDisk };
}

/** The nearest folder above with a `site.yaml` and this device in it. */
async function siteFolderOf(folder: string, device: string): Promise<string | null> {
  const site = await nearest(folder, 'site.yaml');
  if (site === null) return null;
  return (await exists(path.join(site, 'devices', device))) ? site : null;
}

async function nearest(folder: string, name: string): Promise<string | null> {
  if (await exists(path.join(folder, name))) return folder;
  const above = path.dirname(folder);
  return above === folder ? null : await nearest(above, name);
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null)) !== null;
}
