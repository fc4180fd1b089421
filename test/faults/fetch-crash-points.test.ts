/**
 * The process dies, or the power goes, behind each change that a fetch makes to the copy of the git repository; nothing of
 * it is ever synced, so any part of it may be lost. Whatever is left: the head is the server's, its files are the commit's,
 * what was accepted before is still found behind it, and real git finds the copy whole after at most one more look.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InvalidInput } from '../../src/core/errors.ts';
import type { DesiredRepository } from '../../src/desired/git-repository.ts';
import type { GitRemote } from '../../src/desired/remote/git-remote.ts';
import { openMirror } from '../../src/desired/remote/mirror.ts';
import { openRemoteRepository } from '../../src/desired/remote/remote-repository.ts';
import { gitSandbox } from '../support/git-sandbox.ts';
import type { GitSandbox } from '../support/git-sandbox.ts';
import { fillDisk, recordChanges, replayChanges } from '../support/recorded-writes.ts';
import type { Arrival, Change } from '../support/recorded-writes.ts';
import { uploadPackOf } from '../support/upload-pack.ts';

const options = { branch: 'main', tags: null, path: '' };
const never = new AbortController().signal;
/** Packs that are too many, and one less. */
const tooMany = 40;

const losses: Readonly<Record<string, Arrival>> = {
  'everything arrived': () => 1000,
  'names arrived, what is in them did not': ({ kind }) => (kind === 'write' ? 0 : 1000),
  'every other change arrived': (_change, index) => (index % 2 === 0 ? 1000 : null),
  'half of each file arrived': ({ kind }) => (kind === 'write' ? 500 : 1000),
  'references arrived, packs did not': ({ file }) => (file.includes('/pack/') ? null : 1000),
  'packs arrived, references did not': ({ file }) => (file.includes('/refs/') ? null : 1000),
  'packs arrived, indexes did not': ({ file }) => (file.endsWith('.idx') ? null : 1000),
  'indexes arrived, packs did not': ({ file }) => (file.endsWith('.pack') ? null : 1000),
  'how deep it is did not arrive': ({ file }) => (file.endsWith('/shallow') ? null : 1000),
};

