/** `siteward lint` on working trees as people have them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runCli } from '../../support/run-cli.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'siteward-lint-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function tree(name: string, files: Readonly<Record<string, string>>): string {
  const root = path.join(folder, name);
  mkdirSync(path.join(root, '.git'), { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  return root;
}

const good = {
  'groups/base.rsc': '/ip dns\nset servers=192.0.2.53\n/ppp secret\nadd name=bob password="${secret:bob}"\n',
  'sites/bud/site.yaml': 'site: bud-01\n',
  'sites/bud/devices/gw1/device.yaml': 'include: [groups/base.rsc, config.rsc]\nvars: { site: bud }\n',
  'sites/bud/devices/gw1/config.rsc': '/system identity\nset name="${site} gw"\n',
};

test('a tree without faults, from its root and from a folder inside', async () => {
  const root = tree('good', good);
  for (const place of [root, path.join(root, 'sites/bud')]) {
    const { code, out } = await runCli('lint', place);
    expect({ code, out }).toEqual({ code: 0, out: 'bud-01: 1 device, nothing is wrong\n' });
  }
});

test('each fault has its place, its line and what to do; a shared file is told of once', async () => {
  const root = tree('bad', {
    ...good,
    'groups/base.rsc': '/ppp secret\nadd name=bob password=hunter2 comment="${secret:x}"\n/foo\nset a=1\n',
    'sites/bud/devices/gw2/device.yaml': 'include: [groups/base.rsc]\nvars: { left: 1 }\n',
    'sites/bud/devices/gw3/config.rsc': '/ip dns\nset servers="192.0.2.53\n',
    'sites/bud/devices/gw4/device.yaml': 'own: items\n',
  });
  symlinkSync('../gw1/config.rsc', path.join(root, 'sites/bud/devices/gw4/config.rsc'));
  const { code, out } = await runCli('lint', root);
  expect(code).toBe(1);
  expect(out).not.toContain('hunter2');
  const heads = out.split('\n').filter((line) => /^[a-z].*\(/.test(line));
  expect(heads.map((line) => line.replace(/^(\S+) (\w+): .*\(([a-z-]+)\)$/, '$1 $2 $3'))).toEqual([
    'groups/base.rsc:2:1: error secret-shown',
    'groups/base.rsc:2:1: error literal-secret',
    'groups/base.rsc:4:1: warning unknown-name',
    'sites/bud/devices/gw2/device.yaml: warning unused-variable',
    'sites/bud/devices/gw3/config.rsc:2:13: error unbalanced-quote',
    'sites/bud/devices/gw4/config.rsc: error not-a-file',
  ]);
  expect(out).toContain('4 devices, 4 errors, 2 warnings');
});

test('against exports: what the tree would do, and what would need a signature', async () => {
  const root = tree('planned', good);
  const exports = path.join(folder, 'exports');
  mkdirSync(exports);
  const head = '# 2026-11-21 10:00:00 by RouterOS 7.18\n# software id = \n#\n';
  writeFileSync(
    path.join(exports, 'gw1.rsc'),
    `${head}/ip dns\nset servers=192.0.2.1\n/ppp secret\nadd name=bob\n/system identity\nset name=MikroTik\n`,
  );
  const { code, out } = await runCli('lint', root, '--against', exports);
  expect(code).toBe(0);
  expect(out).toContain('servers=192.0.2.1 → 192.0.2.53');
  expect(out).toContain('name=(default MikroTik) → "bud gw"');
  const missing = await runCli('lint', root, '--against', path.join(folder, 'nowhere'));
  expect(missing.code).toBe(2);
  rmSync(path.join(exports, 'gw1.rsc'));
  expect((await runCli('lint', root, '--against', exports)).out).toContain('no export of it');
});

test('a secret is never compared with what an export shows or hides of it', async () => {
  const root = tree('secretive', {
    ...good,
    'sites/bud/devices/gw1/config.rsc': '/tool e-mail\nset from=me password="${secret:mail}"\n',
    'sites/bud/devices/gw1/device.yaml': 'include: [groups/base.rsc, config.rsc]\n',
  });
  const head =
    '# 2026-11-21 10:00:00 by RouterOS 7.18\n# software id = \n#\n/ip dns\nset servers=192.0.2.53\n';
  const mail = '/tool e-mail\nset from=me';
  const exports = path.join(folder, 'secretive-exports');
  mkdirSync(exports);
  for (const text of [
    `${head}/ppp secret\nadd name=bob password=hunter2\n${mail} password=hunter3\n`,
    `${head}/ppp secret\nadd name=bob\n${mail}\n`,
    `${head}/ppp secret\nadd name=bob\n`,
  ]) {
    writeFileSync(path.join(exports, 'gw1.rsc'), text);
    const { code, out } = await runCli('lint', root, '--against', exports);
    expect(code).toBe(0);
    expect(out).not.toMatch(/hunter|password/);
    expect(out).toContain(text.includes('from=me') ? 'no difference\n' : '0 to add, 1 to change');
    expect(out).toContain(' 2 secrets named, hidden on the device: the daemon compares them\n');
  }
  writeFileSync(path.join(exports, 'gw1.rsc'), head);
  const made = await runCli('lint', root, '--against', exports);
  expect(made.out).toContain('+ name=bob password=<secret:password>');
});

test('a fault of the whole site, and a name without a value, are told once', async () => {
  const root = tree('nobody', { ...good, 'sites/bud/site.yaml': 'site: bud-01\nsigned: off\n' });
  const { code, out } = await runCli('lint', root);
  expect(code).toBe(1);
  expect(out).toContain('sites/bud/site.yaml:2:1: error: unknown key "signed"');
  expect(out).toContain('sites/bud: 0 devices, 1 error');
  const unnamed = await runCli('lint', tree('unnamed', { 'site.yaml': 'site: -\n' }));
  expect(unnamed.out).toContain('\n.: 0 devices, 1 error');
  const gone = await runCli(
    'lint',
    tree('gone', { ...good, 'sites/bud/devices/gw1/config.rsc': '/system identity\nset name=${gone}\n' }),
  );
  const heads = gone.out.split('\n').filter((line) => line.includes(': error: '));
  expect(heads).toHaveLength(1);
  expect(heads[0]).toMatch(/^sites\/bud\/devices\/gw1\/config\.rsc:2:10: .*unknown-variable/);
});

test('the workflow for a git host runs as it is, in a fresh repository and in one with exports', async () => {
  const file = fileURLToPath(new URL('../../../contrib/lint-workflow.yaml', import.meta.url));
  const workflow = parse(readFileSync(file, 'utf8')) as {
    jobs: { lint: { steps: { run?: string }[] } };
  };
  const [run = '', ...others] = workflow.jobs.lint.steps.flatMap((step) => step.run ?? []);
  expect(others).toEqual([]);
  const asked = (root: string): string =>
    execFileSync('sh', ['-ec', `siteward() { echo "$*"; }\n${run}`], { cwd: root, encoding: 'utf8' });
  const fresh = tree('fresh', good);
  expect(asked(fresh)).toBe('lint .\n');
  expect((await runCli('lint', fresh)).code).toBe(0);
  const root = tree('workflow', { ...good, 'exports/gw1.rsc': '# 2026-11-21 10:00:00 by RouterOS 7.18\n' });
  expect(asked(root)).toBe('lint . --against exports\n');
  const { code, out } = await runCli('lint', root, '--against', path.join(root, 'exports'));
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('gw1') as string });
});

test('a folder without a site is an error', async () => {
  const { code, err } = await runCli('lint', tree('none', { 'README.md': 'x' }));
  expect(code).toBe(2);
  expect(err).toContain('site.yaml');
});
