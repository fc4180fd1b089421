/**
 * A device's backup when it is due or ordered: what was just read is in the history, and says so though nothing changed;
 * where the settings want it, the device's own backup comes with it. That one puts a file on the device, so it is announced
 * before, and recorded once the file is off again; what a dead daemon left there is taken off first.
 */
import { backupDueAt } from '../core/backup.ts';
import { codeOf, DeviceError, messageOf, OutcomeUnknown, SitewardError } from '../core/errors.ts';
import type { BackupFinished } from '../core/rollout/event-fields.ts';
import type { DeviceBackup, Observation } from '../drivers/driver.ts';
import type { BinaryBackup } from '../history/binary-backups.ts';
import type { DeviceRoom, Order } from './device-room.ts';

/** One that failed by itself is not tried at each reading: it writes to the device's disk. */
const againMs = 3_600_000;

/** Milliseconds since the epoch; null: never by itself. */
export function nextBackupAt({
  device,
  report,
  clock,
}: Pick<DeviceRoom, 'device' | 'report' | 'clock'>): number | null {
  const { schedule, binary } = device.backup;
  const { readMs, binaryMs, failure, triedMs } = report.current().backup;
  const text = backupDueAt(schedule, readMs);
  if (!binary || text === null || text <= clock.now()) return text;
  const due = backupDueAt(schedule, binaryMs) ?? Infinity;
  return Math.min(text, failure === null ? due : Math.max(due, (triedMs ?? 0) + againMs));
}

/** After the reading was given to the history. Throws `DeviceError`, `OutcomeUnknown` when the device does not answer. */
export async function backUpDevice(
  room: DeviceRoom,
  observation: Observation,
  { backup: ordered }: Order,
): Promise<void> {
  const { device, report, clock } = room;
  const quiet = room.folded().rollout === null && report.current().stuck === null;
  const writable = quiet && room.ledger.journal.broken === null;
  const { binary } = device.backup;
  if (writable) await takeOff(room);
  if (binary && report.current().backup.binaryMs === null)
    update(room, { binaryMs: msOf((await room.binaryBackups.list(device.name))[0]) });
  const due = nextBackupAt(room);
  if (!ordered && (due === null || due > clock.now())) return;
  const revision = (await room.archive.newest(device.name))?.revision.oid;
  // Why it is not there was told when it was to be kept.
  if (revision === undefined || report.current().keepFailure !== null) return;
  const binaryDue = backupDueAt(device.backup.schedule, report.current().backup.binaryMs);
  update(room, { readMs: clock.now() });
  room.log('backed-up', { device: device.name, revision });
  if (!binary || !writable || !(ordered || (binaryDue !== null && binaryDue <= clock.now()))) return;
  await keepBinary(room, observation, revision);
}

async function keepBinary(room: DeviceRoom, observation: Observation, revision: string): Promise<void> {
  const { device, driver, clock, ledger } = room;
  const { backup } = driver;
  const stop = backup === undefined ? noneOfThisKind : backup.obstacle(observation);
  if (backup === undefined || stop !== null) return failed(room, stop ?? noneOfThisKind);
  const name = `sw-backup-${room.random(6).toString('hex')}`;
  await ledger.append({ kind: 'backup-started', device: device.name, backup: name });
  const result = await make(room, backup, { name, revision, atMs: clock.now() });
  await backup.remove(name, room.signal);
  await ledger.append({ kind: 'backup-finished', device: device.name, backup: name, ...result });
  if (result.result !== 'ok') return failed(room, { code: result.code ?? '', message: result.message ?? '' });
  update(room, { binaryMs: clock.now(), triedMs: clock.now(), failure: null });
  room.log('binary-backup-kept', { device: device.name, revision, bytes: result.bytes });
}

/** The device said no, or this disk did: then the file is taken off. Without an answer it is left to the next pass. */
async function make(
  { device, signal, binaryBackups }: DeviceRoom,
  backup: DeviceBackup,
  about: { readonly name: string; readonly revision: string; readonly atMs: number },
): Promise<BackupFinished> {
  try {
    await backup.make(about.name, signal);
    const bytes = await backup.fetch(about.name, signal);
    return finished(await binaryBackups.keep({ ...about, device: device.name, bytes }));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SitewardError) || error instanceof OutcomeUnknown) throw error;
    return { result: 'failed', code: codeOf(error), message: messageOf(error) };
  }
}

function finished({ revision, made: { bytes, sha256 } }: BinaryBackup): BackupFinished {
  return { result: 'ok', revision, bytes, sha256 };
}

/** What the journal says may still be there. */
async function takeOff(room: DeviceRoom): Promise<void> {
  const { device, driver, ledger, binaryBackups } = room;
  const name = room.folded().backup;
  if (name === null) return;
  await driver.backup?.remove(name, room.signal);
  const kept = (await binaryBackups.list(device.name)).find((entry) => entry.name === name);
  const interrupted = {
    result: 'unknown',
    code: 'interrupted',
    message: 'it was ended in the middle',
  } as const;
  const result = kept === undefined ? interrupted : finished(kept);
  await ledger.append({ kind: 'backup-finished', device: device.name, backup: name, ...result });
}

const noneOfThisKind = new DeviceError('unsupported', 'a device of this kind makes no backup of its own');

function failed(
  room: DeviceRoom,
  { code, message }: { readonly code: string; readonly message: string },
): void {
  const before = room.report.current().backup.failure;
  update(room, { triedMs: room.clock.now(), failure: { code, message } });
  if (before?.message === message) return;
  room.log('binary-backup-failed', { device: room.device.name, error: new SitewardError(code, message) });
}

type BackupReport = ReturnType<DeviceRoom['report']['current']>['backup'];

function update({ report }: DeviceRoom, patch: Partial<BackupReport>): void {
  report.update({ backup: { ...report.current().backup, ...patch } });
}

function msOf(entry: BinaryBackup | undefined): number | null {
  return entry === undefined ? null : entry.atS * 1000;
}
