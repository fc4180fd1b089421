/** Devices' own backups on a disk: sealed, named with their revision, dropped by the limits, whole after any power cut. */
import { expect, test } from 'vitest';
import { BinaryBackups } from '../../../src/history/binary-backups.ts';
import type { BinaryBackup } from '../../../src/history/binary-backups.ts';
import { HistoryDiskInMemory } from '../../support/history-disk.ts';

const none = { revisions: null, ageMs: null, bytes: null };
const revision = (n: number): string => String(n).repeat(40);
/** Of these the history is kept, and of these a label. */
const kept = (revisions: readonly number[], checkpoints: readonly number[] = []) => ({
  revisions: new Set(revisions.map(revision)),
  checkpoints: new Set(checkpoints.map(revision)),
});
const all = kept([1, 2, 3]);
const backupsOn = ({ disk }: HistoryDiskInMemory): BinaryBackups =>
  new BinaryBackups('/b', disk, (bytes) => Promise.resolve(Buffer.concat([Buffer.from('age'), bytes])));

function keep(backups: BinaryBackups, n: number, of = n, device = 'gw1'): Promise<BinaryBackup> {
  const name = `sw-backup-${n.toString(16).padStart(12, '0')}`;
  const bytes = Buffer.from(`secret ${n}`);
  return backups.keep({ device, name, revision: revision(of), atMs: n * 1000, bytes });
}

const filesIn = (memory: HistoryDiskInMemory): readonly string[] => [...memory.files().keys()].sort();

test('what is kept is listed newest first, and read back as it was sealed', async () => {
  const memory = new HistoryDiskInMemory();
  const backups = backupsOn(memory);
  await keep(backups, 1);
  const second = await keep(backups, 2);
  expect((await backups.list('gw1')).map(({ atS }) => atS)).toEqual([2, 1]);
  expect(second.made.bytes).toBe(8);
  expect((await backups.read('gw1', second)).toString()).toBe('agesecret 2');
  expect(await backups.bytes('gw1')).toBe(22);
  expect(await backups.list('sw1')).toEqual([]);
  for (const [path, bytes] of memory.files()) if (path.endsWith('.age')) bytes[0] = 0;
  await expect(backups.read('gw1', second)).rejects.toMatchObject({ code: 'history-damaged' });
});

test('limits drop the oldest, and never the newest nor the newest of a checkpoint', async () => {
  const memory = new HistoryDiskInMemory();
  const backups = backupsOn(memory);
  for (const [n, of] of [1, 1, 2, 2, 3].entries()) await keep(backups, n + 1, of);
  expect(await backups.prune('gw1', none, null, all)).toBe(0);
  expect(await backups.prune('gw1', { ...none, revisions: 2 }, null, kept([1, 2, 3], [1]))).toBe(2);
  expect((await backups.list('gw1')).map(({ atS }) => atS)).toEqual([5, 4, 2]);
  expect(filesIn(memory)).toHaveLength(4);
  expect(await backups.prune('gw1', { ...none, ageMs: 1 }, 9_000_000, all)).toBe(2);
  expect((await backups.list('gw1')).map(({ atS }) => atS)).toEqual([5]);
  expect(backups.grownBytes).toBe(11);
});

test('what belongs to no revision that stays goes with it, but for the newest', async () => {
  const backups = backupsOn(new HistoryDiskInMemory());
  for (const [n, of] of [1, 2, 3].entries()) await keep(backups, n + 1, of);
  expect(await backups.prune('gw1', none, null, kept([2]))).toBe(1);
  expect((await backups.list('gw1')).map(({ atS }) => atS)).toEqual([3, 2]);
});

test('whenever the power goes, every backup that is listed is whole, and nothing else stays', async () => {
  const story = async (memory: HistoryDiskInMemory): Promise<void> => {
    const backups = backupsOn(memory);
    for (const n of [1, 2, 3]) await keep(backups, n);
    await backups.prune('gw1', { ...none, revisions: 1 }, null, all);
  };
  const whole = new HistoryDiskInMemory();
  await story(whole);
  for (let at = 0; at < whole.calls; at++)
    for (const arrived of [true, false]) {
      const memory = new HistoryDiskInMemory();
      memory.cutAfter(at);
      await story(memory).catch(() => undefined);
      memory.restart(() => arrived);
      const after = backupsOn(memory);
      const listed = await after.list('gw1');
      for (const one of listed) await after.read('gw1', one);
      await after.prune('gw1', none, null, all);
      expect(filesIn(memory).filter((path) => path.endsWith('.age')).length).toBe(listed.length);
    }
});

test('a full disk and a bad index are told apart', async () => {
  const memory = new HistoryDiskInMemory();
  const backups = backupsOn(memory);
  memory.fill(true);
  await expect(keep(backups, 1)).rejects.toMatchObject({ code: 'history-unwritable' });
  memory.fill(false);
  await keep(backups, 1);
  memory.files().get('/b/gw1/index.json')?.fill(32);
  await expect(backups.list('gw1')).rejects.toMatchObject({ code: 'history-damaged' });
});
