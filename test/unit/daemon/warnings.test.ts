/** A rotation that can't be ended stands in `status` with what is missing, from its second failure on until it is done. */
import { expect, test } from 'vitest';
import type { FailedStep } from '../../../src/core/rotation.ts';
import { deviceState, emptySiteState } from '../../../src/core/site-state.ts';
import { warningsOf } from '../../../src/daemon/warnings.ts';

type Site = Parameters<typeof warningsOf>[0];

function warningsAfter(failed: FailedStep | undefined): ReturnType<typeof warningsOf> {
  const state = emptySiteState();
  const login = { sealed: 's', line: 'ssh-ed25519 AAAA', name: 'siteward-1', settingsKey: 'SHA256:old' };
  deviceState(state, 'gw1').credential = {
    ...{ id: 'r', ...login, proven: true, refused: null },
    ...(failed === undefined ? {} : { failed }),
  };
  return warningsOf({
    trust: () => ({ distrust: null }),
    trustProblem: () => null,
    ledger: { state },
    settings: { devices: [{ name: 'gw1' }] },
    devices: [],
    hostKeys: { standing: () => ({ kind: 'settings' }) },
  } as unknown as Site);
}

test('others that stay on the device: what, why, until when, and what to type', () => {
  const at = '2026-11-21T10:00:00.000Z';
  const refusal = { code: 'permission-denied', message: 'not enough permissions' };
  const failed = (times: number): FailedStep => ({ step: 'remove', ...refusal, at, times });
  expect(warningsAfter(undefined)).toEqual([]);
  expect(warningsAfter(failed(1))).toEqual([]);
  expect(warningsAfter(failed(3))).toEqual([
    {
      code: 'rotation-waits',
      message:
        "gw1: the new credential counts, and the old ones of the daemon's user still let in; failed 3 times: " +
        'permission-denied: not enough permissions; tried again at 2026-11-21T10:02:00.000Z',
      next: 'siteward check gw1',
    },
  ]);
});

test('what did not reach the git server, and a backup that was not made, say what to type', () => {
  const failure = {
    code: 'history-remote-declined',
    message: 'gw1: hook declined',
    next: 'siteward history gw1',
  };
  const full = { code: 'disk-full', message: '3 KiB are free' };
  const device = (name: string, failed: typeof full | null) => ({
    settings: { name },
    room: { report: { current: () => ({ keepFailure: null, backup: { failure: failed } }) } },
  });
  const warnings = warningsOf({
    trust: () => ({ distrust: null }),
    trustProblem: () => null,
    ledger: { state: emptySiteState() },
    settings: { devices: [] },
    devices: [device('gw1', null), device('sw1', full)],
    historyPush: { failure: () => failure },
  } as unknown as Site);
  expect(warnings).toEqual([
    { code: 'backup-failed', message: 'sw1: no binary backup: 3 KiB are free', next: 'siteward backup sw1' },
    failure,
  ]);
});
