/** Objects in files of their own: those that git writes, and those that nobody should. */
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { GitObjects } from '../../../src/desired/git-objects.ts';
import { findLoose, unpackLoose } from '../../../src/packs/loose-object.ts';
import { gitSandbox } from '../../support/git-sandbox.ts';

const most = 64 * 1024;
const oid = 'ab'.repeat(20);
let gitdir: string;
let file: string;
beforeEach(() => {
  gitdir = mkdtempSync(path.join(tmpdir(), 'siteward-loose-'));
  mkdirSync(path.join(gitdir, 'objects/ab'), { recursive: true });
  file = path.join(gitdir, 'objects/ab', oid.slice(2));
});
afterEach(() => rmSync(gitdir, { recursive: true, force: true }));

test('every kind is as git has it', async () => {
  const sandbox = gitSandbox();
  try {
    sandbox.commit({ 'a.rsc': 'x'.repeat(20_000) });
    sandbox.git('tag', '-a', '-m', 'one', 'v1');
    for (const rev of ['HEAD', 'HEAD^{tree}', 'HEAD:a.rsc', 'v1']) {
      const name = sandbox.git('rev-parse', rev);
      const found = await findLoose(path.join(sandbox.folder, '.git'), name, most);
      expect(found).toMatchObject({ kind: sandbox.git('cat-file', '-t', name) });
      const { type, content } = await new GitObjects(path.join(sandbox.folder, '.git')).readAny(name);
      expect(type === 'tree' || `${Buffer.from(content).toString().trim()}`).toBe(
        type === 'tree' || sandbox.git('cat-file', type, name),
      );
    }
  } finally {
    sandbox.remove();
  }
});

const packed = (text: string, content = Buffer.alloc(0)): Buffer =>
  deflateSync(Buffer.concat([Buffer.from(text, 'latin1'), content]));

test.each([
  ['as large as may be', packed(`blob ${most}\0`, Buffer.alloc(most)), 'blob'],
  ['one byte more', packed(`blob ${most + 1}\0`, Buffer.alloc(most + 1)), 'too-large'],
  ['a bomb that says what it is', packed(`blob ${2 ** 26}\0`, Buffer.alloc(2 ** 26)), 'too-large'],
  ['a bomb that says it is small', packed('blob 20\0', Buffer.alloc(2 ** 26)), 'too-large'],
  ['a bomb without a head', deflateSync(Buffer.alloc(2 ** 26, 0x41)), 'too-large'],
  ['more than it says', packed('blob 2\0', Buffer.from('abc')), 'damaged'],
  ['less than it says', packed('blob 4\0', Buffer.from('abc')), 'damaged'],
  ['a kind that git does not have', packed('blub 3\0', Buffer.from('abc')), 'damaged'],
  ['no head', packed('abc'), 'damaged'],
  ['a cut file', packed('blob 3\0', Buffer.from('abc')).subarray(0, -3), 'damaged'],
  ['nothing packed', Buffer.from('blob 3\0abc'), 'damaged'],
  ['an empty file', Buffer.alloc(0), 'damaged'],
])('%s', (_, bytes, expected) => {
  const found = unpackLoose(bytes, most);
  expect(typeof found === 'string' ? found : found.kind).toBe(expected);
});

test('a file that is larger than any object may be is not read, were it a terabyte', async () => {
  writeFileSync(file, packed('blob 3\0', Buffer.from('abc')));
  truncateSync(file, 2 ** 40);
  expect(await findLoose(gitdir, oid, most)).toBe('too-large');
  await expect(new GitObjects(gitdir).readAny(oid)).rejects.toMatchObject({ code: 'too-large' });
});

test('a bomb under the name of an object of the commit is told as what it is', async () => {
  writeFileSync(file, packed('blob 20\0', Buffer.alloc(2 ** 27)));
  await expect(new GitObjects(gitdir).readAny(oid)).rejects.toMatchObject({ code: 'too-large' });
});

test('not there is nothing; anything else that the disk says is told', async () => {
  expect(await findLoose(gitdir, 'cd'.repeat(20), most)).toBeNull();
  expect(await findLoose(gitdir, oid, most)).toBeNull();
  mkdirSync(file);
  await expect(findLoose(gitdir, oid, most)).rejects.toMatchObject({ code: 'EISDIR' });
});
