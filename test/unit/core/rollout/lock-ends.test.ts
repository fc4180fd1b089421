/** What the end of `lock` says about the device: only some ends prove that nothing of the rollout is on it. */
import { expect, test } from 'vitest';
import type { SitewardRecord } from '../../../../src/core/rollout/events.ts';
import { nextStep } from '../../../../src/core/rollout/machine.ts';
import { nothingSeen } from '../../../../src/core/rollout/step.ts';
import { foldRecord } from '../../../../src/core/site-fold.ts';
import { deviceState, emptySiteState } from '../../../../src/core/site-state.ts';

const ids = { rollout: '00112233aabb', device: 'gw1' };

function afterLockFailed(code: string): ReturnType<typeof nextStep> {
  const state = emptySiteState();
  const events = [
    { kind: 'rollout-planned', ...ids, items: [] },
    { kind: 'authorized', ...ids, reason: 'benign' },
    { kind: 'lock-started', ...ids },
    { kind: 'lock-finished', ...ids, result: 'failed', code, message: '' },
    { kind: 'not-started', ...ids, code, message: '' },
  ];
  for (const event of events)
    foldRecord(state, { ...event, seq: 1, at: '', actor: '' } as unknown as SitewardRecord);
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
