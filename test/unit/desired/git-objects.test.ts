import { expect, test } from 'vitest';
import { parseTree } from '../../../src/desired/git-listing.ts';
import { parseCommit } from '../../../src/desired/git-objects.ts';

const oid = 'f'.repeat(40);
const tree = '1'.repeat(40);
const parent = '2'.repeat(40);
const author = 'author Alice <alice@example.org> 1700000000 +0100';
const committer = 'committer Alice <alice@example.org> 1700000000 +0100';

function commit(...lines: string[]): Uint8Array {
  return Buffer.from(`${lines.join('\n')}\n\nsubject\n\nbody\n`, 'latin1');
}

test('a commit gives tree, parents, author and subject', () => {
  const raw = commit(
    `tree ${tree}`,
    `parent ${parent}`,
    `parent ${oid}`,
    author,
    committer,
    'gpgsig x',
    ' y',
  );
  expect(parseCommit(oid, raw)).toEqual({
    oid,
    tree,
    parents: [parent, oid],
    author: 'Alice <alice@example.org>',
    subject: 'subject',
    raw,
  });
});

test('control characters of a subject do not reach a person', () => {
  const raw = Buffer.concat([
    commit(`tree ${tree}`, author, committer).subarray(0, -15),
    Buffer.from('\n\nx\u001b[2Jy\n'),
  ]);
  expect(parseCommit(oid, raw).subject).not.toContain('\u001b');
});

test.each([
  ['two trees', [`tree ${tree}`, `tree ${parent}`, author, committer]],
  ['the tree late', [author, `tree ${tree}`, committer]],
  ['a parent after the author', [`tree ${tree}`, author, `parent ${parent}`, committer]],
  ['two authors', [`tree ${tree}`, author, committer, author]],
  ['no committer', [`tree ${tree}`, author]],
  ['a short parent', [`tree ${tree}`, 'parent 1234', author, committer]],
  ['a NUL', [`tree ${tree}`, author, committer, 'x \0']],
])('a commit with %s is damaged, however it hashes', (_, lines) => {
  expect(() => parseCommit(oid, commit(...lines))).toThrow(/commit f+: /);
});

function entry(mode: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.alloc(20, 7)]);
}

test('a tree gives its entries with their kinds', () => {
  const raw = Buffer.concat([
    entry('100644', 'a'),
    entry('40000', 'b'),
    entry('120000', 'c'),
    entry('160000', 'd'),
  ]);
  expect(parseTree(oid, raw).order.map(({ name, kind }) => [name, kind])).toEqual([
    ['a', 'file'],
    ['b', 'folder'],
    ['c', 'symlink'],
    ['d', 'submodule'],
  ]);
});

test.each([
  ['a name twice', [entry('100644', 'a'), entry('40000', 'a')]],
  ['a slash', [entry('100644', 'a/b')]],
  ['dot dot', [entry('40000', '..')]],
  ['.git', [entry('40000', '.GIT')]],
  ['an unknown mode', [entry('100000', 'a')]],
  ['an early end', [entry('100644', 'a').subarray(0, 20)]],
  ['no name', [entry('100644', '')]],
])('a tree with %s is damaged', (_, entries) => {
  expect(() => parseTree(oid, Buffer.concat(entries))).toThrow(/tree f+: /);
});
