import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStateFiles } from '../../../src/daemon/state-files.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'siteward-files-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('what was put is there under its digest, for its owner alone', async () => {
  const files = await openStateFiles(folder);
  const digest = await files.put('rollout', Buffer.from('sealed'));
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect((await files.get('rollout', digest))?.toString()).toBe('sealed');
  expect(statSync(join(folder, 'rollouts', digest)).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'rollouts')).mode & 0o777).toBe(0o700);
});

test('a file that no longer has its digest is not believed', async () => {
  const files = await openStateFiles(folder);
  const digest = await files.put('document', Buffer.from('as issued'));
  writeFileSync(join(folder, 'documents', digest), 'changed');
  expect(await files.get('document', digest)).toBeNull();
  expect(await files.get('document', '0'.repeat(64))).toBeNull();
});

test('a file that can not be read is not the same as none', async () => {
  const files = await openStateFiles(folder);
  const digest = '0'.repeat(64);
  mkdirSync(join(folder, 'rollouts', digest));
  await expect(files.get('rollout', digest)).rejects.toMatchObject({
    code: 'state-unreadable',
    message: expect.stringContaining(join(folder, 'rollouts', digest)) as string,
  });
});

test('what nobody refers to any more goes, and half written files with it', async () => {
  const files = await openStateFiles(folder);
  const kept = await files.put('desired', Buffer.from('kept'));
  const old = await files.put('desired', Buffer.from('old'));
  writeFileSync(join(folder, 'desired', `${old}.new`), 'torn');
  await files.keepOnly('desired', new Set([kept]));
  expect(readdirSync(join(folder, 'desired'))).toEqual([kept]);
  await files.remove('desired', kept);
  expect(readdirSync(join(folder, 'desired'))).toEqual([]);
});

test('a folder that can not be written says so, with a code', async () => {
  const files = await openStateFiles(folder);
  rmSync(join(folder, 'rollouts'), { recursive: true });
  await expect(files.put('rollout', Buffer.from('x'))).rejects.toMatchObject({ code: 'state-unwritable' });
});
