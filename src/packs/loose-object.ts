/**
 * An object of a git repository in a file of its own. Believes nothing: whoever asks hashes what comes. A file that is
 * larger than any object may be is not opened, and none is unpacked further than that, whatever it says of itself.
 */
import { stat } from 'node:fs/promises';
import { inflateSync } from 'node:zlib';
import type { Found, ObjectKind } from './found.ts';
import { ifThere, packedSize } from './found.ts';
import { readPart } from './pack-file.ts';

const head = /^(commit|tree|blob|tag) (\d{1,15})$/;
/** Of the longest head. */
const maxHeadBytes = 32;

/** Null: there is no such file. Throws what the disk says. */
export async function findLoose(gitdir: string, oid: string, mostBytes: number): Promise<Found> {
  const file = `${gitdir}/objects/${oid.slice(0, 2)}/${oid.slice(2)}`;
  const status = await ifThere(stat(file));
  if (status === null) return null;
  if (status.size > packedSize(mostBytes + maxHeadBytes)) return 'too-large';
  const bytes = await ifThere(readPart(file, 0, status.size));
  return bytes === null ? null : unpackLoose(bytes, mostBytes);
}

export function unpackLoose(bytes: Uint8Array, mostBytes: number): Exclude<Found, null> {
  let whole: Buffer;
  try {
    whole = inflateSync(bytes, { maxOutputLength: mostBytes + maxHeadBytes });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'damaged';
  }
  const nul = whole.subarray(0, maxHeadBytes).indexOf(0);
  const [, kind = '', size = ''] = head.exec(whole.toString('latin1', 0, Math.max(nul, 0))) ?? [];
  const content = whole.subarray(nul + 1);
  if (kind === '' || Number(size) !== content.length) return 'damaged';
  return content.length > mostBytes ? 'too-large' : { kind: kind as ObjectKind, content };
}
