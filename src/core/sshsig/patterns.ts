/** Pattern lists of OpenSSH: `*`, `?`, commas, a leading `!` that wins. Bytes as latin1; no regular expressions. */

/** Longer texts than any of ours match nothing: no input can make the comparison dear. */
const maxTextLength = 320;
// OpenSSH has a buffer of this size, and a list with a longer entry matches nothing there.
const maxPatternLength = 1022;
const [comma, star, questionMark, exclamationMark] = [44, 42, 63, 33];

/** True when some pattern matches and no negated one does. An empty list matches nothing. */
export function matchPatternList(text: string, list: string): boolean {
  if (text.length > maxTextLength) return false;
  const [bytes, patterns] = [Buffer.from(text, 'latin1'), Buffer.from(list, 'latin1')];
  let matched = false;
  for (let start = 0; start < patterns.length;) {
    const found = patterns.indexOf(comma, start);
    const end = found < 0 ? patterns.length : found;
    const negated = patterns[start] === exclamationMark;
    const from = negated ? start + 1 : start;
    if (end - from > maxPatternLength) return false;
    if (matchPattern(bytes, patterns, from, end)) {
      if (negated) return false;
      matched = true;
    }
    start = end + 1;
  }
  return matched;
}

/** Goes back to the last star only, so the work is at most the text's length times the pattern's. */
function matchPattern(text: Buffer, patterns: Buffer, from: number, end: number): boolean {
  let t = 0;
  let p = from;
  let starAt = -1;
  let resumeAt = 0;
  while (t < text.length) {
    const wanted = p < end ? patterns[p] : -1;
    if (wanted === star) {
      starAt = p++;
      resumeAt = t;
    } else if (wanted === questionMark || wanted === text[t]) {
      p++;
      t++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      t = ++resumeAt;
    } else {
      return false;
    }
  }
  while (p < end && patterns[p] === star) p++;
  return p === end;
}
