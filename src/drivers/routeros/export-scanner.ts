/**
 * Walks over an export's characters: places, line ends, continuation lines, words and values. Knows nothing
 * of sections or commands. Continuation: `\`, the line end and the blanks that follow are nothing at all (the
 * device writes a blank that starts a continuation line as `\_`, which only makes sense so).
 */
import { isNamedEscape, readEscape } from './quote.ts';

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

/** By character code, which kinds a character is of. Text is latin1, so 256 suffice. */
const kinds = new Uint8Array(256);
const endsWord = 1;
const stopsQuoted = 2;
const inName = 4;
function mark(characters: string, kind: number): void {
  for (const c of characters) kinds[c.charCodeAt(0)]! |= kind;
}
mark(' \t\n\v\f\r="$\\;[](){}', endsWord);
mark('"\\$\n', stopsQuoted);
mark('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.', inName);

const dottedName = /^\.?[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$/;

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
  /** The next one from where it was last asked for. */
  #wrap = -1;

  constructor(text: string) {
    this.#text = text;
    this.#end = text.length;
  }

  /** The text from here to the end of the physical line, if the next line is a comment; else null. */
  lineBeforeComment(): string | null {
    const end = this.#text.indexOf('\n', this.#at);
    if (end < 0 || this.#text.charCodeAt(end + 1) !== 0x23) return null;
    return this.#text.slice(this.#at, end).replace(/\r+$/, '');
  }

  /** Skips this text if it stands here with a verb of exports behind it. */
  repeats(text: string): boolean {
    if (text === '' || !this.#text.startsWith(text, this.#at)) return false;
    const at = this.#at + text.length;
    if (!this.#text.startsWith('add ', at) && !this.#text.startsWith('set ', at)) return false;
    this.#at = at;
    return true;
  }

  /** From here to the end of the physical line, with it, where a slash stands here; else nothing. */
  physicalLine(): string {
    if (this.#text.charCodeAt(this.#at) !== 0x2f) return '';
    return this.#text.slice(this.#at, this.#text.indexOf('\n', this.#at) + 1);
  }

  /**
   * Skips lines that are these when nothing is wrapped, if nothing follows that could go on with them: a command that is
   * no path. Gives where each starts; null: others stand here.
   */
  takeJoined(joined: string): readonly number[] | null {
    const text = this.#text;
    let [at, line] = [this.#at, this.#line];
    const starts = [line];
    for (let done = 0; ;) {
      const wrap = this.#nextWrap(at);
      const length = Math.min(wrap - at, joined.length - done);
      // From wrap to wrap: one comparison costs a tenth of looking at each character.
      if (text.slice(at, at + length) !== joined.slice(done, done + length)) return null;
      const end = at + length;
      for (at = text.indexOf('\n', at) + 1; at > 0 && at <= end; at = text.indexOf('\n', at) + 1)
        starts.push(++line);
      at = end;
      done += length;
      if (done === joined.length) break;
      // Behind nothing, or behind an escaped backslash: left to who reads it all.
      const before = text.charCodeAt(at - 1);
      if (at !== wrap || before === 0x5c || before === 0x0a) return null;
      at += 2;
      line++;
      while (text.charCodeAt(at) === 0x20) at++;
    }
    if (!/^[/#\r\n]?$/.test(text.charAt(at))) return null;
    this.#line = line;
    this.#at = this.#lineStart = at;
    return starts;
  }

  /** Where a line is wrapped next, or the end of the text. */
  #nextWrap(from: number): number {
    if (this.#wrap < from) {
      const found = this.#text.indexOf('\\\n', from);
      this.#wrap = found < 0 ? this.#text.length : found;
    }
    return this.#wrap;
  }

  /** Makes the command that starts here end `length` characters on, as if the line ended there. */
  fence(length: number): void {
    this.#end = this.#at + length;
  }

  position(): number {
    return this.#at;
  }

  place(): { line: number; column: number } {
    return { line: this.#line, column: this.column() };
  }

  line(): number {
    return this.#line;
  }

  column(): number {
    return this.#at - this.#lineStart + 1;
  }

  problem(code: string, message: string, place = this.place()): NotUnderstood {
    return new NotUnderstood(code, message, place);
  }

  refuseScript(place = this.place()): never {
    const what = 'this is script text, not an export: expected "add" or "set" with plain values';
    throw this.problem('not-an-export', what, place);
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
    this.#wrap = -1;
  }

  /** At a line end or at the end of the text. Tools that convert line ends twice leave more than one CR. */
  atLineEnd(): boolean {
    if (this.#at >= this.#end) return true;
    const c = this.#text.charCodeAt(this.#at);
    if (c !== 0x0d) return c === 0x0a;
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
    const text = this.#text;
    for (;;) {
      let at = this.#at;
      let c = text.charCodeAt(at);
      while (c === 0x20 || c === 0x09) c = text.charCodeAt(++at);
      this.#at = at;
      if (c !== 0x5c || !this.#skipContinuation()) return;
    }
  }

  /** In front of a value: the line may end right after its `=`. */
  skipContinuations(): void {
    while (this.#text.charCodeAt(this.#at) === 0x5c && this.#skipContinuation());
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

  /** Characters up to a blank, `=` or something that ends a bare word, continuations left out; may be empty. */
  word(): string {
    for (let word = ''; ;) {
      const start = this.#at;
      this.#at = this.#stop(start, endsWord);
      word += this.#text.slice(start, this.#at);
      if (this.peek() !== '\\' || !this.#skipContinuation()) return word;
    }
  }

  #stop(from: number, kind: number): number {
    const text = this.#text;
    const end = this.#end;
    let at = from;
    while (at < end && (kinds[text.charCodeAt(at)]! & kind) === 0) at++;
    return at;
  }

  /** The name of an argument with the `=` behind it, which is skipped; null: something else stands here. */
  nameAndEquals(): string | null {
    const text = this.#text;
    const end = this.#end;
    const start = this.#at;
    let at = start;
    let dots = 0;
    for (; at < end; at++) {
      const c = text.charCodeAt(at);
      if ((kinds[c]! & inName) === 0) break;
      if (c === 0x2e) dots++;
    }
    if (at === start || at >= end) return null;
    if (text.charCodeAt(at) === 0x5c) return this.#wrappedName();
    if (text.charCodeAt(at) !== 0x3d) return null;
    const name = text.slice(start, at);
    const first = text.charCodeAt(start);
    if ((dots > 0 || first === 0x2d || first === 0x5f) && !dottedName.test(name)) return null;
    this.#at = at + 1;
    return name;
  }

  /** A name that goes on in the next line. */
  #wrappedName(): string | null {
    const mark = this.mark();
    const name = this.word();
    if (dottedName.test(name) && this.take('=')) return name;
    this.back(mark);
    return null;
  }

  /** As `word`, and ends at a slash too. */
  pathWord(): string {
    for (let word = ''; ;) {
      const start = this.#at;
      const stop = this.#stop(start, endsWord);
      const slash = this.#text.slice(start, stop).indexOf('/');
      this.#at = slash < 0 ? stop : start + slash;
      word += this.#text.slice(start, this.#at);
      if (this.peek() !== '\\' || !this.#skipContinuation()) return word;
    }
  }

  take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.#at++;
    return true;
  }

  /** A value after `=`: quoted or bare, decoded. `closing` ends a bare one too. */
  value(closing = ''): string {
    this.skipContinuations();
    const start = this.#at;
    const text = this.#text;
    if (start < this.#end && text.charCodeAt(start) === 0x22) return this.quoted();
    const stop = this.#stop(start, endsWord);
    const c = text.charCodeAt(stop);
    // By far the most values are a word with a blank or the line end behind it.
    if (stop > start && (c === 0x20 || c === 0x0a || c === 0x0d || stop >= this.#end)) {
      this.#at = stop;
      return text.slice(start, stop);
    }
    return this.#bareValue(closing);
  }

  #bareValue(closing: string): string {
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
      } else if (c === closing || c <= ' ') {
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
    const text = this.#text;
    const opened = this.#at;
    const [line, column] = [this.#line, this.column()];
    let from = ++this.#at;
    let value = '';
    for (;;) {
      const stop = this.#stop(from, stopsQuoted);
      const c = stop < this.#end ? text.charCodeAt(stop) : 0;
      if (c === 0x22) {
        this.#at = stop + 1;
        return from === opened + 1 ? text.slice(from, stop) : value + text.slice(from, stop);
      }
      value += text.slice(from, stop);
      this.#at = stop;
      if (c === 0x24) throw this.problem('variable', 'a "$" in quotes starts a variable: expected "\\$"');
      if (c !== 0x5c) throw this.#unbalanced({ line, column });
      if (!this.#skipContinuation()) value += this.#escape({ line, column });
      from = this.#at;
    }
  }

  #escape(opened: { line: number; column: number }): string {
    const escape = readEscape(this.#text, this.#at);
    if (escape === null) {
      if (this.#at + 1 >= this.#text.length) throw this.#unbalanced(opened);
      throw this.problem(
        'bad-escape',
        'expected \\" \\\\ \\$ \\n \\r \\t \\_ or two upper-case hex digits after "\\"',
      );
    }
    // Hex bytes are the only ones with three characters.
    this.#at += isNamedEscape(this.#text, this.#at) ? 2 : 3;
    return escape;
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
