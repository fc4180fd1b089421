/** How far down a history is followed before nobody can tell. */
import { expect, test } from 'vitest';
import { descends } from '../../../src/desired/git-history.ts';
import type { CommitObject } from '../../../src/desired/git-objects.ts';

const name = (n: number): string => n.toString(16).padStart(40, '0');
/** Commit n stands on commit n - 1. */
const line = {
  readCommit: (oid: string): Promise<CommitObject> => {
    const n = Number.parseInt(oid, 16);
    const parents = n === 0 ? [] : [name(n - 1)];
    return Promise.resolve({ oid, tree: '', parents, author: '', subject: '', raw: new Uint8Array() });
  },
};
const nowhere = '/nonexistent/network.git';

test('as deep as the limit an ancestor is found, and one that is not there is not', async () => {
  expect(await descends(nowhere, line, name(30), name(20), 11)).toBe(true);
  expect(await descends(nowhere, line, name(9), name(99), 11)).toBe(false);
});

test('deeper than the limit nobody can tell, which is neither yes nor no', async () => {
  await expect(descends(nowhere, line, name(30), name(10), 11)).rejects.toMatchObject({
    code: 'history-too-long',
    message: expect.stringMatching(/newest 11 commits .* push a commit on top of that one/) as string,
    place: { file: nowhere },
  });
});
