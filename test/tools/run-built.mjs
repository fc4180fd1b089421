// Compiles the sources and the benches or fuzzers into a temporary folder, since what is measured must be what ships,
// and runs each in a process of its own: `node test/tools/run-built.mjs bench|fuzz [NAME…]`.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../../', import.meta.url));
const [kind = 'bench', ...wanted] = process.argv.slice(2);
const folder = mkdtempSync(path.join(tmpdir(), 'siteward-bench-'));
// Beside a link to the exports, so that `../shared` is found from there too.
const out = path.join(folder, 'main');
let failed = 0;
try {
  execFileSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.measure.json', '--noCheck', '--outDir', out],
    { cwd: project, stdio: 'inherit' },
  );
  copyFileSync(
    path.join(project, 'src/drivers/routeros/menus.json'),
    path.join(out, 'src/drivers/routeros/menus.json'),
  );
  copyFileSync(path.join(project, 'package.json'), path.join(out, 'package.json'));
  symlinkSync(path.join(project, 'node_modules'), path.join(out, 'node_modules'));
  symlinkSync(path.resolve(project, '../shared'), path.join(folder, 'shared'));
  for (const name of readdirSync(path.join(out, 'test', kind)).filter((one) => one.endsWith(`.${kind}.js`))) {
    if (wanted.length > 0 && !wanted.some((one) => name.startsWith(one))) continue;
    const { status } = spawnSync(process.execPath, ['--expose-gc', path.join(out, 'test', kind, name)], {
      stdio: 'inherit',
    });
    if (status !== 0) failed += 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;
