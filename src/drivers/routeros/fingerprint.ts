/**
 * A digest by which an export is known again without reading it: everything but the line that tells the time, which is
 * another one at each export. Equal digests mean equal texts; it says nothing about meaning.
 */
import { createHash } from 'node:crypto';

const newline = 0x0a;
const hash = 0x23;
/** The date stands in the first lines, if anywhere. */
const mostHeaderBytes = 2000;

export function fingerprint(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const digest = createHash('sha256');
  let at = 0;
  while (at < mostHeaderBytes && text[at] === hash) {
    const end = text.indexOf(newline, at);
    if (end < 0) break;
    const line = text.toString('latin1', at, end);
    const version = / by RouterOS (.*)$/.exec(line)?.[1];
    digest.update(version === undefined ? text.subarray(at, end + 1) : `# by RouterOS ${version}\n`);
    at = end + 1;
    if (version !== undefined) break;
  }
  return digest.update(text.subarray(at)).digest('hex');
}
