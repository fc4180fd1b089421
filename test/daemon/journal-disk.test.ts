/**
 * The running daemon on real file systems that are full, read-only or limited: nothing is changed on any device, reading and
 * reporting go on, everything says so, and it goes on by itself when there is room again.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import type { BuiltProgram } from '../support/built-program.ts';
import { buildProgram } from '../support/built-program.ts';
import { buildWorld, until } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';
import type { MountedDaemon } from '../support/mounted-daemon.ts';
import { noMounts, spawnMounted } from '../support/mounted-daemon.ts';

const printer = '/ip dns static\nadd address=192.0.2.20 name=printer.example.org\n';
const hasPrinter = (one: World): Promise<boolean> => one.has('/ip dns static', 'name="printer.example.org"');

let program: BuiltProgram;
beforeAll(() => {
  program = buildProgram();
});
afterAll(() => program.remove());

interface Running {
  readonly world: World;
  readonly daemon: MountedDaemon;
}

async function running(
  mount: (state: string) => string,
  use: (running: Running) => Promise<void>,
  options: { readonly journal?: string; readonly prefix?: string } = {},
): Promise<void> {
  const world = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
  world.changeSettings((text) => `${text}journal: ${options.journal ?? '{}'}\n`);
  const state = world.at('state');
  const before = `mkdir -m 700 -p '${state}'\n${mount(state)}\nchmod 700 '${state}'`;
  const daemon = await spawnMounted(program.main, world.settingsFile, before, options.prefix);
  try {
    await until('the first reading', () => world.untilSettled());
    await use({ world, daemon });
  } catch (error) {
    throw new Error(`the daemon said:\n${daemon.output()}`, { cause: error });
  } finally {
    await daemon.stop();
    await world.close();
  }
}

const tmpfs = (state: string): string => `mount -t tmpfs -o size=12m,mode=700 none '${state}'`;
const order = (world: World) => world.api.call('hold', { device: 'gw1', reason: 'x'.repeat(200) });
/** Holds are records like any others, and quickly made. */
async function recordUntilRefused(world: World): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    try {
      await order(world);
    } catch (error) {
      expect(error).toMatchObject({ code: 'journal-unwritable' });
      return;
    }
  }
  throw new Error('nothing was refused');
}

async function readsOn(world: World): Promise<void> {
  const [before] = (await world.status()).devices;
  await until('it reads on', async () => {
    expect((await world.status()).devices[0]?.lastRead).not.toBe(before?.lastRead);
  });
}

const isWell = async (world: World): Promise<void> => {
  expect((await world.status()).readOnly).toBeNull();
};

const verify = ({ world, daemon }: Running): string =>
  daemon.inside(`'${process.execPath}' '${program.main}' journal verify --state '${world.at('state')}'`);

describe.skipIf(noMounts !== '')(`a disk of its own (${noMounts})`, () => {
  test('full: nothing is changed and everything says so; with room again it goes on by itself', async () => {
    await running(tmpfs, async (one) => {
      const { world, daemon } = one;
      const state = world.at('state');
      daemon.inside(`dd if=/dev/zero of='${state}/filler' bs=4k 2>/dev/null || true`);
      await recordUntilRefused(world);
      const { readOnly } = await world.status();
      expect(readOnly).toMatchObject({ code: 'journal-unwritable', next: 'siteward check --offline' });
      expect(readOnly?.message).toContain('no space left');
      world.edit((text) => text + printer);
      await readsOn(world);
      expect(await hasPrinter(world)).toBe(false);
      const checked = daemon.inside(
        `'${process.execPath}' '${program.main}' check --offline --settings '${world.settingsFile}' || true`,
      );
      expect(checked).toMatch(/failed\s+state\s.*0 MiB free and needs 4 MiB/);
      daemon.inside(`rm '${state}/filler'`);
      await until('it goes on', () => isWell(world));
      await world.api.call('release', { device: 'gw1' });
      await world.untilSettled();
      expect(await hasPrinter(world)).toBe(true);
      expect(await world.traces()).toEqual(['sw-witness']);
      expect(verify(one)).toMatch(/^ok: /);
      const records = daemon.inside(`cat '${state}'/journal/0*.jsonl`);
      expect(records).toContain('"kind":"journal-recovered"');
      expect(daemon.output()).toContain('journal-recovered');
    });
  });

  test('read-only: the same, until it can be written again', async () => {
    const use = async (one: Running): Promise<void> => {
      const { world, daemon } = one;
      const state = world.at('state');
      daemon.inside(`mount --bind '${state}' '${state}' && mount -o remount,bind,ro '${state}'`);
      // What is open stays open; a file that can't be followed by a new one is the end.
      await recordUntilRefused(world);
      expect((await world.status()).readOnly?.message).toMatch(/read-only/);
      world.edit((text) => text + printer);
      await readsOn(world);
      expect(await hasPrinter(world)).toBe(false);
      // Refused for as long as the daemon happens to have a file of it open.
      await until('it can be written again', () => Promise.resolve(daemon.inside(`umount '${state}'`)));
      await until('it goes on', () => isWell(world));
      await world.api.call('release', { device: 'gw1' });
      await world.untilSettled();
      expect(await hasPrinter(world)).toBe(true);
      expect(verify(one)).toMatch(/^ok: /);
    };
    await running(tmpfs, use, { journal: '{ segment: 64KiB }' });
  });

  test('files that may not grow: the signal ends nothing, and a new file follows', async () => {
    const use = async (one: Running): Promise<void> => {
      const { world, daemon } = one;
      const before = (await world.status()).journal.seq;
      await until('more records than one file may hold', async () => {
        // Refused for a moment, it goes on with a new file.
        for (let i = 0; i < 50; i++) await order(world);
        expect((await world.status()).journal.seq).toBeGreaterThan(before + 300);
      });
      expect(daemon.running()).toBe(true);
      await until('it is well', () => isWell(world));
      const files = daemon.inside(`ls '${world.at('state')}/journal'`);
      expect(files).toContain('00000002.jsonl');
      expect(verify(one)).toMatch(/^ok: /);
    };
    await running(tmpfs, use, { prefix: 'prlimit --fsize=65536' });
  });
});
