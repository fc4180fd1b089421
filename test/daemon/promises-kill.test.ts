/**
 * I3, I4 and I6 with real deaths: `kill -9` of the daemon's process at moments of a rollout, and a start after it. It ends
 * confirmed or rolled back on evidence, with nothing of it left on the device, and never twice. Every boundary there
 * is, one by one and with power and network besides, is in test/faults/crash-points.test.ts; here are the real process,
 * journal, lock and SSH.
 */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { buildProgram } from '../support/built-program.ts';
import type { BuiltProgram } from '../support/built-program.ts';
import { buildWorld, until } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';

let program: BuiltProgram;
beforeAll(() => {
  program = buildProgram();
});
afterAll(() => program.remove());

const line = '/ip dns static\nadd address=192.0.2.20 name=printer.example.org\n';
const lockOut = '/ip service\nset ssh disabled=yes\n';

async function runningWorld(): Promise<World> {
  // Slow commands, so that a death falls between them and not always behind them.
  const world = await buildWorld({
    devices: { gw1: { exportText: demoExport, simulator: { behaviour: { commandMs: 5 } } } },
  });
  world.spawn(program.main);
  await until('the daemon answers', () => world.status());
  await world.untilSettled();
  return world;
}

async function expectEnded(world: World): Promise<void> {
  const kinds = world.records().map((record) => record.kind);
  const rollouts = kinds.filter((kind) => kind === 'rollout-planned').length;
  expect(kinds.filter((kind) => kind === 'settled')).toHaveLength(rollouts);
  expect(await world.traces()).toEqual(['sw-witness']);
}

describe.concurrent('I3, I4 killed in the middle of a rollout', () => {
  test.each([
    'rollout-planned',
    'lock-started',
    'witness-started',
    'stage-started',
    'arm-started',
    'apply-started',
    'verify-started',
    'confirm-started',
    'confirmed',
    'clean-started',
  ])('right after %s', async (moment) => {
    const world = await runningWorld();
    try {
      const [first] = world.processes();
      const commit = world.edit((text) => text + line);
      await world.untilRecord(moment);
      await first?.kill();
      world.spawn(program.main);
      await until('the daemon answers', () => world.status());
      // Whatever the first attempt came to, the line is wanted still, and a death is no reason to give it up.
      const device = await world.untilSettled();
      expect(device.commit).toBe(commit);
      expect(await world.has('/ip dns static', 'name="printer.example.org"')).toBe(true);
      await expectEnded(world);
      const outcomes = world
        .records()
        .flatMap((record) => (record.kind === 'settled' ? [record.outcome] : []));
      expect(outcomes.filter((outcome) => outcome === 'confirmed')).toHaveLength(1);
      expect(outcomes.length).toBeLessThanOrEqual(2);
    } finally {
      await world.close();
    }
  });

  test('while it keeps what the device has: every revision that was answered for is there, and git reads it', async (t) => {
    const world = await runningWorld();
    t.onTestFinished(() => world.close());
    const answered: string[] = [];
    for (const [index, afterMs] of [0, 15, 40].entries()) {
      await world.device().console(`/ip dns static add address=192.0.2.${index + 50} name=by-hand-${index}`);
      const asked = world.api.call('backup', { device: 'gw1' }).then(
        ({ results }) => answered.push(...results.map(({ message }) => message.slice(0, 12))),
        () => undefined,
      );
      await sleep(afterMs);
      await world.processes().at(-1)?.kill();
      await asked;
      world.spawn(program.main);
      await until('the daemon answers', () => world.status());
      const { results } = await until('it is read', async () => {
        const answer = await world.api.call('backup', { device: 'gw1' });
        expect(answer.results).toMatchObject([{ done: true }]);
        return answer;
      });
      answered.push(...results.map(({ message }) => message.slice(0, 12)));
    }
    const { revisions } = await world.api.call('history', { device: 'gw1', limit: 100 });
    const kept = revisions.map(({ rev }) => rev);
    expect(answered.length).toBeGreaterThan(2);
    for (const rev of answered) expect(kept).toContain(rev);
    const fsck = ['-C', world.at('state/history.git'), 'fsck', '--strict', '--no-dangling'];
    expect(execFileSync('git', fsck, { encoding: 'utf8', stdio: 'pipe' })).toBe('');
  });

  test('right after roll-back-started: the next start goes on with it', async (t) => {
    const world = await runningWorld();
    t.onTestFinished(() => world.close());
    const [first] = world.processes();
    world.edit((text) => text + line);
    await world.untilRecord('applied');
    // Somebody else changes the row under the rollout: it is not what was planned, so it goes back.
    await world
      .device()
      .console('/ip dns static set [find where name="printer.example.org"] address=192.0.2.99');
    await world.untilRecord('roll-back-started');
    await first?.kill();
    world.spawn(program.main);
    await world.untilRecord('settled', 'gw1', { outcome: 'rolled-back' });
    await expectEnded(world);
    // What somebody else wrote there is no part of the plan: it stays, and what was found is told.
    expect(await world.has('/ip dns static', 'address=192.0.2.99')).toBe(true);
    const { message } = await world.untilDevice('set aside', ({ state }) => state === 'quarantined');
    expect(message).toContain('1 of 1 items not as planned, the first: action 1, /ip dns static');
  });

  test('locked out, and the daemon dies on top of it: the device comes back by itself', async (t) => {
    const world = await runningWorld();
    t.onTestFinished(() => world.close());
    const [first] = world.processes();
    world.edit((text) => text + lockOut);
    const { id, reason } = await world.untilPending();
    expect(reason).toBe('management-path');
    await world.approve(id);
    await world.untilRecord('apply-finished');
    await first?.kill();
    await until('ssh is open again', async () => {
      expect(await world.has('/ip service', 'name=ssh disabled=yes')).toBe(true);
    });
    await until('ssh is open again', async () => {
      expect(await world.has('/ip service', 'name=ssh disabled=yes')).toBe(false);
    });
    world.spawn(program.main);
    await world.untilRecord('settled', 'gw1', { outcome: 'rolled-back' });
    await expectEnded(world);
  });
});

