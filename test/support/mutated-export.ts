/** Real exports as a person might have edited them: some lines gone, changed, renamed or in another order. */
import { readExport } from '../../src/drivers/routeros/export-syntax.ts';
import { formatExport } from '../../src/drivers/routeros/format-export.ts';
import { toConfiguration } from '../../src/drivers/routeros/normalize.ts';

type Edit = (lines: string[], at: number) => void;

const edits: readonly Edit[] = [
  (lines, at) => lines.splice(at, 1),
  (lines, at) => {
    const line = lines[at] ?? '';
    const comment = ` comment="edited \\"${at}\\" \\$ \\D0\\9E"`;
    lines[at] = line.replace(/ comment=("(\\.|[^"\\])*"|\S+)/, '') + comment;
  },
  (lines, at) => {
    const line = lines[at] ?? '';
    lines[at] = / disabled=/.test(line) ? line.replace(/ disabled=\S+/, '') : `${line} disabled=yes`;
  },
  (lines, at) => {
    const next = lines[at + 1];
    if (next?.startsWith('add ') !== true) return;
    lines[at + 1] = lines[at] ?? '';
    lines[at] = next;
  },
  (lines, at) => {
    lines[at] = (lines[at] ?? '').replace(/address=(\d+\.\d+\.\d+)\.\d+(?=[ /]|$)/, 'address=$1.77');
  },
];

/** `below` gives a number from 0 up to, not including, its limit. */
export function mutatedExport(bytes: Uint8Array, below: (limit: number) => number): Uint8Array {
  const text = readExport(bytes, 'export');
  const lines = formatExport(text, toConfiguration(text, { role: 'text' })).split('\n');
  const times = 1 + below(6);
  for (let i = 0; i < times; i++) {
    const at = below(lines.length);
    if (lines[at]?.startsWith('add ') === true) edits[below(edits.length)]?.(lines, at);
  }
  return Buffer.from(lines.join('\n'), 'latin1');
}
