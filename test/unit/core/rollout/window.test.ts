/** The window: at least the setting, and as long as the same device took for its last rollouts. */
import { describe, expect, test } from 'vitest';
import type { SitewardEvent } from '../../../../src/core/rollout/events.ts';
import {
  durationsOf,
  effectiveWindowMs,
  foldTime,
  newStopwatch,
} from '../../../../src/core/rollout/window.ts';
import { settleMs } from '../../../../src/drivers/routeros/radios.ts';

const needs = { windowMs: 120_000, tickMs: 10_000, soakMs: 0, flushMs: 0, probesMs: 0, settleMs: 0 };
const quick = { armMs: 20_000, applyMs: 2_000, verifyMs: 5_000 };
const ids = { rollout: '00112233aabb', device: 'gw1' };

describe('D17 the effective window', () => {
  test.each([
    ['nothing measured: the setting', needs, [], 120_000],
    ['a quick device: the setting', needs, [quick], 120_000],
    ['a slow apply: apply, verify and four ticks', needs, [{ ...quick, applyMs: 200_000 }], 245_000],
    ['slow logins are what arming took beyond its ticks', needs, [{ ...quick, armMs: 120_000 }], 147_000],
    ['the slowest of the kept ones counts', needs, [{ ...quick, verifyMs: 300_000 }, quick], 342_000],
    [
      'the soak counts once, though it was measured too',
      { ...needs, soakMs: 300_000 },
      [{ ...quick, verifyMs: 305_000 }],
      347_000,
    ],
    ['a soak that nobody measured', { ...needs, soakMs: 300_000 }, [], 340_000],
    ['probes may take their time', { ...needs, probesMs: 600_000 }, [quick], 647_000],
    ['and once more after the soak', { ...needs, probesMs: 60_000, soakMs: 30_000 }, [], 190_000],
    [
      'confirm waits for the flush after the probes',
      { ...needs, probesMs: 60_000, flushMs: 45_000 },
      [],
      145_000,
    ],
    [
      'the flush that arming waited for is no login',
      { ...needs, flushMs: 45_000 },
      [{ ...quick, armMs: 65_000 }],
      120_000,
    ],
    ['a radio comes on top, also of the setting', { ...needs, settleMs: 90_000 }, [], 210_000],
  ])('%s', (_, asked, measured, expected) => {
    expect(effectiveWindowMs(asked, measured)).toBe(expected);
  });
});

describe('what a rollout took', () => {
  const at = (s: number): string => new Date(Date.UTC(2026, 10, 21, 10, 0, s)).toISOString();
  const watched = (...events: readonly (readonly [number, SitewardEvent])[]) => {
    const watch = newStopwatch();
    for (const [s, event] of events) foldTime(watch, event, at(s));
    return durationsOf(watch);
  };
  const end = (kind: 'arm-finished' | 'apply-finished' | 'verify-finished', result: 'ok' | 'failed' = 'ok') =>
    ({ kind, ...ids, result }) as const;
  const evidence = {} as never;

  test('from announced to seen; apply until it was seen to have ended', () => {
    expect(
      watched(
        [0, { kind: 'arm-started', ...ids }],
        [22, end('arm-finished')],
        [23, { kind: 'apply-started', ...ids }],
        [24, end('apply-finished')],
        [30, { kind: 'applied', ...ids, evidence }],
        [31, { kind: 'verify-started', ...ids }],
        [36, end('verify-finished')],
      ),
    ).toEqual({ armMs: 22_000, applyMs: 7_000, verifyMs: 5_000 });
  });

  test('what failed or was not seen is not measured', () => {
    expect(watched([0, { kind: 'arm-started', ...ids }], [5, end('arm-finished', 'failed')])).toBeNull();
  });
});

test.each([
  ['/interface wireless', 90_000],
  ['/interface wifi datapath', 90_000],
  ['/caps-man configuration', 90_000],
  ['/interface bridge', 0],
  ['/interface wireguard', 0],
])('a plan that touches %s waits %i ms more', (section, ms) => {
  expect(settleMs({ actions: [{ action: { section } }] as never })).toBe(ms);
});
