/**
 * The program as it ships, compiled into a temporary folder: for tests that need a process of its own (signals,
 * `kill -9`, another user). The tree's own `dist` stays untouched.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface BuiltProgram {
  /** The entry for `node`. */
  readonly main: string;
  remove(): void;
}

const project = fileURLToPath(new URL('../../', import.meta.url));

export function buildProgram(): BuiltProgram {
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
    symlinkSync(from('node_modules'), to('node_modules'));
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return { main: to('dist/main.js'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
