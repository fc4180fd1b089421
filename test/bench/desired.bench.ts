/**
 * G10: a look at a repository of 10,000 files that finds nothing, against `git ls-remote`; and a commit that changed five
 * of them, against `git diff-tree` and `git cat-file --batch`, which read no more than those five. No commit is read twice,
 * so that nothing remembered helps that would not help a daemon. And what of it stays in memory.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findGitDir, repositoryAt } from '../../src/desired/git-repository.ts';
import { bench, print, warmups } from './harness.ts';

const devices = 5_000;
const changed = 5;
const [rounds, times] = [15, 5];
/** As many as are read in all rounds, and the first. */
const commits = 1 + (warmups + rounds) * times;
const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', LC_ALL: 'C' };

function git(folder: string, args: readonly string[], input = ''): string {
  return execFileSync('git', args, { cwd: folder, env, input, encoding: 'latin1', maxBuffer: 2 ** 28 });
}

/** The files of the next commit as `git fast-import` takes them. */
function commit(files: ReadonlyMap<string, string>): string {
  const who = 'committer A <a@example.org> 1700000000 +0000';
  const body = [...files].map(
    ([name, text]) => `M 100644 inline ${name}\ndata ${Buffer.byteLength(text)}\n${text}\n`,
  );
  return `commit refs/heads/main\n${who}\ndata 1\nx\n${body.join('')}`;
}

function config(n: number, words: string): string {
  const rows = Array.from({ length: 20 }, (_, i) => `add address=10.${n >> 8}.${n & 255}.${i} list=office\n`);
  return `/system identity\nset name=gw${n}-${words}\n/ip firewall address-list\n${rows.join('')}`;
}

/** Commits one after the other, oldest first. */
function makeRepository(folder: string): readonly string[] {
  const all = new Map([['site.yaml', 'site: bud-01\n']]);
  for (let n = 0; n < devices; n++) {
    all.set(`devices/gw${n}/config.rsc`, config(n, 'a'));
    all.set(`devices/gw${n}/device.yaml`, 'owns: items\n');
  }
  const few = (step: number): ReadonlyMap<string, string> =>
    new Map(
      Array.from({ length: changed }, (_, i) => (i * 777 + step * 61) % devices).map((n) => [
        `devices/gw${n}/config.rsc`,
        config(n, `b${step}`),
      ]),
    );
  const input = Array.from({ length: commits }, (_, step) => commit(step === 0 ? all : few(step)));
  git(folder, ['init', '-q', '-b', 'main', '--bare']);
  git(folder, ['fast-import', '--quiet'], input.join(''));
  return git(folder, ['rev-list', '--reverse', 'main']).trim().split('\n');
}

const folder = mkdtempSync(path.join(tmpdir(), 'siteward-bench-'));
try {
  const oids = makeRepository(folder);
  const repository = repositoryAt(await findGitDir(folder), { branch: 'main', tags: null, path: '' });
  globalThis.gc?.();
  const idle = process.memoryUsage().rss;
  await repository.readSite(oids[0] ?? '');
  globalThis.gc?.();
  const held = (process.memoryUsage().rss - idle) / 2 ** 20;
  const [read, compared] = [oids.keys(), oids.keys()];
  read.next();
  compared.next();
  await bench('G10: the desired state in git, 10,000 files', {
    rounds,
    times,
    arms: [
      { name: 'a look that finds nothing', run: () => repository.head() },
      { name: 'git ls-remote', run: () => git(folder, ['ls-remote', '.', 'refs/heads/main']) },
      {
        name: 'five changed files',
        async run() {
          const site = await repository.readSite(oids[read.next().value ?? 0] ?? '');
          if (site.devices.length !== devices || site.problems.length > 0)
            throw new Error('the commit was not read');
          return site;
        },
      },
      {
        name: 'git diff-tree, cat-file --batch',
        run() {
          const at = compared.next().value ?? 0;
          const lines = git(folder, ['diff-tree', '-r', oids[at - 1] ?? '', oids[at] ?? ''])
            .trim()
            .split('\n');
          const files = lines.map((line) => line.split(' ')[3] ?? '');
          if (files.length !== changed) throw new Error('the difference is another');
          return git(folder, ['cat-file', '--batch'], `${files.join('\n')}\n`);
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
