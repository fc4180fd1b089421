/**
 * The power goes before each call of the disk with which the history is written and pruned, or in the middle of its write,
 * and of the names that nobody synced any part may have arrived: what is there afterwards is a whole history that real git
 * reads, no revision is lost that was answered for and is to be kept, and it goes on.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Archive, Reading } from '../../src/history/archive.ts';
import { openArchive } from '../../src/history/archive.ts';
import { verifyHistory } from '../../src/history/verify.ts';
import { HistoryDiskInMemory } from '../support/history-disk.ts';

const arrivals: Readonly<Record<string, (path: string) => boolean>> = {
  'nothing unsynced arrived': () => false,
  'everything arrived': () => true,
  'references arrived, objects did not': (name) => name.includes('/refs/'),
  'objects arrived, references did not': (name) => name.includes('/objects/'),
  'every other name arrived': (name) => name.length % 2 === 0,
  'some names arrived': (name) => (createHash('sha256').update(name).digest()[0] ?? 0) % 3 === 0,
};

const folder = '/h/history.git';
const on = (memory: HistoryDiskInMemory): Archive =>
  openArchive({ folder, site: 'bud-01', disk: memory.disk, packed: () => Promise.resolve(null) });

const reading = (device: string, text: string): Reading => ({
  device,
  text,
  why: 'drift',
  changer: null,
  rollout: null,
  restored: null,
  atMs: 0,
});

/** What was answered for before the power went: revisions, labels, and those that retention was told to drop. */
interface Answered {
  readonly kept: Set<string>;
  readonly labels: Set<string>;
}

const devices = ['gw1', 'sw1'];
const two = { revisions: 2, ageMs: null, bytes: null };

async function work(archive: Archive, { kept, labels }: Answered): Promise<void> {
  for (const text of ['a\n', 'b\n', 'a\n', 'c\n'])
    for (const device of devices) {
      const { revision } = await archive.keep(reading(device, text));
      kept.add(revision.oid);
      if (text !== 'b\n') continue;
      await archive.label(revision, { name: 'good', by: '', atS: 0 });
      labels.add(device);
    }
  // From here on only the two newest of gw1 have to be there, and what has a name.
  const branch: string[] = [];
  for await (const { oid } of archive.revisions('gw1')) branch.push(oid);
  for (const oid of branch.slice(2)) kept.delete(oid);
  await archive.prune('gw1', two, null);
}

let states = 0;
/** What git was asked about already. */
const asked = new Set<string>();
afterAll(() => {
  console.log(`archiving: ${states} states of the history, ${asked.size} of them unlike each other`);
});

/** As it would lie on a disk. */
function requireGitReads(memory: HistoryDiskInMemory): void {
  const files = [...memory.files()].sort(([one], [other]) => (one < other ? -1 : 1));
  const hash = createHash('sha256');
  for (const [name, bytes] of files) hash.update(`${name}\0`).update(bytes);
  const digest = hash.digest('hex');
  states += 1;
  if (asked.has(digest) || !memory.files().has(`${folder}/HEAD`)) return;
  asked.add(digest);
  const real = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'siteward-crashed-'));
  try {
    for (const inside of ['objects', 'refs']) mkdirSync(path.join(real, inside), { recursive: true });
    for (const [name, bytes] of files) {
      const file = path.join(real, path.relative(folder, name));
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, bytes);
    }
    execFileSync('git', ['-C', real, 'fsck', '--strict', '--no-dangling'], { stdio: 'pipe' });
  } finally {
    rmSync(real, { recursive: true, force: true });
  }
}

async function stepsOfAll(): Promise<number> {
  const memory = new HistoryDiskInMemory();
  await work(on(memory), { kept: new Set(), labels: new Set() });
  return memory.calls;
}

describe.each(['before', 'half'] as const)('the power goes, %s', (cut) => {
  test.each(Object.entries(arrivals))(
    'at any call, and %s: the history is whole and goes on',
    async (_, arrived) => {
      const steps = await stepsOfAll();
      expect(steps).toBeGreaterThan(100);
      for (let at = 0; at <= steps; at++) {
        const memory = new HistoryDiskInMemory();
        memory.cutAfter(at, cut);
        const answered = { kept: new Set<string>(), labels: new Set<string>() };
        const ended = await work(on(memory), answered).then(
          () => true,
          () => false,
        );
        expect(ended, `call ${at}`).toBe(at === steps);
        memory.restart(arrived);
        requireGitReads(memory);
        const after = on(memory);
        const found = new Set<string>();
        for (const device of devices) {
          await verifyHistory(after, device);
          for await (const { oid } of after.revisions(device)) found.add(oid);
          if (answered.labels.has(device)) expect(await after.labels(device), `call ${at}`).toHaveLength(1);
        }
        for (const oid of answered.kept) expect(found.has(oid), `call ${at}`).toBe(true);
        const { isNew } = await after.keep(reading('gw1', `after ${at}\n`));
        expect(isNew).toBe(true);
        await after.prune('gw1', two, null);
        expect(await verifyHistory(after, 'gw1')).toBeLessThanOrEqual(2);
        requireGitReads(memory);
      }
    },
  );
});
