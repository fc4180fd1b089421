/**
 * I2, the rows of the gate's matrix that take a daemon: a signature used once more in the same process, after a restart,
 * after `kill -9` between journal and device, after the state was lost, and twice at the same moment. The rows that are
 * pure are in test/unit/core/gate/matrix.
 */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import type { Daemon } from '../../src/daemon/daemon.ts';
import { buildProgram } from '../support/built-program.ts';
import type { BuiltProgram } from '../support/built-program.ts';
import { buildWorld, until } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';

const rule =
  '/ip firewall filter\nadd action=drop chain=forward comment="no telnet" dst-port=23 protocol=tcp\n';

let program: BuiltProgram;
beforeAll(() => {
  program = buildProgram();
});
afterAll(() => program.remove());

/** A site where the rule waits, with its document signed by alice and not yet handed in. */
async function signedWorld(
  start: (world: World) => Promise<unknown>,
): Promise<{ world: World; id: string; signature: string }> {
  const world = await buildWorld({
    devices: { gw1: { exportText: demoExport, simulator: { behaviour: { commandMs: 5 } } } },
  });
  await start(world);
  await until('the daemon answers', () => world.status());
  await world.untilSettled();
  world.edit((text) => text + rule);
  const { id } = await world.untilPending();
  const { text } = await world.api.call('document', { id });
  return { world, id, signature: world.sign(text) };
}

const consumed = (world: World): readonly string[] =>
  world.records().flatMap((record) => (record.kind === 'authorization-consumed' ? [record.challenge] : []));

/** The same change is wanted once more: another item, which the old signature does not fit. */
async function expectUsedUp(world: World, id: string, signature: string): Promise<void> {
  await expect(world.api.call('approve', { id, signatures: [signature] })).rejects.toMatchObject({
    code: 'no-such-pending',
  });
  await world.device().console('/ip firewall filter remove [find where comment="no telnet"]');
  world.edit((text) => text.replace(rule, ''));
  await world.untilSettled();
  world.edit((text) => text + rule);
  const again = await world.untilPending();
  await world.api.call('document', { id: again.id });
  const { results } = await world.api.call('approve', { id: again.id, signatures: [signature] });
  expect(results).toMatchObject([{ kind: 'refused', code: 'signature-invalid' }]);
  expect(consumed(world)).toHaveLength(1);
}

describe.concurrent('a signature that was used', () => {
  test('does not count again after a restart', async (t) => {
    const { world, id, signature } = await signedWorld((one) => one.start());
    t.onTestFinished(() => world.close());
    await world.api.call('approve', { id, signatures: [signature] });
    await world.untilSettled();
    await world.restart();
    await world.untilSettled();
    await expectUsedUp(world, id, signature);
  });

  test('does not count again after kill -9 between the journal and the device', async (t) => {
    const { world, id, signature } = await signedWorld((one) => Promise.resolve(one.spawn(program.main)));
    t.onTestFinished(() => world.close());
    await world.api.call('approve', { id, signatures: [signature] });
    await world.untilRecord('authorization-consumed');
    await world.processes()[0]?.kill();
    world.spawn(program.main);
    await until('the daemon answers', () => world.status());
    await world.untilRecord('settled');
    await expect(world.api.call('approve', { id, signatures: [signature] })).rejects.toMatchObject({
      code: 'no-such-pending',
    });
    const rollouts = world.records().filter((record) => record.kind === 'rollout-planned');
    expect(rollouts).toHaveLength(1);
    expect(consumed(world)).toHaveLength(1);
    // Had nothing been sent, the change waits again, as another item; had it been, it is there, once.
    const { pending } = await world.api.call('pending', {});
    for (const item of pending) {
      expect(item.id).not.toBe(id);
      await world.api.call('document', { id: item.id });
      const { results } = await world.api.call('approve', { id: item.id, signatures: [signature] });
      expect(results).toMatchObject([{ kind: 'refused', code: 'signature-invalid' }]);
    }
    expect(consumed(world)).toHaveLength(1);
  });

  test('twice at the same moment counts once', async (t) => {
    const { world, id, signature } = await signedWorld((one) => one.start());
    t.onTestFinished(() => world.close());
    await world.api.call('hold', { device: 'gw1', reason: 'freeze' });
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => world.api.call('approve', { id, signatures: [signature] })),
    );
    const codes = answers.flatMap(({ results }) => results.map(({ kind, code }) => code ?? kind));
    expect(codes.sort()).toEqual(['counted', 'same-person', 'same-person', 'same-person']);
    await world.api.call('release', { device: 'gw1' });
    await world.untilSettled();
    expect(consumed(world)).toHaveLength(1);
    await expectUsedUp(world, id, signature);
  });
});

