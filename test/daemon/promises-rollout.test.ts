/**
 * I1, I3, I4, I5, I6 and I8 on the running daemon, each with something going wrong during a rollout. I7 has no way in from
 * outside: a plan that can't be proved is made in test/unit/core/plan and test/property/plan.test.ts. Each point at which
 * something can die is in test/faults/crash-points.test.ts, real deaths of the process in promises-kill.test.ts.
 */
import fs, { readlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { buildWorld, until } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';
import { startWithOlderState } from '../support/lost-states.ts';

const line = '/ip dns static\nadd address=192.0.2.20 name=printer.example.org\n';
const printer = 'name="printer.example.org"';

async function world(): Promise<World> {
  return await buildWorld({ devices: { gw1: { exportText: demoExport } } });
}

async function running(): Promise<World> {
  const one = await world();
  await one.start();
  await one.untilSettled();
  return one;
}

/** From the first record of that kind on, nothing can be written in the folder. Gives back how to mend it. */
function breakDisk(folder: string, kind: string): () => void {
  const write = fs.writeSync;
  let broken = false;
  const breaking = ((fd: number, bytes: Uint8Array, ...rest: number[]) => {
    const ours = readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
    broken ||= ours && Buffer.from(bytes).includes(`"kind":"${kind}"`);
    if (ours && broken) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    return write(fd, bytes, ...rest);
  }) as typeof fs.writeSync;
  fs.writeSync = breaking;
  syncBuiltinESMExports();
  return () => {
    fs.writeSync = write;
    syncBuiltinESMExports();
  };
}

const hasPrinter = (one: World): Promise<boolean> => one.has('/ip dns static', printer);
const count = (one: World, kind: string): number =>
  one.records().filter((record) => record.kind === kind).length;

/** Once the plan is applied, the device decides to go back, as a person at its console could make it. */
async function rolledBackOnce(one: World): Promise<void> {
  one.edit((text) => text + line);
  const applied = await one.untilRecord('applied');
  const rollout = 'rollout' in applied ? applied.rollout : '';
  await one.device().console(`/system script add name=sw-${rollout}-decision source=rollback`);
  await one.untilRecord('settled', 'gw1', { outcome: 'rolled-back' });
}

describe('I1 journal first', () => {
  test.each([
    ['before a rollout', 'commit-accepted'],
    ['at its first step', 'lock-started'],
    ['before apply', 'apply-started'],
  ])('a journal that can not be written %s: nothing is changed, reading goes on', async (_when, kind) => {
    const one = await running();
    try {
      const had = count(one, kind);
      const mend = breakDisk(one.at('state/journal'), kind);
      one.edit((text) => text + line);
      await until('the daemon says so', async () => {
        expect((await one.status()).readOnly?.code).toBe('journal-unwritable');
      });
      const [before] = (await one.status()).devices;
      await until('it reads on', async () => {
        const [now] = (await one.status()).devices;
        expect(now?.lastRead).not.toBe(before?.lastRead);
      });
      await sleep(1_000);
      expect(count(one, kind)).toBe(had);
      expect(await hasPrinter(one)).toBe(false);
      mend();
      await one.restart();
      await one.untilSettled();
      expect(await hasPrinter(one)).toBe(true);
      expect(await one.traces()).toEqual(['sw-witness']);
    } finally {
      await one.close();
    }
  });
});

describe.concurrent('I3, I4 always a way home, and confirmed means seen', () => {
  test('a change that locks everybody out rolls back by itself, to the last byte', async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    const exported = async (): Promise<string> =>
      (await one.device().console('/ip export')).replace(/^#.*by RouterOS/m, '');
    const before = await exported();
    one.edit((text) =>
      text.replace('set telnet disabled=yes', 'set telnet disabled=yes\nset ssh disabled=yes'),
    );
    const { id, reason } = await one.untilPending();
    expect(reason).toBe('management-path');
    await one.approve(id);
    await until('ssh is off', async () => {
      expect(await one.has('/ip service', 'name=ssh disabled=yes')).toBe(true);
    });
    const ended = await one.untilRecord('rolled-back');
    expect(ended).toMatchObject({ evidence: { footprint: 'base', decision: 'rollback' } });
    expect(await exported()).toBe(before);
    await one.untilDevice(
      'quarantined',
      (device) => device.state === 'quarantined' && device.rollout === null,
    );
    expect(await one.traces()).toEqual(['sw-witness']);
  });

  test('what somebody changes under the rollout is never confirmed', async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    one.edit((text) => text + line);
    await one.untilRecord('applied');
    await one.device().console(`/ip dns static set [find where ${printer}] address=192.0.2.99`);
    await one.untilRecord('settled', 'gw1', { outcome: 'rolled-back' });
    expect(count(one, 'confirmed')).toBe(0);
    // The row as it is now is that person's, not the rollout's.
    expect(await one.has('/ip dns static', 'address=192.0.2.99')).toBe(true);
  });

  test('D03 a confirmed record names the evidence it rests on', async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    one.edit((text) => text + line);
    await one.untilSettled();
    const verified = await one.untilRecord('verify-finished');
    const confirmed = await one.untilRecord('confirmed');
    expect(confirmed).toMatchObject({ evidence: { decision: 'confirm', footprint: 'target', net: true } });
    const runs = 'evidence' in confirmed ? confirmed.evidence.runCount : 0;
    expect(runs).toBeGreaterThan('runCount' in verified ? (verified.runCount ?? 0) : Infinity);
  });
});

