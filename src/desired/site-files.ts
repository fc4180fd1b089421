/**
 * One commit as the desired state of a site. Absence never deletes (I9): a folder, file or text that is missing,
 * empty or unreadable is an error of that device, never an empty configuration. A fault of the whole commit is in
 * `problems`, and then the commit is for nobody.
 */
import { InvalidInput } from '../core/errors.ts';
import { readYaml } from '../settings/yaml-file.ts';
import type { DesiredDevice } from './device-files.ts';
import { KnownDevices } from './known-devices.ts';
import { siteFileSchema } from './file-schemas.ts';
import type { SealedFile } from './secrets.ts';
import type { SourceEntry, SourceTree } from './source-tree.ts';
import { inFolder, printable } from './source-tree.ts';

export interface CommitHead {
  readonly commit: string;
  readonly subject: string;
  readonly author: string;
}

export interface SiteFiles extends CommitHead {
  /** As `site.yaml` says; null when it does not. */
  readonly site: string | null;
  /** Sorted by name; none when there are problems. */
  readonly devices: readonly DesiredDevice[];
  /** The site's own `secrets.yaml.age`; null: the commit has none. */
  readonly sealed: SealedFile | null;
  readonly problems: readonly InvalidInput[];
}

const maxDevices = 20_000;
const mostProblems = 50;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** What `known` holds of an earlier commit is not read again. Faults of the content are values; throws `InvalidInput` when git's own objects can't be believed. */
export async function readSiteFiles(
  tree: SourceTree,
  head: CommitHead,
  folder: string,
  expectedSite: string | null,
  known: KnownDevices = new KnownDevices(),
): Promise<SiteFiles> {
  const refused = (site: string | null, problems: readonly InvalidInput[]): SiteFiles => ({
    ...head,
    site,
    devices: [],
    sealed: null,
    problems,
  });
  if ((await tree.list(folder)) === null)
    return refused(null, [
      new InvalidInput('path-missing', 'no such folder in the commit; check `desired: path:`', {
        file: folder,
      }),
    ]);
  const site = await readSiteName(tree, inFolder(folder, 'site.yaml'));
  if (Array.isArray(site)) return refused(null, site);
  if (expectedSite !== null && site.name !== expectedSite)
    return refused(site.name, [
      new InvalidInput(
        'wrong-site',
        `the commit is for site ${site.name}, this is ${expectedSite}; correct it in a new commit, or \`desired:\` in the settings`,
        site.place,
      ),
    ]);
  const devicesFolder = inFolder(folder, 'devices');
  const entries = await tree.list(devicesFolder);
  if (entries === null)
    return refused(site.name, [
      new InvalidInput('devices-missing', 'expected a folder "devices"', { file: devicesFolder }),
    ]);
  const problems = oddEntries([...entries.values()], devicesFolder, known);
  if (problems.length > 0) return refused(site.name, problems);
  const sealed = await readSealed(tree, folder);
  if (sealed instanceof InvalidInput) return refused(site.name, [sealed]);
  const folders = [...entries.values()].filter(({ kind }) => kind === 'folder');
  const devices = await known.read(tree, folder, folders);
  devices.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { ...head, site: site.name, devices, sealed, problems: [] };
}

async function readSealed(tree: SourceTree, folder: string): Promise<SealedFile | InvalidInput | null> {
  const file = inFolder(folder, 'secrets.yaml.age');
  const entry = (await tree.list(folder))?.get('secrets.yaml.age');
  if (entry === undefined) return null;
  // Passed over, the same names of this machine's file would count without anybody knowing.
  if (entry.kind !== 'file')
    return new InvalidInput('not-a-file', 'expected the file itself, encrypted with age', { file });
  return { file, bytes: await tree.read(file) };
}

async function readSiteName(tree: SourceTree, file: string) {
  const missing = 'expected a file that says which site this is: `site: NAME`';
  const entry = (await tree.list(file.slice(0, Math.max(0, file.lastIndexOf('/')))))?.get('site.yaml');
  if (entry?.kind !== 'file') return [new InvalidInput('site-file-missing', missing, { file })];
  const read = readYaml(await tree.read(file), file, siteFileSchema);
  return read.kind === 'invalid' ? [...read.problems] : { name: read.value.site, place: read.at(['site']) };
}

/** Plain files beside the device folders mean nothing; links and odd names may mean anything. */
function oddEntries(entries: readonly SourceEntry[], folder: string, known: KnownDevices): InvalidInput[] {
  const problems: InvalidInput[] = [];
  const odd = (code: string, message: string, name: string): unknown =>
    problems.push(new InvalidInput(code, message, { file: inFolder(folder, printable(name)) }));
  for (const { name, kind } of entries)
    if (kind === 'symlink' || kind === 'submodule')
      odd('not-a-file', `a ${kind} is not followed; put the device's folder here`, name);
  const names = entries.flatMap(({ name, kind }) => (kind === 'folder' ? [name] : []));
  // All names of an earlier commit were in order together, and so are any of them.
  if (names.every((name) => known.has(name))) return problems.slice(0, mostProblems);
  const seen = new Map<string, string>();
  for (const name of names) {
    if (!namePattern.test(name))
      odd('odd-name', 'expected a device name of letters, digits, dots, dashes and underscores', name);
    const twin = seen.get(name.toLowerCase());
    if (twin !== undefined) odd('odd-name', `differs from ${twin} in upper and lower case only`, name);
    seen.set(name.toLowerCase(), name);
  }
  if (seen.size > maxDevices)
    problems.push(new InvalidInput('too-many-devices', `more than ${maxDevices} devices`, { file: folder }));
  return problems.slice(0, mostProblems);
}
