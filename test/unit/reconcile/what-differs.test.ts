/** What went wrong in a rollout is named: how many items, the first one, and what somebody else changed under it. */
import { describe, expect, test } from 'vitest';
import type { SitewardEvent } from '../../../src/core/rollout/events.ts';
import { deviceState } from '../../../src/core/site-state.ts';
import { unreadReport } from '../../../src/reconcile/device-report.ts';
import { standingOf } from '../../../src/reconcile/device-status.ts';
import { whatDiffers } from '../../../src/reconcile/what-differs.ts';
import { configuration, item, section } from '../../support/configurations.ts';
import { gatePolicy } from '../../support/gate.ts';
import { followedBranch } from '../../support/site-settings.ts';
import { planBetween } from '../../support/plans.ts';
import { evidenceFacts, ids, planned, stateAfter } from '../../support/records.ts';
import { deviceSettings } from '../../support/scripted-device.ts';

const dns = '/ip dns static';
const row = (name: string, address: string) => item(dns, { address, name });

function planOf(...names: readonly string[]) {
  const { made } = planBetween(
    configuration(section(dns, [row('a', '192.0.2.1')])),
    configuration(section(dns, [row('a', '192.0.2.1'), ...names.map((name) => row(name, '192.0.2.2'))])),
  );
  if (made.kind !== 'plan') throw new Error(made.kind);
  return made.plan;
}

describe('what differs from the target', () => {
  test('is counted, and the first is named', () => {
    const text = whatDiffers(planOf('b', 'c'), { kind: 'mixed', items: ['target', 'base'] });
    expect(text).toMatch(
      /^1 of 2 items not as planned, the first: action 2, \/ip dns static \S+ \(as it was before\)$/,
    );
  });

  test('names what somebody else changed, since going back overrules it, up to five', () => {
    const plan = planOf('b', 'c', 'd', 'e', 'f', 'g', 'h');
    const text = whatDiffers(plan, { kind: 'other', items: plan.actions.map(() => 'other' as const) });
    expect(text).toMatch(/^7 of 7 items not as planned, the first: .* \(changed by something else\); /);
    expect(text.match(/changed by something else, too: action \d, \/ip dns static/g)).toHaveLength(4);
    expect(text).toMatch(/; and 2 more$/);
  });

  test('is the order, where every item is there', () => {
    expect(whatDiffers(planOf('b'), { kind: 'other', items: ['target'] })).toContain('the order');
  });
});

test('a plan that was rolled back says why, with what was found', () => {
  const evidence = evidenceFacts({
    decision: 'rollback',
    net: false,
    footprint: 'base',
    rollbackNote: 'rolled back',
  });
  const found = '1 of 2 items not as planned, the first: /ip dns static b (changed by something else)';
  const state = stateAfter([
    planned(),
    { kind: 'authorized', ...ids, reason: 'benign' },
    { kind: 'apply-started', ...ids },
    { kind: 'verify-started', ...ids },
    { kind: 'verify-finished', ...ids, result: 'failed', code: 'rejected', message: found },
    { kind: 'roll-back-started', ...ids, cause: 'verify-failed' },
    { kind: 'roll-back-finished', ...ids, result: 'ok' },
    { kind: 'rolled-back', ...ids, cause: 'verify-failed', evidence },
    { kind: 'settled', ...ids, outcome: 'rolled-back' },
  ]);
  const device = deviceState(state, 'gw1');
  expect(device.quarantine).toMatchObject({ cause: 'verify-failed', found });
  const comparison = { planned: { digest: 'p', plan: { baseDigest: 'b' } }, differences: [], problems: [] };
  const report = { ...unreadReport, readAt: 1, comparison: comparison as never };
  const settings = deviceSettings({ port: 22, hostKey: 'SHA256:x' });
  const standing = standingOf({
    device: settings,
    folded: device,
    report,
    site: state,
    approvals: gatePolicy.approvals,
    desired: followedBranch,
    nowMs: 0,
  });
  expect(standing.message).toContain(`verify-failed: ${found}`);
});

test('a device that can not be compared points to the commit that waits for a signature', () => {
  const opened: SitewardEvent = {
    kind: 'pending-opened',
    pending: 'bud-01-commit-1',
    asks: 'accept-commit',
    device: null,
    deviceKey: null,
    base: null,
    commit: 'c',
    class: 'operational',
    reason: 'history-rewound',
    plan: 'p',
    supersedes: null,
  };
  const state = stateAfter([opened]);
  const failure = { code: 'history-rewound', message: 'the branch does not go on', place: null };
  const standing = standingOf({
    device: deviceSettings({ port: 22, hostKey: 'SHA256:x' }),
    folded: deviceState(state, 'gw1'),
    report: { ...unreadReport, failure },
    site: state,
    approvals: gatePolicy.approvals,
    desired: followedBranch,
    nowMs: 0,
  });
  expect(standing).toMatchObject({ state: 'error', next: 'siteward pending bud-01-commit-1' });
});
