/** The history of devices: what plain git reads, what a restart and a power cut leave, and names that people type. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Reading, Archive } from '../../../src/history/archive.ts';
import { openArchive } from '../../../src/history/archive.ts';
import { fileDisk } from '../../../src/history/disk.ts';
import { findRevision, wayBack } from '../../../src/history/find-revision.ts';
import { packedObjects } from '../../../src/history/packed-objects.ts';
import { sealTo } from '../../../src/history/seal.ts';
import { verifyHistory } from '../../../src/history/verify.ts';
import { labelProblem } from '../../../src/history/ref-name.ts';
import type { Revision } from '../../../src/history/revision.ts';
import { HistoryDiskInMemory } from '../../support/history-disk.ts';

const folder = '/h/history.git';
const start = Date.parse('2026-11-21T10:00:00Z');

const archiveOn = (memory: HistoryDiskInMemory): Archive =>
  openArchive({ folder, site: 'bud-01', disk: memory.disk, packed: () => Promise.resolve(null) });

let ticks = 0;
const reading = (text: string, more: Partial<Reading> = {}): Reading => ({
  device: 'gw1',
  text,
  why: 'drift',
  changer: null,
  rollout: null,
  restored: null,
  atMs: start + ticks++ * 60_000,
  ...more,
});

const by = (who: string) => () => Promise.resolve({ who, mark: null });

async function all(archive: Archive, device = 'gw1'): Promise<readonly Revision[]> {
  const found: Revision[] = [];
  for await (const revision of archive.revisions(device)) found.push(revision);
  return found;
}

beforeEach(() => {
  ticks = 0;
});

describe('plain git', () => {
  let real: string;
  const git = (...words: string[]): string =>
    execFileSync('git', ['-C', path.join(real, 'history.git'), ...words], { encoding: 'utf8' });
  const archive = (): Archive => {
    const gitdir = path.join(real, 'history.git');
    return openArchive({ folder: gitdir, site: 'bud-01', disk: fileDisk, packed: packedObjects(gitdir) });
  };
  beforeEach(() => {
    real = mkdtempSync(path.join(tmpdir(), 'siteward-history-'));
  });
  afterEach(() => rmSync(real, { recursive: true, force: true }));

  test('secrets beside a text: sealed once for each change, read by git and by whoever has the key, proved and pruned', async () => {
    const one = archive();
    const identity = await generateX25519Identity();
    const seal = sealTo([await identityToRecipient(identity)]);
    const sealed = async (text: string, secrets: string | null): Promise<Reading> => {
      const digest = secrets === null ? 'a' : `digest-${secrets.trim()}`;
      return reading(text, {
        secrets: { digest, sealed: secrets === null ? null : await seal(Buffer.from(secrets)) },
      });
    };
    const first = await one.keep(await sealed('/x\n', 'first\n'));
    const opened = async (revision: Revision): Promise<string> => {
      const bytes = execFileSync('git', [
        '-C',
        path.join(real, 'history.git'),
        'show',
        `${revision.oid}:gw1/secrets.age`,
      ]);
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      return await decrypter.decrypt(bytes, 'text');
    };
    expect(await opened(first.revision)).toBe('first\n');
    // Sealed anew it has other bytes, which is no reason for a revision.
    expect((await one.keep(await sealed('/x\n', 'first\n'))).isNew).toBe(false);
    const second = await one.keep(await sealed('/x\n', 'second\n'));
    expect(second).toMatchObject({ isNew: true, revision: { added: 0, removed: 0 } });
    expect(await opened(second.revision)).toBe('second\n');
    const again = archive();
    const carried = { secrets: { digest: 'digest-second', sealed: null } };
    const third = await again.keep(reading('/y\n', carried));
    expect(await opened(third.revision)).toBe('second\n');
    expect(git('rev-parse', `${second.revision.oid}:gw1/secrets.age`)).toBe(
      git('rev-parse', `${third.revision.oid}:gw1/secrets.age`),
    );
    expect(git('fsck', '--strict', '--full')).toBe('');
    expect(await verifyHistory(again, 'gw1')).toBe(3);
    const kept = { revisions: 2, ageMs: null, bytes: null };
    expect(await again.prune('gw1', kept, null)).toBe(1);
    expect(await opened(second.revision)).toBe('second\n');
    expect(() => git('cat-file', '-e', `${first.revision.oid}`)).toThrow();
    // Switched off, the next revision has none; that alone makes no revision.
    expect((await again.keep(reading('/y\n'))).isNew).toBe(false);
    const last = await again.keep(reading('/z\n'));
    expect(git('ls-tree', '--name-only', '-r', last.revision.oid)).toBe('gw1/config.rsc\n');
    const secretsOid = git('rev-parse', `${third.revision.oid}:gw1/secrets.age`).trim();
    rmSync(path.join(real, 'history.git', 'objects', secretsOid.slice(0, 2), secretsOid.slice(2)));
    await expect(verifyHistory(archive(), 'gw1')).rejects.toMatchObject({ code: 'history-damaged' });
  });

  test('reads the log, a difference, who is to blame for a line, and finds nothing wrong', async () => {
    const one = archive();
    await one.keep(reading('a=1\nb=2\n', { why: 'first' }));
    await one.keep(reading('a=1\nb=3\nc=4\n', { changer: by('petr via winbox') }));
    await one.keep(reading('x\n', { device: 'a..b.lock' }));
    const { revision } = await one.keep(
      reading('a=1\nb=3\n', { why: 'rollout', rollout: '00112233aabb', device: 'gw1' }),
    );
    await one.label(revision, { name: 'before-upgrade', by: 'uid:1000', atS: start / 1000 });
    expect(git('log', '--format=%an|%s').trim().split('\n')).toEqual([
      'siteward|gw1: rollout 00112233aabb',
      'petr via winbox|gw1: drift',
      'siteward|gw1: first',
    ]);
    expect(git('diff', 'gw1~2', 'gw1~1', '--', 'gw1/config.rsc')).toContain('\n-b=2\n+b=3\n+c=4\n');
    expect(git('blame', 'gw1', '--', 'gw1/config.rsc')).toMatch(/\(petr via winbox .*b=3/);
    expect(git('show', 'gw1/before-upgrade:gw1/config.rsc')).toBe('# device gw1\na=1\nb=3\n');
    expect(git('for-each-ref', '--format=%(refname)').trim().split('\n')).toEqual([
      'refs/heads/a%2E.b%2Elock',
      'refs/heads/gw1',
      'refs/tags/gw1/before-upgrade',
    ]);
    expect(git('fsck', '--strict', '--full')).toBe('');
  });

  test('may pack everything: it is read as before, and goes on', async () => {
    await archive().keep(reading('a\n'));
    const { revision } = await archive().keep(reading('b\n'));
    await archive().label(revision, { name: 'good', by: '', atS: 0 });
    git('gc', '--quiet', '--prune=now');
    const after = archive();
    expect(await after.text(await findRevision(after, 'gw1', 'good'))).toBe('b\n');
    expect((await after.keep(reading('b\n'))).isNew).toBe(false);
    await after.keep(reading('c\n'));
    expect(await all(archive())).toHaveLength(3);
    expect(git('fsck', '--strict')).toBe('');
  });

  test('an object that was changed is not believed', async () => {
    await archive().keep(reading('a\n'));
    const oid = git('rev-parse', 'gw1:gw1/config.rsc').trim();
    const file = path.join(real, 'history.git/objects', oid.slice(0, 2), oid.slice(2));
    rmSync(file);
    writeFileSync(file, 'x');
    const again = archive();
    const newest = await findRevision(again, 'gw1', '~0');
    await expect(again.text(newest)).rejects.toMatchObject({ code: 'history-damaged' });
  });
});

describe('a revision', () => {
  test('comes of a reading that differs and of no other, across a restart too', async () => {
    const memory = new HistoryDiskInMemory();
    expect((await archiveOn(memory).keep(reading('a\n'))).isNew).toBe(true);
    const archive = archiveOn(memory);
    expect((await archive.keep(reading('a\n'))).isNew).toBe(false);
    const { revision } = await archive.keep(reading('b\na\nb\n', { why: 'manual', changer: by('eva') }));
    expect(revision).toMatchObject({ added: 2, removed: 0, why: 'manual', who: 'eva' });
    expect((await all(archive)).map(({ oid }) => oid)).toContain(revision.parent);
    expect(await archive.text(revision)).toBe('b\na\nb\n');
  });

  test('keeps what a device says of itself in one line that fakes nothing', async () => {
    const archive = archiveOn(new HistoryDiskInMemory());
    await archive.keep(reading('first\n'));
    const who = 'x <root@h> 1 +0000\nWhy: manual\n\n\x1b[31m';
    const { revision } = await archive.keep(reading('a\n', { changer: by(who) }));
    expect(revision.why).toBe('drift');
    expect(revision.who).toBe('x ?root@h? 1 +0000?Why: manual???[31m');
  });

  test('costs the same calls of the disk however many devices there are', async () => {
    const memory = new HistoryDiskInMemory();
    const archive = archiveOn(memory);
    const cost = async (text: string): Promise<number> => {
      const before = memory.calls;
      await archive.keep(reading(text));
      return memory.calls - before;
    };
    await archive.keep(reading('a\n'));
    const alone = await cost('b\n');
    for (let i = 0; i < 100; i++) await archive.keep(reading('a\n', { device: `d${i}` }));
    expect(Math.abs((await cost('c\n')) - alone)).toBeLessThanOrEqual(1);
  });

  test('is not later than the one before it when the clock goes back', async () => {
    const archive = archiveOn(new HistoryDiskInMemory());
    const one = await archive.keep(reading('a\n'));
    const two = await archive.keep(reading('b\n', { atMs: start - 3_600_000 }));
    expect(two.revision.atS).toBe(one.revision.atS);
  });

  test('on a full disk is missing and said so, and comes with the next reading', async () => {
    const memory = new HistoryDiskInMemory();
    const archive = archiveOn(memory);
    await archive.keep(reading('a\n'));
    memory.fill(true);
    await expect(archive.keep(reading('b\n'))).rejects.toMatchObject({
      code: 'history-unwritable',
      message: expect.stringContaining('no space left') as string,
    });
    memory.fill(false);
    await archive.keep(reading('b\n'));
    expect(await all(archive)).toHaveLength(2);
  });
});

describe('what people type', () => {
  async function three(): Promise<{ archive: Archive; revisions: readonly Revision[] }> {
    const archive = archiveOn(new HistoryDiskInMemory());
    for (const text of ['a\n', 'b\n', 'c\n']) await archive.keep(reading(text));
    return { archive, revisions: await all(archive) };
  }

  test('a hash, steps back, a label, a time: each finds its revision', async () => {
    const { archive, revisions } = await three();
    const [newest, middle, oldest] = revisions as readonly [Revision, Revision, Revision];
    await archive.label(middle, { name: 'good', by: 'uid:0', atS: 0 });
    const typed = async (rev: string): Promise<string> => (await findRevision(archive, 'gw1', rev)).oid;
    expect(await typed('~0')).toBe(newest.oid);
    expect(await typed('~2')).toBe(oldest.oid);
    expect(await typed('good')).toBe(middle.oid);
    expect(await typed(oldest.oid.slice(0, 8))).toBe(oldest.oid);
    expect(await typed('2026-11-21T10:01:30Z')).toBe(middle.oid);
    expect(await typed('2026-11-21T11:00:00+00:00')).toBe(newest.oid);
    for (const [rev, words] of [
      ['~3', 'no revision'],
      ['better', 'no revision'],
      ['ffffffff', 'no revision'],
      ['2026-11-21', 'nothing is kept from before'],
    ] as const)
      await expect(typed(rev)).rejects.toThrow(words);
    await expect(findRevision(archive, 'gw2', '~0')).rejects.toThrow('siteward backup gw2');
  });

  test('a label is one revision’s for good, and looks like nothing else', async () => {
    const { archive, revisions } = await three();
    const [newest, middle] = revisions as readonly [Revision, Revision];
    await archive.label(newest, { name: 'good', by: '', atS: 1 });
    await archive.label(newest, { name: 'good', by: '', atS: 2 });
    await expect(archive.label(middle, { name: 'good', by: '', atS: 3 })).rejects.toMatchObject({
      code: 'label-taken',
    });
    expect(await archive.labels('gw1')).toMatchObject([{ name: 'good', of: newest.oid, atS: 1 }]);
    for (const bad of ['', 'a b', '-x', 'a/b', '../x', 'beef', '2026-11-21', 'x'.repeat(64)])
      expect(labelProblem(bad), bad).not.toBeNull();
    expect(labelProblem('before-2026-11-21..lock')).toBeNull();
  });
});

describe('the way back', () => {
  const texts = new Map<string, string>();
  async function history(
    ...steps: readonly (readonly [text: string, more?: Partial<Reading> & { label?: string }])[]
  ): Promise<Archive> {
    const archive = archiveOn(new HistoryDiskInMemory());
    for (const [text, { label, ...more } = {}] of steps) {
      const { revision } = await archive.keep(reading(text, more));
      texts.set(revision.oid, text);
      if (label !== undefined) await archive.label(revision, { name: label, by: '', atS: 0 });
    }
    return archive;
  }
  const way = async (archive: Archive): Promise<unknown> => {
    const found = await wayBack(archive, 'gw1');
    return found === null ? null : [texts.get(found.revision.oid), found.what, found.isThere];
  };
  const rollout = { why: 'rollout' } as const;

  test('is the state before the last rollout', async () => {
    expect(await way(await history(['a'], ['b', rollout], ['c', rollout]))).toEqual([
      'b',
      'before-rollout',
      false,
    ]);
    expect(await way(await history(['a'], ['b', rollout], ['c']))).toEqual(['a', 'before-rollout', false]);
  });

  test('is a checkpoint that is newer than that', async () => {
    expect(await way(await history(['a', { label: 'x' }], ['b', rollout], ['c']))).toEqual([
      'a',
      'checkpoint',
      false,
    ]);
    expect(await way(await history(['a'], ['b', { ...rollout, label: 'x' }], ['c']))).toEqual([
      'b',
      'checkpoint',
      false,
    ]);
    // What it has is no way back.
    expect(await way(await history(['a'], ['b', { ...rollout, label: 'x' }]))).toEqual([
      'a',
      'before-rollout',
      false,
    ]);
    expect(await way(await history(['a', { label: 'x' }], ['b', rollout], ['c', rollout]))).toEqual([
      'b',
      'before-rollout',
      false,
    ]);
  });

  test('is the state before a rollout that changed nothing but secrets', async () => {
    const secrets = (digest: string): Partial<Reading> => ({
      secrets: { digest, sealed: Buffer.from(digest) },
    });
    const steps = [
      ['a', secrets('one')],
      ['a', { ...rollout, ...secrets('two') }],
    ] as const;
    expect(await way(await history(...steps))).toEqual(['a', 'before-rollout', false]);
    // Of one of them nobody knows.
    const unknown = [['a'], ['a', { ...rollout, ...secrets('two') }]] as const;
    expect(await way(await history(...unknown))).toEqual(['a', 'before-rollout', true]);
  });

  test('leads not to the bad state again: once gone back, it is there', async () => {
    const steps = [['a'], ['bad', rollout], ['a', { ...rollout, restored: 'f'.repeat(40) }]] as const;
    expect(await way(await history(...steps))).toEqual(['a', 'before-rollout', true]);
    // Changed by hand since: back to what was restored, not past it.
    expect(await way(await history(...steps, ['d']))).toEqual(['a', 'before-rollout', false]);
    // Another bad rollout after it: before that one.
    expect(await way(await history(...steps, ['worse', rollout]))).toEqual(['a', 'before-rollout', false]);
  });

  test('is nowhere when nothing was rolled out and nothing named', async () => {
    expect(await way(await history())).toBeNull();
    expect(await way(await history(['a'], ['b']))).toBeNull();
  });
});
