/** What the end of `lock` says about the device: only some ends prove that nothing of the rollout is on it. */
import { expect, test } from 'vitest';
import { nextStep } from '../../../../src/core/rollout/machine.ts';
import { nothingSeen } from '../../../../src/core/rollout/step.ts';
import { deviceState } from '../../../../src/core/site-state.ts';
import { ids, planned, stateAfter } from '../../../support/records.ts';

function afterLockFailed(code: string): ReturnType<typeof nextStep> {
  const state = stateAfter([
    planned(),
    { kind: 'authorized', ...ids, reason: 'benign' },
    { kind: 'lock-started', ...ids },
    { kind: 'lock-finished', ...ids, result: 'failed', code, message: '' },
    { kind: 'not-started', ...ids, code, message: '' },
  ]);
  const { rollout } = deviceState(state, 'gw1');
  if (rollout === null) throw new Error('no rollout');
  return nextStep(rollout, nothingSeen);
}

test.each(['timeout', 'unreachable', 'rejected', 'unsupported'])(
  'a lock that failed by %s may be on the device, so it is cleaned',
  (code) => {
    expect(afterLockFailed(code)).toMatchObject({ do: 'effect', effect: 'clean' });
  },
);

test.each(['locked', 'foreign-rollout', 'key-refused', 'password-refused', 'host-key-mismatch'])(
  'a lock that failed by %s is another’s or was never asked for, and nothing is cleaned',
  (code) => {
    expect(afterLockFailed(code)).toMatchObject({ do: 'record', event: { kind: 'settled' } });
  },
);
