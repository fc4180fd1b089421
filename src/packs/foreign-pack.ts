/**
 * A pack as somebody sends it, looked through before anything unpacks it without a limit: every entry is as long as its
 * head says and no object is larger than may be, however small it is packed, and neither are all of them together.
 */
import { setImmediate } from 'node:timers/promises';
import { inflateSync } from 'node:zlib';
import {
  maxHeadBytes,
  packHeadBytes,
  packTrailerBytes,
  readDeltaHead,
  readEntryHead,
  readPackHead,
} from './pack-entry.ts';

/** Looked through without letting others have a turn. */
const entriesAtOnce = 256;

export interface PackLimits {
  /** Of one object. */
  readonly objectBytes: number;
  /** Of all that the pack comes to. */
  readonly bytes: number;
}

/** What is wrong with it; null: nothing that can be seen without the hashes. */
export async function faultOfPack(
  pack: Buffer,
  { objectBytes, bytes }: PackLimits,
): Promise<'too-large' | 'damaged' | null> {
  const count = readPackHead(pack);
  if (count === null) return 'damaged';
  const end = pack.length - packTrailerBytes;
  let sum = 0;
  for (let entry = 0, at = packHeadBytes; entry < count; entry++) {
    const head = readEntryHead(pack.subarray(at, Math.min(at + maxHeadBytes, end)));
    if (head === null) return 'damaged';
    if (head.size > objectBytes) return 'too-large';
    const unpacked = unpackAt(pack.subarray(at + head.length, end), head.size);
    const made =
      head.base === null || unpacked === null ? head.size : readDeltaHead(unpacked.content)?.made.value;
    if (unpacked === null || made === undefined) return 'damaged';
    sum += head.size + made;
    if (made > objectBytes || sum > bytes) return 'too-large';
    at += head.length + unpacked.read;
    if (entry % entriesAtOnce === entriesAtOnce - 1) await setImmediate();
  }
  return null;
}

/** What begins there, and how long it is packed; null: it does not come to that size. */
function unpackAt(packed: Buffer, size: number): { readonly content: Buffer; readonly read: number } | null {
  const options = { chunkSize: Math.max(64, size + 1), maxOutputLength: Math.max(1, size), info: true };
  try {
    // With `info` it answers so (Node's documentation of zlib), which its types do not know.
    const { buffer, engine } = inflateSync(packed, options) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    return buffer.length === size ? { content: buffer, read: engine.bytesWritten } : null;
  } catch {
    // It throws for nothing but bytes that are none of its own, or too many of them.
    return null;
  }
}