const address = '/ip dns static\nadd address=192.0.2.50 name=old.example.org\n';
/** What people order beside rollouts, once and again, and the record that uses the signature up. */
const ordered = [
  {
    kind: 'rotation',
    used: 'rotation-authorized',
    order: (world: World) =>
      world.api.call('rotate', { device: 'gw1', what: 'credential', emergency: false }),
  },
  {
    kind: 'adopt',
    used: 'items-adopted',
    order: (world: World, again: boolean) =>
      world.api.call('adopt', {
        device: 'gw1',
        sections: [again ? '/ip firewall filter' : '/ip dns static'],
      }),
  },
] as const;

const waiting = (world: World, kind: string): Promise<string> =>
  until(`${kind} waits for a signature`, async () => {
    const { pending } = await world.api.call('pending', {});
    const item = pending.find((one) => one.kind === kind);
    if (item === undefined) throw new Error(JSON.stringify((await world.status()).devices));
    await world.api.call('document', { id: item.id });
    return item.id;
  });

test('a rotation and an adopt that were signed: not again in the same process, nor after a restart', async (t) => {
  const world = await buildWorld({ devices: { gw1: { exportText: demoExport + address + rule } } });
  t.onTestFinished(() => world.close());
  await world.start();
  await world.untilSettled();
  const signed: { kind: string; used: string; id: string; next: string; signature: string }[] = [];
  for (const { kind, used, order } of ordered) {
    await order(world, false);
    const id = await waiting(world, kind);
    const { text } = await world.api.call('document', { id });
    const signature = world.sign(text);
    await world.api.call('approve', { id, signatures: [signature] });
    await world.untilRecord(used);
    if (kind === 'rotation') await world.untilRecord('rotation-ended');
    await order(world, true);
    signed.push({ kind, used, id, next: await waiting(world, kind), signature });
  }
  const expectUsed = async (when: string): Promise<void> => {
    for (const { kind, used, id, next, signature } of signed) {
      expect(next, kind).not.toBe(id);
      await expect(
        world.api.call('approve', { id, signatures: [signature] }),
        `${kind} ${when}`,
      ).rejects.toMatchObject({ code: 'no-such-pending' });
      const { results } = await world.api.call('approve', { id: next, signatures: [signature] });
      expect(results, `${kind} ${when}`).toMatchObject([{ kind: 'refused', code: 'signature-invalid' }]);
      expect(
        world.records().filter((record) => record.kind === used),
        `${kind} ${when}`,
      ).toHaveLength(1);
    }
  };
  await expectUsed('in the same process');
  await world.restart();
  await world.untilDevice('read again', ({ state }) => state === 'pending-signature');
  await expectUsed('after a restart');
});

test('a signature from before the state was lost counts for nothing', async (t) => {
  let daemon: Daemon | undefined;
  const { world, id, signature } = await signedWorld(async (one) => (daemon = await one.start()));
  t.onTestFinished(() => world.close());
  // Something of siteward's is on the device, so that the new state is no first start.
  await world.api.call('approve', { id, signatures: [signature] });
  await world.untilSettled();
  world.edit((text) => text.replace('dst-port=23 ', 'dst-port=2323 '));
  const next = await world.untilPending();
  const { text } = await world.api.call('document', { id: next.id });
  const unused = world.sign(text);
  await daemon?.stop();
  rmSync(world.at('state'), { recursive: true });
  await world.start();
  await until('the loss is seen', async () => {
    const { desired, commit } = await world.status();
    expect([desired.reason, commit]).toEqual(['state-lost', null]);
  });
  for (const one of [id, next.id])
    await expect(
      world.api.call('approve', { id: one, signatures: [signature, unused] }),
    ).rejects.toMatchObject({
      code: 'no-such-pending',
    });
  expect(consumed(world)).toEqual([]);
  expect(await world.has('/ip firewall filter', 'dst-port=2323')).toBe(false);
});
