/**
 * The console's parser: one command line or script to a tree. It reads the whole text before anything
 * runs and refuses, with RouterOS's words and place, every menu, command and argument it does not know;
 * abbreviations too.
 */
import { ExpressionParser } from './expression-parser.ts';
import { CODE_ARGUMENTS, LANGUAGE, NO_ARGUMENTS } from './words.ts';
import { ParseError } from './syntax.ts';
import type { Argument, Block, Command, Expression, Place, Statement, Vocabulary } from './syntax.ts';

export function parseScript(text: string, vocabulary: Vocabulary, menu: readonly string[] = []): Block {
  return new Parser(text, vocabulary, menu).parseAll();
}

/** A piece of a longer text with the menu it ends in; `unfinished`: it stops inside braces, brackets or quotes. */
export function parsePiece(
  text: string,
  vocabulary: Vocabulary,
  menu: readonly string[],
  firstLine = 1,
): { readonly block: Block; readonly menu: readonly string[] } | 'unfinished' {
  const parser = new Parser(text, vocabulary, menu, firstLine);
  try {
    const block = parser.parseAll();
    return { block, menu: parser.menu };
  } catch (error) {
    if (error instanceof ParseError && error.place.offset >= text.trimEnd().length) {
      if (/^expected closing/.test(error.message)) return 'unfinished';
    }
    throw error;
  }
}

class Parser extends ExpressionParser {
  private readonly vocabulary: Vocabulary;
  menu: readonly string[];

  constructor(text: string, vocabulary: Vocabulary, menu: readonly string[], firstLine = 1) {
    super(text, !vocabulary.slashPaths, firstLine);
    this.vocabulary = vocabulary;
    this.menu = menu;
  }

  parseAll(): Block {
    const block = this.readBlock('');
    if (this.offset < this.text.length) this.fail('syntax error');
    return block;
  }

  private readBlock(end: string): Block {
    const statements: Statement[] = [];
    for (;;) {
      this.skipBlanks(true);
      const next = this.peek();
      if (next === ';') {
        this.offset++;
        continue;
      }
      if (next === '#') {
        while (this.offset < this.text.length && this.peek() !== '\n') this.offset++;
        continue;
      }
      if (next === end) return { statements };
      if (next === '') this.fail(end === '}' ? 'expected closing brace' : 'expected closing bracket');
      const statement = this.readStatement();
      if (statement !== undefined) statements.push(statement);
    }
  }

  private readStatement(): Statement | undefined {
    if (this.peek() === '{') {
      const menu = this.menu;
      const body = this.readBraces();
      this.menu = menu;
      return { kind: 'block', body };
    }
    const command = this.readCommand();
    return command === undefined ? undefined : { kind: 'command', command };
  }

  private readBraces(): Block {
    this.offset++;
    const body = this.readBlock('}');
    this.offset++;
    return body;
  }

  protected readSubstitution(): Block {
    const menu = this.menu;
    this.offset++;
    const body = this.readBlock(']');
    this.offset++;
    this.menu = menu;
    return body;
  }

  private readCommand(): Command | undefined {
    const place = this.place();
    const start = this.offset;
    if (this.peek() === ':') {
      this.offset++;
      const name = this.match(/[a-z]+/y) ?? '';
      const later = name === 'onerror' && !this.vocabulary.errorHandler;
      if (LANGUAGE[name] === undefined || later) this.fail(`bad command name ${name}`, start + 1);
      return this.readArguments([':'], name, place);
    }
    let path = this.menu;
    if (this.peek() === '/') {
      this.offset++;
      path = [];
    }
    let nameStart: number;
    for (;;) {
      nameStart = this.offset;
      const word = this.match(/\.\.|[A-Za-z0-9][A-Za-z0-9_-]*/y);
      if (word === undefined) {
        if (this.atEnd()) break;
        this.fail('expected command name');
      }
      if (word === '..') path = path.slice(0, -1);
      else if (this.vocabulary.isMenu([...path, word])) path = [...path, word];
      else if (this.vocabulary.isCommand(path, word)) return this.readArguments(path, word, place);
      else this.fail(`bad command name ${word}`, nameStart);
      if (this.peek() === '/') {
        if (!this.vocabulary.slashPaths) this.fail('expected command name');
        this.offset++;
      } else this.skipBlanks();
    }
    // A path alone goes to that menu.
    this.menu = path;
    return undefined;
  }

