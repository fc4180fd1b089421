/** The protocol itself, whatever implements it: every interleaving, and each of its necessary parts left out. */
import { describe, expect, test } from 'vitest';
import { exploreProtocol, soundProtocol, type Protocol } from './protocol-model.ts';

test('no interleaving breaks a promise', () => {
  const { states, transitions, broken } = exploreProtocol(soundProtocol);
  console.log(`protocol model: ${states} states, ${transitions} transitions, all visited`);
  expect(broken).toBeNull();
  expect(states).toBeGreaterThan(500);
});

const leftOut: readonly (readonly [string, Partial<Protocol>])[] = [
  ['a decision that is made once', { uniqueDecision: false }],
  ['the guard before each step', { guardsSteps: false }],
  ['no apply while it rolls back', { stopsApplyFirst: false }],
  ['the timer goes last', { removesTick: 'first' }],
  ['the timer goes once what went back is kept', { removesTick: 'after-clean-pass' }],
  ['the timer goes after a clean pass only', { removesTick: 'after-any-pass' }],
  ['converging instead of a list', { converges: false }],
  ['looking for the confirmation', { declinesOnConfirm: false }],
  ['reboots judged by uptime', { judgesByUptime: false }],
  ['the decision outlives the timer', { decisionOutlivesTick: false }],
  ['verified before it is confirmed', { verifiesBeforeConfirm: false }],
  ['the timer is flushed before anything changes', { waitsForFlush: false }],
];

describe('without a necessary part, the model finds what goes wrong', () => {
  test.each(leftOut)('%s', (name, part) => {
    const { states, broken } = exploreProtocol({ ...soundProtocol, ...part });
    console.log(
      `without ${name}: ${broken?.what ?? 'NOT FOUND'} after ${broken?.way.length ?? 0} moves, ${states} states`,
    );
    expect(broken).not.toBeNull();
  });
});
