/**
 * One commit as the desired state of a site. Absence never deletes (I9): a folder, file or text that is missing,
 * empty or unreadable is an error of that device, never an empty configuration. A fault of the whole commit is in
 * `problems`, and then the commit is for nobody.
 */
import { InvalidInput } from '../core/errors.ts';
import type { IgnoreRule, Owns } from '../core/plan/scope.ts';
import { readYaml } from '../settings/yaml-file.ts';
import { deviceFileSchema, siteFileSchema } from './file-schemas.ts';
import type { GitObjects, TreeEntry } from './git-objects.ts';

export interface DesiredDevice {
  readonly name: string;
  /** Path of its `config.rsc` in the repository, for diagnostics. */
  readonly file: string;
  /** Null exactly when there is an error. */
  readonly text: Uint8Array | null;
  readonly owns: Owns;
  readonly ignore: readonly IgnoreRule[];
  readonly error: InvalidInput | null;
}

export interface SiteFiles {
  readonly commit: string;
  readonly subject: string;
  readonly author: string;
  /** As `site.yaml` says; null when it does not. */
  readonly site: string | null;
  /** Sorted by name; none when there are problems. */
  readonly devices: readonly DesiredDevice[];
  readonly problems: readonly InvalidInput[];
}

const maxTextBytes = 4 * 1024 * 1024;
const maxDevices = 20_000;
const atOnce = 16;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Faults of the commit's content are values; throws `InvalidInput` when git's own objects can't be believed. */
export async function readSiteFiles(
  objects: GitObjects,
  oid: string,
  folder: string,
  expectedSite: string | null,
): Promise<SiteFiles> {
  const { subject, author, tree } = await objects.readCommit(oid);
  const head = { commit: oid, subject, author };
  const refused = (site: string | null, ...problems: InvalidInput[]): SiteFiles => ({
    ...head,
    site,
    devices: [],
    problems,
  });
  const root = await descend(objects, tree, folder === '' ? [] : folder.split('/'));
  if (root instanceof InvalidInput) return refused(null, root);
  const inside = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  const site = await readSiteName(objects, root, inside('site.yaml'));
  if (Array.isArray(site)) return refused(null, ...site);
  if (expectedSite !== null && site.name !== expectedSite)
    return refused(
      site.name,
      new InvalidInput(
        'wrong-site',
        `the commit is for site ${site.name}, this is ${expectedSite}`,
        site.place,
      ),
    );
  const devicesEntry = root.find((entry) => entry.name === 'devices');
  if (devicesEntry?.kind !== 'folder')
    return refused(
      site.name,
      new InvalidInput('devices-missing', 'expected a folder "devices"', { file: inside('devices') }),
    );
  const entries = await objects.readTree(devicesEntry.oid);
  const problems = oddEntries(entries, inside('devices'));
  if (problems.length > 0) return refused(site.name, ...problems);
  const folders = entries.filter((entry) => entry.kind === 'folder');
  const devices: DesiredDevice[] = [];
  for (let start = 0; start < folders.length; start += atOnce)
    devices.push(
      ...(await Promise.all(
        folders
          .slice(start, start + atOnce)
          .map((entry) => readDevice(objects, entry, inside(`devices/${entry.name}`))),
      )),
    );
  devices.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { ...head, site: site.name, devices, problems: [] };
}

async function descend(
  objects: GitObjects,
  tree: string,
  names: readonly string[],
): Promise<readonly TreeEntry[] | InvalidInput> {
  let entries = await objects.readTree(tree);
  let walked = '';
  for (const name of names) {
    walked = walked === '' ? name : `${walked}/${name}`;
    const entry = entries.find((candidate) => candidate.name === name);
    if (entry?.kind !== 'folder')
      return new InvalidInput('path-missing', 'no such folder in the commit; check `desired: path:`', {
        file: walked,
      });
    entries = await objects.readTree(entry.oid);
  }
  return entries;
}

