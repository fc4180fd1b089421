/**
 * What was read of a device goes to its history when it differs from what was kept last. A history that can't be written
 * stops nothing: it is reported, and the next reading is kept.
 */
import { codeOf, DeviceError, messageOf, OutcomeUnknown } from '../core/errors.ts';
import type { Changer } from '../core/who-changed.ts';
import { whoChanged } from '../core/who-changed.ts';
import type { Observation, SealedSecrets } from '../drivers/driver.ts';
import type { Kept } from '../history/archive.ts';
import type { Why } from '../history/revision.ts';
import type { DeviceRoom } from './device-room.ts';

/** After each reading. Never throws. */
export async function archiveReading(room: DeviceRoom, observation: Observation): Promise<void> {
  const { kept, keepFailure } = room.report.current();
  // Equal exports are equal revisions, but for the secrets that they hide: not even the text is looked at.
  if (kept?.fingerprint === observation.fingerprint && !keepsSecrets(room)) {
    const known = { ...kept, atMs: room.clock.now(), rollout: finishedRollout(room) };
    room.report.update({ kept: known, keepFailure: null });
    return;
  }
  try {
    await keepReading(room, observation, null);
  } catch (error) {
    const [code, message] = [codeOf(error), messageOf(error)];
    room.report.update({ keepFailure: { code, message } });
    if (keepFailure?.code !== code) room.log('history-unwritable', { device: room.device.name, error });
  }
}

/** `asked`: a person or the schedule wanted it; null: it was read anyway. Throws `SitewardError`. */
export async function keepReading(
  room: DeviceRoom,
  observation: Observation,
  asked: Why | null,
): Promise<Kept> {
  const { name: device } = room.device;
  const rollout = finishedRollout(room);
  const newest = await room.archive.newest(device);
  const atMs = room.clock.now();
  const before = room.report.current().kept?.rollout ?? newest?.revision.rollout ?? null;
  const byRollout = rollout !== null && rollout !== before;
  const { secrets, fault } = await readSealed(room, newest?.revision.secrets ?? null);
  const kept = await room.archive.keep({
    device,
    text: room.driver.dialect.archive(observation.exportText),
    why: newest === null ? (asked ?? 'first') : byRollout ? 'rollout' : (asked ?? unaskedFor(room)),
    changer: byRollout ? null : (mark) => askWho(room, mark),
    rollout,
    restored: byRollout ? (room.folded().lastRollout?.restores ?? null) : null,
    atMs,
    ...(secrets === null ? {} : { secrets }),
  });
  const { fingerprint } = observation;
  room.report.update({ kept: { fingerprint, atMs, rollout }, keepFailure: null });
  if (kept.isNew) {
    const { oid, why, added, removed } = kept.revision;
    room.log('revision-kept', { device, revision: oid, why, added, removed });
  }
  // All but the secrets is kept.
  if (fault !== null) throw fault;
  return kept;
}

function keepsSecrets({ sealSecrets, device, driver }: DeviceRoom): boolean {
  return sealSecrets !== null && device.secrets === 'compare' && driver.sealedSecrets !== undefined;
}

/** `known`: digest of those in the newest revision, which stay where the device does not say them now. */
async function readSealed(
  room: DeviceRoom,
  known: string | null,
): Promise<{ readonly secrets: SealedSecrets | null; readonly fault: DeviceError | null }> {
  const { sealSecrets: seal, driver, secretDigest: digestOf, signal } = room;
  if (!keepsSecrets(room) || seal === null) return { secrets: null, fault: null };
  try {
    return {
      secrets: (await driver.sealedSecrets?.({ digestOf, seal, known }, signal)) ?? null,
      fault: null,
    };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof DeviceError)) throw error;
    return { secrets: known === null ? null : { digest: known, sealed: null }, fault: error };
  }
}

/** Nobody is the answer where the device can't be asked once more: what it has is kept all the same. */
async function askWho(room: DeviceRoom, mark: string | null): Promise<Changer> {
  const { device, driver, signal } = room;
  try {
    return whoChanged(await driver.changes(signal), mark, device.user);
  } catch (error) {
    room.signal.throwIfAborted();
    if (!(error instanceof DeviceError) && !(error instanceof OutcomeUnknown)) throw error;
    return { who: null, mark };
  }
}

function unaskedFor({ device }: DeviceRoom): Why {
  return device.manage === 'backup' ? 'scheduled' : 'drift';
}

/** The newest that may have made the device another; one that was rolled back did not. */
function finishedRollout(room: DeviceRoom): string | null {
  const { lastRollout } = room.folded();
  return lastRollout === null || lastRollout.outcome === 'rolled-back' ? null : lastRollout.id;
}
