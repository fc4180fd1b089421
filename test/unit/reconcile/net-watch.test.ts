/** When a rollback timer counts as standing still. */
import { expect, test } from 'vitest';
import { NetWatch } from '../../../src/reconcile/net-watch.ts';

type Look = readonly [uptimeS: number, runCount: number];

/** Of a timer that is due every 10 s, after each look. */
function watched(...looks: readonly Look[]): readonly boolean[] {
  const watch = new NetWatch({ tickMs: 10_000 });
  return looks.map(([uptimeS, runCount]) =>
    watch.standsStill({ uptimeS, net: { present: true, enabled: true, runCount } }),
  );
}

test('it missed three runs and some', () => {
  expect(watched([100, 4], [134, 4], [135, 4])).toEqual([false, false, true]);
});

test('each run begins the time anew', () => {
  expect(watched([100, 4], [134, 5], [168, 5], [169, 5])).toEqual([false, false, false, true]);
});

test('a device that stood still itself has missed nothing', () => {
  expect(watched([100, 4], [100, 4])).toEqual([false, false]);
});

test('a reboot that came to the same count is no standing still', () => {
  expect(watched([86_400, 4], [60, 4], [80, 5])).toEqual([false, false, false]);
});

test('it has run once its count has changed since the first look', () => {
  const watch = new NetWatch({ tickMs: 10_000 });
  const at = (uptimeS: number, runCount: number): boolean => {
    watch.standsStill({ uptimeS, net: { present: true, enabled: true, runCount } });
    return watch.hasRun;
  };
  expect([at(100, 4), at(105, 4), at(110, 5)]).toEqual([false, false, true]);
});
