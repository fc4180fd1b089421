import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { InvalidInput } from '../../../src/core/errors.ts';
import { readTar, writeTar } from '../../../src/daemon/state-tar.ts';
import type { TarPart } from '../../../src/daemon/state-tar.ts';

interface Said {
  readonly path: string;
  /** Null: a folder. */
  readonly bytes: Buffer | null;
}

function inPieces(bytes: Uint8Array, length: number): AsyncIterable<Uint8Array> {
  const pieces = Math.ceil(bytes.length / length);
  return Readable.from(
    Array.from({ length: pieces }, (_, at) => bytes.subarray(at * length, (at + 1) * length)),
  );
}

function partsOf(said: readonly Said[]): AsyncIterable<TarPart> {
  return Readable.from(
    said.map(({ path: name, bytes }) => ({
      path: name,
      kind: bytes === null ? 'folder' : 'file',
      bytes: bytes?.length ?? 0,
      atS: 1_700_000_000,
      content: inPieces(bytes ?? Buffer.alloc(0), 1000),
    })),
  );
}

async function gather(stream: TarPart['content']): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of stream) all.push(piece);
  return Buffer.concat(all);
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Said[]> {
  const said: Said[] = [];
  for await (const { path: name, kind, content } of readTar(stream))
    said.push({ path: name, bytes: kind === 'folder' ? null : await gather(content) });
  return said;
}

const long = `history.git/refs/tags/${'d'.repeat(63)}/${'l'.repeat(63)}`;
const example: readonly Said[] = [
  { path: 'siteward-state.json', bytes: Buffer.from('{}\n') },
  { path: 'journal', bytes: null },
  { path: 'journal/00000001.jsonl', bytes: Buffer.alloc(5000, 'x') },
  { path: 'empty', bytes: Buffer.alloc(0) },
  { path: 'block', bytes: Buffer.alloc(512, 7) },
  { path: long, bytes: Buffer.from('label\n') },
];

test('tar itself reads what is written, long names too', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'siteward-tar-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'state.tar');
  writeFileSync(file, await gather(writeTar(partsOf(example))));
  const listed = execFileSync('tar', ['tf', file], { encoding: 'utf8' }).trim().split('\n');
  expect(listed).toEqual(example.map(({ path: name, bytes }) => (bytes === null ? `${name}/` : name)));
  execFileSync('tar', ['xf', file, '-C', folder]);
  for (const { path: name, bytes } of example)
    if (bytes !== null) expect(readFileSync(path.join(folder, name))).toEqual(bytes);
});

const word = fc.stringMatching(/^[A-Za-z0-9_%@+-][A-Za-z0-9._%@+-]{0,40}$/);
const saids = fc.array(
  fc.record({
    path: fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join('/')),
    bytes: fc.option(fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes))),
  }),
  { maxLength: 6 },
);

test('what is written is read again, in whatever pieces it comes', async () => {
  await fc.assert(
    fc.asyncProperty(saids, fc.integer({ min: 1, max: 3000 }), async (said, length) => {
      const written = await gather(writeTar(partsOf(said)));
      expect(await readAll(inPieces(written, length))).toEqual(said);
    }),
    { numRuns: 60 },
  );
});

test('a part that is passed over costs nothing of the next', async () => {
  const names: string[] = [];
  for await (const part of readTar(writeTar(partsOf(example)))) names.push(part.path);
  expect(names).toEqual(example.map(({ path: name }) => name));
});

test('what is cut or changed in a head is refused, and is never another state', async () => {
  const written = await gather(writeTar(partsOf(example)));
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: written.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      async (at, change, cut) => {
        const bytes = Buffer.from(cut ? written.subarray(0, at) : written);
        if (!cut) bytes[at] = (bytes[at] ?? 0) ^ change;
        const read = await readAll(inPieces(bytes, 700)).catch((error: unknown) => {
          expect(error).toBeInstanceOf(InvalidInput);
          return null;
        });
        // The content's own bytes are proved by who reads them, and by age before that.
        if (cut) expect(read).toBeNull();
        else if (read !== null)
          expect(read.map(({ path: name, bytes: one }) => [name, one?.length])).toEqual(
            example.map(({ path: name, bytes: one }) => [name, one?.length]),
          );
      },
    ),
    { numRuns: 400 },
  );
});

test.each([
  ['../outside', 'above the folder'],
  ['/etc/passwd', 'absolute'],
  ['a//b', 'an empty word'],
  ['a/./b', 'a dot'],
  ['a\\b', 'a backslash'],
  ['a b', 'a blank'],
  ['x'.repeat(300), 'too long'],
])('%s is neither written nor read: %s', async (name) => {
  const written = gather(writeTar(partsOf([{ path: name, bytes: Buffer.alloc(0) }])));
  await expect(written).rejects.toMatchObject({ code: 'not-exportable' });
  const other = await gather(writeTar(partsOf([{ path: 'a'.repeat(10), bytes: Buffer.alloc(0) }])));
  if (name.length > 100) return;
  other.fill(0, 0, 100);
  other.write(name, 0, 'latin1');
  other.write(`${sum(other).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  await expect(readAll(inPieces(other, 512))).rejects.toMatchObject({ code: 'not-a-state' });
});

test.each(['1', '2', '3', 'L', 'x', '\0'])('an entry of type %j is refused', async (type) => {
  const bytes = await gather(writeTar(partsOf(example)));
  bytes.write(type, 156, 'latin1');
  bytes.write(`${sum(bytes).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  await expect(readAll(inPieces(bytes, 512))).rejects.toMatchObject({ code: 'not-a-state' });
});

/** Of the first head, with blanks for the sum itself. */
function sum(bytes: Buffer): number {
  const head = Buffer.from(bytes.subarray(0, 512)).fill(0x20, 148, 156);
  return head.reduce((total, byte) => total + byte, 0);
}
