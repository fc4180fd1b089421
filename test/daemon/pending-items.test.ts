/**
 * Pending items on the running daemon: equal plans of several devices share one document and one signature, each device
 * uses up its own part of it, and what takes an item's place says what moved.
 */
import { describe, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { buildWorld, until } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';

const telnetOn = (text: string): string => text.replace('set telnet disabled=yes\n', '');

async function running(names: readonly string[]): Promise<World> {
  const devices = Object.fromEntries(names.map((name) => [name, { exportText: demoExport }]));
  const one = await buildWorld({ devices });
  await one.start();
  for (const name of names) await one.untilSettled(name);
  return one;
}

/** One commit that changes several devices in the same way. */
function editAll(one: World, change: (text: string) => string, names: readonly string[]): string {
  return one.repository.commit(
    Object.fromEntries(names.map((name) => [`devices/${name}/config.rsc`, change(demoExport)])),
  );
}

describe.concurrent('one document for many devices', () => {
  test('equal plans of a commit wait under one item, and one signature lets each of them through once', async (t) => {
    const names = ['gw1', 'gw2', 'gw3'];
    const one = await running(names);
    t.onTestFinished(() => one.close());
    const commit = editAll(one, telnetOn, names);
    const item = await until('all wait together', async () => {
      const { pending } = await one.api.call('pending', {});
      expect(pending.map(({ devices }) => [...devices].sort())).toEqual([names]);
      return pending[0];
    });
    const id = item?.id ?? '';
    const { text } = await one.api.call('document', { id });
    expect(text).toContain('\ndevices: 3\n');
    for (const name of names) expect(text).toContain(`\ndevice: ${name}\n`);
    const answer = await one.api.call('approve', { id, signatures: [one.sign(text)] });
    expect(answer).toMatchObject({ complete: true });
    for (const name of names) expect((await one.untilSettled(name)).commit).toBe(commit);
    const consumed = one
      .records()
      .flatMap((record) => (record.kind === 'authorization-consumed' ? [record] : []));
    expect(consumed.map(({ device }) => device).sort()).toEqual(names);
    expect(new Set(consumed.map(({ challenge }) => challenge)).size).toBe(1);
    expect((await one.api.call('pending', {})).pending).toEqual([]);
  });

  test('a device whose base moved drops out, and the signature still counts for the others', async (t) => {
    const names = ['gw1', 'gw2'];
    const one = await running(names);
    t.onTestFinished(() => one.close());
    editAll(
      one,
      (text) =>
        text.replace(
          'action=drop chain=forward comment="from outside"',
          'action=reject chain=forward comment="from outside"',
        ),
      names,
    );
    const id = await until('both wait together', async () => {
      const { pending } = await one.api.call('pending', {});
      expect(pending[0]?.devices).toHaveLength(2);
      return pending[0]?.id ?? '';
    });
    const { text } = await one.api.call('document', { id });
    await one
      .device('gw2')
      .console('/ip firewall filter set [find where comment="from outside"] action=tarpit');
    const moved = await until('gw2 waits on its own', async () => {
      const { pending } = await one.api.call('pending', {});
      const own = pending.find(({ devices }) => devices.length === 1 && devices[0] === 'gw2');
      if (own === undefined) throw new Error(JSON.stringify(pending));
      return own;
    });
    expect(moved.supersedes?.id).toBe(id);
    expect(moved.supersedes?.changed.join('\n')).toMatch(/no longer the same on the device|^[+-] /m);
    expect(await one.api.call('approve', { id, signatures: [one.sign(text)] })).toMatchObject({
      complete: true,
      devices: ['gw1'],
    });
    await one.untilSettled('gw1');
    const consumed = one.records().filter(({ kind }) => kind === 'authorization-consumed');
    expect(consumed).toMatchObject([{ device: 'gw1', pending: id }]);
    expect(await one.has('/ip firewall filter', 'action=tarpit', 'gw2')).toBe(true);
  });
});

test('what takes an item’s place says what moved, and the old name leads to it', async (t) => {
  const one = await running(['gw1']);
  t.onTestFinished(() => one.close());
  one.edit(telnetOn);
  const first = await one.untilPending();
  one.edit((text) => text.replace('set ftp disabled=yes\n', ''));
  const second = await until('another item', async () => {
    const item = await one.untilPending();
    expect(item.id).not.toBe(first.id);
    return item;
  });
  expect(second.supersedes).toMatchObject({ id: first.id });
  expect(second.supersedes?.changed.some((line) => line.startsWith('+ ') && line.includes('ftp'))).toBe(true);
  await expect(one.api.call('document', { id: first.id })).rejects.toThrow(
    `${first.id} was superseded by ${second.id}; run: siteward pending ${second.id}`,
  );
});

test('what waits can be read and signed right after a restart, before any device was read', async (t) => {
  const one = await running(['gw1']);
  t.onTestFinished(() => one.close());
  one.edit(telnetOn);
  const { id, text } = await one.untilPending();
  one.device().stopListening();
  one.device().cutSessions();
  await one.restart();
  const { pending } = await one.api.call('pending', {});
  expect(pending).toMatchObject([{ id, text }]);
  expect(await one.approve(id)).toMatchObject({ complete: true });
  one.device().resumeListening();
  await one.untilSettled();
});
