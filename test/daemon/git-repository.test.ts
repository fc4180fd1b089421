import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { InvalidInput, formatPlace } from '../../src/core/errors.ts';
import { findGitDir, repositoryAt } from '../../src/desired/git-repository.ts';
import type { DesiredRepository } from '../../src/desired/git-repository.ts';
import type { DesiredDevice } from '../../src/desired/device-files.ts';
import type { SiteFiles } from '../../src/desired/site-files.ts';
import { gitSandbox } from '../support/git-sandbox.ts';
import type { GitSandbox } from '../support/git-sandbox.ts';

let sandbox: GitSandbox;
beforeEach(() => {
  sandbox = gitSandbox();
});
afterEach(() => sandbox.remove());

const site = 'sites/bud-01';
const good = {
  [`${site}/site.yaml`]: 'site: bud-01\n',
  [`${site}/devices/gw1/config.rsc`]: '/ip dns static\nadd name=a.example address=192.0.2.1\n',
  'README.md': 'not ours\n',
};

async function open(url = sandbox.folder): Promise<DesiredRepository> {
  return repositoryAt(await findGitDir(url), { branch: 'main', tags: null, path: site, site: 'bud-01' });
}

async function readHead(): Promise<SiteFiles> {
  const repository = await open();
  return repository.readSite(await repository.head());
}

function device(files: SiteFiles, name: string): DesiredDevice {
  const found = files.devices.find((candidate) => candidate.name === name);
  if (found === undefined)
    throw new Error(`no device ${name} in ${JSON.stringify(files.problems.map(String))}`);
  return found;
}

function textOf({ fragments }: DesiredDevice): Buffer {
  return Buffer.concat((fragments ?? []).map(({ text }) => text));
}

async function codeThrown(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InvalidInput);
  return (error as InvalidInput).code;
}

test('a commit is read in place: site, author, subject, and the exact bytes of each device', async () => {
  const bytes = Buffer.from('/system identity\r\nset name="k\\C3\\A9t"\r\n# \xe9\n', 'latin1');
  const oid = sandbox.commit({ ...good, [`${site}/devices/ap2/config.rsc`]: bytes }, 'new NTP');
  const files = await readHead();
  expect(files).toMatchObject({
    commit: oid,
    subject: 'new NTP',
    author: 'Alice <alice@example.org>',
    site: 'bud-01',
  });
  expect(files.problems).toEqual([]);
  expect(files.devices.map(({ name }) => name)).toEqual(['ap2', 'gw1']);
  expect(textOf(device(files, 'ap2')).equals(bytes)).toBe(true);
  expect(device(files, 'ap2')).toMatchObject({
    file: `${site}/devices/ap2/config.rsc`,
    owns: 'sections',
    ignore: [],
    error: null,
  });
});

test('a bare, packed repository with packed references reads the same', async () => {
  const oid = sandbox.commit(good);
  sandbox.commit({
    ...good,
    [`${site}/devices/gw1/config.rsc`]: '/ip dns static\nadd name=b.example address=192.0.2.2\n',
  });
  sandbox.git('gc', '-q', '--aggressive');
  sandbox.git('pack-refs', '--all');
  sandbox.git('clone', '-q', '--bare', sandbox.folder, path.join(sandbox.folder, 'bare.git'));
  const repository = await open(path.join(sandbox.folder, 'bare.git'));
  const head = await repository.head();
  expect(head).toBe(sandbox.git('rev-parse', 'HEAD'));
  const files = await repository.readSite(head);
  expect(textOf(device(files, 'gw1')).toString()).toContain('b.example');
  expect(textOf(device(await repository.readSite(oid), 'gw1')).toString()).toContain('a.example');
});

test('a repository packed again while it is open goes on being read', async () => {
  sandbox.commit(good);
  sandbox.git('gc', '-q');
  const repository = await open();
  await repository.readSite(await repository.head());
  const next = sandbox.commit({
    ...good,
    [`${site}/devices/gw1/config.rsc`]: '/ip dns\nset servers=192.0.2.53\n',
  });
  sandbox.git('gc', '-q', '--prune=now');
  expect(await repository.head()).toBe(next);
  expect(textOf(device(await repository.readSite(next), 'gw1')).toString()).toContain('192.0.2.53');
});

test.each([
  ['missing', null, 'config-missing'],
  ['empty', '', 'config-empty'],
  ['only comments', '# nov/21/2026 by RouterOS 7.20\r\n#\n\n', 'config-empty'],
  ['with a NUL', '/ip dns\0set\n', 'not-text'],
])('a config.rsc that is %s is an error of that device alone', async (_, text, code) => {
  sandbox.commit({
    ...good,
    [`${site}/devices/bad/device.yaml`]: 'owns: items\n',
    ...(text === null ? {} : { [`${site}/devices/bad/config.rsc`]: text }),
  });
  const files = await readHead();
  const bad = device(files, 'bad');
  expect(bad.fragments).toBeNull();
  expect(bad.error?.code).toBe(code);
  expect(bad.error?.place?.file).toBe(`${site}/devices/bad/config.rsc`);
  expect(device(files, 'gw1').error).toBeNull();
});