  private atEnd(): boolean {
    return this.peek() === '' || /[;\n\r\]})]/.test(this.peek());
  }

  private readArguments(path: readonly string[], name: string, place: Place): Command {
    const outer = this.menu;
    if (path[0] !== ':') this.menu = path;
    const args: Argument[] = [];
    let where: Expression[] = [];
    let prefix = '';
    for (;;) {
      const blank = this.offset;
      this.skipBlanks();
      if (this.atEnd()) break;
      if (this.offset === blank && !/["$[({]/.test(this.peek())) this.fail('expected end of command');
      if (this.readsWhere(path, name)) {
        where = this.readWhere();
        break;
      }
      const argument = this.readArgument(path, name, prefix);
      if (argument.kind === 'named' && argument.name.includes('.')) {
        prefix = argument.name.slice(0, argument.name.lastIndexOf('.'));
      }
      args.push(argument);
    }
    this.menu = outer;
    return { path, name, args, where, place };
  }

  /** `find` takes conditions with and without the word `where`; other commands only with it. */
  private readsWhere(path: readonly string[], name: string): boolean {
    if (path[0] === ':' || (name === 'export' && !this.vocabulary.exportWhere)) return false;
    const start = this.offset;
    if (this.match(/where(?=[\s(!])/y) !== undefined) {
      this.skipBlanks();
      if (this.atEnd()) this.fail('missing value for where');
      return true;
    }
    if (this.match(/where(?=$|[\];)}])/y) !== undefined) this.fail('missing value for where');
    this.offset = start;
    return name === 'find' && this.match(/(?=[A-Za-z.(!])/y) !== undefined;
  }

  private readWhere(): Expression[] {
    const conditions: Expression[] = [];
    while (!this.atEnd()) {
      conditions.push(this.readExpression(true, false));
      this.skipBlanks();
    }
    return conditions;
  }

  private readArgument(path: readonly string[], command: string, prefix: string): Argument {
    const place = this.place();
    const start = this.offset;
    const language = path[0] === ':' ? (LANGUAGE[command] ?? NO_ARGUMENTS) : undefined;
    const known = (word: string): boolean =>
      language?.includes(word) ?? this.vocabulary.isArgument(path, command, word);
    const full = (word: string): string => (word.startsWith('.') ? prefix + word : word);
    if (language === undefined && this.match(/!(?=[A-Za-z.])/y) !== undefined) {
      const name = full(this.match(/\.?[A-Za-z][A-Za-z0-9.-]*/y) ?? '');
      if (!known(name)) this.fail('expected end of command', start);
      return { kind: 'unset', name, place };
    }
    const word = this.match(/\.?[A-Za-z][A-Za-z0-9.-]*(?==)/y);
    if (word === undefined) {
      const value = this.readValue(path, command, '');
      if (language === undefined && !this.vocabulary.takesValues(path, command)) {
        if (value.kind !== 'word' || !known(value.text)) this.fail('expected end of command', start);
        if (command === 'add' && !this.vocabulary.isFlag(path, command, value.text))
          this.fail('expected end of command', start);
      }
      if (value.kind === 'word' && this.vocabulary.isFlag(path, command, value.text)) {
        return { kind: 'named', name: value.text, value: { kind: 'word', text: 'yes' }, place };
      }
      return { kind: 'positional', value, place };
    }
    const name = full(word);
    if (!known(name)) this.fail('expected end of command', start);
    this.offset++;
    const broken = this.offset;
    this.skipBlanks();
    // A blank after `=` is only allowed where the line was broken.
    if (this.offset > broken && !this.text.slice(broken, this.offset).includes('\n')) {
      if (!this.atEnd()) this.fail('expected end of command', broken);
    }
    if (this.atEnd()) return { kind: 'named', name, value: { kind: 'word', text: '' }, place };
    return { kind: 'named', name, value: this.readValue(path, command, name), place };
  }

  private readValue(path: readonly string[], command: string, name: string): Expression {
    switch (this.peek()) {
      case '"':
        return this.readString();
      case '$':
        return this.readDollar();
      case '[':
        return { kind: 'substitution', body: this.readSubstitution() };
      case '(':
        return this.readParentheses(false);
      case '{':
        return this.readsCode(path, command, name) ? this.readCode() : this.readList();
    }
    const start = this.offset;
    const word = this.readWord();
    if (word === '') this.fail(name === '' ? 'expected end of command' : 'syntax error', start);
    return { kind: 'word', text: word };
  }

  private readsCode(path: readonly string[], command: string, name: string): boolean {
    if (CODE_ARGUMENTS.has(name)) return true;
    if (path[0] !== ':') return false;
    return name === '' ? command === 'do' || command === 'execute' : command === 'onerror' && name === 'in';
  }

  private readCode(): Expression {
    const menu = this.menu;
    const start = this.offset + 1;
    const body = this.readBraces();
    this.menu = menu;
    return { kind: 'code', text: this.text.slice(start, this.offset - 1), body };
  }
}
