/**
 * What tells one export, and one device, from another without reading the whole: a digest of everything but the line that
 * tells the time, which is another one at each export (equal digests mean equal texts), and the device's own number.
 */
import { createHash } from 'node:crypto';

const newline = 0x0a;
const hash = 0x23;
/** The date stands in the first lines, if anywhere; so does what the device says of itself. */
const mostHeaderBytes = 2000;

export function fingerprint(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const digest = createHash('sha256');
  let at = 0;
  while (at < mostHeaderBytes && text[at] === hash) {
    const end = text.indexOf(newline, at);
    if (end < 0) break;
    const line = text.toString('latin1', at, end);
    const version = / by RouterOS (.*?)\r?$/.exec(line)?.[1];
    digest.update(version === undefined ? text.subarray(at, end + 1) : `# by RouterOS ${version}\n`);
    at = end + 1;
    if (version !== undefined) break;
  }
  return digest.update(text.subarray(at)).digest('hex');
}

/** What the header says of the device under that name; null: nothing. */
export function headerFact(exportText: Uint8Array, name: 'serial number' | 'software id'): string | null {
  const start = Buffer.from(exportText.buffer, exportText.byteOffset, exportText.byteLength)
    .subarray(0, mostHeaderBytes)
    .toString('latin1');
  const header = /^(?:#[^\n]*\n)*/.exec(start)?.[0] ?? '';
  return new RegExp(`^# ${name} = ([\\w/+-]{1,64})\\r?$`, 'm').exec(header)?.[1] ?? null;
}

/** The serial number of the board, else the number of the license; null: the header tells neither, as on a CHR. */
export function hardwareOf(exportText: Uint8Array): string | null {
  for (const name of ['serial number', 'software id'] as const) {
    const fact = headerFact(exportText, name);
    if (fact !== null) return `${name} ${fact}`;
  }
  return null;
}
