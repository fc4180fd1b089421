/** Retention: what goes, what stays readable, what git makes of it, and what a power cut in the middle leaves. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { pruneHistory } from '../../../src/daemon/history-pruning.ts';
import type { Archive } from '../../../src/history/archive.ts';
import { openArchive } from '../../../src/history/archive.ts';
import { fileDisk } from '../../../src/history/disk.ts';
import { findRevision } from '../../../src/history/find-revision.ts';
import { packedObjects } from '../../../src/history/packed-objects.ts';
import type { KeepLimits } from '../../../src/history/retention.ts';
import type { Revision } from '../../../src/history/revision.ts';
import { verifyHistory } from '../../../src/history/verify.ts';
import { HistoryDiskInMemory } from '../../support/history-disk.ts';

const folder = '/h/history.git';
const none: KeepLimits = { revisions: null, ageMs: null, bytes: null };
const two: KeepLimits = { ...none, revisions: 2 };

const archiveOn = (memory: HistoryDiskInMemory): Archive =>
  openArchive({ folder, site: 'bud-01', disk: memory.disk, packed: () => Promise.resolve(null) });

/** A revision a minute; a text `x!` gets the label `x`. */
async function keepAll(archive: Archive, texts: readonly string[], device = 'gw1'): Promise<void> {
  for (const [at, text] of texts.entries()) {
    const about = { device, why: 'drift', changer: null, rollout: null, restored: null } as const;
    const { revision } = await archive.keep({ ...about, text: `${text}\n`, atMs: at * 60_000 });
    if (text.endsWith('!')) await archive.label(revision, { name: `${text[0]}0`, by: '', atS: 0 });
  }
}

async function kept(archive: Archive, device = 'gw1'): Promise<readonly string[]> {
  const found: Revision[] = [];
  for await (const revision of archive.revisions(device)) found.push(revision);
  const texts = await Promise.all(found.map((revision) => archive.text(revision)));
  return texts.map((text) => text.trim());
}

const objects = (memory: HistoryDiskInMemory): number =>
  [...memory.files().keys()].filter((name) => name.includes('/objects/')).length;

test('plain git finds nothing wrong with what is left, checkpoints before it included', async () => {
  const real = mkdtempSync(path.join(tmpdir(), 'siteward-prune-'));
  onTestFinished(() => rmSync(real, { recursive: true, force: true }));
  const git = (...words: string[]): string =>
    execFileSync('git', ['-C', real, ...words], { encoding: 'utf8', stdio: 'pipe' });
  const archive = openArchive({ folder: real, site: 'bud-01', disk: fileDisk, packed: packedObjects(real) });
  // What a checkpoint and the newest have was had by dropped revisions, too.
  await keepAll(archive, ['a', 'b!', 'c', 'd!', 'b!x', 'c', 'e', 'f', 'e']);
  await keepAll(archive, ['a', 'b', 'c'], 'sw1');
  expect(await archive.prune('gw1', two, null)).toBe(5);
  expect(git('log', '--format=%s', 'gw1').trim().split('\n')).toHaveLength(2);
  expect(git('log', '--format=%s', 'gw1/b0').trim().split('\n')).toHaveLength(1);
  expect(git('show', 'gw1/d0:gw1/config.rsc')).toBe('# device gw1\nd!\n');
  expect(git('show', 'gw1:gw1/config.rsc')).toBe('# device gw1\ne\n');
  expect(git('fsck', '--strict', '--full', '--no-dangling')).toBe('');
  expect(git('fsck', '--unreachable')).toBe('');
  expect(await kept(archive, 'sw1')).toEqual(['c', 'b', 'a']);
  expect(await verifyHistory(archive, 'gw1')).toBe(2);
  expect(await archive.text(await findRevision(archive, 'gw1', 'b0'))).toBe('b!\n');
  expect(await archive.prune('gw1', two, null)).toBe(0);
  await keepAll(archive, ['g']);
  expect(await archive.prune('gw1', two, null)).toBe(1);
  git('gc', '--quiet', '--prune=now');
  expect(await kept(archive)).toEqual(['g', 'e']);
  const packed = git('rev-parse', 'gw1').trim();
  await keepAll(archive, ['h', 'i']);
  expect(await archive.prune('gw1', two, null)).toBe(0);
  git('gc', '--quiet', '--prune=now');
  expect(() => git('cat-file', '-p', packed)).toThrow('Not a valid object');
  expect(await kept(archive)).toEqual(['i', 'h']);
  expect(git('fsck', '--strict')).toBe('');
});

