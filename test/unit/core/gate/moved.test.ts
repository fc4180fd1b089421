import { expect, test } from 'vitest';
import { movedLines } from '../../../../src/core/gate/moved.ts';

test('tells what went and what came, and nothing of what stayed', () => {
  expect(movedLines('a\nb\nc\n', 'a\nc\nd\n')).toEqual(['- b', '+ d']);
  expect(movedLines('a\nb\n', 'a\nb\n')).toEqual([]);
});

test('counts equal lines', () => {
  expect(movedLines('a\na\n', 'a\n')).toEqual(['- a']);
  expect(movedLines('a\n', 'a\na\na\n')).toEqual(['+ a', '+ a']);
});

test('shows the beginning of a long difference, and says how much more there is', () => {
  const many = Array.from({ length: 100 }, (_, i) => `${i}\n`).join('');
  const moved = movedLines('', many);
  expect(moved).toHaveLength(41);
  expect(moved.at(-1)).toBe('and 60 more lines');
});
