/**
 * The main path: one pass over one device, one line per stage. A pass never guesses and never hurries: whatever
 * is missing, unreadable or unsigned ends it with a reason in the report, and the next pass begins anew.
 */
import { HostKeyMismatch, SitewardError } from '../core/errors.ts';
import { adoptItems } from './adopt-items.ts';
import { archiveReading } from './archive-reading.ts';
import { backUpDevice } from './back-up-device.ts';
import { failureOf } from './device-report.ts';
import type { Failure } from './device-report.ts';
import { drillDevice } from './drill.ts';
import type { DeviceRoom, Order } from './device-room.ts';
import { passGate } from './pass-gate.ts';
import { planDevice, showDevice } from './plan-device.ts';
import { readDevice } from './read-device.ts';
import { resolveDevice } from './resolve-device.ts';
import { restoreDevice } from './restore-device.ts';
import { finishRollout, rollOut } from './roll-out.ts';
import { finishRotation, rotateCredential } from './rotate-credential.ts';
import { keepHostKey, rotateHostKey } from './rotate-host-key.ts';

/** Rejects only when the daemon ends; all else is in the report. */
export async function reconcileDevice(room: DeviceRoom, order: Order): Promise<void> {
  const before = room.report.current().failure;
  try {
    // Without a journal what is in flight is left to the device; it is still read and reported.
    const readOnly = room.ledger.journal.broken !== null;
    if (!readOnly) await finishRotation(room);
    // What a new connection shows is what the order is about.
    if (room.folded().rotation !== null) await room.driver.letGo();
    const stopped = readOnly ? null : await finishRollout(room);
    if (stopped === 'waits') return;
    const observation = await readDevice(room, stopped);
    if (!readOnly) await keepHostKey(room);
    if (!readOnly) await rotateCredential(room, observation);
    await archiveReading(room, observation);
    await backUpDevice(room, observation, order);
    if (room.device.manage === 'backup') return;
    if (!readOnly) await resolveDevice(room, observation);
    if (!readOnly && !standsStill(room) && (await restoreDevice(room, observation))) return;
    const desired = await room.desired();
    if (standsStill(room)) return void (await showDevice(room, observation, desired));
    const planned = await planDevice(room, observation, desired);
    if (!readOnly) await adoptItems(room, observation, desired);
    const permission = await passGate(room, planned, order);
    if (planned === null || permission === null) return void (await drillDevice(room, observation, order));
    const begun = await rollOut(room, planned, permission);
    // What was refused before anything was changed would be refused again at once: the next pass comes in its time.
    if (begun && room.folded().lastRollout?.outcome !== 'not-started') room.again();
  } catch (error) {
    await failed(room, error, before);
  }
}

/** What ended the pass is in the report; a device that shows another host key may be known by it once people signed. */
async function failed(room: DeviceRoom, error: unknown, before: Failure | null): Promise<void> {
  room.signal.throwIfAborted();
  const failure = failureOf(error);
  room.report.update({ failure });
  // What stays as it is fills no log; status shows it.
  const isNew = failure.code !== before?.code || failure.message !== before.message;
  if (!(error instanceof SitewardError)) room.log('defect', { device: room.device.name, error });
  else if (isNew) room.log('pass-failed', { device: room.device.name, error });
  if (!(error instanceof HostKeyMismatch) || room.ledger.journal.broken !== null) return;
  await rotateHostKey(room, error).catch((reason: unknown) => {
    room.signal.throwIfAborted();
    room.log('pass-failed', { device: room.device.name, error: reason });
  });
}

/** What was ended or begun by people's decision is read again before anything else is planned. */
function standsStill(room: DeviceRoom): boolean {
  const { rollout, resolve } = room.folded();
  return room.report.current().stuck !== null || rollout !== null || resolve !== null;
}
