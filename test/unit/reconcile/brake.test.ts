/** What somebody pulls on the device itself holds it, with or without anything to do there. */
import { expect, test } from 'vitest';
import { deviceState, emptySiteState } from '../../../src/core/site-state.ts';
import type { Observation } from '../../../src/drivers/driver.ts';
import type { DeviceReport } from '../../../src/reconcile/device-report.ts';
import { unreadReport } from '../../../src/reconcile/device-report.ts';
import { isUnreachable, standingOf } from '../../../src/reconcile/device-status.ts';
import { gateNowMs, gatePolicy } from '../../support/gate.ts';
import { followedBranch } from '../../support/site-settings.ts';
import { deviceSettings } from '../../support/scripted-device.ts';

const device = deviceSettings({ port: 22, hostKey: 'SHA256:x' });
const read: DeviceReport = { ...unreadReport, readAt: gateNowMs };

function standing(report: DeviceReport) {
  const state = emptySiteState();
  return standingOf({
    device,
    folded: deviceState(state, 'gw1'),
    report,
    site: state,
    approvals: gatePolicy.approvals,
    desired: followedBranch,
    nowMs: gateNowMs,
  });
}
const withObstacle = (code: Observation['obstacles'][number]['code']): DeviceReport => ({
  ...read,
  observation: { obstacles: [{ code, message: 'do this' }] } as unknown as Observation,
});

test.each(['held-on-device', 'user-disabled'] as const)('%s: held, and says what to do', (code) => {
  expect(standing(withObstacle(code))).toEqual({
    state: 'held',
    reason: code,
    message: 'do this',
    next: 'siteward check gw1',
  });
});

test('what stands in the way of a rollout only is no hold while there is none to do', () => {
  expect(standing(withObstacle('disk-full')).state).toBe('in-sync');
});

test.each(['key-refused', 'password-refused'])('a login that is refused (%s) holds the device', (code) => {
  const report = { ...read, failure: { code, message: 'look there', place: null } };
  expect(standing(report)).toEqual({
    state: 'held',
    reason: code,
    message: 'look there',
    next: 'siteward check gw1',
  });
  expect(isUnreachable(report)).toBe(true);
});

test('a device that does not answer is unreachable and not held', () => {
  const report = { ...read, failure: { code: 'unreachable', message: 'no route', place: null } };
  expect(standing(report).state).toBe('unreachable');
});
