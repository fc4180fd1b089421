/**
 * Several files of a commit as one text, and back: in front of each stands a line that names it and its length. So
 * what was composed is one text with one digest wherever it is kept, and every fault still has its own file and line.
 */
export interface Fragment {
  /** Path in the repository. */
  readonly file: string;
  readonly text: Uint8Array;
}

const head = '# siteward-file: ';
/** Length first: a path may hold blanks. */
const line = /^# siteward-file: (\d{1,9}) ([^\r\n]{1,4096})\n/;

export function joinFragments(fragments: readonly Fragment[]): Uint8Array {
  return Buffer.concat(
    fragments.flatMap(({ file, text }) => [
      Buffer.from(`${head}${text.length} ${file}\n`, 'utf8'),
      text,
      Buffer.from('\n'),
    ]),
  );
}

/** A text that was not composed is one fragment, called `file`. */
export function splitFragments(text: Uint8Array, file: string): readonly Fragment[] {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  const fragments: Fragment[] = [];
  for (let at = 0; at < bytes.length;) {
    const found = line.exec(bytes.toString('utf8', at, Math.min(bytes.length, at + 4200)));
    const length = Number(found?.[1]);
    const start = at + Buffer.byteLength(found?.[0] ?? '', 'utf8');
    // Not what was joined, so nothing that was composed here: the whole is one person's text.
    if (found === null || bytes[start + length] !== 0x0a) return [{ file, text }];
    fragments.push({ file: found[2] ?? '', text: bytes.subarray(start, start + length) });
    at = start + length + 1;
  }
  return fragments.length === 0 ? [{ file, text }] : fragments;
}
