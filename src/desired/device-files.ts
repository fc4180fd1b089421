/**
 * One device's part of a commit: what `device.yaml` says and the files it is composed of, as they are written. A file
 * that is missing, empty or no text is an error of that device, never an empty configuration (I9).
 */
import { InvalidInput } from '../core/errors.ts';
import type { Fragment } from '../core/fragments.ts';
import type { IgnoreRule, Owns } from '../core/plan/scope.ts';
import { readYaml } from '../settings/yaml-file.ts';
import { deviceFileSchema } from './file-schemas.ts';
import type { DeviceFile } from './file-schemas.ts';
import type { SourceEntry, SourceTree } from './source-tree.ts';
import { entryAt, inFolder, printable, refuseLink } from './source-tree.ts';

export interface DesiredDevice {
  readonly name: string;
  /** Path of its `config.rsc` in the repository, for diagnostics. */
  readonly file: string;
  /** In the order in which they count; null exactly when there is an error. */
  readonly fragments: readonly Fragment[] | null;
  /** For `${name}` in values. */
  readonly vars: ReadonlyMap<string, string>;
  readonly owns: Owns;
  readonly ignore: readonly IgnoreRule[];
  readonly error: InvalidInput | null;
}

const maxTextBytes = 4 * 1024 * 1024;
/** Of all files of one device. */
const maxDeviceBytes = 8 * 1024 * 1024;
const ownFile = 'config.rsc';

export async function readDeviceFiles(
  tree: SourceTree,
  siteFolder: string,
  name: string,
): Promise<DesiredDevice> {
  const folder = inFolder(inFolder(siteFolder, 'devices'), name);
  const file = inFolder(folder, ownFile);
  try {
    const entries = (await tree.list(folder)) ?? new Map<string, SourceEntry>();
    for (const entry of entries.values()) refuseLink(entry, inFolder(folder, entry.name));
    const { include, ...scope } = await readDeviceFile(tree, inFolder(folder, 'device.yaml'));
    if (!include.paths.includes(ownFile) && entries.has(ownFile))
      throw new InvalidInput(
        'config-not-included',
        `the device has a ${ownFile}, which \`include\` does not name: name it, or take it away`,
        include.place,
      );
    const fragments: Fragment[] = [];
    for (const path of include.paths)
      fragments.push(await readFragment(tree, folder, siteFolder, path, include));
    const bytes = fragments.reduce((sum, { text }) => sum + text.length, 0);
    if (bytes > maxDeviceBytes)
      throw new InvalidInput(
        'too-large',
        `the device's files have ${bytes} bytes together, at most ${maxDeviceBytes} are read`,
        { file: folder },
      );
    return { name, file, fragments, ...scope, error: null };
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return { name, file, fragments: null, vars: new Map(), owns: 'sections', ignore: [], error };
  }
}

interface Include {
  readonly paths: readonly string[];
  /** Where the list is written. */
  readonly place: { readonly file: string };
  /** Where each of its paths is written. */
  readonly at: (index: number) => { readonly file: string };
}

async function readDeviceFile(
  tree: SourceTree,
  file: string,
): Promise<Omit<DeviceFile, 'include'> & { readonly include: Include }> {
  const none = { paths: [ownFile], place: { file }, at: () => ({ file }) };
  const entry = await entryAt(tree, file);
  if (entry === null) return { owns: 'sections', ignore: [], vars: new Map(), include: none };
  if (entry.kind !== 'file') throw new InvalidInput('not-a-file', 'expected a file', { file });
  const read = readYaml(await tree.read(file), file, deviceFileSchema);
  if (read.kind === 'invalid')
    throw read.problems[0] ?? new InvalidInput('invalid-value', 'the file can not be used', { file });
  const { include, ...scope } = read.value;
  if (include === null) return { ...scope, include: none };
  return {
    ...scope,
    include: { paths: include, place: read.at(['include']), at: (index) => read.at(['include', index]) },
  };
}

/** The nearest of the device's folder, the site's, and the repository's root. */
async function readFragment(
  tree: SourceTree,
  folder: string,
  siteFolder: string,
  path: string,
  include: Include,
): Promise<Fragment> {
  const places = [...new Set([folder, siteFolder, ''].map((root) => inFolder(root, path)))];
  for (const file of places) {
    const entry = await entryAt(tree, file);
    if (entry === null) continue;
    if (entry.kind !== 'file')
      throw new InvalidInput('not-a-file', 'expected a file', { file: printable(file) });
    return { file, text: requireText(await tree.read(file), file) };
  }
  const [own = path] = places;
  if (path === ownFile)
    throw new InvalidInput(
      'config-missing',
      'no such file in the commit; nothing is done on this device until it is there',
      { file: own },
    );
  throw new InvalidInput(
    'include-missing',
    `${path} is neither in the device's folder, nor the site's, nor at the root of the repository`,
    include.at(include.paths.indexOf(path)),
  );
}

function requireText(text: Uint8Array, file: string): Uint8Array {
  if (text.length > maxTextBytes)
    throw new InvalidInput(
      'too-large',
      `the file has ${text.length} bytes, at most ${maxTextBytes} are read`,
      {
        file,
      },
    );
  if (text.includes(0))
    throw new InvalidInput('not-text', 'the file holds a NUL byte; expected text', { file });
  if (saysNothing(text))
    throw new InvalidInput(
      'config-empty',
      'the file says nothing; nothing is done on this device until it does',
      { file, line: 1 },
    );
  return text;
}

/** Blank lines and comments only: an export that failed looks like this, and so does a truncated file. */
function saysNothing(text: Uint8Array): boolean {
  const lines = Buffer.from(text.buffer, text.byteOffset, text.byteLength)
    .toString('latin1')
    .split(/[\r\n]/);
  return lines.every((line) => line.trim() === '' || line.trimStart().startsWith('#'));
}
