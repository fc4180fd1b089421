import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStateFiles } from '../../../src/daemon/state-files.ts';
import { keyFrom, openStateKey } from '../../../src/daemon/state-key.ts';

/** Random enough for a test: each call gives other bytes. */
let calls = 0;
const random = (bytes: number): Buffer => Buffer.alloc(bytes, (calls += 1));
const key = keyFrom(Buffer.alloc(32, 7), [], random);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'siteward-files-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('what was put is there under its digest, for its owner alone', async () => {
  const files = await openStateFiles(folder, key);
  const digest = await files.put('rollout', Buffer.from('sealed'));
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect((await files.get('rollout', digest))?.toString()).toBe('sealed');
  expect(statSync(join(folder, 'rollouts', digest)).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'rollouts')).mode & 0o777).toBe(0o700);
});

test('a file that no longer has its digest is not believed', async () => {
  const files = await openStateFiles(folder, key);
  const digest = await files.put('document', Buffer.from('as issued'));
  writeFileSync(join(folder, 'documents', digest), 'changed');
  expect(await files.get('document', digest)).toBeNull();
  expect(await files.get('document', '0'.repeat(64))).toBeNull();
});

test('a file that can not be read is not the same as none', async () => {
  const files = await openStateFiles(folder, key);
  const digest = '0'.repeat(64);
  mkdirSync(join(folder, 'rollouts', digest));
  await expect(files.get('rollout', digest)).rejects.toMatchObject({
    code: 'state-unreadable',
    message: expect.stringContaining(join(folder, 'rollouts', digest)) as string,
  });
});

test('what nobody refers to any more goes, and half written files with it', async () => {
  const files = await openStateFiles(folder, key);
  const kept = await files.put('desired', Buffer.from('kept'));
  const old = await files.put('desired', Buffer.from('old'));
  writeFileSync(join(folder, 'desired', `${old}.new`), 'torn');
  await files.keepOnly('desired', new Set([kept]));
  expect(readdirSync(join(folder, 'desired'))).toEqual([kept]);
  await files.remove('desired', kept);
  expect(readdirSync(join(folder, 'desired'))).toEqual([]);
});

test('a folder that can not be written says so, with a code', async () => {
  const files = await openStateFiles(folder, key);
  rmSync(join(folder, 'rollouts'), { recursive: true });
  await expect(files.put('rollout', Buffer.from('x'))).rejects.toMatchObject({ code: 'state-unwritable' });
});

test.each(['desired', 'rollout'] as const)(
  '%s texts are on disk in no readable form, nor can one be tried by its name',
  async (kind) => {
    const files = await openStateFiles(folder, key);
    const text = Buffer.from('/ppp secret add name=bob password=canary');
    const digest = await files.put(kind, text);
    const stored = readFileSync(join(folder, kind === 'rollout' ? 'rollouts' : kind, digest));
    expect(stored.includes('canary')).toBe(false);
    expect(digest).not.toBe(createHash('sha256').update(text).digest('hex'));
    expect(digest).toBe(files.digestOf(kind, text));
    expect(await files.get(kind, digest)).toEqual(text);
  },
);

test('a sealed file that was changed, or stands under the name of another, is not believed', async () => {
  const files = await openStateFiles(folder, key);
  const [one, other] = [
    await files.put('desired', Buffer.from('one')),
    await files.put('desired', Buffer.from('other')),
  ];
  const at = (digest: string): string => join(folder, 'desired', digest);
  renameSync(at(other), at(one));
  expect(await files.get('desired', one)).toBeNull();
  const sealed = readFileSync(at(await files.put('desired', Buffer.from('one'))));
  sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
  writeFileSync(at(one), sealed);
  expect(await files.get('desired', one)).toBeNull();
  writeFileSync(at(one), 'x');
  expect(await files.get('desired', one)).toBeNull();
});

test('the key is made once, for its owner alone; a given one comes first and opens what the old one sealed', async () => {
  const first = await openStateKey(folder, null, random);
  expect(statSync(join(folder, 'state-key')).mode & 0o777).toBe(0o600);
  const text = Buffer.from('sealed before');
  const before = await openStateFiles(folder, first);
  const digest = await before.put('rollout', text);
  expect(
    await (await openStateFiles(folder, await openStateKey(folder, null, random))).get('rollout', digest),
  ).toEqual(text);
  const credentials = join(folder, 'credentials.d');
  mkdirSync(credentials);
  writeFileSync(join(credentials, 'state-key'), 'short');
  await expect(openStateKey(folder, credentials, random)).rejects.toMatchObject({ code: 'state-key-short' });
  writeFileSync(join(credentials, 'state-key'), Buffer.alloc(32, 9));
  const given = await openStateKey(folder, credentials, random);
  const after = await openStateFiles(folder, given);
  expect(await after.get('rollout', digest)).toEqual(text);
  const later = await after.put('rollout', text);
  expect(later).not.toBe(digest);
  // Without the credential what it sealed is as good as gone.
  expect(await before.get('rollout', later)).toBeNull();
  expect(given.secretDigest('x')).not.toBe(first.secretDigest('x'));
  expect(given.secretWord('password', 'x')).toMatch(/^<secret:password [0-9a-f]{4}>$/);
});

test('with a given key none is made in the folder', async () => {
  const credentials = join(folder, 'credentials.d');
  mkdirSync(credentials);
  writeFileSync(join(credentials, 'state-key'), Buffer.alloc(64, 9));
  await openStateKey(folder, credentials, random);
  expect(readdirSync(folder)).toEqual(['credentials.d']);
});
