/**
 * Drills of a device: when one is due, and its beginning. It goes through the same steps as a rollout, applies nothing,
 * and is begun only where nothing else is to be done and nothing stands in the way.
 */
import type { Rollout } from '../core/rollout/rollout.ts';
import { remainsOf } from '../core/rollout/rollout.ts';
import { effectiveWindowMs } from '../core/rollout/window.ts';
import type { Observation } from '../drivers/driver.ts';
import { describeFailure } from './device-report.ts';
import type { DeviceRoom, Order } from './device-room.ts';
import { activeHold } from './standing.ts';
import { begin } from './roll-out.ts';

/** Why no drill can begin on a device now; null: it can. */
export function whyNoDrill(room: DeviceRoom): { readonly code: string; readonly message: string } | null {
  const { rollout, resolve } = room.folded();
  const { stuck, observation, failure, readAt } = room.report.current();
  if (room.device.manage !== 'rollout')
    return { code: 'report-only', message: `the settings say manage: ${room.device.manage}` };
  if (room.ledger.journal.broken !== null) return room.ledger.journal.broken;
  const hold = activeHold(room.ledger.state, room.folded(), room.clock.now());
  if (hold !== null) return { code: 'held', message: `"${hold.reason}" by ${hold.by}` };
  if (stuck !== null) return stuck;
  if (rollout !== null) return { code: 'rolling-out', message: `rollout ${rollout.id} is in flight` };
  if (resolve !== null) return { code: 'resolve-unfinished', message: 'it is being resolved' };
  // A pass that fails again never comes to its drill.
  if (failure !== null) return { code: failure.code, message: describeFailure(failure) };
  if (readAt === null) return { code: 'not-read-yet', message: 'it was not read yet' };
  return observation?.obstacles[0] ?? null;
}

/** One that did not go well is tried again after a day at most. */
const againMs = 24 * 3_600_000;

/** By the settings; counted from the last one. */
export function drillDue(room: DeviceRoom): boolean {
  const { drillMs } = room.device;
  if (drillMs === null) return false;
  const { lastDrill } = room.folded();
  if (lastDrill === null) return true;
  const pauseMs = lastDrill.fired ? drillMs : Math.min(drillMs, againMs);
  return room.clock.now() >= Date.parse(lastDrill.at) + pauseMs;
}

/** Resolves when it is over: true; or when there was none: false. */
export async function drillDevice(
  room: DeviceRoom,
  observation: Observation,
  order: Order,
): Promise<boolean> {
  if (!order.drill && !drillDue(room)) return false;
  const why = whyNoDrill(room);
  // Whoever ordered it was told that it begins; one that is due comes back by itself.
  if (why !== null && order.drill) room.log('drill-not-begun', { device: room.device.name, ...why });
  if (why !== null) return false;
  return await room.inRolloutSlot('begins', async () => {
    room.signal.throwIfAborted();
    if (whyNoDrill(room) !== null) return false;
    const rollout = buildDrill(room, observation);
    const sealed = await room.files.put('rollout', Buffer.from(JSON.stringify(rollout), 'utf8'));
    const ids = { rollout: rollout.id, device: room.device.name };
    const mayGoOn = (): boolean => activeHold(room.ledger.state, room.folded(), room.clock.now()) === null;
    await begin(
      room,
      rollout,
      { kind: 'drill-planned', ...ids, sealed },
      { kind: 'authorized', ...ids, reason: 'benign' },
      mayGoOn,
    );
    return true;
  });
}

/** No longer window than it takes: nothing is applied and nothing verified. */
function buildDrill(room: DeviceRoom, { hostKey }: Observation): Rollout {
  const { device, daemon, nonce } = room;
  const { tickMs, flushMs, minUptimeMs } = device;
  const id = room.random(6).toString('hex');
  const nothing = { windowMs: 0, soakMs: 0, probesMs: 0, settleMs: 0 };
  const windowMs = effectiveWindowMs({ ...nothing, tickMs, flushMs }, []);
  const rollout = remainsOf({
    id,
    device: device.name,
    owner: { daemon, nonce },
    deviceKey: hostKey,
    times: { windowMs, tickMs, flushMs, minUptimeMs, soakMs: 0 },
  });
  return { ...rollout, drill: true, payload: room.driver.render(id, rollout.plan) };
}
