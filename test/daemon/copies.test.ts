/**
 * What the daemon keeps besides its journal, and can do without: the copy of the git repository, the history, a state
 * that is being imported. `kill -9` of the real processes while they write it: what was accepted stays or has moved on,
 * what is left is whole or says the command that ends it, and the next start goes on. A full disk: devices are looked
 * after, the fault says what to do, and with room again it is over.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  createWriteStream,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import type { BuiltProgram } from '../support/built-program.ts';
import { buildProgram } from '../support/built-program.ts';
import { runCommandLine } from '../support/command-line.ts';
import type { CommandResult } from '../support/command-line.ts';
import { buildWorld, until } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';
import { httpBackendMissing, startGitHttps } from '../support/git-https.ts';
import type { GitHttps } from '../support/git-https.ts';
import { noMounts, spawnMounted } from '../support/mounted-daemon.ts';
import type { MountedDaemon } from '../support/mounted-daemon.ts';

let program: BuiltProgram;
let world: World;
let server: GitHttps;
beforeAll(async () => {
  if (httpBackendMissing !== null) return;
  program = buildProgram();
  world = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
  server = await startGitHttps(path.dirname(world.repository.folder));
  fetching(world);
});
afterAll(async () => {
  await world?.close();
  await server?.close();
  program?.remove();
});

/** From now on it is the server that the daemon has the repository from. */
function fetching(one: World): void {
  writeFileSync(one.at('token'), `${server.token}\n`, { mode: 0o600 });
  const url = `${server.url}/${path.basename(one.repository.folder)}/.git`;
  one.changeSettings((text) =>
    text.replace(/desired: \{ url: [^,]*,/, `desired: { url: ${url}, token: token, ca: ${server.ca},`),
  );
}

/** Kills the daemon that runs; what it held is held by nobody. */
async function killDaemon(): Promise<void> {
  await world.processes().at(-1)?.kill();
  // The lease of a dead process is waited for by time; that is the lock's own test.
  rmSync(world.at('state/lock'), { recursive: true, force: true });
}

const copy = (name = ''): string => world.at(path.join('state/desired.git', name));
const accepted = (): readonly string[] =>
  !existsSync(world.at('state/journal'))
    ? []
    : world.records().flatMap((one) => (one.kind === 'commit-accepted' ? [one.commit] : []));
const packs = (ending: string): readonly string[] => {
  const folder = copy('objects/pack');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(ending)) : [];
};

/** Looks again at once: what is waited for is over in milliseconds. */
async function soon(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await sleep(1);
  }
}

/** Nothing for the device, and so much that fetching it takes a while. */
function commitMuch(one: World, name: string): string {
  const notes = Array.from({ length: 150 }, (_, n) => [`notes/${name}/${n}`, randomBytes(2_000)] as const);
  return one.repository.commit(Object.fromEntries(notes));
}

const missing = httpBackendMissing ?? '';

describe.skipIf(missing !== '')(`killed while it fetches (${missing})`, () => {
  test.each<[string, number | null, () => boolean]>([
    ['the first fetch of all, half of the pack has come', 100_000, () => server.stalled > 0],
    ['nothing of the pack has come', 0, () => server.stalled > 0],
    ['half of the pack has come', 100_000, () => server.stalled > 0],
    ['the pack lies there, its index does not', null, () => packs('.pack').length > packs('.idx').length],
    [
      'the branch is written and not yet synced',
      null,
      () => branchIs(head) && existsSync(copy('unfinished')),
    ],
  ])('%s', async (_, stallAfter, moment) => {
    server.stalled = 0;
    server.stallAfter = stallAfter;
    let before: readonly string[] = [];
    // A moment that lasts milliseconds may pass unseen: then the next fetch has it.
    for (let hit = false, tries = 0; !hit; tries++) {
      expect(tries).toBeLessThan(10);
      before = accepted();
      head = commitMuch(world, `${before.length}-${tries}`);
      if (world.processes().length === 0) world.spawn(program.main);
      await soon('the moment', () => (hit = moment()) || accepted().includes(head));
    }
    await killDaemon();
    server.stallAfter = null;

    // Nothing was accepted that was not fetched, and nothing that was accepted is another.
    expect([before, [...before, head]]).toContainEqual(accepted());
    if (stallAfter !== null) expect(existsSync(copy('unfinished'))).toBe(true);

    world.spawn(program.main);
    await until('the daemon answers', () => world.status());
    expect((await world.untilSettled()).commit).toBe(head);
    expect(accepted()).toEqual([...before, head]);
    expect(existsSync(copy('unfinished'))).toBe(false);
    const fsck = ['-C', copy(), 'fsck', '--strict', '--no-dangling'];
    expect(execFileSync('git', fsck, { encoding: 'utf8', stdio: 'pipe' })).toBe('');
  });
});

