/**
 * The program as it ships, compiled into a temporary folder: for tests that need a process of its own (signals,
 * `kill -9`, another user). The tree's own `dist` stays untouched.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface BuiltProgram {
  /** The entry for `node`. */
  readonly main: string;
  remove(): void;
}

const project = fileURLToPath(new URL('../../', import.meta.url));

export interface BuildOptions {
  /** Every user can run it: with its libraries beside it, since the tree may lie where others can't look. */
  readonly forEverybody?: boolean;
}

export function buildProgram({ forEverybody = false }: BuildOptions = {}): BuiltProgram {
  const folder = mkdtempSync(path.join(tmpdir(), 'siteward-built-'));
  const from = (name: string): string => path.join(project, name);
  const to = (name: string): string => path.join(folder, name);
  try {
    // Types are checked elsewhere; here the code only has to be there.
    execFileSync(
      process.execPath,
      [
        from('node_modules/typescript/bin/tsc'),
        '-p',
        from('tsconfig.build.json'),
        '--noCheck',
        '--outDir',
        to('dist'),
      ],
      { cwd: project, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    copyFileSync(from('src/drivers/routeros/menus.json'), to('dist/drivers/routeros/menus.json'));
    copyFileSync(from('package.json'), to('package.json'));
    if (forEverybody) {
      chmodSync(folder, 0o755);
      for (const name of shippedLibraries()) cpSync(from(name), to(name), { recursive: true });
    } else symlinkSync(from('node_modules'), to('node_modules'));
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return { main: to('dist/main.js'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Folders of the libraries that ship, as the lock file names them. */
function shippedLibraries(): readonly string[] {
  const lock = JSON.parse(readFileSync(path.join(project, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>;
  };
  return Object.entries(lock.packages)
    .filter(([name, { dev, optional }]) => name !== '' && dev !== true && optional !== true)
    .map(([name]) => name);
}
