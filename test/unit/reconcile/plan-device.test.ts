import { expect, test } from 'vitest';
import { sha256 } from '../../../src/core/digest.ts';
import { routerosDialect } from '../../../src/drivers/routeros/dialect.ts';
import { reportCell } from '../../../src/reconcile/device-report.ts';
import type { DesiredText, DeviceRoom } from '../../../src/reconcile/device-room.ts';
import { planDevice } from '../../../src/reconcile/plan-device.ts';
import { observationOf } from '../../support/observations.ts';

const pools = '/ip pool\nadd name=p ranges=192.0.2.1\n';
const exportOf = (minute: number, body: string): string =>
  `# 2026-01-30 10:${minute}:00 by RouterOS 7.18.2\n# software id = X\n#\n${body}`;

function desired(text: string, commit: string): DesiredText {
  return { commit, file: 'config.rsc', text: Buffer.from(text, 'latin1'), owns: 'sections', ignore: [] };
}

/** A room with what a pass without a plan needs, and how often it read an export. */
function room(): { readonly room: DeviceRoom; read(): number } {
  let read = 0;
  let confirmed: { commit: string; desired: string } | null = null;
  const files = new Map<string, Uint8Array>();
  const some = {
    device: {
      name: 'gw1',
      address: '192.0.2.1',
      port: 22,
      management: {},
      secrets: 'hidden',
      secretsOnDevice: 'refuse',
      windowMs: 1,
      tickMs: 1,
      flushMs: 1,
      soakMs: 0,
      probes: [],
    },
    policy: { removals: { items: 20, share: 0.1 }, sign: [], relax: [] },
    driver: {
      dialect: {
        ...routerosDialect,
        parseBoth: (...words: Parameters<typeof routerosDialect.parseBoth>) => {
          read++;
          return routerosDialect.parseBoth(...words);
        },
      },
    },
    report: reportCell(),
    folded: () => ({ confirmed, own: new Map() }),
    files: {
      get: (_kind: string, digest: string) => Promise.resolve(files.get(digest) ?? null),
      digestOf: (_kind: string, text: Uint8Array) => sha256(text),
      put: (_kind: string, text: Uint8Array) => {
        files.set(confirmed?.desired ?? '', text);
        return Promise.resolve('');
      },
    },
    ledger: {
      journal: { broken: null },
      append: (record: { commit: string; desired: string }) => {
        for (const text of files.values()) files.set(record.desired, text);
        confirmed = record;
        return Promise.resolve();
      },
    },
  };
  return { room: some as unknown as DeviceRoom, read: () => read };
}

test('an export that did not change is not read again, a changed one or another text is', async () => {
  const { room: gw1, read } = room();
  const pass = async (text: string, wish: DesiredText) => await planDevice(gw1, observationOf(text), wish);
  // The first reading is what confirms; what was confirmed is part of what counts.
  await pass(exportOf(1, pools), desired(pools, 'a'));
  await pass(exportOf(2, pools), desired(pools, 'a'));
  const before = read();
  expect(await pass(exportOf(3, pools), desired(pools, 'a'))).toBeNull();
  expect(await pass(exportOf(4, pools), desired(pools, 'b'))).toBeNull();
  expect(gw1.report.current().comparison?.commit).toBe('b');
  expect(read()).toBe(before);

  const more = `${pools}add name=q ranges=192.0.2.2\n`;
  expect(await pass(exportOf(5, pools), desired(more, 'c'))).not.toBeNull();
  expect(read()).toBe(before + 1);
  // Where something is to be done, every pass looks for itself.
  expect(await pass(exportOf(6, pools), desired(more, 'c'))).not.toBeNull();
  expect(read()).toBe(before + 2);
  await pass(exportOf(7, more), desired(pools, 'd'));
  expect(read()).toBe(before + 3);
});