let head = '';
function branchIs(oid: string): boolean {
  const file = copy('refs/heads/main');
  return existsSync(file) && readFileSync(file, 'utf8').trim() === oid;
}

describe.skipIf(missing !== '')(`killed while a state is imported (${missing})`, () => {
  const siteward = (...words: string[]): Promise<CommandResult> =>
    runCommandLine(['--settings', world.settingsFile, ...words]);
  const state = (name = ''): string => world.at(path.join('state', name));
  let sealed: Buffer;

  beforeAll(async () => {
    const identity = await generateIdentity();
    writeFileSync(world.at('age.txt'), `${identity}\n`, { mode: 0o600 });
    const recipient = await identityToRecipient(identity);
    // Whatever lies in the state goes with it, so that half of it is many pieces.
    writeFileSync(state('note'), randomBytes(400_000), { mode: 0o600 });
    expect(await siteward('state', 'export', world.at('state.age'), '--recipient', recipient)).toMatchObject({
      code: 0,
    });
    sealed = readFileSync(world.at('state.age'));
    await killDaemon();
    renameSync(state(), world.at('lost'));
    execFileSync('mkfifo', [world.at('slow.age')]);
  });

  /** Imports what comes through a pipe: so much of it, and the rest only once `moment` has come. */
  async function killedImport(bytes: number, moment: () => boolean): Promise<void> {
    const words = [program.main, '--settings', world.settingsFile, 'state', 'import', world.at('slow.age')];
    const child = spawn(process.execPath, [...words, '--identity', world.at('age.txt')], { stdio: 'ignore' });
    const ended = once(child, 'close');
    const pipe = createWriteStream(world.at('slow.age'));
    pipe.on('error', () => undefined);
    if (bytes < sealed.length) pipe.write(sealed.subarray(0, bytes));
    else pipe.end(sealed);
    try {
      await soon('the moment', () => moment() || child.exitCode !== null);
    } finally {
      child.kill('SIGKILL');
      await ended;
      pipe.destroy();
    }
    rmSync(state('lock'), { recursive: true, force: true });
  }

  const again = (): Promise<CommandResult> =>
    siteward('state', 'import', world.at('state.age'), '--identity', world.at('age.txt'));

  test.each<[string, number, () => boolean]>([
    ['nothing of it was read', 0, () => existsSync(state('importing'))],
    ['half of it has come', 0.5, () => existsSync(state('importing/note'))],
    ['all of it is unpacked, and is proved', 1, () => existsSync(state('importing/history.git/objects'))],
    ['a part of it is in place', 1, () => existsSync(state('note'))],
  ])('%s', async (_, share, moment) => {
    await killedImport(Math.floor(sealed.length * share), moment);
    if (existsSync(state('importing'))) {
      const told = await again();
      expect(told.code).not.toBe(0);
      expect(told.stderr).toContain('an import was cut');
      // No daemon starts on it either.
      await expect(world.start()).rejects.toMatchObject({ code: 'import-unfinished' });
      const command = /run: (find \S+ -mindepth 1 -delete)/.exec(told.stderr)?.[1] ?? '';
      execFileSync('sh', ['-c', command]);
    } else {
      // It was done before it died, or had not begun.
      if (existsSync(state('journal')))
        expect((await again()).stderr).toContain('a state is never written over');
    }
    rmSync(state(), { recursive: true, force: true });
  });

  test('and then imported: it goes on with what was accepted', async () => {
    expect(await again()).toMatchObject({ code: 0 });
    const before = accepted();
    world.spawn(program.main);
    await until('the daemon answers', () => world.status());
    await world.untilSettled();
    expect(accepted()).toEqual(before);
  });
});

