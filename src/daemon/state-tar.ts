/**
 * A state as a stream of files: POSIX ustar, so that `age -d FILE | tar t` reads an exported state without siteward.
 * Only plain files and folders, named relatively in printable ASCII; what was read of a stream is bounded by what its
 * heads say, and anything that siteward would not have written is refused before a byte of it reaches the disk.
 */
import { InvalidInput } from '../core/errors.ts';

export interface TarEntry {
  /** Relative, without a slash at its end. */
  readonly path: string;
  readonly kind: 'file' | 'folder';
  readonly bytes: number;
  /** Seconds since the epoch. */
  readonly atS: number;
}

export interface TarPart extends TarEntry {
  /** Exactly `bytes` of them. */
  readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

const block = 512;
const mostBytes = 0o77777777777;
const word = /^[A-Za-z0-9._%@+-]{1,255}$/;
const damagedWords = 'this is no state that siteward exported, or it was changed';

/** Offsets and lengths in a head (POSIX.1-1988). */
const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  sum: [148, 8],
  type: [156, 1],
  magic: [257, 8],
  prefix: [345, 155],
} as const;
const magic = 'ustar\x0000';
const types = { file: '0', folder: '5' } as const;

/** Whether it can be written, and was written by siteward. */
export function isTarPath(path: string): boolean {
  return (
    path.split('/').every((one) => word.test(one) && one !== '.' && one !== '..') && splitPath(path) !== null
  );
}

/** Throws `InvalidInput` for what no head can say. */
export function tarHead({ path, kind, bytes, atS }: TarEntry): Buffer {
  const split = isTarPath(path) ? splitPath(kind === 'folder' ? `${path}/` : path) : null;
  if (split === null || bytes > mostBytes)
    throw new InvalidInput(
      'not-exportable',
      'its name or size can not be written; take it out of the state',
      {
        file: path,
      },
    );
  const head = Buffer.alloc(block);
  const put = (field: keyof typeof fields, text: string): void => {
    head.write(text, fields[field][0], 'latin1');
  };
  const octal = (field: keyof typeof fields, value: number): void =>
    put(field, value.toString(8).padStart(fields[field][1] - 1, '0'));
  put('name', split.name);
  put('prefix', split.prefix);
  octal('mode', kind === 'folder' ? 0o700 : 0o600);
  octal('uid', 0);
  octal('gid', 0);
  octal('size', bytes);
  octal('mtime', Math.min(Math.max(0, atS), mostBytes));
  put('type', types[kind]);
  put('magic', magic);
  put('sum', `${sumOf(head).toString(8).padStart(6, '0')}\0 `);
  return head;
}

/** Null: it is all zeros, as at the end. Throws `InvalidInput` for what siteward does not write. */
export function readTarHead(head: Buffer): TarEntry | null {
  if (head.every((byte) => byte === 0)) return null;
  const text = (field: keyof typeof fields): string => {
    const [at, length] = fields[field];
    const raw = head.toString('latin1', at, at + length);
    const end = raw.indexOf('\0');
    return end < 0 ? raw : raw.slice(0, end);
  };
  const type = head.toString('latin1', 156, 157);
  const kind: TarEntry['kind'] | null =
    type === types.file ? 'file' : type === types.folder ? 'folder' : null;
  const whole = text('prefix') === '' ? text('name') : `${text('prefix')}/${text('name')}`;
  const path = kind === 'folder' ? whole.replace(/\/$/, '') : whole;
  if (kind === null || !isTarPath(path)) throw damaged();
  const number = (field: 'size' | 'mtime'): number => {
    const digits = text(field);
    if (!/^[0-7]{11}$/.test(digits)) throw damaged();
    return Number.parseInt(digits, 8);
  };
  const entry: TarEntry = { path, kind, bytes: number('size'), atS: number('mtime') };
  // One way to write each head: a reader that took others would have to be right about all of them.
  if (!tarHead(entry).equals(head) || (kind === 'folder' && entry.bytes > 0)) throw damaged();
  return entry;
}

/** Throws `InvalidInput`, or when a part's content is not as long as it says. */
export async function* writeTar(parts: AsyncIterable<TarPart>): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    yield tarHead(part);
    let left = part.bytes;
    for await (const piece of part.content) {
      left -= piece.length;
      yield piece;
    }
    if (left !== 0) throw new Error(`${part.path}: ${part.bytes - left} bytes where ${part.bytes} were said`);
    const padding = -part.bytes & (block - 1);
    if (padding > 0) yield Buffer.alloc(padding);
  }
  yield Buffer.alloc(2 * block);
}

/** One part after the other; what of its content was not asked for is passed over. Throws `InvalidInput`. */
export async function* readTar(stream: AsyncIterable<Uint8Array>): AsyncGenerator<TarPart> {
  const bytes = new ByteReader(stream);
  for (;;) {
    const entry = readTarHead(await bytes.exactly(block));
    if (entry === null) break;
    const content = bytes.pieces(entry.bytes);
    yield { ...entry, content };
    for await (const piece of content) void piece;
    await bytes.exactly(-entry.bytes & (block - 1));
  }
  if (readTarHead(await bytes.exactly(block)) !== null || !(await bytes.atEnd())) throw damaged();
}

class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#source = stream[Symbol.asyncIterator]();
  }

  /** At most so many, and at least one unless the stream is at its end. */
  async #take(most: number): Promise<Buffer> {
    while (this.#held.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return this.#held;
      this.#held = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    const piece = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(piece.length);
    return piece;
  }

  async *pieces(bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0;) {
      const piece = await this.#take(left);
      if (piece.length === 0) throw damaged();
      left -= piece.length;
      yield piece;
    }
  }

  async exactly(bytes: number): Promise<Buffer> {
    const all: Buffer[] = [];
    for await (const piece of this.pieces(bytes)) all.push(piece);
    return Buffer.concat(all);
  }

  async atEnd(): Promise<boolean> {
    return (await this.#take(1)).length === 0;
  }
}

function splitPath(path: string): { readonly prefix: string; readonly name: string } | null {
  const [, longestName] = fields.name;
  const [, longestPrefix] = fields.prefix;
  if (path.length <= longestName) return { prefix: '', name: path };
  for (let at = path.indexOf('/'); at >= 0 && at <= longestPrefix; at = path.indexOf('/', at + 1)) {
    const name = path.slice(at + 1);
    if (name !== '' && name.length <= longestName) return { prefix: path.slice(0, at), name };
  }
  return null;
}

/** Of all bytes, with blanks for the sum itself. */
function sumOf(head: Buffer): number {
  const [at, length] = fields.sum;
  return head.reduce((sum, byte, index) => sum + (index >= at && index < at + length ? 0x20 : byte), 0);
}

function damaged(): InvalidInput {
  return new InvalidInput('not-a-state', `${damagedWords}; take another export`);
}
