/** Probes: once before anything is changed, after it until each has passed, and back when one does not. Virtual time. */
import { describe, expect, test } from 'vitest';
import type { Probe, ProbeAnswer } from '../../../src/core/rollout/probe.ts';
import { verifiedBy } from '../../../src/core/rollout/probe.ts';
import { standingOf } from '../../../src/reconcile/device-status.ts';
import type { RunProbe } from '../../../src/reconcile/probes.ts';
import { gatePolicy } from '../../support/gate.ts';
import { followedBranch } from '../../support/site-settings.ts';
import { virtualPasses } from '../../support/virtual-passes.ts';
import type { VirtualPasses } from '../../support/virtual-passes.ts';
import { virtualDevice } from '../../support/virtual-device.ts';
import { configurationOf, tracesOn, virtualRollout } from '../../support/virtual-rollout.ts';

const exportText = `# 2026-11-21 10:00:00 by RouterOS 7.18.2
# software id = 
#
/ip address
add address=192.0.2.1/24 interface=ether1 network=192.0.2.0
/ip dns static
add address=192.0.2.10 name=one.example.org
/ip route
add dst-address=0.0.0.0/0 gateway=192.0.2.254
/system identity
set name=gw1
`;
const rename = (text: string): string => text.replace('name=gw1', 'name=gw2');
const loseRoute = (text: string): string => text.replace(/add dst-address.*\r?\n/, '');

const web: Probe = {
  name: 'web',
  question: { kind: 'http', url: 'http://192.0.2.7/', status: 200 },
  withinMs: 10_000,
  redBefore: 'refuse',
};
const uplink: Probe = { ...web, name: 'uplink', question: { kind: 'ping', address: '198.51.100.1' } };
const name: Probe = {
  ...web,
  name: 'name',
  question: { kind: 'command', command: ':put [/system identity get name]', expect: 'gw' },
};

/** Says one after the other, the last one from then on. */
function saying(...answers: readonly boolean[]): { readonly run: RunProbe; readonly asked: () => number } {
  let asked = 0;
  const run: RunProbe = () => {
    const well = answers[Math.min(asked++, answers.length - 1)] ?? true;
    const answer: ProbeAnswer = well ? { well } : { well, said: 'HTTP status 502, expected 200' };
    return Promise.resolve(answer);
  };
  return { run, asked: () => asked };
}

async function rollOut(
  probes: readonly Probe[],
  change = rename,
  run: RunProbe | null = null,
  times: { readonly soakMs?: number } = {},
) {
  const device = virtualDevice({ exportText, settings: { windowMs: 60_000, tickMs: 5_000 } });
  const before = await configurationOf(device);
  const made = await virtualRollout(device, change, { probes, times });
  const end = await made.toItsEnd(run === null ? {} : { probe: run });
  return { device, before, end, records: made.records };
}

describe('before anything is changed', () => {
  test('a probe that fails refuses the rollout, and the device has not heard of it', async () => {
    const { device, records } = await rollOut([web], rename, saying(false).run);
    expect(records.find(({ kind }) => kind === 'not-started')).toMatchObject({
      code: 'probe-red',
      message: expect.stringMatching(
        /^probe web fails before.*HTTP status 502.*red-before: ignore/,
      ) as string,
    });
    expect(device.sent.filter(({ line }) => line.includes(' add '))).toEqual([]);
    expect(tracesOn(device)).toEqual([]);
  });

  test('one that may fail judges nothing, also after a restart in the middle', async () => {
    const never = saying(false);
    const probes = [{ ...web, redBefore: 'ignore' as const }];
    const { end, records } = await rollOut(probes, rename, never.run);
    expect(end.outcome).toBe('confirmed');
    expect(never.asked()).toBe(1);
    expect(records.find(({ kind }) => kind === 'lock-finished')).toMatchObject({ notJudged: ['web'] });
  });
});

describe('afterwards', () => {
  test('what passes at once is confirmed', async () => {
    const well = saying(true);
    expect((await rollOut([web], rename, well.run)).end.outcome).toBe('confirmed');
    expect(well.asked()).toBe(2);
  });

  test('what passes within its time is confirmed', async () => {
    const slow = saying(true, false, false, true);
    expect((await rollOut([web], rename, slow.run)).end.outcome).toBe('confirmed');
    expect(slow.asked()).toBe(4);
  });

  test('what does not goes back, and says what came instead', async () => {
    const { device, before, end, records } = await rollOut([web], rename, saying(true, false).run);
    expect(end).toMatchObject({ outcome: 'rolled-back', cause: 'verify-failed' });
    expect(records.find(({ kind }) => kind === 'verify-finished')).toMatchObject({
      result: 'failed',
      code: 'probe-failed',
      message: 'probe web does not pass within 10 s: HTTP status 502, expected 200',
    });
    expect(await configurationOf(device)).toEqual(before);
  });

  test('D08 what gives way during the soak goes back', async () => {
    const { end } = await rollOut([web], rename, saying(true, true, false).run, { soakMs: 20_000 });
    expect(end).toMatchObject({ outcome: 'rolled-back', cause: 'verify-failed' });
  });

  test('the target holds for the soak time before it is confirmed', async () => {
    const { end, records } = await rollOut([web], rename, saying(true).run, { soakMs: 20_000 });
    expect(end.outcome).toBe('confirmed');
    const at = (kind: string): number => Date.parse(records.find((one) => one.kind === kind)?.at ?? '');
    expect(at('verify-finished') - at('verify-started')).toBeGreaterThanOrEqual(20_000);
  });
});

