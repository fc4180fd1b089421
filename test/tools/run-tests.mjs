// Runs vitest with its JSON reporter beside the readable one and ends with `N passed, N failed`,
// naming every skipped test and its reason (its title), so that nothing is skipped unseen.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'siteward-tests-'));
const report = join(folder, 'report.json');
const child = spawn(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
);
child.on('exit', (code, signal) => {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  try {
    const results = JSON.parse(readFileSync(report, 'utf8'));
    for (const file of results.testResults) {
      if (file.status === 'failed' && file.assertionResults.every((t) => t.status !== 'failed')) failed += 1;
      for (const test of file.assertionResults) {
        if (test.status === 'passed') passed += 1;
        else if (test.status === 'failed') failed += 1;
        else {
          skipped += 1;
          console.log(`skipped: ${test.fullName}`);
        }
      }
    }
  } catch {
    failed += 1;
    console.log('no test report was written');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (passed === 0) failed += 1;
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = failed > 0 || signal !== null ? 1 : (code ?? 1);
});
