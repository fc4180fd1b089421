/**
 * Where a server's list of refs ends: after its flush. Over a channel the server then waits for what is wanted, so
 * the end has to be known without an end of the stream.
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
        'what answers there is no git server; check `desired: url:`',
      );
    at += length;
  }
  return null;
}
