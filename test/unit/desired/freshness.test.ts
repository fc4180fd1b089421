import { expect, test } from 'vitest';
import { judgeHead } from '../../../src/desired/freshness.ts';

const [older, newer] = ['1'.repeat(40), '2'.repeat(40)];

test('the first head is accepted as such', () => {
  expect(judgeHead({ head: newer, accepted: null, descends: false })).toEqual({
    kind: 'accept',
    reason: 'first',
  });
});

test('the accepted head again is nothing new', () => {
  expect(judgeHead({ head: newer, accepted: newer, descends: true })).toEqual({ kind: 'unchanged' });
});

test('I12: only a descendant goes forward, anything else is history-rewound and says what to do', () => {
  expect(judgeHead({ head: newer, accepted: older, descends: true })).toEqual({
    kind: 'accept',
    reason: 'descendant',
  });
  expect(judgeHead({ head: older, accepted: newer, descends: false })).toEqual({
    kind: 'history-rewound',
    message: expect.stringContaining('put the branch back') as string,
  });
});
