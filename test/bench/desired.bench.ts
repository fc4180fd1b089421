/**
 * G10: a look at a repository of 10,000 files that finds nothing, against `git ls-remote`; and a commit that changed five
 * of them, against `git diff-tree` and `git cat-file --batch`, which read no more than those five. And what of it stays
 * in memory.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findGitDir, repositoryAt } from '../../src/desired/git-repository.ts';
import { bench, print } from './harness.ts';

const devices = 5_000;
const changed = 5;
const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', LC_ALL: 'C' };

function git(folder: string, args: readonly string[], input = ''): string {
  return execFileSync('git', args, { cwd: folder, env, input, encoding: 'latin1', maxBuffer: 2 ** 28 });
}

/** The files of one commit as `git fast-import` takes them. */
function commit(mark: string, parent: string | null, files: ReadonlyMap<string, string>): string {
  const who = 'committer A <a@example.org> 1700000000 +0000';
  const body = [...files].map(
    ([name, text]) => `M 100644 inline ${name}\ndata ${Buffer.byteLength(text)}\n${text}\n`,
  );
  const from = parent === null ? '' : `from refs/heads/${parent}\n`;
  return `commit refs/heads/${mark}\n${who}\ndata 1\nx\n${from}${body.join('')}`;
}

function config(n: number, words: string): string {
  const rows = Array.from({ length: 20 }, (_, i) => `add address=10.${n >> 8}.${n & 255}.${i} list=office\n`);
  return `/system identity\nset name=gw${n}-${words}\n/ip firewall address-list\n${rows.join('')}`;
}

function makeRepository(folder: string): readonly [string, string] {
  const all = new Map([['site.yaml', 'site: bud-01\n']]);
  for (let n = 0; n < devices; n++) {
    all.set(`devices/gw${n}/config.rsc`, config(n, 'a'));
    all.set(`devices/gw${n}/device.yaml`, 'owns: items\n');
  }
  const few = new Map(
    Array.from({ length: changed }, (_, i) => [`devices/gw${i * 777}/config.rsc`, config(i * 777, 'b')]),
  );
  git(folder, ['init', '-q', '-b', 'main', '--bare']);
  git(folder, ['fast-import', '--quiet'], commit('one', null, all) + commit('main', 'one', few));
  return [git(folder, ['rev-parse', 'one']).trim(), git(folder, ['rev-parse', 'main']).trim()];
}

const folder = mkdtempSync(path.join(tmpdir(), 'siteward-bench-'));
try {
  const [one, two] = makeRepository(folder);
  const repository = repositoryAt(await findGitDir(folder), { branch: 'main', tags: null, path: '' });
  globalThis.gc?.();
  const idle = process.memoryUsage().rss;
  await repository.readSite(one);
  globalThis.gc?.();
  const held = (process.memoryUsage().rss - idle) / 2 ** 20;
  let last = one;
  await bench('G10: the desired state in git, 10,000 files', {
    arms: [
      { name: 'a look that finds nothing', run: () => repository.head() },
      { name: 'git ls-remote', run: () => git(folder, ['ls-remote', '.', 'refs/heads/main']) },
      {
        name: 'five changed files',
        async run() {
          last = last === one ? two : one;
          const { devices: read, problems } = await repository.readSite(last);
          if (read.length !== devices || problems.length > 0) throw new Error('the commit was not read');
          return read;
        },
      },
      {
        name: 'git diff-tree, cat-file --batch',
        run() {
          const lines = git(folder, ['diff-tree', '-r', one, two]).trim().split('\n');
          const oids = lines.map((line) => line.split(' ')[3] ?? '');
          if (oids.length !== changed) throw new Error('the difference is another');
          return git(folder, ['cat-file', '--batch'], `${oids.join('\n')}\n`);
        },
      },
    ],
    goals: [
      { name: 'G10 nothing new', of: 'a look that finds nothing', against: 'git ls-remote', most: 0.9 },
      {
        name: 'G10 five changed',
        of: 'five changed files',
        against: 'git diff-tree, cat-file --batch',
        most: 1.2,
      },
    ],
  });
  const met = held < 100;
  print(
    `  memory of 10,000 files above idle: ${held.toFixed(0)} MiB, goal under 100: ${met ? 'met' : 'MISSED'}`,
  );
  if (!met) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