describe('once the device is back', () => {
  const one = 'add address=192.0.2.10 name=one.example.org\n';
  const desired = `/ip dns static\n${one}add address=192.0.2.11 name=two.example.org\n`;
  /** `back`: what the web probe says from the rollback on. The other one judged nothing from the beginning. */
  async function goBack(back: ProbeAnswer) {
    const device = virtualDevice({ exportText, settings: { windowMs: 60_000, tickMs: 5_000 } });
    const asked: string[] = [];
    const bad: ProbeAnswer = { well: false, said: 'HTTP status 502, expected 200' };
    const isOver = (): boolean => passes.records.some(({ kind }) => kind === 'settled');
    const probes = [web, { ...name, redBefore: 'ignore' as const }];
    const passes: VirtualPasses = await virtualPasses(device, { probes }, (probe) => {
      if (isOver()) asked.push(probe.name);
      const isFirst = !passes.records.some(({ kind }) => kind === 'verify-started');
      const well: ProbeAnswer = { well: true };
      return Promise.resolve(probe.name === 'name' ? bad : isFirst ? well : isOver() ? back : bad);
    });
    await passes.accept(desired);
    await passes.pass();
    expect(passes.room.folded().lastRollout).toMatchObject({ outcome: 'rolled-back' });
    const kinds = passes.records.map(({ kind }) => kind);
    expect(kinds.at(-1), 'nothing is decided by it').toBe('settled');
    await passes.pass();
    const { room, site } = passes;
    const nowMs = room.clock.now();
    const standing = standingOf({
      device: room.device,
      folded: room.folded(),
      report: room.report.current(),
      site,
      approvals: gatePolicy.approvals,
      desired: followedBranch,
      nowMs,
    });
    return { asked, standing, told: passes.logged.filter(({ event }) => event.startsWith('probes-')) };
  }

  test('what passed at first is asked again: it passes, and the log and status say so', async () => {
    const { asked, standing, told } = await goBack({ well: true });
    expect(asked).toEqual(['web']);
    expect(told).toMatchObject([{ event: 'probes-pass-again', facts: { device: 'gw1' } }]);
    expect(standing).toMatchObject({ state: 'quarantined', reason: 'rolled-back' });
    expect(standing.message).toMatch(
      /verify-failed: probe web .*; back at the base its probes pass again\)$/,
    );
  });

  test('it fails still: people learn that the change is not why, or not all of it', async () => {
    const { asked, standing, told } = await goBack({ well: false, said: 'ECONNREFUSED' });
    expect(new Set(asked)).toEqual(new Set(['web']));
    const failing = ['probe web does not pass within 10 s: ECONNREFUSED'];
    expect(told).toMatchObject([{ event: 'probes-fail-after-rollback', facts: { device: 'gw1', failing } }]);
    expect(standing).toMatchObject({ state: 'quarantined', next: 'siteward retry gw1' });
    expect(standing.message).toMatch(/; back at the base, too, probe web .*: ECONNREFUSED\)$/);
  });
});

describe('on the device', () => {
  test('its own ping and its own answer pass where the change leaves them alone', async () => {
    const { device, end } = await rollOut([uplink, name]);
    expect(end.outcome).toBe('confirmed');
    const asked = device.sent.filter(({ line }) => line.includes('/ping') || line.includes('get name]'));
    expect(new Set(asked.map(({ session }) => session)).size).toBeGreaterThanOrEqual(4);
  });

  test('a change that takes the way to the world away is taken back', async () => {
    const { device, before, end, records } = await rollOut([uplink], loseRoute);
    expect(end).toMatchObject({ outcome: 'rolled-back', cause: 'verify-failed' });
    expect(records.find(({ kind }) => kind === 'verify-finished')).toMatchObject({
      message: 'probe uplink does not pass within 10 s: 198.51.100.1 does not answer',
    });
    expect(await configurationOf(device)).toEqual(before);
  });

  test('an answer that is another one is shown, cut to a size', async () => {
    const wrong = { ...name, question: { ...name.question, expect: 'core' } as Probe['question'] };
    const { records } = await rollOut([wrong]);
    expect(records.find(({ kind }) => kind === 'not-started')).toMatchObject({
      message: expect.stringContaining('the device says "gw1", expected "core"') as string,
    });
  });
});

test('the plan says by what it is verified', () => {
  expect(verifiedBy([], 0)).toBe('login and export only');
  expect(verifiedBy([web, name], 90_000)).toBe('login, export and probes name, web, for 90s');
});
