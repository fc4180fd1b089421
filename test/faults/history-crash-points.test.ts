/**
 * The power goes before each call of the disk with which the history is written, and of the names that nobody synced any
 * part may have arrived: what is there afterwards is a whole history, no durable revision is lost, and it goes on.
 */
import { describe, expect, test } from 'vitest';
import type { Archive, Reading } from '../../src/history/archive.ts';
import { openArchive } from '../../src/history/archive.ts';
import { verifyHistory } from '../../src/history/verify.ts';
import { HistoryDiskInMemory } from '../support/history-disk.ts';

const arrivals: Readonly<Record<string, (path: string) => boolean>> = {
  'nothing unsynced arrived': () => false,
  'everything arrived': () => true,
  'references arrived, objects did not': (path) => path.includes('/refs/'),
  'objects arrived, references did not': (path) => path.includes('/objects/'),
  'every other name arrived': (path) => path.length % 2 === 0,
};

const on = (memory: HistoryDiskInMemory): Archive =>
  openArchive({
    folder: '/h/history.git',
    site: 'bud-01',
    disk: memory.disk,
    packed: () => Promise.resolve(null),
  });

const reading = (device: string, text: string): Reading => ({
  device,
  text,
  why: 'drift',
  changer: null,
  rollout: null,
  restored: null,
  atMs: 0,
});

/** Revisions that were answered for before the power went. */
async function work(archive: Archive, answered: string[]): Promise<void> {
  for (const text of ['a\n', 'b\n', 'a\n']) {
    for (const device of ['gw1', 'sw1']) {
      const { revision } = await archive.keep(reading(device, text));
      answered.push(revision.oid);
    }
  }
  const newest = await archive.newest('gw1');
  if (newest !== null) await archive.label(newest.revision, { name: 'good', by: '', atS: 0 });
  answered.push('label');
}

async function stepsOfAll(): Promise<number> {
  const memory = new HistoryDiskInMemory();
  await work(on(memory), []);
  return memory.calls;
}

describe.each(Object.entries(arrivals))('the power goes, and %s', (_name, arrived) => {
  test('before any call: the history is whole and goes on', async () => {
    const steps = await stepsOfAll();
    expect(steps).toBeGreaterThan(50);
    for (let at = 0; at <= steps; at++) {
      const memory = new HistoryDiskInMemory();
      memory.cutAfter(at);
      const answered: string[] = [];
      const cut = await work(on(memory), answered).then(
        () => false,
        () => true,
      );
      expect(cut, `call ${at}`).toBe(at < steps);
      memory.restart(arrived);
      const after = on(memory);
      const found = new Set<string>();
      for (const device of ['gw1', 'sw1']) {
        await verifyHistory(after, device);
        for await (const { oid } of after.revisions(device)) found.add(oid);
      }
      for (const oid of answered.filter((one) => one !== 'label'))
        expect(found.has(oid), `call ${at}`).toBe(true);
      if (answered.includes('label')) expect(await after.labels('gw1')).toHaveLength(1);
      const { isNew } = await after.keep(reading('gw1', `after ${at}\n`));
      expect(isNew).toBe(true);
    }
  });
});
