/** One daemon per state folder: against this process, another process, and what a killed one left behind. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  rmdirSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { lockState } from '../../src/daemon/state-lock.ts';
import type { StateLock } from '../../src/daemon/state-lock.ts';

let folder: string;
let locks: StateLock[];
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'siteward-lock-'));
  locks = [];
  children = [];
});

afterEach(async () => {
  for (const lock of locks) await lock.release();
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function take(of = folder, onLost?: (reason: string) => void): Promise<StateLock> {
  const lock = await lockState(of, onLost);
  locks.push(lock);
  return lock;
}

/** Another process that holds only the lease, as a daemon in another network namespace would. */
async function holdLease(): Promise<ChildProcess> {
  const library = createRequire(import.meta.url).resolve('proper-lockfile');
  const script = `require(${JSON.stringify(library)}).lock(${JSON.stringify(folder)},
    { lockfilePath: ${JSON.stringify(`${folder}/lock`)}, stale: 5000 }).then(() => process.stdout.write('held'));
    setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

describe('the lock on the state', () => {
  test('is held once, and free again after its release', async () => {
    const first = await take();
    await expect(lockState(folder)).rejects.toMatchObject({
      code: 'state-locked',
      message: expect.stringContaining(folder) as string,
    });
    await first.release();
    await first.release();
    expect(existsSync(join(folder, 'lock'))).toBe(false);
    await take();
  });

  test('is one for all names of the folder', async () => {
    await take();
    symlinkSync(folder, `${folder}-link`);
    await expect(lockState(`${folder}-link`)).rejects.toMatchObject({ code: 'state-locked' });
    rmSync(`${folder}-link`);
    renameSync(folder, `${folder}-moved`);
    await expect(lockState(`${folder}-moved`)).rejects.toMatchObject({ code: 'state-locked' });
    renameSync(`${folder}-moved`, folder);
  });

  test('of two folders can be held at the same time', async () => {
    const other = join(folder, 'other');
    mkdirSync(other);
    await take();
    await take(other);
  });

  test('waits for the lease that a killed daemon left', async () => {
    const child = await holdLease();
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    expect(existsSync(join(folder, 'lock'))).toBe(true);
    await take();
  });

  test('is refused while a living daemon elsewhere keeps the lease', async () => {
    await holdLease();
    await expect(lockState(folder)).rejects.toMatchObject({ code: 'state-locked' });
    // The socket was given back: only the lease was in the way.
    children[0]?.kill('SIGKILL');
    rmdirSync(join(folder, 'lock'));
    await take();
  });

  test('tells its holder when the lease is lost, and throws into nobody', async () => {
    const onLost = vi.fn<(reason: string) => void>();
    const lock = await take(folder, onLost);
    rmdirSync(join(folder, 'lock'));
    await vi.waitFor(() => expect(onLost).toHaveBeenCalledTimes(1), { timeout: 10_000, interval: 50 });
    expect(onLost.mock.calls[0]?.[0]).toContain(folder);
    await lock.release();
  });

  test('tells its holder when another has taken the lease over', async () => {
    const onLost = vi.fn<(reason: string) => void>();
    await take(folder, onLost);
    utimesSync(join(folder, 'lock'), new Date(), new Date(Date.now() + 1000));
    await vi.waitFor(() => expect(onLost).toHaveBeenCalledTimes(1), { timeout: 10_000, interval: 50 });
    rmdirSync(join(folder, 'lock'));
  });

  test('on a folder that is not there says so', async () => {
    await expect(lockState(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
