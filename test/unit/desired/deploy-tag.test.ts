import { expect, test } from 'vitest';
import { codeOf } from '../../../src/core/errors.ts';
import { compareVersions, highestTag, taggedCommit } from '../../../src/desired/deploy-tag.ts';

test.each([
  ['deploy-*', ['deploy-9', 'deploy-10', 'other-11'], 'deploy-10'],
  ['v*', ['v1.9.2', 'v1.10', 'v1.10.1'], 'v1.10.1'],
  ['deploy/*', ['deploy/2026-11-09', 'deploy/2026-11-21', 'deploy/2026-2-30'], 'deploy/2026-11-21'],
  ['*', ['a', 'b2', 'b10'], 'b10'],
  ['v1', ['v1', 'v10'], 'v1'],
  ['a*b*a', ['aba', 'ab', 'aa', 'axbxa'], 'axbxa'],
  ['aa*aa', ['aaa'], null],
  ['release-*', ['v1'], null],
])('of the tags that match %s in %j the highest is %s', (pattern, names, highest) => {
  expect(highestTag(names, pattern)).toBe(highest);
  expect(highestTag(names.toReversed(), pattern)).toBe(highest);
});

test('names are ordered, however many digits they have', () => {
  const names = ['v1', 'v1.0', 'v01', 'v2', 'v10', `v${'9'.repeat(200)}`, 'x'];
  const sorted = names.toSorted(compareVersions);
  for (const [i, a] of sorted.entries())
    for (const b of sorted.slice(i)) expect(compareVersions(a, b)).toBeLessThanOrEqual(0);
  expect(sorted[0]).not.toBe('x');
  expect(sorted.indexOf('v2')).toBeLessThan(sorted.indexOf('v10'));
});

const oid = 'a'.repeat(40);
const tag = (head: string): Buffer => Buffer.from(`${head}\ntagger A <a@example.org> 0 +0000\n\nx\n`);

test('the commit is the one that the tag object names, under the name it was made with', () => {
  expect(taggedCommit(tag(`object ${oid}\ntype commit\ntag deploy-1`), 'deploy-1')).toBe(oid);
  for (const head of [
    `object ${oid}\ntype commit\ntag deploy-0`,
    `object ${oid}\ntype tag\ntag deploy-1`,
    `type commit\nobject ${oid}\ntag deploy-1`,
    '',
  ]) {
    let code = '';
    try {
      taggedCommit(tag(head), 'deploy-1');
    } catch (error) {
      code = codeOf(error);
    }
    expect(code).toBe('tag-refused');
  }
});
