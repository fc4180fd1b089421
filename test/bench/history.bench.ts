/** What one more revision of a device costs in a site of 10 and of 1,000 devices, on a real disk. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openArchive } from '../../src/history/archive.ts';
import { fileDisk } from '../../src/history/disk.ts';
import { packedObjects } from '../../src/history/packed-objects.ts';
import { bench, print } from './harness.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'siteward-history-bench-'));
const rows = Array.from(
  { length: 2_000 },
  (_, i) => `add address=192.0.2.${i % 250} comment=row-${i}\n`,
).join('');
let change = 0;

async function site(devices: number): Promise<() => Promise<string>> {
  const gitdir = path.join(folder, `${devices}.git`);
  const archive = openArchive({
    folder: gitdir,
    site: 'bench',
    disk: fileDisk,
    packed: packedObjects(gitdir),
  });
  const keep = async (device: number, text: string): Promise<string> => {
    const about = { why: 'drift', changer: null, rollout: null, restored: null, atMs: Date.now() } as const;
    return (await archive.keep({ device: `d${device}`, text, ...about })).revision.oid;
  };
  for (let device = 0; device < devices; device++) await keep(device, `set name=d${device}\n`);
  await keep(0, rows);
  return () => keep(0, `${rows}add address=192.0.2.1 comment=change-${change++}\n`);
}

try {
  const [few, many] = [await site(10), await site(1_000)];
  await bench('a revision of one device with 2,000 rows', {
    arms: [
      { name: '10 devices', run: few },
      { name: '1,000 devices', run: many },
    ],
    // Both write the same objects; what is left is how well the disk does.
    goals: [{ name: 'the same at any size', of: '1,000 devices', against: '10 devices', most: 1.3 }],
    rounds: 15,
    times: 3,
  });
  print(`  memory: ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