const skipped = [missing, noMounts].filter((why) => why !== '').join(', ');

describe.skipIf(skipped !== '')(`a full disk (${skipped})`, () => {
  let one: World;
  let daemon: MountedDaemon;
  const state = (name = ''): string => one.at(path.join('state', name));
  beforeAll(async () => {
    one = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
    fetching(one);
    const mount = (folder: string, size: string): string =>
      `mkdir -m 700 -p '${folder}'\nmount -t tmpfs -o size=${size},mode=700 none '${folder}'\n`;
    const mounts = mount(state(), '12m') + mount(state('history.git'), '40m');
    daemon = await spawnMounted(program.main, one.settingsFile, mounts);
    await until('the first reading', () => one.untilSettled());
  });
  afterAll(async () => {
    await daemon?.stop();
    await one?.close();
  });

  /** Leaves so many bytes. */
  const fill = (folder: string, left: number): string =>
    daemon.inside(
      `dd if=/dev/zero of='${folder}/filler' bs=4k 2>/dev/null || true; truncate -s -${left} '${folder}/filler'`,
    );
  const readsOn = async (): Promise<void> => {
    const [before] = (await one.status()).devices;
    await until('it reads on', async () => {
      expect((await one.status()).devices[0]?.lastRead).not.toBe(before?.lastRead);
    });
  };
  const fsck = (name: string): string =>
    daemon.inside(`git -C '${state(name)}' fsck --strict --no-dangling 2>&1`);

  test('no room for what is fetched: told with what to do, and the device is kept to what was accepted', async () => {
    const [{ commit } = { commit: null }] = (await one.status()).devices;
    // Enough for the journal.
    fill(state(), 200_000);
    const wanted = commitMuch(one, 'too much');
    await one.api.call('refresh', {});
    const { desired } = await one.status();
    expect(desired).toMatchObject({
      state: 'error',
      reason: 'copy-unwritable',
      next: 'siteward check --offline',
    });
    expect(desired.message).toContain('ENOSPC');
    await readsOn();
    const { devices, readOnly } = await one.status();
    expect(devices).toMatchObject([{ state: 'in-sync', commit }]);
    expect(readOnly).toBeNull();
    daemon.inside(`rm '${state('filler')}'`);
    await one.api.call('refresh', {});
    expect((await one.untilSettled()).commit).toBe(wanted);
    expect(fsck('desired.git')).toBe('');
  });

  test('no room for the history: told with what to do, and rollouts go on', async () => {
    const unkept = async (): Promise<unknown> =>
      (await one.status()).warnings?.find(({ code }) => code === 'history-unwritable');
    const revisions = async (): Promise<number> =>
      (await one.api.call('history', { device: 'gw1', limit: 10 })).revisions.length;
    const before = await revisions();
    fill(state('history.git'), 0);
    one.edit((text) => `${text}/ip dns static\nadd address=192.0.2.20 name=printer.example.org\n`);
    await one.api.call('refresh', {});
    await one.untilSettled();
    expect(await one.has('/ip dns static', 'name="printer.example.org"')).toBe(true);
    const told = await until('it is told', async () => {
      const warning = await unkept();
      expect(warning).toBeDefined();
      return warning;
    });
    expect(told).toMatchObject({
      message: expect.stringContaining('0 MiB are free') as string,
      next: 'siteward check',
    });
    daemon.inside(`rm '${state('history.git/filler')}'`);
    await until('it is kept again', async () => {
      expect(await unkept()).toBeUndefined();
    });
    expect(await revisions()).toBe(before + 1);
    expect(fsck('history.git')).toBe('');
  });
});
