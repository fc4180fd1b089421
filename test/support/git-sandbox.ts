/** A git repository in a temporary folder, made by the real git with nobody's configuration. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface GitSandbox {
  readonly folder: string;
  git(...args: string[]): string;
  /** Writes the files (null: takes it away) and commits; the new commit's name. */
  commit(files: Readonly<Record<string, string | Uint8Array | null>>, subject?: string): string;
  remove(): void;
}

const environment = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  HOME: tmpdir(),
  LC_ALL: 'C',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Alice',
  GIT_AUTHOR_EMAIL: 'alice@example.org',
  GIT_COMMITTER_NAME: 'Alice',
  GIT_COMMITTER_EMAIL: 'alice@example.org',
};

export function gitSandbox(): GitSandbox {
  const folder = mkdtempSync(path.join(tmpdir(), 'siteward-git-'));
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: folder,
      env: environment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  git('init', '-q', '-b', 'main');
  return {
    folder,
    git,
    commit: (files, subject = 'change') => {
      for (const [name, content] of Object.entries(files)) {
        const file = path.join(folder, name);
        if (content === null) {
          rmSync(file, { recursive: true });
          continue;
        }
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, content);
      }
      git('add', '-A');
      git('commit', '-q', '--allow-empty', '-m', subject);
      return git('rev-parse', 'HEAD');
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
