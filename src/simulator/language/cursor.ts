/** Characters of a console text, read one by one: places, blanks, strings with their escapes, words. */
import { escapes } from './escapes.ts';
import { ParseError } from './syntax.ts';
import type { Expression, Place } from './syntax.ts';

/** What ends an unquoted word, or may not stand in it. */
const WORD_END = /[\s;()[\]{}"$=\\]/;

export abstract class Cursor {
  protected readonly text: string;
  protected offset = 0;
  private readonly questionMark: boolean;
  private readonly firstLine: number;
  private lineStarts: readonly number[] | undefined;

  /** `questionMark`: version 6 still knows the escape `\?`; `firstLine`: the number of the text's first line. */
  protected constructor(text: string, questionMark: boolean, firstLine: number) {
    this.text = text;
    this.questionMark = questionMark;
    this.firstLine = firstLine;
  }

  protected peek(ahead = 0): string {
    return this.text[this.offset + ahead] ?? '';
  }

  protected startsWith(what: string): boolean {
    return this.text.startsWith(what, this.offset);
  }

  protected place(offset = this.offset): Place {
    this.lineStarts ??= lineStartsOf(this.text);
    let low = 0;
    let high = this.lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + this.firstLine, column: offset - (this.lineStarts[low] ?? 0) + 1, offset };
  }

  protected fail(what: string, offset = this.offset): never {
    throw new ParseError(what, this.place(offset));
  }

  /** Skips blanks and `\` at the end of a line; line ends too if asked. */
  protected skipBlanks(lines = false): void {
    for (;;) {
      const next = this.peek();
      if (next === ' ' || next === '\t' || (next === '\r' && (lines || this.peek(1) === '\n'))) this.offset++;
      else if (next === '\n' && lines) this.offset++;
      else if (next === '\\' && /^\\[ \t]*\r?\n/.test(this.text.slice(this.offset, this.offset + 80))) {
        this.offset = this.text.indexOf('\n', this.offset) + 1;
      } else return;
    }
  }

  protected match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.offset;
    const found = pattern.exec(this.text);
    if (found === null) return undefined;
    this.offset += found[0].length;
    return found[0];
  }

  /** What stands between quotes; variables and commands in it are evaluated when it is used. */
  protected readString(): Expression {
    this.offset++;
    const parts: (string | Expression)[] = [];
    let run = '';
    for (;;) {
      const next = this.peek();
      if (next === '') this.fail('expected closing quote');
      if (next === '"') break;
      if (next === '\\') run += this.readEscape();
      else if (next === '$') {
        if (run !== '') parts.push(run);
        run = '';
        parts.push(this.readDollar());
      } else {
        run += next;
        this.offset++;
      }
    }
    this.offset++;
    if (run !== '' || parts.length === 0) parts.push(run);
    return { kind: 'text', parts };
  }

  private readEscape(): string {
    const start = this.offset++;
    const hex = this.match(/[0-9A-F]{2}/y);
    if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
    if (this.match(/\r?\n[ \t]*/y) !== undefined) return '';
    const letter = this.peek();
    const known = letter === '?' && this.questionMark ? '?' : escapes[letter];
    if (known === undefined) this.fail('syntax error', start);
    this.offset++;
    return known;
  }

  /** `$name`, `$"name"`, `$[ … ]`, `$( … )`. */
  protected abstract readDollar(): Expression;

  protected readVariable(): Expression {
    const place = this.place();
    this.offset++;
    const quoted = this.match(/"[^"\\$]*"/y);
    const name = quoted === undefined ? this.match(/[A-Za-z0-9]+/y) : quoted.slice(1, -1);
    if (name === undefined) this.fail('syntax error');
    return { kind: 'variable', name, place };
  }

  /** An unquoted word; `$`, `\`, quotes and opening brackets inside it are refused. */
  protected readWord(): string {
    const start = this.offset;
    while (this.offset < this.text.length && !WORD_END.test(this.peek())) this.offset++;
    if ('"$\\([{'.includes(this.peek()) && this.peek() !== '' && this.offset > start) {
      if (this.peek() !== '\\' || !/^\\[ \t]*\r?\n/.test(this.text.slice(this.offset, this.offset + 80))) {
        this.fail('syntax error');
      }
    }
    return this.text.slice(start, this.offset);
  }
}

function lineStartsOf(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
