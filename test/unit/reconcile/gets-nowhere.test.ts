/** A step that fails again and again keeps nobody from a turn, is tried on, and says what a person can look at. */
import { describe, expect, test } from 'vitest';
import { DeviceError } from '../../../src/core/errors.ts';
import type { NewRecord, RecordEnvelope } from '../../../src/core/journal.ts';
import type { SitewardEvent } from '../../../src/core/rollout/events.ts';
import type { RolloutState } from '../../../src/core/rollout/state.ts';
import type { Evidence } from '../../../src/core/rollout/rollout.ts';
import { remainsOf } from '../../../src/core/rollout/rollout.ts';
import { deviceState, emptySiteState } from '../../../src/core/site-state.ts';
import type { SiteState } from '../../../src/core/site-state.ts';
import type { Driver } from '../../../src/drivers/driver.ts';
import { unreadReport } from '../../../src/reconcile/device-report.ts';
import { standingOf } from '../../../src/reconcile/device-status.ts';
import type { Ledger } from '../../../src/reconcile/ledger.ts';
import { openLedger } from '../../../src/reconcile/ledger.ts';
import { runRollout } from '../../../src/reconcile/rollout-runner.ts';
import { gateNowMs, gatePolicy } from '../../support/gate.ts';
import { followedBranch } from '../../support/site-settings.ts';
import { appliedEvents, evidenceFacts, evidenceOf, ids } from '../../support/records.ts';
import { runCli } from '../../support/run-cli.ts';
import { deviceSettings } from '../../support/scripted-device.ts';

const device = deviceSettings({ port: 22, hostKey: 'SHA256:x' });

/** The device decided so, and what it does from then on fails. */
const seen = (decision: 'confirm' | 'rollback'): Evidence =>
  evidenceOf({
    decision,
    net: { present: decision === 'confirm', enabled: true, runCount: 9 },
    footprint: { kind: decision === 'confirm' ? 'target' : 'mixed', items: [] },
  });

function openMemory(): { readonly ledger: Ledger; readonly state: SiteState; readonly kinds: string[] } {
  const state = emptySiteState();
  const kinds: string[] = [];
  const append = ({ kind, actor, ...fields }: NewRecord): Promise<RecordEnvelope> => {
    kinds.push(kind);
    const place = { v: 1, seq: kinds.length, at: '2026-11-21T10:00:00.000Z', prev: '0'.repeat(64) } as const;
    return Promise.resolve({ ...place, kind, actor, ...fields });
  };
  const journal = { head: { seq: 0, hash: '0'.repeat(64) }, broken: null, append };
  return { ledger: openLedger(journal, state), state, kinds };
}

/** The rollout up to apply, and one turn of it after the other on a device where `effect` always fails. */
async function worldWhere(
  decision: 'confirm' | 'rollback',
  events: readonly SitewardEvent[],
  more: Partial<Pick<Driver, 'rollBack'>> = {},
) {
  const { ledger, state, kinds } = openMemory();
  const first: readonly SitewardEvent[] = [...appliedEvents, ...events];
  for (const event of first) await ledger.append(event);
  const refuse = (): Promise<never> => Promise.reject(new DeviceError('rejected', 'gw1: the device refused'));
  const driver = {
    evidence: () => Promise.resolve(seen(decision)),
    clean: refuse,
    rollBack: refuse,
    ...more,
  };
  const { windowMs, tickMs, flushMs, minUptimeMs, soakMs } = device;
  const rollout = remainsOf({
    id: ids.rollout,
    device: 'gw1',
    owner: { daemon: 'd'.repeat(32), nonce: 'e'.repeat(16) },
    deviceKey: 'SHA256:x',
    times: { windowMs, tickMs, flushMs, minUptimeMs, soakMs },
  });
  const { rollout: found } = deviceState(state, 'gw1');
  if (found === null) throw new Error('no rollout');
  const inFlight: RolloutState = found;
  const room = {
    site: 's',
    rollout,
    driver: driver as unknown as Driver,
    ledger,
    probe: () => Promise.resolve({ well: true } as const),
    clock: { now: () => gateNowMs, monotonic: () => 0, sleep: () => Promise.resolve() },
    signal: new AbortController().signal,
    judgeWitness: () => undefined,
    onSight: () => undefined,
  };
  const turn = async (effect: string): Promise<number> => {
    const before = kinds.length;
    await runRollout(room, inFlight);
    return kinds.slice(before).filter((kind) => kind === `${effect}-started`).length;
  };
  const standing = () =>
    standingOf({
      device,
      folded: deviceState(state, 'gw1'),
      report: unreadReport,
      site: state,
      approvals: gatePolicy.approvals,
      desired: followedBranch,
      nowMs: gateNowMs,
    });
  return { turn, standing };
}

describe.each([
  [
    'clean',
    'confirm',
    [{ kind: 'confirmed', ...ids, evidence: evidenceFacts() }],
    'cleaning-failed',
    'taking the rollout off the device',
  ],
  ['roll-back', 'rollback', [], 'rollback-failed', 'rolling back'],
] as const)('a %s that the device refuses', (effect, decision, events, reason, words) => {
  test('gives its turn away after some attempts, and is tried once at each later turn', async () => {
    const { turn, standing } = await worldWhere(decision, events);
    expect(await turn(effect)).toBe(5);
    expect(await turn(effect)).toBe(1);
    expect(await turn(effect)).toBe(1);
    expect(standing()).toMatchObject({
      state: 'error',
      reason,
      message: expect.stringContaining(
        `${words} failed 7 times: gw1: the device refused; it is tried again`,
      ) as string,
    });
  });

  test('says as next a command that there is', async () => {
    const { turn, standing } = await worldWhere(decision, events);
    await turn(effect);
    const { next } = standing();
    expect(next).toBe('siteward resolve gw1 --as actual');
    const [, command = '', ...words] = next?.split(' ') ?? [];
    expect(words).toEqual(['gw1', '--as', 'actual']);
    const help = await runCli(command, '--help');
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help.out).toContain('resolve [options] <device>');
  });
});

test('a rollback that says it is over and is not at the base ends as diverged, after as many as it takes to be sure', async () => {
  const { turn, standing } = await worldWhere('rollback', [], { rollBack: () => Promise.resolve() });
  expect(await turn('roll-back')).toBe(3);
  expect(await turn('roll-back')).toBe(0);
  expect(standing()).toMatchObject({
    state: 'diverged',
    reason: 'diverged',
    next: 'siteward resolve gw1 --as base',
  });
});
