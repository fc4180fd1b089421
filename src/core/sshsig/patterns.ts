/** Pattern lists of OpenSSH: `*`, `?`, commas, a leading `!` that wins. Bytes as latin1, one code unit a byte; no regular expressions. */

/** Longer texts than any of ours match nothing: no input can make the comparison dear. */
const maxTextLength = 320;
// OpenSSH has a buffer of this size, and a list with a longer entry matches nothing there.
const maxPatternLength = 1022;
const star = 42;
const questionMark = 63;

/** True when some pattern matches and no negated one does. An empty list matches nothing. */
export function matchPatternList(text: string, list: string): boolean {
  if (text.length > maxTextLength) return false;
  let matched = false;
  for (let start = 0; start < list.length;) {
    const found = list.indexOf(',', start);
    const end = found < 0 ? list.length : found;
    const negated = list[start] === '!';
    const from = negated ? start + 1 : start;
    if (end - from > maxPatternLength) return false;
    if (matchPattern(text, list, from, end)) {
      if (negated) return false;
      matched = true;
    }
    start = end + 1;
  }
  return matched;
}

/** Goes back to the last star only, so the work is at most the text's length times the pattern's. */
function matchPattern(text: string, patterns: string, from: number, end: number): boolean {
  let t = 0;
  let p = from;
  let starAt = -1;
  let resumeAt = 0;
  while (t < text.length) {
    const wanted = p < end ? patterns.charCodeAt(p) : -1;
    if (wanted === star) {
      starAt = p++;
      resumeAt = t;
    } else if (wanted === questionMark || wanted === text.charCodeAt(t)) {
      p++;
      t++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      t = ++resumeAt;
    } else {
      return false;
    }
  }
  while (p < end && patterns.charCodeAt(p) === star) p++;
  return p === end;
}