test('goes by size, in bytes on the disk, and by age only with a clock that is believed', async () => {
  const archive = archiveOn(new HistoryDiskInMemory());
  await keepAll(archive, ['a', 'b', 'c', 'd']);
  const limits = { ...none, ageMs: 60_000 };
  expect(await archive.prune('gw1', limits, null)).toBe(0);
  // `b` was replaced two minutes after the first, and is what the device had just within the limit.
  expect(await archive.prune('gw1', limits, 3 * 60_000)).toBe(1);
  expect(await kept(archive)).toEqual(['d', 'c', 'b']);
  expect(await archive.prune('gw1', { ...none, bytes: 100_000 }, null)).toBe(0);
  expect(await archive.prune('gw1', { ...none, bytes: 1 }, null)).toBe(2);
  expect(await kept(archive)).toEqual(['d']);
});

test('who reads while revisions go finds the end of what is kept, and no damage', async () => {
  const memory = new HistoryDiskInMemory();
  const archive = archiveOn(memory);
  await keepAll(archive, ['a', 'b', 'c', 'd', 'e']);
  const read: Revision[] = [];
  for await (const revision of archive.revisions('gw1')) {
    read.push(revision);
    // Another keeps one more than the reader has come to.
    if (read.length === 1) await archive.prune('gw1', { ...none, revisions: 3 }, null);
  }
  expect(read).toHaveLength(3);
  const [, , last] = read;
  // Damage is damage all the same.
  const [gone = ''] = [...memory.files().keys()].filter((name) => name.includes(last?.oid.slice(2) ?? '-'));
  await memory.disk.remove(gone);
  await expect(kept(archive)).rejects.toMatchObject({ code: 'history-damaged' });
});

test('a name is given to no revision that is gone', async () => {
  const archive = archiveOn(new HistoryDiskInMemory());
  await keepAll(archive, ['a']);
  const old = await findRevision(archive, 'gw1', '~0');
  await keepAll(archive, ['b', 'c']);
  await archive.prune('gw1', two, null);
  await expect(archive.label(old, { name: 'late', by: '', atS: 0 })).rejects.toMatchObject({
    code: 'history-damaged',
  });
  expect(await archive.labels('gw1')).toEqual([]);
});

test.each<[string, (path: string) => boolean]>([
  ['nothing unsynced arrived', () => false],
  ['everything arrived', () => true],
  ['every other name arrived', (name) => name.charCodeAt(name.length - 1) % 2 === 0],
])('the power goes before any call, and %s: the next turn removes what is left', async (_, arrived) => {
  const texts = ['a', 'b!', 'c', 'a', 'd', 'e', 'a', 'f'];
  const whole = new HistoryDiskInMemory();
  await keepAll(archiveOn(whole), texts);
  const before = whole.calls;
  await archiveOn(whole).prune('gw1', two, null);
  const steps = whole.calls - before;
  expect(steps).toBeGreaterThan(20);
  for (let at = 0; at < steps; at++) {
    const memory = new HistoryDiskInMemory();
    await keepAll(archiveOn(memory), texts);
    memory.cutAfter(at);
    await expect(archiveOn(memory).prune('gw1', two, null)).rejects.toThrow('power');
    memory.restart(arrived);
    const after = archiveOn(memory);
    await verifyHistory(after, 'gw1');
    await after.prune('gw1', two, null);
    expect(await kept(after), `call ${at}`).toEqual(['f', 'a']);
    expect(await verifyHistory(after, 'gw1')).toBe(2);
    expect(objects(memory), `call ${at}`).toBe(objects(whole));
  }
});

test('each device has its turn, whatever is wrong with another; without limits none has', async () => {
  const said: unknown[] = [];
  const turn = (keep: KeepLimits): Promise<void> =>
    pruneHistory({
      binaryBackups: { prune: () => Promise.resolve(0) },
      archive: {
        labels: () => Promise.resolve([]),
        revisions: async function* () {},
        prune: (device, _limits, nowMs) =>
          device === 'bad' ? Promise.reject(new Error('full')) : Promise.resolve(nowMs ?? 0),
      },
      devices: ['bad', 'gw1', 'gw2'],
      keep,
      now: () => 7,
      arrived: () => null,
      signal: new AbortController().signal,
      log: (event, facts) => said.push([event, facts]),
    });
  await turn(none);
  expect(said).toEqual([]);
  await turn(two);
  expect(said).toEqual([
    ['history-not-pruned', { device: 'bad', error: 'full' }],
    ['history-pruned', { device: 'gw1', revisions: 7 }],
    ['history-pruned', { device: 'gw2', revisions: 7 }],
  ]);
});
