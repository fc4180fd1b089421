/**
 * Walks over an export's characters: places, line ends, continuation lines, words and values. Knows nothing
 * of sections or commands. Continuation: `\`, the line end and the blanks that follow are nothing at all (the
 * device writes a blank that starts a continuation line as `\_`, which only makes sense so).
 */
import { readEscape } from './quote.ts';

/** Thrown within the reader only, caught per line. */
export class NotUnderstood extends Error {
  readonly code: string;
  readonly line: number;
  readonly column: number;
  constructor(code: string, message: string, place: { line: number; column: number }) {
    super(message);
    this.code = code;
    this.line = place.line;
    this.column = place.column;
  }
}

/** By character code: 1 ends a bare word, 2 stops within quotes, 3 both. Text is latin1, so 256 suffice. */
const stops = new Uint8Array(256);
for (const c of ' \t\n\v\f\r="$\\;[](){}') stops[c.charCodeAt(0)] = 1;
for (const c of '"\\$\n') stops[c.charCodeAt(0)]! |= 2;

interface Mark {
  readonly at: number;
  readonly line: number;
  readonly lineStart: number;
}

export class Scanner {
  readonly #text: string;
  /** Where reading stops: the end of the text, or a fence within a line. */
  #end: number;
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string) {
    this.#text = text;
    this.#end = text.length;
  }

  /** The text from here to the end of the physical line, and the first character of the next one. */
  lineAhead(): { readonly text: string; readonly next: string } {
    const end = this.#text.indexOf('\n', this.#at);
    if (end < 0) return { text: this.#text.slice(this.#at), next: '' };
    return { text: this.#text.slice(this.#at, end).replace(/\r+$/, ''), next: this.#text.charAt(end + 1) };
  }

  /** Makes the command that starts here end `length` characters on, as if the line ended there. */
  fence(length: number): void {
    this.#end = this.#at + length;
  }

  position(): number {
    return this.#at;
  }

  place(): { line: number; column: number } {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  problem(code: string, message: string, place = this.place()): NotUnderstood {
    return new NotUnderstood(code, message, place);
  }

  refuseScript(): never {
    const what = 'this is script text, not an export: expected "add" or "set" with plain values';
    throw this.problem('not-an-export', what);
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  peek(): string {
    return this.#at < this.#end ? this.#text.charAt(this.#at) : '';
  }

  since(start: number): string {
    return this.#text.slice(start, this.#at);
  }

  rest(): string {
    const start = this.#at;
    this.#at = this.#text.length;
    return this.#text.slice(start);
  }

  mark(): Mark {
    return { at: this.#at, line: this.#line, lineStart: this.#lineStart };
  }

  back(mark: Mark): void {
    this.#at = mark.at;
    this.#line = mark.line;
    this.#lineStart = mark.lineStart;
  }

  /** At a line end or at the end of the text. Tools that convert line ends twice leave more than one CR. */
  atLineEnd(): boolean {
    const c = this.peek();
    if (c !== '\r') return c === '\n' || c === '';
    return this.#text.charCodeAt(this.#pastReturns(this.#at)) === 0x0a;
  }

  #pastReturns(from: number): number {
    let at = from;
    while (this.#text.charCodeAt(at) === 0x0d) at++;
    return at;
  }

  /** Some editors put a byte order mark in front of UTF-8. */
  skipByteOrderMark(): void {
    if (this.#at === 0 && this.#text.startsWith('\xef\xbb\xbf')) this.#at = 3;
  }

  /** Blanks, tabs and continuations. */
  skipBlanks(): void {
    for (;;) {
      const c = this.#text.charCodeAt(this.#at);
      if (c === 0x20 || c === 0x09) this.#at++;
      else if (c !== 0x5c || !this.#skipContinuation()) return;
    }
  }

  /** In front of a value: the line may end right after its `=`. */
  skipContinuations(): void {
    let more = this.peek() === '\\';
    while (more) more = this.#skipContinuation() && this.peek() === '\\';
  }

  /** To the next line. */
  skipPhysicalLine(): void {
    if (this.#end < this.#text.length) {
      this.#at = this.#end;
      this.#end = this.#text.length;
      return;
    }
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#text.length : end + 1;
    this.#line++;
    this.#lineStart = this.#at;
  }

  /** To the line after the command that starts here: lines that end in `\` go with it. */
  skipLine(): void {
    for (;;) {
      const start = this.#at;
      this.skipPhysicalLine();
      if (!/\\\r*\n$/.test(this.#text.slice(Math.max(start, this.#at - 8), this.#at))) return;
    }
  }

  /** Characters up to a blank, `=` or something that ends a bare word; may be empty. */
  word(): string {
    const start = this.#at;
    this.#at = this.#stop(start, 1);
    return this.#text.slice(start, this.#at);
  }

  #stop(from: number, kind: 1 | 2): number {
    const [text, end] = [this.#text, this.#end];
    let at = from;
    while (at < end && ((stops[text.charCodeAt(at)] ?? 0) & kind) === 0) at++;
    return at;
  }

  /** As `word`, and ends at a slash too. */
  pathWord(): string {
    const mark = this.mark();
    const word = this.word();
    const slash = word.indexOf('/');
    if (slash < 0) return word;
    this.back({ ...mark, at: mark.at + slash });
    return word.slice(0, slash);
  }

  take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.#at++;
    return true;
  }

  /** A value after `=`: quoted or bare, decoded. */
  value(): string {
    this.skipContinuations();
    if (this.peek() === '"') return this.quoted();
    return this.#bareValue();
  }

  #bareValue(): string {
    let value = '';
    for (;;) {
      value += this.word();
      const c = this.peek();
      if (c === '=') {
        // Only the export of very old versions leaves such a value bare; it can't mean anything else.
        value += c;
        this.#at++;
      } else if (c === '\\') {
        if (!this.#skipContinuation())
          throw this.problem('bad-value', 'a backslash in a value needs quotes: "a\\\\b"');
      } else if (c === '' || c <= ' ') {
        if (value === '')
          throw this.problem('missing-value', 'expected a value after "=": the empty value is ""');
        return value;
      } else if (c === '$') {
        throw this.problem(
          'variable',
          'a variable can\'t be in an export; a plain "$" is written "\\$" in quotes',
        );
      } else if (c === '"') {
        throw this.problem(
          'bad-value',
          'a quote in the middle of a value: quote the whole value, with \\" inside',
        );
      } else {
        throw this.problem(
          'not-an-export',
          `"${c}" in a value needs quotes; a command in a value is script text`,
        );
      }
    }
  }

  /** A quoted string, decoded. */
  quoted(): string {
    const opened = this.place();
    this.#at++;
    let value = '';
    for (;;) {
      const stop = this.#stop(this.#at, 2);
      value += this.#text.slice(this.#at, stop);
      this.#at = stop;
      const c = this.peek();
      if (c === '"') {
        this.#at++;
        return value;
      }
      if (c === '$') throw this.problem('variable', 'a "$" in quotes starts a variable: expected "\\$"');
      if (c === '\\') {
        if (this.#skipContinuation()) continue;
        const escape = readEscape(this.#text, this.#at);
        if (escape === null) {
          if (this.#at + 1 >= this.#text.length) throw this.#unbalanced(opened);
          throw this.problem(
            'bad-escape',
            'expected \\" \\\\ \\$ \\n \\r \\t \\_ or two upper-case hex digits after "\\"',
          );
        }
        value += escape[0];
        this.#at += escape[1];
      } else {
        throw this.#unbalanced(opened);
      }
    }
  }

  #unbalanced(opened: { line: number; column: number }): NotUnderstood {
    const message = 'the quote that opens here is not closed: expected \'"\', or "\\" where the line goes on';
    return this.problem('unbalanced-quote', message, opened);
  }

  /** At a backslash: if the line ends right after it, on to the first character of the next line that is no blank. */
  #skipContinuation(): boolean {
    const text = this.#text;
    let at = this.#pastReturns(this.#at + 1);
    if (text.charCodeAt(at) !== 0x0a) return false;
    this.#line++;
    this.#lineStart = ++at;
    while (text.charCodeAt(at) === 0x20) at++;
    this.#at = at;
    return true;
  }
}
