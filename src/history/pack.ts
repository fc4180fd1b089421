/** Objects as one git pack, each whole: what is sent to a git server. No deltas: a server makes its own. Pure but for packing. */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import type { GitObject } from './git-object.ts';
import type { ObjectKind } from '../packs/found.ts';

const deflated = promisify(deflate);
const codes: Readonly<Record<ObjectKind, number>> = { commit: 1, tree: 2, blob: 3, tag: 4 };

export async function packOf(objects: readonly GitObject[]): Promise<Buffer> {
  const head = Buffer.alloc(12);
  head.write('PACK', 'latin1');
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(objects.length, 8);
  const pieces: Buffer[] = [head];
  for (const { kind, content } of objects)
    pieces.push(entryHead(codes[kind], content.length), await deflated(content));
  const pack = Buffer.concat(pieces);
  return Buffer.concat([pack, createHash('sha1').update(pack).digest()]);
}

/** Four bits of the size beside the kind, then seven a byte, the lowest first; the top bit says that more follow. */
function entryHead(code: number, size: number): Buffer {
  const bytes = [(code << 4) | (size & 15)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push((bytes.pop() ?? 0) | 128);
    bytes.push(rest & 127);
  }
  return Buffer.from(bytes);
}
