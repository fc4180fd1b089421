/** What leaves for a git server, as real git unpacks it, in pieces whatever the sizes are. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openArchive } from '../../../src/history/archive.ts';
import type { Archive } from '../../../src/history/archive.ts';
import { gitObject } from '../../../src/history/git-object.ts';
import { packOf } from '../../../src/history/pack.ts';
import { unsent } from '../../../src/history/retention.ts';
import { HistoryDiskInMemory } from '../../support/history-disk.ts';

function bareRepository(): (words: string[], input?: Uint8Array) => string {
  const folder = mkdtempSync(path.join(tmpdir(), 'siteward-outgoing-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const git = (words: string[], input?: Uint8Array): string =>
    execFileSync('git', ['-C', folder, ...words], { encoding: 'utf8', stdio: 'pipe', input }).trim();
  git(['init', '-q', '--bare']);
  return git;
}

function archiveInMemory(): Archive {
  const { disk } = new HistoryDiskInMemory();
  return openArchive({ folder: '/h', site: 'bud-01', disk, packed: () => Promise.resolve(null) });
}

const about = { why: 'drift', changer: null, rollout: null, restored: null } as const;

test('git finds every object of a pack, of any size', async () => {
  const git = bareRepository();
  const sizes = [0, 1, 15, 16, 17, 2047, 2048, 2049, 300_000];
  const objects = sizes.map((size) => gitObject('blob', Buffer.alloc(size, size % 251)));
  git(['unpack-objects', '-q', '--strict'], await packOf(objects));
  for (const [i, { oid }] of objects.entries()) expect(git(['cat-file', '-s', oid])).toBe(String(sizes[i]));
});

test('many large revisions leave in pieces, each a step of the branch', async () => {
  const git = bareRepository();
  const archive = archiveInMemory();
  for (let n = 0; n < 5; n++)
    await archive.keep({ ...about, device: 'gw1', text: `${n}\n${'x'.repeat(7_000_000)}\n`, atMs: n });
  const has = new Map<string, string>();
  let parcels = 0;
  for await (const { updates, shallow, pack } of archive.outgoing('gw1', has)) {
    git(['unpack-objects', '-q'], pack);
    for (const { ref, from, to } of updates) {
      expect(has.get(ref) ?? null).toBe(from);
      git(['update-ref', ref, to, from ?? '0'.repeat(40)]);
      has.set(ref, to);
    }
    expect(shallow).toEqual([]);
    parcels += 1;
  }
  expect(parcels).toBe(2);
  expect(git(['rev-list', '--count', 'gw1'])).toBe('5');
  expect(git(['fsck', '--strict'])).toBe('');
  expect((await archive.outgoing('gw1', has).next()).done).toBe(true);
});

test('secrets that are sealed beside a text leave with it', async () => {
  const git = bareRepository();
  const archive = archiveInMemory();
  const secrets = { digest: 'd'.repeat(64), sealed: Buffer.from('age-encryption.org/v1') };
  await archive.keep({ ...about, device: 'gw1', text: 'a\n', atMs: 0, secrets });
  for await (const { updates, pack } of archive.outgoing('gw1', new Map())) {
    git(['unpack-objects', '-q'], pack);
    for (const { ref, to } of updates) git(['update-ref', ref, to]);
  }
  expect(git(['show', 'gw1:gw1/secrets.age'])).toBe('age-encryption.org/v1');
  expect(git(['fsck', '--strict'])).toBe('');
});

test('a label that names another state there is never moved', async () => {
  const archive = archiveInMemory();
  const { revision } = await archive.keep({ ...about, device: 'gw1', text: 'a\n', atMs: 0 });
  await archive.label(revision, { name: 'before', by: 'alice', atS: 0 });
  const has = new Map([
    ['refs/heads/gw1', revision.oid],
    ['refs/tags/gw1/before', '1'.repeat(40)],
  ]);
  await expect(archive.outgoing('gw1', has).next()).rejects.toMatchObject({ code: 'history-remote-differs' });
});

test('what has not arrived is counted from the newest', () => {
  const branch = ['c', 'b', 'a'].map((oid) => ({ oid }));
  expect(unsent(branch, null)).toBe(0);
  expect(unsent(branch, { oid: 'c' })).toBe(0);
  expect(unsent(branch, { oid: 'a' })).toBe(2);
  expect(unsent(branch, { oid: null })).toBe(3);
  expect(unsent(branch, { oid: 'elsewhere' })).toBe(3);
});
