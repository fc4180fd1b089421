/** Packs as somebody sends them: what git makes is let through whole, what unpacks without end is not. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { faultOfPack } from '../../../src/packs/foreign-pack.ts';
import { gitSandbox } from '../../support/git-sandbox.ts';

const limits = { objectBytes: 1024 * 1024, bytes: 4 * 1024 * 1024 };

/** Type and size as a pack writes them, and what is packed. */
function entry(type: number, size: number, packed: Buffer, base = Buffer.alloc(0)): Buffer {
  const head = [(type << 4) | (size & 15)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    head[head.length - 1] = (head.at(-1) ?? 0) | 0x80;
    head.push(rest & 0x7f);
  }
  return Buffer.concat([Buffer.from(head), base, deflateSync(packed)]);
}

function packOf(...entries: readonly Buffer[]): Buffer {
  const head = Buffer.from('5041434b0000000200000000', 'hex');
  head.writeUInt32BE(entries.length, 8);
  return Buffer.concat([head, ...entries, Buffer.alloc(20)]);
}

const blob = (content: Buffer): Buffer => entry(3, content.length, content);
const small = Buffer.from('0123456789abcdef');

test('a pack that git makes, deltas and all', async () => {
  const sandbox = gitSandbox();
  try {
    for (let n = 0; n < 8; n++)
      sandbox.commit({ 'a.rsc': `${'add list=office\n'.repeat(300)}${n}`, [`${n}/empty`]: '' });
    for (const options of [[], ['-c', 'repack.useDeltaBaseOffset=false']]) {
      sandbox.git(...options, 'repack', '-adfq');
      const folder = path.join(sandbox.folder, '.git/objects/pack');
      const name = readdirSync(folder).find((one) => one.endsWith('.pack')) ?? '';
      const pack = readFileSync(path.join(folder, name));
      expect(await faultOfPack(pack, limits)).toBeNull();
      expect(await faultOfPack(pack, { ...limits, objectBytes: 4_000 })).toBe('too-large');
      expect(await faultOfPack(pack, { ...limits, bytes: 4_000 })).toBe('too-large');
      expect(await faultOfPack(pack.subarray(0, -30), limits)).toBe('damaged');
      execFileSync('git', ['-C', sandbox.folder, 'fsck'], { stdio: 'pipe' });
    }
  } finally {
    sandbox.remove();
  }
});

const onSmall = (delta: readonly number[]): Buffer =>
  entry(7, delta.length, Buffer.from(delta), Buffer.alloc(20, 1));

test.each<[string, Buffer, string | null]>([
  ['one object', packOf(blob(small)), null],
  ['an empty object', packOf(blob(Buffer.alloc(0)), blob(small)), null],
  ['a delta', packOf(blob(small), onSmall([16, 4, 0x90, 4])), null],
  ['a bomb that says what it is', packOf(blob(Buffer.alloc(2 ** 26))), 'too-large'],
  ['a bomb that says it is small', packOf(entry(3, 16, Buffer.alloc(2 ** 26))), 'damaged'],
  [
    'a delta that makes too much',
    packOf(blob(small), onSmall([16, 0x80, 0x80, 0x80, 1, 0x90, 4])),
    'too-large',
  ],
  [
    'many that are large',
    packOf(...Array.from({ length: 9 }, () => blob(Buffer.alloc(2 ** 19)))),
    'too-large',
  ],
  ['a delta without sizes', packOf(blob(small), onSmall([16, 0x80])), 'damaged'],
  ['more than it says', packOf(entry(3, 4, small)), 'damaged'],
  ['less than it says', packOf(entry(3, 99, small)), 'damaged'],
  ['fewer entries than it says', packOf(blob(small), Buffer.alloc(0)), 'damaged'],
  ['no pack', Buffer.from('<html>'), 'damaged'],
  ['a kind that there is not', packOf(entry(5, 16, small)), 'damaged'],
])('%s', async (_, pack, expected) => {
  expect(await faultOfPack(pack, limits)).toBe(expected);
});
