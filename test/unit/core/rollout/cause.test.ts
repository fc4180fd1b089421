/** Why a device went back by itself, as far as that can be told: it decides whether a plan is tried once more alone. */
import { expect, test } from 'vitest';
import { nextStep } from '../../../../src/core/rollout/machine.ts';
import { nothingSeen } from '../../../../src/core/rollout/step.ts';
import { foldRollout } from '../../../../src/core/rollout/state.ts';
import type { RolloutState } from '../../../../src/core/rollout/state.ts';
import type { Evidence } from '../../../../src/core/rollout/rollout.ts';
import { deviceState } from '../../../../src/core/site-state.ts';
import { appliedEvents, evidenceOf, ids, stateAfter } from '../../../support/records.ts';

/** It was applied, and the daemon died. */
function afterDeath(): RolloutState {
  const state = stateAfter([
    ...appliedEvents,
    { kind: 'daemon-started', nonce: 'n', version: '0', trust: {} },
  ]);
  const { rollout } = deviceState(state, 'gw1');
  if (rollout === null) throw new Error('no rollout');
  return rollout;
}

/** The device decided to go back, and has gone. */
const wentBack = (seen: Partial<Evidence>): Evidence =>
  evidenceOf({
    uptimeS: 1300,
    decision: 'rollback',
    rollbackNote: 'rolled back',
    footprint: { kind: 'base', items: [] },
    ...seen,
  });

const causeSeen = (state: RolloutState, seen: Partial<Evidence>): unknown =>
  nextStep(state, { ...nothingSeen, looks: 1, evidence: wentBack(seen) });

const because = (cause: string): object => ({ do: 'record', event: { kind: 'rolled-back', cause } });

test('D13 its time ran out while the daemon was gone: it went back, and is not taken for confirmed', () => {
  expect(causeSeen(afterDeath(), {})).toMatchObject(because('daemon-gone'));
});

test('it was started again meanwhile: not for the daemon’s absence alone', () => {
  expect(causeSeen(afterDeath(), { uptimeS: 40 })).toMatchObject(because('window-passed'));
});

test('the daemon was back in time and went on', () => {
  const state = afterDeath();
  foldRollout(state, { kind: 'verify-started', ...ids });
  expect(causeSeen(state, {})).toMatchObject(because('window-passed'));
});

test('apply failed on the device, whoever was there', () => {
  expect(causeSeen(afterDeath(), { uptimeS: 40, applyNote: 'failure: no such item' })).toMatchObject(
    because('apply-failed'),
  );
});