async function readSiteName(objects: GitObjects, root: readonly TreeEntry[], file: string) {
  const entry = root.find((candidate) => candidate.name === 'site.yaml');
  if (entry?.kind !== 'file')
    return [
      new InvalidInput('site-file-missing', 'expected a file that says which site this is: `site: NAME`', {
        file,
      }),
    ];
  const read = readYaml(await objects.read(entry.oid, 'blob'), file, siteFileSchema);
  return read.kind === 'invalid' ? [...read.problems] : { name: read.value.site, place: read.at(['site']) };
}

/** Plain files beside the device folders mean nothing; links and odd names may mean anything. */
function oddEntries(entries: readonly TreeEntry[], folder: string): InvalidInput[] {
  const problems: InvalidInput[] = [];
  const seen = new Map<string, string>();
  for (const { name, kind } of entries) {
    const file = `${folder}/${printable(name)}`;
    if (kind === 'symlink' || kind === 'submodule')
      problems.push(
        new InvalidInput('not-a-file', `a ${kind} is not followed; put the device's folder here`, { file }),
      );
    if (kind !== 'folder') continue;
    if (!namePattern.test(name))
      problems.push(
        new InvalidInput(
          'odd-name',
          'expected a device name of letters, digits, dots, dashes and underscores',
          { file },
        ),
      );
    const twin = seen.get(name.toLowerCase());
    if (twin !== undefined)
      problems.push(
        new InvalidInput('odd-name', `differs from ${twin} in upper and lower case only`, { file }),
      );
    seen.set(name.toLowerCase(), name);
  }
  if (seen.size > maxDevices)
    problems.push(new InvalidInput('too-many-devices', `more than ${maxDevices} devices`, { file: folder }));
  return problems.slice(0, 50);
}

async function readDevice(objects: GitObjects, entry: TreeEntry, folder: string): Promise<DesiredDevice> {
  const name = entry.name;
  const file = `${folder}/config.rsc`;
  try {
    const entries = await objects.readTree(entry.oid);
    const linked = entries.find(({ kind }) => kind === 'symlink' || kind === 'submodule');
    if (linked !== undefined)
      throw new InvalidInput('not-a-file', `a ${linked.kind} is not followed; put the file itself here`, {
        file: `${folder}/${printable(linked.name)}`,
      });
    const scope = await readScope(objects, entries, `${folder}/device.yaml`);
    const text = await readText(objects, entries, file);
    return { name, file, text, ...scope, error: null };
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return { name, file, text: null, owns: 'sections', ignore: [], error };
  }
}

async function readText(
  objects: GitObjects,
  entries: readonly TreeEntry[],
  file: string,
): Promise<Uint8Array> {
  const entry = entries.find((candidate) => candidate.name === 'config.rsc');
  if (entry?.kind !== 'file')
    throw new InvalidInput(
      'config-missing',
      'no such file in the commit; nothing is done on this device until it is there',
      { file },
    );
  const text = await objects.read(entry.oid, 'blob');
  if (text.length > maxTextBytes)
    throw new InvalidInput(
      'too-large',
      `the file has ${text.length} bytes, at most ${maxTextBytes} are read`,
      { file },
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
  const lines = Buffer.from(text)
    .toString('latin1')
    .split(/[\r\n]/);
  return lines.every((line) => line.trim() === '' || line.trimStart().startsWith('#'));
}

async function readScope(
  objects: GitObjects,
  entries: readonly TreeEntry[],
  file: string,
): Promise<{ readonly owns: Owns; readonly ignore: readonly IgnoreRule[] }> {
  const entry = entries.find((candidate) => candidate.name === 'device.yaml');
  if (entry === undefined) return { owns: 'sections', ignore: [] };
  if (entry.kind !== 'file') throw new InvalidInput('not-a-file', 'expected a file', { file });
  const read = readYaml(await objects.read(entry.oid, 'blob'), file, deviceFileSchema);
  if (read.kind === 'valid') return read.value;
  const [first] = read.problems;
  throw first ?? new InvalidInput('invalid-value', 'the file can not be used', { file });
}

function printable(name: string): string {
  return name.replace(/[^\x21-\x7e]/g, '?').slice(0, 100);
}
