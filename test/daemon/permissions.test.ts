/**
 * Rights, as somebody who is not root meets them: the program as it ships, run by `nobody`. What others could have
 * written is not believed, what can't be read is said in one line, and what is its own is all that it needs.
 */
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, renameSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoExport } from '../../src/cli/demo/export.ts';
import { buildProgram } from '../support/built-program.ts';
import type { BuiltProgram } from '../support/built-program.ts';
import { buildWorld, until } from '../support/daemon-world.ts';
import type { World } from '../support/daemon-world.ts';
import { giveAll, otherUser, showAll } from '../support/other-user.ts';
import type { OtherUser } from '../support/other-user.ts';

const found = otherUser();
const why = typeof found === 'string' ? ` (left out: ${found})` : '';
const user: OtherUser = typeof found === 'string' ? { uid: 0, gid: 0, prefix: [] } : found;
const somebodyElse = 12_345;

let program: BuiltProgram;
beforeAll(() => {
  if (why === '') program = buildProgram({ forEverybody: true });
});
afterAll(() => {
  if (why === '') program.remove();
});

/** A site whose files are all nobody's own. */
async function worldOfNobody(): Promise<World> {
  const one = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
  giveAll(one.at('.'), user);
  showAll(one.repository.folder);
  return one;
}

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** One command of the program, as nobody where nothing else is said. */
function run(one: World, words: readonly string[], prefix = user.prefix): Promise<Ran> {
  const [command = '', ...rest] = [...prefix, process.execPath, program.main, ...words];
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', NO_COLOR: '1' };
  return new Promise((resolve) => {
    const child = execFile(
      command,
      [...rest, '--settings', one.settingsFile],
      { env },
      (_error, stdout, stderr) => {
        expect(stdout + stderr).not.toMatch(/^\s+at /m);
        resolve({ code: child.exitCode, output: stdout + stderr });
      },
    );
  });
}

const check = (one: World, prefix?: readonly string[]): Promise<Ran> =>
  run(one, ['check', '--offline'], prefix);

async function refusedToRun(one: World): Promise<string> {
  const child = one.spawn(program.main, user.prefix);
  expect(await child.ended).toBe(2);
  expect(child.output()).not.toMatch(/^\s+at /m);
  return child.output();
}

describe.skipIf(why !== '')(`files that others could have written${why}`, () => {
  const cases: [string, string, (one: World, file: string) => void][] = [
    [
      'of another user',
      `belongs to user ${somebodyElse}; run: chown`,
      (_, file) => {
        chownSync(file, somebodyElse, user.gid);
        chmodSync(file, 0o644);
      },
    ],
    ['written by a group', 'others may write to it; run: chmod go-w', (_, file) => chmodSync(file, 0o620)],
    ['in a folder that everybody writes to', 'others may write to ', (one) => chmodSync(one.at('.'), 0o777)],
    [
      'behind a link',
      'is a symbolic link; put the file itself there',
      (one, file) => {
        mkdirSync(one.at('open'), { mode: 0o777 });
        const behind = path.join(one.at('open'), path.basename(file));
        renameSync(file, behind);
        symlinkSync(behind, file);
      },
    ],
    [
      'that nobody may read',
      'may not be read by user',
      (_, file) => {
        chownSync(file, 0, 0);
        chmodSync(file, 0o600);
      },
    ],
  ];
  describe.each(['settings.yaml', 'allowed_signers'])('%s', (name) => {
    test.each(cases)('%s: neither checked nor run', async (_, words, change) => {
      const one = await worldOfNobody();
      try {
        change(one, one.at(name));
        const { code, output } = await check(one);
        expect(output).toContain(words);
        expect(code).toBe(output.startsWith('error:') ? 2 : 1);
        expect(await refusedToRun(one)).toContain(words);
        expect(() => readdirSync(one.at('state/journal'))).toThrow();
      } finally {
        await one.close();
      }
    });
  });
});

