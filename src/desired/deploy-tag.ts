/**
 * `track: tag PATTERN`: which tag says what is carried out. The highest name by version order counts, as `git tag
 * --sort=version:refname` has it; whether it may be believed is its signature's business. Only names and the tag's own
 * bytes are looked at, never the time that it claims.
 */
import { InvalidInput } from '../core/errors.ts';

/** Names of tags without `refs/tags/`; null: none matches. `*` in the pattern stands for anything. */
export function highestTag(names: Iterable<string>, pattern: string): string | null {
  const parts = pattern.split('*');
  let highest: string | null = null;
  for (const name of names)
    if (matches(name, parts) && (highest === null || compareVersions(name, highest) > 0)) highest = name;
  return highest;
}

/** Each part after the one before it, the first and the last at the ends: no step back is needed for `*` alone. */
function matches(name: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

/** Runs of digits as numbers, everything else by its bytes. */
export function compareVersions(a: string, b: string): number {
  const runs = (name: string): readonly string[] => name.match(/\d+|\D+/g) ?? [];
  const [left, right] = [runs(a), runs(b)];
  for (const [i, mine] of left.entries()) {
    const theirs = right[i];
    if (theirs === undefined) return 1;
    if (mine === theirs) continue;
    const numbers = /^\d/.test(mine) && /^\d/.test(theirs);
    const difference = numbers ? BigInt(mine) - BigInt(theirs) : 0n;
    if (difference !== 0n) return difference > 0n ? 1 : -1;
    return mine < theirs ? -1 : 1;
  }
  return left.length - right.length;
}

/** The commit that the tag's own bytes name. A tag object under another name is an old one brought back. */
export function taggedCommit(raw: Uint8Array, name: string): string {
  const head = Buffer.from(raw).toString('utf8').split('\n', 3);
  const commit = /^object ([0-9a-f]{40})$/.exec(head[0] ?? '')?.[1];
  const refused = (message: string): InvalidInput =>
    new InvalidInput('tag-refused', `tag ${name}: ${message}`);
  if (commit === undefined || head[1] !== 'type commit') throw refused('it names no commit; tag a commit');
  if (head[2] !== `tag ${name}`)
    throw refused('the tag object was made under another name; make a new tag with git tag -s');
  return commit;
}
