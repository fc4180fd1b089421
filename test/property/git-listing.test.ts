/** A folder that is read by what differs from an earlier one is the folder that is read as if there had been none. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvalidInput } from '../../src/core/errors.ts';
import { parseTree } from '../../src/desired/git-listing.ts';

const oid = 'f'.repeat(40);
const entry = fc.record({
  mode: fc.constantFrom('100644', '40000', '120000'),
  name: fc.stringMatching(/^[a-d]{1,2}\.?$/),
  id: fc.nat(2),
});
type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never;
const folder = fc.uniqueArray(entry, { selector: ({ name }) => name, maxLength: 12 });

function bytesOf(entries: readonly Entry[]): Buffer {
  const key = ({ mode, name }: Entry): string => (mode === '40000' ? `${name}/` : name);
  const sorted = [...entries].sort((a, b) => Buffer.compare(Buffer.from(key(a)), Buffer.from(key(b))));
  return Buffer.concat(
    sorted.flatMap(({ mode, name, id }) => [Buffer.from(`${mode} ${name}\0`), Buffer.alloc(20, id)]),
  );
}

test('whatever came, went or changed, in whatever order they stand', () => {
  fc.assert(
    fc.property(folder, folder, fc.array(entry, { maxLength: 3 }), (before, one, more) => {
      const now = [...one, ...before.filter(({ name }) => one.every((other) => other.name !== name))];
      for (const bytes of [bytesOf(now), bytesOf([...now, ...more]), bytesOf(now).subarray(0, -1)]) {
        const read = (like?: ReturnType<typeof parseTree>): unknown => {
          try {
            const { entries, order, ends, raw } = parseTree(oid, bytes, like);
            return { entries: [...entries], order, ends, raw: raw.toString('hex') };
          } catch (error) {
            return error instanceof InvalidInput ? error.message : error;
          }
        };
        expect(read(parseTree(oid, bytesOf(before)))).toEqual(read());
      }
    }),
  );
});

test('what stayed is the very same entry, also behind what came and what went', () => {
  const made = (names: readonly string[]): Buffer =>
    bytesOf(names.map((name) => ({ mode: '100644', name, id: name.length })));
  const before = parseTree(oid, made(['a', 'b', 'c', 'd', 'e']));
  const now = parseTree(oid, made(['a', 'bb', 'd', 'dd', 'e']), before);
  for (const name of ['a', 'e']) expect(now.entries.get(name)).toBe(before.entries.get(name));
});