test('device.yaml gives the owned scope and what is ignored', async () => {
  const scope = [
    'owns: everything',
    'ignore:',
    '  - section: /ip firewall address-list',
    '    where: { list: billing }',
    '  - section: /queue/simple',
    '    properties: [comment]',
  ];
  sandbox.commit({ ...good, [`${site}/devices/gw1/device.yaml`]: scope.join('\n') });
  expect(device(await readHead(), 'gw1')).toMatchObject({
    owns: 'everything',
    ignore: [
      { section: '/ip firewall address-list', where: { list: 'billing' }, properties: null },
      { section: '/queue simple', where: {}, properties: ['comment'] },
    ],
  });
});

test.each([
  ['owns: some\n', 'expected sections | items | everything', 1],
  ['owns: items\ninclude: [config.rsc, base.rsc]\n', "neither in the device's folder, nor the site's", 2],
  ['owns: items\ninclude:\n  - site.yaml\n', 'which `include` does not name', 3],
  ['include: []\n', 'at least one file', 1],
  ['include: [config.rsc, config.rsc]\n', 'each file once', 1],
  ['include: [../gw2/config.rsc]\n', 'without ".."', 1],
  ['include: [/etc/passwd]\n', 'not from "/"', 1],
  ['include: [groups//x.rsc]\n', 'expected the path', 1],
  ['vars: { 1a: b }\n', 'expected a name of letters', 1],
  ['vars: [a]\n', 'expected a mapping of names', 1],
  ['owner: items\n', 'did you mean "owns"?', 1],
  ['ignore:\n  - section: /ip dns\n', '"where" or "properties"', 2],
  ['', 'says nothing', 1],
])('a device.yaml of %j is an error with its line', async (text, words, line) => {
  sandbox.commit({ ...good, [`${site}/devices/gw1/device.yaml`]: text });
  const { error, fragments } = device(await readHead(), 'gw1');
  expect(fragments).toBeNull();
  expect(error?.message).toContain(words);
  expect(error?.place).toMatchObject({ file: `${site}/devices/gw1/device.yaml`, line });
});

test.each([
  [
    'another site',
    { [`${site}/site.yaml`]: '# teleported\nsite: deb-02\n' },
    'wrong-site',
    `${site}/site.yaml:2:7`,
  ],
  ['no site.yaml', { [`${site}/site.yaml`]: null }, 'site-file-missing', `${site}/site.yaml`],
  ['no devices', { [`${site}/devices`]: null }, 'devices-missing', `${site}/devices`],
  ['no such path', { [site]: null }, 'path-missing', site],
  [
    'an unknown key',
    { [`${site}/site.yaml`]: 'site: bud-01\nsigned: off\n' },
    'unknown-key',
    `${site}/site.yaml:2:1`,
  ],
  ['an odd name', { [`${site}/devices/-rf/config.rsc`]: 'x\n' }, 'odd-name', `${site}/devices/-rf`],
  ['twins by case', { [`${site}/devices/GW1/config.rsc`]: 'x\n' }, 'odd-name', `${site}/devices/gw1`],
])('a commit with %s is for nobody', async (_, change, code, place) => {
  sandbox.commit(good);
  sandbox.commit(change);
  const files = await readHead();
  expect(files.devices).toEqual([]);
  expect(
    files.problems.map((problem) => [problem.code, problem.place && formatPlace(problem.place)]),
  ).toEqual([[code, place]]);
});

test('a device is composed of its files and of those it shares, the nearest of a name first', async () => {
  sandbox.commit({
    ...good,
    'groups/base.rsc': '/system clock\nset time-zone-name=UTC\n',
    'groups/ntp.rsc': '/ip service\nset ssh port=2222\n',
    [`${site}/groups/ntp.rsc`]: '/system ntp client\nset enabled=yes\n',
    [`${site}/devices/gw1/device.yaml`]:
      'include: [groups/base.rsc, groups/ntp.rsc, config.rsc]\nvars: { name: gw1, vlan: 20, up: true }\n',
  });
  const gw1 = device(await readHead(), 'gw1');
  expect(gw1.fragments?.map(({ file }) => file)).toEqual([
    'groups/base.rsc',
    `${site}/groups/ntp.rsc`,
    `${site}/devices/gw1/config.rsc`,
  ]);
  expect(textOf(gw1).toString()).toContain('enabled=yes');
  expect([...gw1.vars]).toEqual([
    ['name', 'gw1'],
    ['vlan', '20'],
    ['up', 'yes'],
  ]);
});

