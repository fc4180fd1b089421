/**
 * `${name}` and `${secret:name}` in the values of a text that a person wrote. What is put in is a value, never syntax: it is escaped in
 * quotes, written as the console reads it where it stands alone, and refused where it would fall apart. Lines stay
 * where they are. Comments are left as they are, and `\$` is the dollar sign it always was.
 */
import type { Filled, Problem } from '../../core/dialect.ts';
import { InvalidInput } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';
import { quoteString, quoteValue } from './quote.ts';

const name = /^\{((?:secret:)?[A-Za-z][A-Za-z0-9_-]{0,62})\}/;

/** `valueOf` gives a byte string, or null for a name that has none. */
export function fillValues(text: Uint8Array, file: string, valueOf: (name: string) => string | null): Filled {
  const source = Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('latin1');
  if (!source.includes('${')) return { text, problems: [] };
  const filler = new Filler(source, file, valueOf);
  return { text: Buffer.from(filler.run(), 'latin1'), problems: filler.problems };
}

class Filler {
  readonly problems: Problem[] = [];
  readonly #source: string;
  readonly #file: string;
  readonly #valueOf: (name: string) => string | null;
  #at = 0;
  #quoted = false;
  /** Where the word began that is being read. */
  #word = 0;

  constructor(source: string, file: string, valueOf: (name: string) => string | null) {
    this.#source = source;
    this.#file = file;
    this.#valueOf = valueOf;
  }

  run(): string {
    const parts: string[] = [];
    let copied = 0;
    const source = this.#source;
    while (this.#at < source.length) {
      const c = source.charAt(this.#at);
      const found = c === '$' ? name.exec(source.slice(this.#at + 1, this.#at + 73)) : null;
      if (found === null) {
        this.#step(c);
        continue;
      }
      const end = this.#at + 1 + found[0].length;
      const written = this.#written(found[1] ?? '', end);
      if (written !== null) {
        parts.push(source.slice(copied, this.#at), written);
        copied = end;
      }
      this.#at = end;
    }
    return parts.join('') + source.slice(copied);
  }

  #step(c: string): void {
    if (c === '\\') this.#skipEscape();
    else if (c === '"') this.#quoted = !this.#quoted;
    else if (!this.#quoted && (c === '\n' || c === '\r' || c === ' ' || c === '\t'))
      this.#word = this.#at + 1;
    else if (!this.#quoted && c === '#' && this.#startsLine()) {
      const end = this.#source.indexOf('\n', this.#at);
      this.#at = end < 0 ? this.#source.length : end;
      return;
    }
    this.#at++;
  }

  /** A wrapped line goes on behind its indent, and the word with it. */
  #skipEscape(): void {
    const wrap = /^\\\r?\n[ \t]*/.exec(this.#source.slice(this.#at, this.#at + 400));
    this.#at += wrap === null ? 1 : wrap[0].length - 1;
  }

  #startsLine(): boolean {
    const before = this.#source.lastIndexOf('\n', this.#at - 1) + 1;
    return this.#source.slice(before, this.#at).trim() === '';
  }

  /** As it stands in the text; null when it can't, which has been told then. */
  #written(variable: string, end: number): string | null {
    const value = this.#ask(variable);
    if (value === null)
      return variable.startsWith('secret:')
        ? this.#refuse(
            'unknown-secret',
            `no secret is called "${variable.slice('secret:'.length)}": add it to the file that \`secrets:\` in the settings names`,
          )
        : this.#refuse('unknown-variable', `no value for "${variable}": add it to \`vars\` in device.yaml`);
    if (this.#quoted) return quoteString(value).slice(1, -1);
    const before = this.#source.slice(this.#word, this.#at);
    if (!before.includes('='))
      return this.#refuse('misplaced-variable', 'a variable stands for a value: expected it after "name="');
    const written = quoteValue(value);
    if (written === value) return value;
    const alone =
      /=(?:\\\r?\n[ \t]*)?$/.test(before) && /^(?:[\s\]]|$)/.test(this.#source.slice(end, end + 1));
    return alone
      ? written
      : this.#refuse(
          'unquoted-variable',
          `the value of "${variable}" needs quotes: put the whole value in quotes`,
        );
  }

  /** What has no place of its own is wrong here, where the name is asked for. */
  #ask(variable: string): string | null {
    try {
      return this.#valueOf(variable);
    } catch (error) {
      if (!(error instanceof InvalidInput) || error.place !== null) throw error;
      throw new InvalidInput(error.code, error.message, this.#place(), { cause: error });
    }
  }

  #refuse(code: string, message: string): null {
    this.problems.push({ code, message, place: this.#place(), section: null });
    return null;
  }

  #place(): Place {
    const before = this.#source.slice(0, this.#at);
    const line = before.split('\n').length;
    return { file: this.#file, line, column: this.#at - before.lastIndexOf('\n') };
  }
}