describe.concurrent('I6 one daemon, one rollout', () => {
  test('a second daemon on the same state is refused, with words', async (t) => {
    const world = await runningWorld();
    t.onTestFinished(() => world.close());
    const second = world.spawn(program.main);
    expect(await second.ended).toBe(2);
    expect(second.output()).toMatch(/^error: another siteward daemon is running on \S+; .*\n$/);
    world.edit((text) => text + line);
    await world.untilSettled();
  });

  test('SIGTERM in the middle of a rollout ends the process within ten seconds, and the next start goes on', async (t) => {
    const world = await runningWorld();
    t.onTestFinished(() => world.close());
    const [first] = world.processes();
    world.edit((text) => text + line);
    await world.untilRecord('apply-started');
    const asked = performance.now();
    first?.signal('SIGTERM');
    expect(await first?.ended).toBe(0);
    expect(performance.now() - asked).toBeLessThan(10_000);
    world.spawn(program.main);
    await until('the daemon answers', () => world.status());
    await world.untilSettled();
    await expectEnded(world);
  });

  test('SIGTERM while a device hangs ends the process within ten seconds', async (t) => {
    const world = await runningWorld();
    t.onTestFinished(() => world.close());
    const [first] = world.processes();
    world.device().faults.nextCut = { how: 'stall', afterBytes: 10 };
    await until('the device hangs', async () => {
      expect(world.device().faults.nextCut).toBeUndefined();
      await Promise.resolve();
    });
    const asked = performance.now();
    first?.signal('SIGTERM');
    expect(await first?.ended).toBe(0);
    expect(performance.now() - asked).toBeLessThan(10_000);
  });
});