test('a shared file that is emptied stops every device that it is part of', async () => {
  sandbox.commit({
    ...good,
    'groups/base.rsc': '# all gone\n',
    [`${site}/devices/gw1/device.yaml`]: 'include: [groups/base.rsc, config.rsc]\n',
  });
  expect(device(await readHead(), 'gw1').error).toMatchObject({
    code: 'config-empty',
    place: { file: 'groups/base.rsc', line: 1 },
  });
});

test('links and submodules are refused, never followed', async () => {
  sandbox.commit(good);
  symlinkSync('/etc/passwd', path.join(sandbox.folder, site, 'devices/gw1/extra.rsc'));
  sandbox.commit({});
  expect(device(await readHead(), 'gw1').error).toMatchObject({ code: 'not-a-file' });
  sandbox.git('rm', '-q', `${site}/devices/gw1/extra.rsc`);
  symlinkSync('gw1', path.join(sandbox.folder, site, 'devices/gw2'));
  sandbox.commit({});
  expect((await readHead()).problems.map(({ code }) => code)).toEqual(['not-a-file']);
  sandbox.git('rm', '-q', `${site}/devices/gw2`);
  sandbox.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},${site}/devices/sub`);
  sandbox.git('commit', '-q', '-m', 'a submodule');
  expect((await readHead()).problems.map(({ code }) => code)).toEqual(['not-a-file']);
});

test('an object that does not hash to its name is not believed', async () => {
  sandbox.commit(good);
  const blob = sandbox.git('rev-parse', `HEAD:${site}/devices/gw1/config.rsc`);
  const file = path.join(sandbox.folder, '.git/objects', blob.slice(0, 2), blob.slice(2));
  const forged = '/user\nadd name=mallory group=full\n';
  chmodSync(file, 0o644);
  writeFileSync(file, deflateSync(Buffer.from(`blob ${forged.length}\0${forged}`)));
  expect(device(await readHead(), 'gw1')).toMatchObject({
    fragments: null,
    error: { code: 'object-damaged' },
  });
});

test('a pack whose index names another object is not believed', async () => {
  const first = sandbox.commit(good);
  sandbox.git('gc', '-q');
  const folder = path.join(sandbox.folder, '.git/objects/pack');
  const index = path.join(folder, readdirSync(folder).find((name) => name.endsWith('.idx')) ?? '');
  chmodSync(index, 0o644);
  const bytes = readFileSync(index);
  const tree = Buffer.from(sandbox.git('rev-parse', 'HEAD^{tree}'), 'hex');
  const at = bytes.indexOf(tree);
  // One bit of the tree's name in the index: the object found under the new name hashes to the old one.
  const twisted = Buffer.from(tree);
  twisted[19] = (twisted[19] ?? 0) ^ 1;
  twisted.copy(bytes, at);
  createHash('sha1')
    .update(bytes.subarray(0, -20))
    .digest()
    .copy(bytes, bytes.length - 20);
  writeFileSync(index, bytes);
  const repository = await open();
  expect(await codeThrown(repository.readSite(first))).toMatch(/^object-(missing|damaged)$/);
});

test('descendants are told from rewound and foreign history, through merges', async () => {
  const a = sandbox.commit(good);
  const b = sandbox.commit({}, 'b');
  sandbox.git('checkout', '-q', '-b', 'side', a);
  const c = sandbox.commit({}, 'c');
  sandbox.git('checkout', '-q', 'main');
  sandbox.git('merge', '-q', '--no-ff', '-m', 'merge', 'side');
  const merge = sandbox.git('rev-parse', 'HEAD');
  sandbox.git('checkout', '-q', '--orphan', 'other');
  const foreign = sandbox.commit({}, 'foreign');
  const repository = await open();
  for (const ancestor of [a, b, c, merge]) expect(await repository.descends(merge, ancestor)).toBe(true);
  for (const [oid, ancestor] of [
    [a, b],
    [b, c],
    [foreign, a],
    [merge, foreign],
  ] as const)
    expect(await repository.descends(oid, ancestor)).toBe(false);
});

test('a shallow clone ends where it was cut', async () => {
  const a = sandbox.commit(good);
  const b = sandbox.commit({}, 'b');
  const clone = path.join(sandbox.folder, 'shallow.git');
  sandbox.git('clone', '-q', '--bare', '--depth', '1', `file://${sandbox.folder}`, clone);
  const repository = await open(clone);
  expect(await repository.descends(b, b)).toBe(true);
  expect(await repository.descends(b, a)).toBe(false);
});

