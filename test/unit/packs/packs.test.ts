/** Packs that the real git made, in all the ways it can, read as git reads them; and packs that nobody should make. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GitObjects } from '../../../src/desired/git-objects.ts';
import { Packs } from '../../../src/packs/packs.ts';
import type { GitSandbox } from '../../support/git-sandbox.ts';
import { gitSandbox } from '../../support/git-sandbox.ts';
import { refuseFiles } from '../../support/recorded-writes.ts';

const most = 1024 * 1024;
let sandbox: GitSandbox;
let gitdir: string;

const rows = (n: number): string =>
  Array.from({ length: 200 }, (_, i) => `add address=10.0.${i}.${i === n ? n : 0} list=office\n`).join('');

beforeAll(() => {
  sandbox = gitSandbox();
  gitdir = path.join(sandbox.folder, '.git');
  for (let n = 0; n < 12; n++)
    sandbox.commit({
      'config.rsc': rows(n),
      [`devices/gw${n}/config.rsc`]: rows(n * 7),
      'random.bin': createHash('sha512').update(`${n}`).digest().toString('hex').repeat(200),
      empty: '',
    });
  sandbox.git('tag', '-a', '-m', 'signed by nobody', 'v1');
});
afterAll(() => sandbox.remove());

function everyObject(): readonly string[] {
  return sandbox
    .git('cat-file', '--batch-all-objects', '--batch-check=%(objectname)')
    .split('\n')
    .filter((line) => line !== '');
}

function nameOf(kind: string, content: Uint8Array): string {
  return createHash('sha1').update(`${kind} ${content.length}\0`).update(content).digest('hex');
}

/** How many objects there are; each was found and hashes to its name. */
async function findAll(): Promise<number> {
  const packs = new Packs(gitdir, most);
  const names = everyObject();
  for (const name of names) {
    const found = await packs.find(name);
    if (found === null || typeof found === 'string')
      throw new Error(`${name} was not found: ${String(found)}`);
    expect(nameOf(found.kind, found.content)).toBe(name);
  }
  return names.length;
}

