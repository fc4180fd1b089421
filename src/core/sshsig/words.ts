/** Words in the lines of trust files: blanks and tabs part them. No regular expressions, one pass. */

export function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\t';
}

export function skipBlanks(text: string, start: number): number {
  let at = start;
  while (isBlank(text[at])) at++;
  return at;
}

export function endOfWord(text: string, start: number): number {
  let at = start;
  while (at < text.length && !isBlank(text[at])) at++;
  return at;
}
