/** The copy of a git server's repository where the disk refuses: what is told, and what the next look makes of it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { deflateSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DesiredRepository } from '../../../src/desired/git-repository.ts';
import type { GitRemote } from '../../../src/desired/remote/git-remote.ts';
import { openMirror } from '../../../src/desired/remote/mirror.ts';
import { flush, pktLine } from '../../../src/desired/remote/pkt-lines.ts';
import { openRemoteRepository } from '../../../src/desired/remote/remote-repository.ts';
import { gitSandbox } from '../../support/git-sandbox.ts';
import type { GitSandbox } from '../../support/git-sandbox.ts';
import { fillDisk, refuseFiles } from '../../support/recorded-writes.ts';
import { uploadPackOf } from '../../support/upload-pack.ts';

let sandbox: GitSandbox;
let folder: string;
let copy: string;
beforeEach(() => {
  sandbox = gitSandbox();
  folder = mkdtempSync(path.join(tmpdir(), 'siteward-mirror-'));
  copy = path.join(folder, 'copy.git');
});
afterEach(() => {
  sandbox.remove();
  rmSync(folder, { recursive: true, force: true });
});

const never = new AbortController().signal;
const commit = (name: string): string =>
  sandbox.commit({ 'site.yaml': 'site: bud-01\n', 'devices/gw1/config.rsc': `/user\nset name=${name}\n` });
/** Says what there is now, not what there was at the first question. */
const server = (): GitRemote => ({
  advertisement: (signal) => uploadPackOf(sandbox.folder).advertisement(signal),
  request: (body, signal) => uploadPackOf(sandbox.folder).request(body, signal),
  close: () => Promise.resolve(),
});
const open = async (): Promise<DesiredRepository> =>
  openRemoteRepository({ branch: 'main', tags: null, path: '' }, await openMirror(copy, server(), never));
const toClear = { code: 'EACCES', calls: ['rm'], files: /copy\.git$/ } as const;

test('a full disk that does not even let the copy go: told by its first fault, and the next fetch begins anew', async () => {
  commit('one');
  const repository = await open();
  await repository.head();
  const second = commit('two');
  writeFileSync(path.join(copy, 'left over'), '');
  const full = refuseFiles(toClear, () => fillDisk(copy, 1, () => repository.head()));
  const message = expect.stringContaining('ENOSPC') as string;
  await expect(full).rejects.toMatchObject({ code: 'copy-unwritable', message });
  expect(existsSync(path.join(copy, 'unfinished'))).toBe(true);
  expect(await repository.head()).toBe(second);
  expect((await repository.readSite(second)).devices).toHaveLength(1);
  expect(existsSync(path.join(copy, 'left over'))).toBe(false);
  execFileSync('git', ['-C', copy, 'fsck', '--strict'], { stdio: 'pipe' });
});

test('another revision is asked about while the branch is looked at: both are fetched, one after the other', async () => {
  commit('one');
  const repository = await open();
  for (let n = 0; n < 5; n++) {
    sandbox.git('checkout', '-q', '-B', 'wish');
    const wish = commit(`wish ${n}`);
    sandbox.git('checkout', '-q', 'main');
    const head = commit(`head ${n}`);
    expect(await Promise.all([repository.head(), repository.resolve('wish'), repository.head()])).toEqual([
      head,
      wish,
      head,
    ]);
    expect((await repository.readSite(wish)).devices).toHaveLength(1);
  }
  expect(existsSync(path.join(copy, 'unfinished'))).toBe(false);
  execFileSync('git', ['-C', copy, 'fsck', '--strict'], { stdio: 'pipe' });
});

test('a copy that is not whole and may not be thrown away: the daemon starts, and is told why there is no head', async () => {
  const head = commit('one');
  await (await open()).head();
  writeFileSync(path.join(copy, 'unfinished'), '');
  rmSync(path.join(copy, 'objects'), { recursive: true });
  await refuseFiles(toClear, async () => {
    const repository = await open();
    const message = expect.stringContaining('EACCES') as string;
    const told = { code: 'copy-unwritable', message, place: { file: copy } };
    await expect(repository.head()).rejects.toMatchObject(told);
  });
  expect(await (await open()).head()).toBe(head);
});

/** Answers every fetch with this, as the pack. */
function sending(pack: Buffer): GitRemote {
  const band = pktLine(`\x01${pack.toString('latin1')}`);
  const answer = Buffer.concat([pktLine('NAK\n'), band, flush]);
  return { ...server(), request: () => Promise.resolve(Readable.from([answer])) };
}

test.each([
  // A blob of 512 MiB and one of 16 bytes, as their heads have it; what follows is 70 MB of NULs.
  ['what it is', Buffer.from([0xb0, 0x80, 0x80, 0x80, 0x10]), 'too-large'],
  ['that it is small', Buffer.from([0xb0, 0x01]), 'repository-unreachable'],
])(
  'a server that sends a bomb which says %s: it is never unpacked, and nothing of it is kept',
  async (_, head, code) => {
    commit('one');
    const whole = Buffer.concat([Buffer.from('5041434b0000000200000001', 'hex'), head]);
    const pack = Buffer.concat([
      whole,
      deflateSync(Buffer.alloc(70_000_000), { level: 1 }).subarray(0, 40_000),
    ]);
    const mirror = await openMirror(copy, sending(pack), never);
    const repository = openRemoteRepository({ branch: 'main', tags: null, path: '' }, mirror);
    await expect(repository.head()).rejects.toMatchObject({ code });
    expect(readdirSync(path.join(copy, 'objects/pack'))).toEqual([]);
    expect(await (await open()).head()).toBe(sandbox.git('rev-parse', 'HEAD'));
  },
);

test.each(['EACCES', 'EIO'])('%s in the copy: it is thrown away, and fetched again', async (code) => {
  const head = commit('one');
  const repository = await open();
  await repository.head();
  let refused = 0;
  const files = { test: (file: string): boolean => /\.idx$/.test(file) && refused++ === 0 } as RegExp;
  await refuseFiles({ code, calls: ['readFile'], files }, async () => {
    expect(await (await open()).head()).toBe(head);
  });
  expect(refused).toBeGreaterThan(1);
});
