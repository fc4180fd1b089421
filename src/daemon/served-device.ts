/** One device of a running site: the room its passes work in, and the loop that passes over it. */
import { openingAt } from '../core/maintenance.ts';
import type { DeviceSettings } from '../core/site.ts';
import { deviceState } from '../core/site-state.ts';
import { nextBackupAt } from '../reconcile/back-up-device.ts';
import type { DesiredState } from '../reconcile/desired-state.ts';
import { startDeviceLoop } from '../reconcile/device-loop.ts';
import { reportCell } from '../reconcile/device-report.ts';
import type { DeviceRoom } from '../reconcile/device-room.ts';
import { reconcileDevice } from '../reconcile/reconcile-device.ts';
import { probeWith } from './rollout-probes.ts';
import type { RunningDevice } from './running-site.ts';
import type { Telemetry } from './telemetry.ts';

/** How soon a device is tried again that could not be read or may not be touched yet. */
const soonMs = 30_000;
/** How soon a device is asked again that does not answer in the middle of a rollout. */
const inFlightMs = 10_000;

/** What a device has for itself. */
export type ServedDevice = Pick<DeviceRoom, 'device' | 'settingsKey' | 'driver'>;

/** What all devices of a site share. */
export type SharedRoom = Omit<
  DeviceRoom,
  keyof ServedDevice | 'probe' | 'report' | 'desired' | 'folded' | 'again'
>;

export function serveDevice(
  shared: SharedRoom,
  served: ServedDevice,
  desired: Pick<DesiredState, 'textFor'>,
  telemetry: Pick<Telemetry, 'pass'>,
): RunningDevice {
  const { device, driver } = served;
  const folded = (): ReturnType<DeviceRoom['folded']> => deviceState(shared.ledger.state, device.name);
  const room: DeviceRoom = {
    ...shared,
    ...served,
    probe: probeWith(driver),
    report: reportCell(),
    desired: () => desired.textFor(device.name, driver.dialect),
    folded,
    again: () => {
      loop.wake();
    },
  };
  const loop = startDeviceLoop(
    (order) => telemetry.pass(device.name, () => reconcileDevice(room, order)),
    { delayMs: () => delayMs(room) },
    shared.clock,
    shared.signal,
  );
  return { settings: device, room, loop, folded };
}

/** Until the next pass, unless somebody wakes the loop. */
function delayMs(room: DeviceRoom): number {
  const { device, clock } = room;
  const { failure, stuck, comparison } = room.report.current();
  if (room.folded().rollout !== null && stuck === null) return inFlightMs;
  const waits = failure !== null || stuck !== null || comparison?.planned?.obstacle != null;
  const delay = waits ? Math.min(soonMs, device.readMs) : device.readMs;
  const now = clock.now();
  const backup = nextBackupAt(room) ?? Infinity;
  // One that is overdue could not be made: the next pass in its time tries again.
  return Math.min(delay, untilWindowMs(device, now), backup > now ? backup - now : Infinity);
}

/** Until rollouts may begin, where that is waited for; while they may, nobody has to be woken. */
function untilWindowMs({ maintenance }: DeviceSettings, nowMs: number): number {
  const opening = maintenance === null ? null : openingAt(maintenance, nowMs);
  return opening === null || opening.from <= nowMs ? Infinity : opening.from - nowMs;
}
