/**
 * D16 The wall clock jumps in the middle of a rollout, on devices whose timer keeps its next run as uptime and on such as
 * keep it as wall time. There a clock that was set back lets the net stand still: the change goes back by the daemon's
 * hand, or people have to look where the device had decided to keep it; nothing waits for ever. Virtual time.
 */
import { describe, expect, test } from 'vitest';
import { virtualDevice } from '../../../support/virtual-device.ts';
import { configurationOf, tracesOn, virtualRollout } from '../../../support/virtual-rollout.ts';

const exportText = `# 2026-11-21 10:00:00 by RouterOS 7.18.2
# software id = 
#
/ip dns static
add address=192.0.2.10 name=one.example.org
/system identity
set name=gw1
`;
const change = (text: string): string => text.replace('name=gw1', 'name=gw2');

const hourMs = 3_600_000;
/** Commands after whose answer it jumps. */
const moments = {
  'the timer was armed': /^\/system scheduler add /,
  'apply was ordered': /:execute .*-apply/,
  'confirm was taken': /source=(?:\\?")?confirm/,
} as const;
type Moment = keyof typeof moments;

describe.each([
  [false, 'uptime'],
  [true, 'wall time'],
])('the next run is %s', (startupFollowsWallClock, _) => {
  const unmoved: readonly (readonly [Moment, number, string])[] = [
    ['the timer was armed', -2 * hourMs, 'confirmed'],
    ['apply was ordered', -2 * hourMs, 'confirmed'],
    ['confirm was taken', -2 * hourMs, 'confirmed'],
  ];
  const moved: readonly (readonly [Moment, number, string])[] = [
    ['the timer was armed', -2 * hourMs, 'not-armed'],
    ['apply was ordered', -2 * hourMs, 'rolled-back'],
    ['confirm was taken', -2 * hourMs, 'diverged'],
  ];
  test.each([
    ...(startupFollowsWallClock ? moved : unmoved),
    ['the timer was armed', 2 * hourMs, 'confirmed'],
    ['apply was ordered', 2 * hourMs, 'confirmed'],
    ['confirm was taken', 2 * hourMs, 'confirmed'],
  ] as const)('after %s it jumps by %i ms: %s', async (moment, ms, outcome) => {
    const device = virtualDevice({
      exportText,
      behaviour: { startupFollowsWallClock },
      settings: { windowMs: 60_000, tickMs: 5_000 },
    });
    const before = await configurationOf(device);
    const made = await virtualRollout(device, change);
    let jumped = false;
    device.onAnswer = (line) => {
      if (jumped || !moments[moment].test(line)) return;
      jumped = true;
      device.machine.jumpClock(ms);
    };
    const startedAt = device.time.monotonic();
    const end = await made.toItsEnd();
    const stopped = made.records.find(({ kind }) => kind === 'not-started');
    const ended = stopped?.kind === 'not-started' ? stopped.code : (end.outcome ?? end.phase);
    expect({ jumped, ended }).toEqual({ jumped: true, ended: outcome });
    // Not only once the timer would have run again.
    expect(device.time.monotonic() - startedAt).toBeLessThan(hourMs);
    const isKept = outcome === 'confirmed' || outcome === 'diverged';
    if (!isKept) expect(await configurationOf(device)).toEqual(before);
    if (outcome === 'diverged') return;
    expect(tracesOn(device).filter((one) => one !== 'sw-witness')).toEqual([]);
  });
});
