/** A device's own backup: what is recorded before and after, what a dead daemon leaves, and when it is tried again. */
import { expect, test } from 'vitest';
import { DeviceError, OutcomeUnknown } from '../../../src/core/errors.ts';
import { deviceState } from '../../../src/core/site-state.ts';
import type { DeviceBackup, Observation } from '../../../src/drivers/driver.ts';
import type { BinaryBackup, FetchedBackup } from '../../../src/history/binary-backups.ts';
import { backUpDevice, nextBackupAt } from '../../../src/reconcile/back-up-device.ts';
import { reportCell } from '../../../src/reconcile/device-report.ts';
import type { DeviceRoom, Order } from '../../../src/reconcile/device-room.ts';
import { memoryLedger } from '../../support/memory-ledger.ts';
import { deviceSettings } from '../../support/scripted-device.ts';

const hour = 3_600_000;
const start = Date.UTC(2026, 10, 21);
const revision = 'a'.repeat(40);
const asked: Order = { apply: false, drill: false, backup: true };
const unasked: Order = { ...asked, backup: false };

/** A device whose backup does what `device` says, of a daemon that can be replaced. */
function backedUp(device: Partial<DeviceBackup> = {}) {
  let nowMs = start;
  const { ledger, state, records } = memoryLedger(() => nowMs);
  const said: string[] = [];
  const kept: BinaryBackup[] = [];
  const backup: { -readonly [K in keyof DeviceBackup]: DeviceBackup[K] } = {
    obstacle: () => null,
    make: (name) => Promise.resolve(void said.push(`make ${name}`)),
    fetch: () => Promise.resolve(Buffer.from('all of it')),
    remove: (name) => Promise.resolve(void said.push(`remove ${name}`)),
    ...device,
  };
  const binaryBackups = {
    list: () => Promise.resolve(kept),
    keep: ({ name, atMs, bytes }: FetchedBackup) => {
      const file = { bytes: bytes.length, sha256: 'b'.repeat(64) };
      kept.unshift({ name, revision, atS: atMs / 1000, made: file, sealed: file });
      return Promise.resolve(kept[0]!);
    },
  };
  const schedule = { everyMs: 24 * hour };
  const begin = () =>
    ({
      device: deviceSettings({ port: 22, hostKey: '', backup: { schedule, binary: true } }),
      driver: { backup },
      ledger,
      archive: { newest: () => Promise.resolve({ revision: { oid: revision }, blob: '' }) },
      binaryBackups,
      clock: { now: () => nowMs },
      random: (bytes: number) => Buffer.alloc(bytes, 7),
      signal: new AbortController().signal,
      report: reportCell(),
      folded: () => deviceState(state, 'gw1'),
      log: () => undefined,
    }) as unknown as DeviceRoom;
  let room = begin();
  return {
    said,
    backup,
    kinds: () => records.map((record) => [record.kind, 'result' in record ? record.result : null]),
    records,
    pass: (order = unasked) => backUpDevice(room, {} as Observation, order),
    report: () => room.report.current().backup,
    next: () => nextBackupAt(room),
    restart: () => (room = begin()),
    wait: (ms: number) => (nowMs += ms),
  };
}

const name = 'sw-backup-070707070707';

test('it is announced, made, fetched, taken off, and then recorded with what it is', async () => {
  const one = backedUp();
  await one.pass();
  expect(one.said).toEqual([`make ${name}`, `remove ${name}`]);
  expect(one.records).toMatchObject([
    { kind: 'backup-started', device: 'gw1', backup: name },
    { kind: 'backup-finished', backup: name, result: 'ok', revision, bytes: 9 },
  ]);
  expect(one.next()).toBe(start + 24 * hour);
  await one.pass();
  expect(one.records).toHaveLength(2);
  await one.pass(asked);
  expect(one.records).toHaveLength(4);
});

test('after a restart the last one counts; one that was missed is made at once', async () => {
  const one = backedUp();
  await one.pass();
  one.restart();
  one.wait(hour);
  await one.pass();
  expect(one.records).toHaveLength(2);
  one.wait(48 * hour);
  one.restart();
  await one.pass();
  expect(one.records).toHaveLength(4);
});

test('a no of the device is recorded once the file is off, told, and tried again in an hour', async () => {
  const refused = new DeviceError('permission-denied', 'gw1: the login lacks a policy that this needs');
  const one = backedUp({ make: () => Promise.reject(refused) });
  await one.pass();
  expect(one.said).toEqual([`remove ${name}`]);
  expect(one.kinds()).toEqual([
    ['backup-started', null],
    ['backup-finished', 'failed'],
  ]);
  expect(one.report().failure).toEqual({ code: 'permission-denied', message: refused.message });
  one.wait(hour - 1);
  await one.pass();
  expect(one.records).toHaveLength(2);
  one.wait(1);
  await one.pass();
  expect(one.records).toHaveLength(4);
  one.backup.make = () => Promise.resolve();
  await one.pass(asked);
  expect(one.report().failure).toBe(null);
});

test('what is in the way on the device is told before anything is written there', async () => {
  const full = { code: 'disk-full', message: '3 KiB are free' } as const;
  const one = backedUp({ obstacle: () => full });
  await one.pass();
  expect(one.records).toEqual([]);
  expect(one.report().failure).toEqual(full);
});

test('without an answer it is not known what is there: the next pass takes it off first', async () => {
  const one = backedUp({ make: () => Promise.reject(new OutcomeUnknown('gw1: no answer')) });
  await expect(one.pass()).rejects.toThrow('no answer');
  expect(one.said).toEqual([]);
  one.backup.make = () => Promise.resolve();
  one.restart();
  await one.pass();
  expect(one.said).toEqual([`remove ${name}`, `remove ${name}`]);
  expect(one.kinds().slice(0, 3)).toEqual([
    ['backup-started', null],
    ['backup-finished', 'unknown'],
    ['backup-started', null],
  ]);
});

test('a daemon that died between keeping it and taking it off keeps it, and takes it off', async () => {
  let away = true;
  const one = backedUp();
  const remove = one.backup.remove.bind(one.backup);
  one.backup.remove = (...of) =>
    away ? Promise.reject(new DeviceError('unreachable', 'gw1: gone')) : remove(...of);
  await expect(one.pass()).rejects.toThrow('gone');
  away = false;
  one.restart();
  await one.pass();
  expect(one.said).toEqual([`make ${name}`, `remove ${name}`]);
  expect(one.kinds()).toEqual([
    ['backup-started', null],
    ['backup-finished', 'ok'],
  ]);
});