let sandbox: GitSandbox;
let folder: string;
let states = 0;
/** What git was asked about already. */
const whole = new Set<string>();
beforeAll(() => {
  sandbox = gitSandbox();
  folder = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'siteward-fetch-'));
});
afterAll(() => {
  console.log(`fetching: ${states} states of the copy`);
  sandbox.remove();
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string): string => path.join(folder, name);
const commit = (name: string): string =>
  sandbox.commit({
    'site.yaml': 'site: bud-01\n',
    'devices/gw1/config.rsc': `/system identity\nset name=${name}\n`,
  });

/** Asked of a server that has not changed since, whose answers are kept. */
const open = async (gitdir: string, server: GitRemote): Promise<DesiredRepository> =>
  openRemoteRepository(options, await openMirror(gitdir, server, never));

/** What the daemon asks of it at each look. */
async function look(repository: DesiredRepository, accepted: string): Promise<unknown> {
  const head = await repository.head();
  const { problems, devices } = await repository.readSite(head);
  const descends = await repository.descends(head, accepted);
  const since = await repository.commitsSince(head, accepted);
  return { head, problems, devices, descends, since: since?.length };
}

/** Throws unless what is left is put right by at most one look that fails. */
async function judge(copy: string, server: GitRemote, accepted: string, expected: unknown): Promise<void> {
  const after = await open(copy, server);
  const first = await look(after, accepted).catch((error: unknown) => {
    if (error instanceof InvalidInput) return null;
    throw error;
  });
  if (first !== null) expect(first).toEqual(expected);
  expect(await look(after, accepted)).toEqual(expected);
  const put = digestOf(copy);
  if (whole.has(put)) return;
  execFileSync('git', ['-C', copy, 'fsck', '--strict', '--no-dangling'], { stdio: 'pipe' });
  whole.add(put);
}

interface Cut {
  /** Fetches of single commits that came before. */
  readonly before: number;
  /** Whether the commit accepted last is deeper than what comes with a head. */
  readonly deep?: boolean;
  /** Only so many kinds of loss, where each state is dear. */
  readonly losses?: number;
}

const cuts: Readonly<Record<string, Cut>> = {
  'the first of all': { before: 0 },
  'one more commit': { before: 1 },
  'one that makes one pack of many': { before: tooMany - 1, losses: 2 },
  'one that asks for more of the history': { before: 1, deep: true, losses: 2 },
};

test.each(Object.entries(cuts))(
  'a fetch is cut, %s: the next looks find what the server has',
  async (name, cut) => {
    const copy = at(name);
    const base = at(`${name}-before`);
    let accepted = commit(name);
    if (cut.deep === true) for (let many = 0; many < 51; many++) commit(`${name} deep ${many}`);
    for (let many = 0; many < cut.before; many++) {
      await (await open(copy, uploadPackOf(sandbox.folder))).head();
      commit(`${name} ${many}`);
    }
    if (cut.before === 0) accepted = commit('newer');
    else cpSync(copy, base, { recursive: true });
    const server = uploadPackOf(sandbox.folder);
    let expected: unknown;
    const changes = await recordChanges(copy, async () => {
      expected = await look(await open(copy, server), accepted);
    });
    const seen = new Set<string>();
    const found: string[] = [];
    for (const [loss, arrival] of Object.entries(losses).slice(0, cut.losses))
      for (const made of stopsOf(changes)) {
        rmSync(copy, { recursive: true, force: true });
        if (cut.before > 0) cpSync(base, copy, { recursive: true });
        replayChanges(changes.slice(0, made), arrival);
        const left = digestOf(copy);
        if (seen.has(left)) continue;
        seen.add(left);
        await judge(copy, server, accepted, expected).catch((error: unknown) => {
          found.push(`${loss}, behind change ${made} of ${changes.length}: ${String(error)}`);
        });
      }
    expect(found).toEqual([]);
    states += seen.size;
  },
);

test('the disk is full at any write of a fetch: that is said, and with room again the next look finds it', async () => {
  const copy = at('full');
  const accepted = commit('before the disk is full');
  await (await open(copy, uploadPackOf(sandbox.folder))).head();
  cpSync(copy, at('full-before'), { recursive: true });
  commit('while the disk is full');
  const server = uploadPackOf(sandbox.folder);
  const expected = await look(await open(copy, server), accepted);
  for (let writes = 0, full = true; full; writes++) {
    rmSync(copy, { recursive: true, force: true });
    cpSync(at('full-before'), copy, { recursive: true });
    const repository = await open(copy, server);
    const told = await fillDisk(copy, writes, () => look(repository, accepted)).then(
      () => null,
      (error: unknown) => error,
    );
    full = told !== null;
    if (full) expect(told).toMatchObject({ code: 'copy-unwritable' });
    expect(full || writes > 3).toBe(true);
    expect(await look(repository, accepted)).toEqual(expected);
    expect(await look(await open(copy, server), accepted)).toEqual(expected);
  }
});

/** Behind each change; of many files that go one after the other, behind some. */
function stopsOf(changes: readonly Change[]): readonly number[] {
  const stops = Array.from({ length: changes.length + 1 }, (_, made) => made);
  const goes = (at: number): boolean => changes[at]?.kind === 'remove';
  return stops.filter((made) => made % 16 === 0 || !goes(made - 1) || !goes(made));
}

/** Of every file's name and bytes. */
function digestOf(copy: string): string {
  const hash = createHash('sha256');
  if (existsSync(copy))
    for (const name of readdirSync(copy, { recursive: true, encoding: 'utf8' }).sort()) {
      const file = path.join(copy, name);
      hash.update(`${name}\0`);
      if (statSync(file).isFile()) hash.update(readFileSync(file));
    }
  return hash.digest('hex');
}
