/** What of a commit is read, and what is refused before it is. */
import { expect, test } from 'vitest';
import { formatPlace } from '../../../src/core/errors.ts';
import { KnownDevices } from '../../../src/desired/known-devices.ts';
import { readSiteFiles } from '../../../src/desired/site-files.ts';
import type { SiteFiles } from '../../../src/desired/site-files.ts';
import type { SourceEntry, SourceTree } from '../../../src/desired/source-tree.ts';

type Files = Readonly<Record<string, string>>;
const link = 'a link to somewhere else';

/** A commit whose folders and files are known by what is in them, as git's are; `reads` is told of each file read. */
function treeOf(files: Files, reads: (file: string) => void = () => undefined): SourceTree {
  return {
    list(folder) {
      const start = folder === '' ? '' : `${folder}/`;
      const below = Object.entries(files).filter(([file]) => file.startsWith(start));
      if (below.length === 0) return Promise.resolve(null);
      const entries = new Map<string, SourceEntry>();
      for (const [file, text] of below) {
        const [name = '', ...rest] = file.slice(start.length).split('/');
        const inside = below.filter(([other]) => other.startsWith(`${start}${name}/`));
        const kind = rest.length > 0 ? 'folder' : text === link ? 'symlink' : 'file';
        const id = (kind === 'file' ? [[name, text] as const] : inside)
          .map(([path, content]) => `${path} ${content.length} ${content.slice(0, 200)}`)
          .join('\n');
        entries.set(name, { name, kind, id });
      }
      return Promise.resolve(entries);
    },
    read(file) {
      reads(file);
      return Promise.resolve(Buffer.from(files[file] ?? ''));
    },
  };
}

const head = { commit: '0'.repeat(40), subject: '', author: '' };
const text = '/ip dns\nset servers=192.0.2.53\n';
const good: Files = {
  'site.yaml': 'site: bud-01\n',
  'groups/base.rsc': text,
  ...Object.fromEntries(
    ['a', 'b', 'c'].flatMap((name) => [
      [`devices/${name}/config.rsc`, `/system identity\nset name=${name}\n`],
      [`devices/${name}/device.yaml`, `include: [${name === 'c' ? '' : 'groups/base.rsc, '}config.rsc]\n`],
    ]),
  ),
};

const read = (files: Files): Promise<SiteFiles> => readSiteFiles(treeOf(files), head, '', 'bud-01');

async function faultOf(files: Files): Promise<string> {
  const { devices, problems } = await read({ ...good, ...files });
  const [fault] = [...problems, ...devices.map(({ error }) => error).filter((error) => error !== null)];
  return fault === undefined
    ? 'none'
    : `${fault.code} ${fault.place === null ? '' : formatPlace(fault.place)}`;
}

test('of the next commit only what changed is read, and what is made of it', async () => {
  const known = new KnownDevices();
  const readsOf = async (files: Files): Promise<string[]> => {
    const reads: string[] = [];
    const { devices } = await readSiteFiles(
      treeOf(files, (file) => reads.push(file)),
      head,
      '',
      'bud-01',
      known,
    );
    expect(devices.map(({ name, error }) => [name, error])).toEqual([
      ['a', null],
      ['b', null],
      ['c', null],
    ]);
    return [...new Set(reads)].filter((file) => file !== 'site.yaml').sort();
  };
  expect(await readsOf(good)).toHaveLength(7);
  expect(await readsOf(good)).toEqual([]);
  const one = { ...good, 'devices/c/config.rsc': text };
  expect(await readsOf(one)).toEqual(['devices/c/config.rsc', 'devices/c/device.yaml']);
  const shared = await readsOf({ ...one, 'groups/base.rsc': `${text}set max-udp-packet-size=4096\n` });
  expect(shared).toContain('groups/base.rsc');
  expect(shared.filter((file) => file.includes('/c/'))).toEqual([]);
});

test.each([
  ['a shared file that is a link', { 'groups/base.rsc': link }, 'not-a-file groups/base.rsc'],
  [
    'a folder that is a link',
    { 'devices/a/device.yaml': 'include: [config.rsc, x/y.rsc]\n', x: link },
    'not-a-file x',
  ],
  ['a site file that is a link', { 'site.yaml': link }, 'site-file-missing site.yaml'],
  ['secrets that are a link', { 'secrets.yaml.age': link }, 'not-a-file secrets.yaml.age'],
  [
    'a file that is too large',
    { 'devices/a/config.rsc': '#'.repeat(2 ** 22 + 1) },
    'too-large devices/a/config.rsc',
  ],
  [
    'files that are too large together',
    {
      'devices/a/device.yaml': 'include: [config.rsc, 1.rsc, 2.rsc]\n',
      ...Object.fromEntries(
        ['config', '1', '2'].map((name) => [`devices/a/${name}.rsc`, text + '#'.repeat(3 * 2 ** 20)]),
      ),
    },
    'too-large devices/a',
  ],
  [
    'a path that is too long',
    { 'devices/a/device.yaml': `include: [${'x'.repeat(201)}]\n` },
    'invalid-value devices/a/device.yaml:1:11',
  ],
])('%s is refused', async (_, files: Files, fault) => {
  expect(await faultOf(files)).toContain(fault);
});
