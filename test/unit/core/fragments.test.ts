import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinFragments, splitFragments } from '../../../src/core/fragments.ts';

const fragment = fc.record({
  file: fc.stringMatching(/^[\x21-\x7eéő][\x20-\x7eéő]{0,60}$/),
  text: fc.uint8Array({ maxLength: 200 }),
});

test('what was joined comes apart as it was, whatever the files hold', () => {
  fc.assert(
    fc.property(fc.array(fragment, { minLength: 1, maxLength: 6 }), (fragments) => {
      const apart = splitFragments(joinFragments(fragments), 'whole');
      expect(apart.map(({ file, text }) => [file, [...text]])).toEqual(
        fragments.map(({ file, text }) => [file, [...text]]),
      );
    }),
  );
});

test('files joined inside of a file stay inside of it', () => {
  const inner = joinFragments([{ file: 'a', text: Buffer.from('x') }]);
  const [outer] = splitFragments(joinFragments([{ file: 'b', text: inner }]), 'whole');
  expect(outer).toMatchObject({ file: 'b', text: inner });
});

test.each([
  '',
  '/ip address\n',
  '# siteward-file: 5 a\nabc\n',
  '# siteward-file: 3 a\nabcd\n',
  '# siteward-file: x a\n',
])('%j was not joined and is one file', (text) => {
  expect(splitFragments(Buffer.from(text), 'whole')).toEqual([{ file: 'whole', text: Buffer.from(text) }]);
});