describe.concurrent('I5 unknown is a state', () => {
  test('D05 a device that is gone in the middle is unknown until it says itself what became of it', async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    one.edit((text) => text + line);
    await one.untilRecord('applied');
    one.device().stopListening();
    one.device().cutSessions();
    await one.untilDevice('unknown', (device) => device.rollout?.state === 'unknown');
    await until('the device went back by itself', async () => {
      expect(await hasPrinter(one)).toBe(false);
    });
    // Nobody here has seen it yet, so nobody says so.
    expect(count(one, 'rolled-back') + count(one, 'confirmed')).toBe(0);
    one.device().resumeListening();
    expect(await one.untilRecord('rolled-back')).toMatchObject({ evidence: { footprint: 'base' } });
    await one.untilDevice('settled', (device) => device.rollout === null);
  });
});

describe.concurrent('I6 one rollout at a time, one writer', () => {
  test("another's lock on the device: nothing is changed while it is there", async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    const lock = `# siteward lock daemon=${'f'.repeat(32)} nonce=${'e'.repeat(16)} rollout=${'d'.repeat(12)}`;
    await one.device().console(`/system script add name=sw-lock source="${lock}"`);
    one.edit((text) => text + line);
    await one.untilDevice('stopped', ({ reason }) => reason === 'foreign-rollout');
    await sleep(2_000);
    expect(count(one, 'rollout-planned')).toBe(0);
    expect(await hasPrinter(one)).toBe(false);
    await one.device().console('/system script remove [find where name=sw-lock]');
    await one.untilSettled();
  });

  test("another daemon's witness: read-only, with the reason", async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    const witness = `# siteward witness site=bud-01 daemon=${'f'.repeat(32)} seq=7 head=${'a'.repeat(64)}`;
    await one.device().console(`/system script add name=sw-witness source="${witness}"`);
    one.edit((text) => text + line);
    await one.untilDevice('refused', ({ reason }) => reason === 'foreign-daemon');
    await sleep(2_000);
    expect(count(one, 'rollout-planned')).toBe(0);
    expect(await hasPrinter(one)).toBe(false);
  });

  test('a state restored from an older copy is found out by the device', async (t) => {
    const one = await world();
    t.onTestFinished(() => one.close());
    await startWithOlderState(one, (text) => text + line);
    one.edit((text) => text.replace('printer.example.org', 'scanner.example.org'));
    await one.untilDevice('refused', ({ reason }) => reason === 'journal-rewound');
    await sleep(2_000);
    expect(count(one, 'rollout-planned')).toBe(0);
    expect(await hasPrinter(one)).toBe(true);
  });
});

describe.concurrent('I8 it settles', () => {
  test('a plan that was rolled back is not tried again by time or restart, only when a person says so', async (t) => {
    const one = await world();
    t.onTestFinished(() => one.close());
    const first = await one.start();
    await one.untilSettled();
    await rolledBackOnce(one);
    const { next } = await one.untilDevice('quarantined', ({ state }) => state === 'quarantined');
    expect(next).toBe('siteward retry gw1');
    await sleep(3_000);
    await first.stop();
    await one.start();
    await one.untilDevice('still quarantined', ({ state }) => state === 'quarantined');
    await one.api.call('refresh', {});
    await one.api.call('apply', { device: 'gw1' });
    await sleep(3_000);
    expect(count(one, 'rollout-planned')).toBe(1);
    await one.api.call('retry', { device: 'gw1' });
    await one.untilSettled();
    expect(await hasPrinter(one)).toBe(true);
  });

  test('a new commit is a new plan', async (t) => {
    const one = await running();
    t.onTestFinished(() => one.close());
    await rolledBackOnce(one);
    one.edit((text) => text.replace('192.0.2.20', '192.0.2.21'));
    await one.untilSettled();
    expect(await one.has('/ip dns static', 'address=192.0.2.21')).toBe(true);
  });
});