describe('packs that git made', () => {
  test.each([
    ['deltas by place', []],
    ['deltas by name', ['-c', 'repack.useDeltaBaseOffset=false']],
    ['nothing deflated', ['-c', 'pack.compression=0']],
    ['no deltas', ['-c', 'pack.window=0']],
  ])('%s: every object is as git has it', async (_, options) => {
    sandbox.git(...options, 'repack', '-adfq', '--depth=200', '--window=50');
    expect(await findAll()).toBeGreaterThan(50);
    expect(
      readdirSync(path.join(gitdir, 'objects/pack')).filter((name) => name.endsWith('.pack')),
    ).toHaveLength(1);
  });

  test('places beyond 2 GiB stand in a table of their own', async () => {
    sandbox.git('repack', '-adfq');
    const folder = path.join(gitdir, 'objects/pack');
    const pack = readdirSync(folder).find((name) => name.endsWith('.pack')) ?? '';
    const index = path.join(folder, pack.replace(/pack$/, 'idx'));
    const before = readFileSync(index).length;
    rmSync(index);
    sandbox.git('index-pack', '--index-version=2,0x10', path.join(folder, pack));
    expect(readFileSync(index).length).toBeGreaterThan(before);
    expect(await findAll()).toBeGreaterThan(50);
  });

  test('several packs, and one that comes and one that goes while they are read', async () => {
    sandbox.git('repack', '-adfq');
    const packs = new Packs(gitdir, most);
    const first = sandbox.git('rev-parse', 'HEAD');
    expect(await packs.find(first)).toMatchObject({ kind: 'commit' });
    const second = sandbox.commit({ 'config.rsc': rows(99) });
    expect(await packs.find(second)).toBeNull();
    sandbox.git('repack', '-dq');
    expect(await packs.find(second)).toMatchObject({ kind: 'commit' });
    sandbox.git('repack', '-adfq');
    expect(await packs.find(first)).toMatchObject({ kind: 'commit' });
    expect(await findAll()).toBeGreaterThan(50);
  });

  test('an index of version 1 is none that is read, which is not the same as nothing', async () => {
    sandbox.git('-c', 'pack.indexVersion=1', 'repack', '-adfq');
    const head = sandbox.git('rev-parse', 'HEAD');
    expect(await new Packs(gitdir, most).find(head)).toBe('damaged');
    await expect(new GitObjects(gitdir).readCommit(head)).rejects.toMatchObject({ code: 'object-damaged' });
    sandbox.git('repack', '-adfq');
    expect((await new GitObjects(gitdir).readCommit(head)).subject).toBe('change');
  });

  test('what is borrowed of another repository is not read, and it is said how to have it here', async () => {
    sandbox.git('repack', '-adfq');
    const head = sandbox.git('rev-parse', 'HEAD');
    const folder = mkdtempSync(path.join(tmpdir(), 'siteward-alternate-'));
    try {
      sandbox.git('clone', '-q', '--bare', '--shared', gitdir, folder);
      expect(await new Packs(folder, most).find(head)).toBeNull();
      const message = expect.stringContaining('git repack -a -d') as string;
      await expect(new GitObjects(folder).readCommit(head)).rejects.toMatchObject({
        code: 'object-missing',
        message,
      });
      sandbox.git('-C', folder, 'repack', '-a', '-d', '-q');
      expect((await new GitObjects(folder).readCommit(head)).subject).toBe('change');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a repository of SHA-256 names has nothing that is believed', async () => {
    const other = mkdtempSync(path.join(tmpdir(), 'siteward-sha256-'));
    try {
      sandbox.git('init', '-q', '--object-format=sha256', other);
      writeFileSync(path.join(other, 'a'), rows(1));
      sandbox.git('-C', other, 'add', 'a');
      sandbox.git('-C', other, 'commit', '-qm', 'x');
      sandbox.git('-C', other, 'repack', '-adfq');
      const head = sandbox.git('-C', other, 'rev-parse', 'HEAD');
      expect(head).toHaveLength(64);
      expect(await new Packs(path.join(other, '.git'), most).find(head.slice(0, 40))).toBe('damaged');
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  test.each([
    ['the folder of packs', 'EACCES', ['readdir'], /objects\/pack$/],
    ['an index', 'EACCES', ['readFile'], /\.idx$/],
    ['an index', 'EIO', ['readFile'], /\.idx$/],
    ['a pack', 'EIO', ['open'], /\.pack$/],
    ['a pack', 'EMFILE', ['open'], /\.pack$/],
    ['a file of its own', 'EACCES', ['stat'], /objects\/[0-9a-f]{2}\//],
  ] as const)(
    '%s that the disk refuses (%s) is told as that, not as nothing',
    async (_, code, calls, files) => {
      sandbox.git('repack', '-adfq');
      const head = sandbox.git('rev-parse', 'HEAD');
      const objects = new GitObjects(gitdir);
      await refuseFiles({ code, calls, files }, async () => {
        const message = expect.stringContaining(code) as string;
        const place = { file: expect.stringMatching(files) as string };
        const told = { code: 'unreadable-repository', message, place };
        await expect(objects.readCommit(head)).rejects.toMatchObject(told);
        await expect(objects.has(head)).rejects.toMatchObject(told);
      });
      // It was the disk's: the same reader goes on when that is well again.
      expect((await objects.readCommit(head)).subject).toBe('change');
    },
  );

  test('more than is remembered of what deltas are made of: all of it is found, and found again', async () => {
    const texts = Array.from({ length: 14 }, (_, n) => `${rows(n)}${'x'.repeat(900_000)}${n}`);
    const names = texts.map((text, n) => {
      sandbox.commit({ 'big.rsc': text, 'n.txt': String(n) });
      return sandbox.git('rev-parse', 'HEAD:big.rsc');
    });
    sandbox.git('repack', '-adfq', '--depth=50', '--window=20');
    const packs = new Packs(gitdir, most);
    for (const [n, name] of [...names.entries(), ...names.entries()]) {
      const found = await packs.find(name);
      const content = found !== null && typeof found === 'object' ? found.content : Buffer.alloc(0);
      expect(content.toString('latin1') === texts[n]).toBe(true);
    }
  });

  test('one byte of a pack or its index changed, anywhere: never another content, never an exception', async () => {
    sandbox.git('repack', '-adfq');
    const folder = path.join(gitdir, 'objects/pack');
    const [index = '', pack = ''] = readdirSync(folder)
      .filter((name) => /(?:idx|pack)$/.test(name))
      .sort();
    const names = everyObject().slice(0, 12);
    const broken = mkdtempSync(path.join(tmpdir(), 'siteward-broken-'));
    try {
      mkdirSync(path.join(broken, 'objects/pack'), { recursive: true });
      for (let step = 0; step < 120; step++) {
        const files = [pack, index].map((name) => readFileSync(path.join(folder, name)));
        const bytes = files[step % 2] ?? Buffer.alloc(0);
        const at = Math.floor((bytes.length * step) / 120);
        bytes.writeUInt8((bytes[at] ?? 0) ^ (1 << (step % 8)), at);
        for (const [i, name] of [pack, index].entries())
          writeFileSync(path.join(broken, 'objects/pack', name), files[i] ?? '');
        const packs = new Packs(broken, most);
        for (const name of names) {
          const found = await packs.find(name);
          if (found === null || typeof found === 'string') continue;
          expect(found.content.length).toBeLessThanOrEqual(most);
        }
        const objects = new GitObjects(broken);
        const name = names[step % names.length] ?? '';
        await objects.readAny(name).then(
          ({ type, content }) => expect(nameOf(type, content)).toBe(name),
          (error: unknown) =>
            expect(error).toMatchObject({ code: expect.stringMatching(/^object-|^too-/) as string }),
        );
      }
    } finally {
      rmSync(broken, { recursive: true });
    }
  });
});

describe('packs that nobody should make', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'siteward-pack-'));
    mkdirSync(path.join(folder, 'objects/pack'), { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Type and size as a pack writes them. */
  function head(type: number, size: number): Buffer {
    const bytes = [(type << 4) | (size & 15)];
    for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) | 0x80;
      bytes.push(rest & 0x7f);
    }
    return Buffer.from(bytes);
  }

  /** A pack of these entries, named 01…, 02…, and so on. */
  function writePack(...entries: readonly Buffer[]): void {
    const start = Buffer.from('5041434b0000000200000000', 'hex');
    start.writeUInt32BE(entries.length, 8);
    const fanout = Buffer.alloc(1024);
    for (let first = 0; first < 256; first++)
      fanout.writeUInt32BE(Math.min(first, entries.length), first * 4);
    const names = entries.map((_, i) => Buffer.alloc(20, i + 1));
    const offsets = Buffer.alloc(4 * entries.length);
    let at = start.length;
    for (const [i, entry] of entries.entries()) {
      offsets.writeUInt32BE(at, 4 * i);
      at += entry.length;
    }
    const index = [
      Buffer.from('ff744f6300000002', 'hex'),
      fanout,
      ...names,
      Buffer.alloc(4 * entries.length),
    ];
    const pack = path.join(folder, 'objects/pack/pack-1');
    writeFileSync(`${pack}.pack`, Buffer.concat([start, ...entries, Buffer.alloc(20)]));
    writeFileSync(`${pack}.idx`, Buffer.concat([...index, offsets, Buffer.alloc(40)]));
  }

  const find = (n: number): ReturnType<Packs['find']> =>
    new Packs(folder, most).find(Buffer.alloc(20, n).toString('hex'));
  const blob = (content: Buffer): Buffer => Buffer.concat([head(3, content.length), deflateSync(content)]);
  const onName = (n: number, delta: Buffer): Buffer =>
    Buffer.concat([head(7, delta.length), Buffer.alloc(20, n), deflateSync(delta)]);
  const base = Buffer.from('0123456789abcdef');

  test('one that is as it should be is read: a blob, and a delta on it by name', async () => {
    writePack(blob(base), onName(1, Buffer.from([16, 6, 0x91, 2, 4, 2, 0x41, 0x42])));
    expect(await find(1)).toEqual({ kind: 'blob', content: base });
    expect(await find(2)).toEqual({ kind: 'blob', content: Buffer.from('2345AB') });
  });

  test.each<[string, () => void, 'too-large' | 'damaged']>([
    ['a delta on itself', () => writePack(onName(1, Buffer.from([16, 0]))), 'damaged'],
    [
      'two deltas on each other',
      () => writePack(onName(2, Buffer.from([16, 0])), onName(1, Buffer.from([16, 0]))),
      'damaged',
    ],
    ['a delta on what is not there', () => writePack(onName(9, Buffer.from([16, 0]))), 'damaged'],
    [
      'a delta back before the first entry',
      () => writePack(Buffer.concat([head(6, 2), Buffer.from([0x7f]), deflateSync(Buffer.from([16, 0]))])),
      'damaged',
    ],
    [
      'a delta back to itself',
      () => writePack(Buffer.concat([head(6, 2), Buffer.from([0]), deflateSync(Buffer.from([16, 0]))])),
      'damaged',
    ],
    ['more than it says', () => writePack(Buffer.concat([head(3, 4), deflateSync(base)])), 'damaged'],
    ['less than it says', () => writePack(Buffer.concat([head(3, 99), deflateSync(base)])), 'damaged'],
    [
      'a bomb that says what it is',
      () => writePack(Buffer.concat([head(3, 3 * most), deflateSync(Buffer.alloc(3 * most))])),
      'too-large',
    ],
    [
      'a bomb that says it is small',
      () => writePack(Buffer.concat([head(3, 16), deflateSync(Buffer.alloc(50 * most))])),
      'damaged',
    ],
    ['an unknown kind', () => writePack(Buffer.concat([head(5, 16), deflateSync(base)])), 'damaged'],
    ['a size without an end', () => writePack(Buffer.alloc(40, 0xff)), 'damaged'],
    ['no entry at all', () => writePack(Buffer.alloc(0)), 'damaged'],
  ])('%s', async (_, write, expected) => {
    write();
    expect(await find(1)).toBe(expected);
  });

  test('a chain of deltas each of which copies all of its base', async () => {
    // The size of 1 MiB, twice, and 16 copies of 64 KiB from places 64 KiB apart.
    const copies = Array.from({ length: 16 }, (_, i) => [0x84, i]).flat();
    const delta = Buffer.from([0x80, 0x80, 0x40, 0x80, 0x80, 0x40, ...copies]);
    const deltas = Array.from({ length: 40 }, (_, i) => onName(i + 1, delta));
    writePack(blob(Buffer.alloc(most, 7)), ...deltas);
    const found = await find(20);
    expect(found).toMatchObject({ kind: 'blob' });
    const content = found !== null && typeof found === 'object' ? found.content : Buffer.alloc(0);
    expect(content.equals(Buffer.alloc(most, 7))).toBe(true);
    expect(await find(41)).toBe('too-large');
  });

  test.each([
    ['for a base of another size', [15, 1, 1, 0x41]],
    ['copying from behind the base', [16, 4, 0x91, 14, 4]],
    ['copying more than it makes', [16, 4, 0x91, 0, 8]],
    ['adding more than there is', [16, 4, 4, 0x41]],
    ['that makes less than it says', [16, 9, 1, 0x41]],
    ['with an order that is reserved', [16, 1, 0]],
    ['cut in an order', [16, 4, 0x91, 14]],
    ['that makes more than may be', [16, 0xff, 0xff, 0xff, 0xff, 0x7f, 1, 0x41]],
    ['without a size', [16]],
    ['whose size has no end', [16, 0x80, 0x80]],
  ])('a delta %s', async (_, bytes) => {
    writePack(blob(base), onName(1, Buffer.from(bytes)));
    expect(await find(2)).toBe('damaged');
  });
});