describe.skipIf(why !== '')(`the state folder${why}`, () => {
  const cases: [string, string, (state: string) => void][] = [
    ['that is somebody else’s', 'belongs to user 0 and this is user', (state) => chownSync(state, 0, 0)],
    ['that others look into', 'others may look into it; run: chmod 700', (state) => chmodSync(state, 0o750)],
    ['that its owner may not use', 'can’t be used by user', (state) => chmodSync(state, 0o000)],
  ];
  test.each(cases)('%s', async (_, words, change) => {
    const one = await worldOfNobody();
    try {
      mkdirSync(one.at('state'), { mode: 0o700 });
      giveAll(one.at('state'), user);
      change(one.at('state'));
      expect(await check(one)).toMatchObject({ code: 1, output: expect.stringContaining(words) as string });
      expect(await refusedToRun(one)).toContain(words);
    } finally {
      await one.close();
    }
  });

  test('that can’t be made', async () => {
    const one = await worldOfNobody();
    try {
      chownSync(one.at('.'), 0, 0);
      chmodSync(one.at('.'), 0o755);
      const said = await refusedToRun(one);
      expect(said).toContain('can’t be used by user');
      expect(said).toContain(`run: install -d -m 700 -o ${user.uid} ${one.at('state')}`);
    } finally {
      await one.close();
    }
  });
});

describe.skipIf(why !== '')(`somebody who is not root${why}`, () => {
  test('needs no more than files of its own, from the check to a settled rollout', async () => {
    const one = await worldOfNobody();
    try {
      expect(await run(one, ['check'])).toMatchObject({ code: 0 });
      const child = one.spawn(program.main, user.prefix);
      await until('the daemon answers', () => one.status());
      one.edit((text) => `${text}/ip dns static\nadd address=192.0.2.20 name=printer.example.org\n`);
      await one.untilSettled();
      expect((await run(one, ['status'])).code).toBe(0);
      child.signal('SIGTERM');
      expect(await child.ended).toBe(0);
      const own = (name: string): void => {
        const { uid, mode } = statSync(name);
        expect([name, uid, mode & 0o077]).toEqual([name, user.uid, 0]);
      };
      own(one.at('state'));
      for (const name of readdirSync(one.at('state'), { recursive: true, encoding: 'utf8' })) {
        if (!name.includes(path.sep)) own(path.join(one.at('state'), name));
      }
    } finally {
      await one.close();
    }
  });

  test('loses only the device whose key it may not read, until the key is put right', async () => {
    const one = await buildWorld({
      devices: {
        gw1: { exportText: demoExport },
        gw2: { exportText: demoExport, settings: { identity: 'keys/bob' } },
      },
    });
    try {
      giveAll(one.at('.'), user);
      showAll(one.repository.folder);
      chownSync(one.at('keys/bob'), 0, 0);
      const words = `keys/bob may not be read by user ${user.uid}; start as its owner, or run: chown`;
      expect(await check(one)).toMatchObject({ code: 1, output: expect.stringContaining(words) as string });
      one.spawn(program.main, user.prefix);
      await until('the daemon answers', () => one.status());
      await one.untilSettled('gw1');
      const out = await one.untilDevice('gw2 is out', ({ state }) => state === 'error', 'gw2');
      expect(out).toMatchObject({ reason: 'unreadable', next: 'siteward check gw2' });
      expect(out.message).toContain(words);
    } finally {
      await one.close();
    }
  });

  test('is told to join the group when the socket is another’s', async () => {
    const one = await buildWorld({ devices: { gw1: { exportText: demoExport } } });
    try {
      showAll(one.at('.'));
      chmodSync(one.settingsFile, 0o644);
      await one.start();
      expect(statSync(one.at('s.sock')).mode & 0o777).toBe(0o660);
      expect(await run(one, ['status'])).toMatchObject({
        code: 2,
        output: expect.stringContaining('not yours to use; join the group siteward') as string,
      });
    } finally {
      await one.close();
    }
  });

  test('hears no word of root, root does', async () => {
    const one = await worldOfNobody();
    try {
      expect((await check(one)).output).not.toContain('this is root');
      giveAll(one.at('.'), { uid: 0, gid: 0 });
      expect(await check(one, [])).toMatchObject({
        code: 0,
        output: expect.stringMatching(/warning +user +this is root/) as string,
      });
    } finally {
      await one.close();
    }
  });
});