test('revisions: branch, tag, annotated tag, short name; nothing with reflog or range syntax', async () => {
  const a = sandbox.commit(good);
  sandbox.git('tag', 'plain');
  sandbox.git('tag', '-a', '-m', 'v1', 'v1');
  sandbox.git('branch', 'feature/x');
  const repository = await open();
  for (const rev of [a, a.slice(0, 8), 'main', 'HEAD', 'plain', 'v1', 'feature/x'])
    expect(await repository.resolve(rev)).toBe(a);
  for (const rev of [
    'nope',
    'main~1',
    'main@{0}',
    'a..b',
    '--help',
    '../x',
    sandbox.git('rev-parse', 'HEAD^{tree}'),
  ])
    expect(await codeThrown(repository.resolve(rev))).toBe('no-such-revision');
});

test('the raw commit is what git hashed', async () => {
  const oid = sandbox.commit(good, 'say it');
  const raw = await (await open()).rawCommit(oid);
  const expected = execFileSync('git', ['cat-file', 'commit', oid], { cwd: sandbox.folder });
  expect(Buffer.from(raw).equals(expected)).toBe(true);
});

test('what is no repository, or no branch, says so', async () => {
  expect(await codeThrown(open(path.join(sandbox.folder, 'nothing')))).toBe('not-a-repository');
  const empty = await open();
  expect(await codeThrown(empty.head())).toBe('no-such-branch');
  sandbox.commit(good);
  const repository = await open();
  rmSync(path.join(sandbox.folder, '.git'), { recursive: true });
  expect(await codeThrown(repository.head())).toBe('unreadable-repository');
});

test('the commits that came with a head are those that the last one does not reach, merged branches included', async () => {
  const oldBranchPoint = sandbox.commit({ 'a.txt': '1' }, 'base');
  const before = sandbox.commit({ 'a.txt': '2' }, 'before');
  sandbox.git('checkout', '-q', '-b', 'side', oldBranchPoint);
  const side = sandbox.commit({ 'b.txt': '1' }, 'side');
  sandbox.git('checkout', '-q', 'main');
  const after = sandbox.commit({ 'a.txt': '3' }, 'after');
  sandbox.git('merge', '-q', '--no-ff', '-m', 'merge', 'side');
  const merge = sandbox.git('rev-parse', 'HEAD');
  const repository = await open();
  const subjects = async (oid: string, from: string | null): Promise<string[] | null> => {
    const raws = await repository.commitsSince(oid, from);
    return (
      raws?.map((raw) => Buffer.from(raw).toString('utf8').split('\n\n')[1]?.trim() ?? '').sort() ?? null
    );
  };
  expect(await subjects(merge, before)).toEqual(['after', 'merge', 'side']);
  expect(await subjects(after, before)).toEqual(['after']);
  expect(await subjects(side, before)).toEqual(['side']);
  expect(await subjects(merge, null)).toEqual(['merge']);
});

test('~N counts back along the first parents', async () => {
  const oids = ['a', 'b', 'c'].map((name) => sandbox.commit({ ...good, name }));
  const repository = await open();
  expect(await repository.resolve('HEAD~0')).toBe(oids[2]);
  expect(await repository.resolve('main~2')).toBe(oids[0]);
  expect(await repository.resolve(`${oids[1] ?? ''}~1`)).toBe(oids[0]);
  expect(await codeThrown(repository.resolve('main~3'))).toBe('no-such-revision');
  expect(await codeThrown(repository.resolve('main~x'))).toBe('no-such-revision');
});

test('with a pattern the highest tag names the head, and is what must be signed', async () => {
  const first = sandbox.commit(good);
  const follow = async () =>
    repositoryAt(await findGitDir(sandbox.folder), {
      branch: 'main',
      tags: 'deploy-*',
      path: site,
      site: 'bud-01',
    });
  expect(await codeThrown((await follow()).head())).toBe('no-such-tag');
  sandbox.git('tag', '-a', 'deploy-9', '-m', 'first');
  sandbox.commit({ more: 'x' });
  sandbox.git('tag', 'other-10');
  const repository = await follow();
  expect(await repository.head()).toBe(first);
  const { kind, raw } = await repository.signedObject(first);
  expect(kind).toBe('tag');
  expect(`${Buffer.from(raw).toString()}`).toBe(`${sandbox.git('cat-file', 'tag', 'deploy-9')}\n`);
  // An old signed tag under a higher name is not a new one.
  sandbox.git('update-ref', 'refs/tags/deploy-10', sandbox.git('rev-parse', 'deploy-9'));
  expect(await codeThrown(repository.head())).toBe('tag-refused');
  sandbox.git('tag', '-f', 'deploy-10', 'HEAD');
  expect(await codeThrown(repository.head())).toBe('tag-refused');
});
