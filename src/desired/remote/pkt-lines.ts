/**
 * The lines that git's protocol is made of, each with its length before it, and an empty one as the end of a part. Over a
 * channel a server waits for what is wanted after its refs, so their end has to be known without an end of the stream. Pure.
 */
import { InvalidInput } from '../../core/errors.ts';

/** The index behind the first flush; null: there is more to come. Throws `InvalidInput` for what is no pkt-line. */
export function endOfAdvertisement(bytes: Uint8Array): number | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 4 <= buffer.length;) {
    const digits = buffer.toString('latin1', at, at + 4);
    const length = /^[0-9a-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : -1;
    if (length === 0) return at + 4;
    if (length < 4)
      throw new InvalidInput(
        'not-a-git-server',
        'what answers there is no git server; check the url of the settings',
      );
    at += length;
  }
  return null;
}

export const flush = Buffer.from('0000', 'latin1');

export function pktLine(text: string): Buffer {
  return Buffer.from((text.length + 4).toString(16).padStart(4, '0') + text, 'latin1');
}

/** The lines up to the first flush, which has to be there. Throws `InvalidInput` not-a-git-server. */
export function linesUpToFlush(bytes: Uint8Array): readonly Buffer[] {
  const end = endOfAdvertisement(bytes);
  if (end === null)
    throw new InvalidInput('not-a-git-server', "the git server's answer ends early; try again later");
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, end);
  const lines: Buffer[] = [];
  for (let at = 0; at < end - flush.length;) {
    const length = Number.parseInt(buffer.toString('latin1', at, at + 4), 16);
    lines.push(buffer.subarray(at + 4, at + length));
    at += length;
  }
  return lines;
}
