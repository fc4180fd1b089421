/** Pattern lists of OpenSSH: `*`, `?`, commas, a leading `!` that wins. Bytes as latin1; no regular expressions. */

/** True when some pattern matches and no negated one does. An empty list matches nothing. */
export function matchPatternList(text: string, list: string): boolean {
  let matched = false;
  for (const entry of list.split(',')) {
    const negated = entry.startsWith('!');
    const pattern = negated ? entry.slice(1) : entry;
    // OpenSSH has a buffer of this size, and a list with a longer entry matches nothing there.
    if (pattern.length >= 1023) return false;
    if (!matchPattern(text, pattern)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

/** Linear in both lengths times the stars' backtracking to the last one only: no input makes it explode. */
function matchPattern(text: string, pattern: string): boolean {
  let t = 0;
  let p = 0;
  let starAt = -1;
  let resumeAt = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      starAt = p++;
      resumeAt = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      t = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
