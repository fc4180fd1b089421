/** Reads one section path, or one command with its selector and arguments. Refuses what an export never holds. */
import type { Scanner } from './export-scanner.ts';
import { menuFacts } from './menus.ts';

export interface Argument {
  /** In full: a leading dot has been replaced by the prefix it repeats. */
  readonly name: string;
  /** Decoded bytes; `''` for a flag; null for `!name`. */
  readonly value: string | null;
  /** A bare word, such as `passive`: there or not. */
  readonly flag: boolean;
  readonly line: number;
  readonly column: number;
  readonly valueLine: number;
  readonly valueColumn: number;
}

export type Selector =
  | { readonly kind: 'none' }
  | { readonly kind: 'find'; readonly conditions: readonly (readonly [name: string, value: string])[] }
  | { readonly kind: 'number'; readonly number: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'id'; readonly id: string };

/** An export holds `add` and `set` only; people write the others. */
export type Verb = 'add' | 'set' | 'remove' | 'enable' | 'disable' | 'move' | 'unset';

export interface Command {
  readonly verb: Verb;
  readonly selector: Selector;
  readonly args: readonly Argument[];
  readonly line: number;
  readonly column: number;
}

const verbs: ReadonlySet<string> = new Set(['add', 'set', 'remove', 'enable', 'disable', 'move', 'unset']);
/** Last words that do something, unless a menu is called so (`/tool mac-server ping`). */
const deeds: ReadonlySet<string> = new Set(
  'print export import find get comment edit reset reset-configuration reboot shutdown monitor ping quit run save load upgrade'.split(
    ' ',
  ),
);
const pathWord = /^[a-z0-9][a-z0-9-]*$/;
const argumentName = /^\.?[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$/;

/** At `/`. Blanks or slashes between the words; stops in front of a verb or at the line's end. */
export function readSectionPath(scanner: Scanner): string {
  const words: string[] = [];
  scanner.take('/');
  for (;;) {
    scanner.skipBlanks();
    if (scanner.take('/')) continue;
    if (scanner.atLineEnd()) break;
    const place = scanner.place();
    const mark = scanner.mark();
    const word = scanner.pathWord();
    if (verbs.has(word)) {
      scanner.back(mark);
      break;
    }
    if (deeds.has(word) && menuFacts(`/${[...words, word].join(' ')}`) === undefined) {
      throw scanner.problem(
        'not-an-export',
        `"${word}" is a command that does something: expected "add" or "set"`,
        place,
      );
    }
    if (!pathWord.test(word)) {
      throw scanner.problem(
        'bad-section',
        'expected the words of a menu, such as "/ip address", or "add" or "set"',
        place,
      );
    }
    words.push(word);
  }
  return `/${words.join(' ')}`;
}

const noSelector: Selector = { kind: 'none' };

/** One command, up to and with its line end. */
export function readCommand(scanner: Scanner, path: string): Command {
  const line = scanner.line();
  const column = scanner.column();
  const verb = scanner.word();
  if (!isVerb(verb)) {
    const place = { line, column };
    if (/^[:$[\](){};]/.test(verb === '' ? scanner.peek() : verb)) scanner.refuseScript(place);
    throw scanner.problem('not-an-export', `expected "add" or "set" in section "${path}"`, place);
  }
  scanner.skipBlanks();
  const selector: Selector = verb === 'add' ? noSelector : readSelector(scanner);
  if (verb === 'add' || verb === 'set') {
    const args = readArguments(scanner);
    scanner.skipPhysicalLine();
    return { verb, selector, args, line, column };
  }
  // The other verbs are reported as they stand; what follows the selector makes no difference to that.
  scanner.skipLine();
  return { verb, selector, args: [], line, column };
}

function isVerb(word: string): word is Verb {
  return verbs.has(word);
}

function readSelector(scanner: Scanner): Selector {
  const c = scanner.peek();
  if (c === '[') return readFind(scanner);
  if (c === '"') return { kind: 'name', name: scanner.quoted() };
  if (c === '!' || c === '.') return { kind: 'none' };
  const place = scanner.place();
  const mark = scanner.mark();
  const name = scanner.word();
  if (name === '' || scanner.peek() === '=') {
    scanner.back(mark);
    return { kind: 'none' };
  }
  if (/^\d+$/.test(name)) return { kind: 'number', number: name };
  if (/^\*[0-9A-Fa-f]+$/.test(name)) return { kind: 'id', id: name.toUpperCase() };
  if (name.includes(',')) {
    throw scanner.problem(
      'bad-selector',
      'several rows in one command: expected one name, number or "[ find name=value ]" (a name with a comma needs quotes)',
      place,
    );
  }
  return { kind: 'name', name };
}

function readFind(scanner: Scanner): Selector {
  const start = scanner.place();
  scanner.take('[');
  scanner.skipBlanks();
  if (scanner.word() !== 'find')
    throw scanner.problem('bad-selector', 'expected "[ find name=value ]"', start);
  const conditions: (readonly [string, string])[] = [];
  for (;;) {
    scanner.skipBlanks();
    if (scanner.take(']')) return { kind: 'find', conditions };
    const place = scanner.place();
    const name = scanner.word();
    if (name === 'where' && conditions.length === 0 && scanner.peek() !== '=') continue;
    if (!argumentName.test(name) || !scanner.take('=')) {
      throw scanner.problem('bad-selector', 'expected "name=value" or "]" in "[ find … ]"', place);
    }
    conditions.push([name, scanner.value(']')]);
  }
}

function readArguments(scanner: Scanner): readonly Argument[] {
  const args: Argument[] = [];
  /** The argument before, whose prefix a leading dot repeats. */
  let before = '';
  for (;;) {
    scanner.skipBlanks();
    if (scanner.atLineEnd()) return args;
    const line = scanner.line();
    const column = scanner.column();
    const written = scanner.nameAndEquals();
    if (written === null) {
      const arg = readBareArgument(scanner, before);
      before = arg.name;
      args.push(arg);
      continue;
    }
    const name: string = inFull(scanner, written, before, line, column);
    before = name;
    scanner.skipContinuations();
    const valueLine = scanner.line();
    const valueColumn = scanner.column();
    const isQuoted = scanner.peek() === '"';
    args.push({ name, value: scanner.value(), flag: false, line, column, valueLine, valueColumn });
    if (isQuoted && /[\w.!"-]/.test(scanner.peek()))
      throw scanner.problem('bad-value', 'expected a blank behind the quote that closes the value');
  }
}

/** `!name`, or a flag; whatever else stands here is refused. */
function readBareArgument(scanner: Scanner, before: string): Argument {
  const { line, column } = scanner.place();
  const mark = scanner.mark();
  const unset = scanner.take('!');
  const written = scanner.word();
  if (!argumentName.test(written)) {
    scanner.back(mark);
    if (/[:$[\](){};]/.test(scanner.peek())) scanner.refuseScript();
    throw scanner.problem('bad-argument', 'expected "name=value" or "!name"');
  }
  const name = inFull(scanner, written, before, line, column);
  const place = { line, column, valueLine: line, valueColumn: column };
  if (unset) {
    if (scanner.peek() === '=') throw scanner.problem('bad-argument', 'expected a blank after "!name"');
    return { name, value: null, flag: false, ...place };
  }
  if (!scanner.atLineEnd() && !/[ \t\\]/.test(scanner.peek())) {
    throw scanner.problem(
      'bad-argument',
      'expected "=" after the name, or quotes around the value before it',
    );
  }
  return { name, value: '', flag: true, ...place };
}

/** A leading dot stands for the prefix of the argument before. */
function inFull(scanner: Scanner, written: string, before: string, line: number, column: number): string {
  if (written.charCodeAt(0) !== 0x2e) return written;
  const dot = before.lastIndexOf('.');
  if (dot >= 0) return before.slice(0, dot) + written;
  throw scanner.problem(
    'bad-argument',
    'a leading dot repeats the prefix of the argument before it: there is none',
    { line, column },
  );
}
