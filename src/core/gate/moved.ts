/** What one text has and another has not, line by line: for whoever has read the first and is asked to read the second. */

/** Enough to see what moved; who signs reads the whole text anyway. */
const mostLines = 40;

/** Lines that went (`- `) and lines that came (`+ `), each as often as it did, in the order of their texts. */
export function movedLines(before: string, after: string): string[] {
  const [was, is] = [linesOf(before), linesOf(after)];
  const moved = [...notIn(was, is).map((line) => `- ${line}`), ...notIn(is, was).map((line) => `+ ${line}`)];
  const left = moved.length - mostLines;
  return left > 0 ? [...moved.slice(0, mostLines), `and ${left} more lines`] : moved;
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

function notIn(lines: readonly string[], others: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = counts.get(line) ?? 0;
    counts.set(line, count - 1);
    return count <= 0;
  });
}
