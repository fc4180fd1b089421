/** A timer on the device that stands still, or that somebody took away: what waits for it would wait for ever. */
import { describe, expect, test } from 'vitest';
import { nextStep } from '../../../../src/core/rollout/machine.ts';
import type { Evidence } from '../../../../src/core/rollout/rollout.ts';
import { rolledBackNote } from '../../../../src/core/rollout/rollout.ts';
import type { RolloutState } from '../../../../src/core/rollout/state.ts';
import { foldRollout } from '../../../../src/core/rollout/state.ts';
import type { Step } from '../../../../src/core/rollout/step.ts';
import { nothingSeen } from '../../../../src/core/rollout/step.ts';
import { deviceState } from '../../../../src/core/site-state.ts';
import { waitsForPeople } from '../../../../src/reconcile/waits-for-people.ts';
import { appliedEvents, evidenceFacts, evidenceOf, ids, stateAfter } from '../../../support/records.ts';

const runs = { present: true, enabled: true, runCount: 7 };

function verifying(): RolloutState {
  const { rollout } = deviceState(stateAfter([...appliedEvents, { kind: 'verify-started', ...ids }]), 'gw1');
  if (rollout === null) throw new Error('no rollout');
  return rollout;
}

const seen = (state: RolloutState, parts: Partial<Evidence>, netStandsStill: boolean): Step =>
  nextStep(state, {
    ...nothingSeen,
    looks: 1,
    evidence: evidenceOf({ net: runs, ...parts }),
    confirmSeenAt: parts.decision === 'confirm' ? runs.runCount : null,
    netStandsStill,
  });

describe('nobody has decided', () => {
  test('its time is over, and its timer runs: it decides', () => {
    expect(seen(verifying(), { uptimeS: 1300 }, false)).toMatchObject({ do: 'look' });
  });

  test.each([
    ['its time is over', { uptimeS: 1300 }],
    ['it was started again', { uptimeS: 40 }],
    ['its time is over while apply still works', { uptimeS: 1300, applyJob: true }],
  ])('%s, and its timer stands still: this side goes back', (_name, parts) => {
    expect(seen(verifying(), parts, true)).toMatchObject({
      do: 'effect',
      effect: 'roll-back',
      cause: 'window-passed',
    });
  });
});

describe('it has decided to keep the target', () => {
  test('its timer runs: it is seen to decline first', () => {
    expect(seen(verifying(), { decision: 'confirm' }, false)).toMatchObject({ do: 'look' });
  });

  test('its timer stands still: people are told what it has, and how to end it', () => {
    const state = verifying();
    const step = seen(state, { decision: 'confirm' }, true);
    expect(step).toMatchObject({ do: 'record', event: { kind: 'diverged' } });
    foldRollout(state, { kind: 'diverged', ...ids, evidence: evidenceFacts() });
    expect(waitsForPeople(state)?.message).toMatch(/decided to keep what was planned.*stands still/);
  });
});

describe('it is at the base, and its timer is gone', () => {
  const base = { footprint: { kind: 'base' as const, items: [] } };
  const gone = { present: false, enabled: false, runCount: 0 };

  test('the rollback says that it came to its end: that is durable', () => {
    const parts = { ...base, decision: 'rollback' as const, net: gone, rollbackNote: rolledBackNote };
    expect(seen(verifying(), parts, false)).toMatchObject({ do: 'record', event: { kind: 'rolled-back' } });
  });

  test.each([
    ['the rollback has not said so', { decision: 'rollback' as const, rollbackNote: 'changed 1 failed 0' }],
    ['nobody decided anything', { decision: null }],
  ])('%s: a power cut could still undo it, so this side goes back', (_name, parts) => {
    expect(seen(verifying(), { ...base, net: gone, ...parts }, false)).toMatchObject({
      do: 'effect',
      effect: 'roll-back',
    });
  });

  test('after it was confirmed, nobody believes it either', () => {
    const state = verifying();
    foldRollout(state, { kind: 'confirmed', ...ids, evidence: evidenceFacts() });
    expect(seen(state, { ...base, net: gone, decision: null }, false)).toMatchObject({
      do: 'effect',
      effect: 'roll-back',
      cause: 'net-lost',
    });
  });
});
