/** What a device had goes to its history, or it is told that it could not, as long as that is true. */
import { expect, test } from 'vitest';
import { SitewardError } from '../../../src/core/errors.ts';
import { deviceState, emptySiteState } from '../../../src/core/site-state.ts';
import { archiveReading } from '../../../src/reconcile/archive-reading.ts';
import { reportCell } from '../../../src/reconcile/device-report.ts';
import type { DeviceRoom } from '../../../src/reconcile/device-room.ts';
import { observationOf } from '../../support/observations.ts';
import { deviceSettings } from '../../support/scripted-device.ts';

function keeping() {
  const disk = { isFull: false };
  const kept: string[] = [];
  const report = reportCell();
  const room = {
    device: deviceSettings({ port: 22, hostKey: '' }),
    driver: { dialect: { archive: (text: Uint8Array) => Buffer.from(text).toString() } },
    archive: {
      newest: () => Promise.resolve(null),
      keep: ({ text }: { readonly text: string }) => {
        if (disk.isFull) throw new SitewardError('history-unwritable', 'history: there is no space left');
        return Promise.resolve({ isNew: kept.push(text) > 0, revision: {} });
      },
    },
    clock: { now: () => 0 },
    report,
    sealSecrets: null,
    folded: () => deviceState(emptySiteState(), 'gw1'),
    log: () => undefined,
  } as unknown as DeviceRoom;
  const read = async (text: string): Promise<string | null> => {
    await archiveReading(room, observationOf(text));
    return report.current().keepFailure?.code ?? null;
  };
  return { disk, kept, read };
}

test('a full disk is told until what the device has is kept', async () => {
  const { disk, kept, read } = keeping();
  expect(await read('one')).toBeNull();
  disk.isFull = true;
  expect([await read('two'), await read('two')]).toEqual(['history-unwritable', 'history-unwritable']);
  disk.isFull = false;
  expect(await read('two')).toBeNull();
  expect(kept).toEqual(['one', 'two']);
});

test('a device that is again as it was kept last has nothing that is not kept', async () => {
  const { disk, read } = keeping();
  await read('one');
  disk.isFull = true;
  expect(await read('two')).toBe('history-unwritable');
  expect(await read('one')).toBeNull();
});
