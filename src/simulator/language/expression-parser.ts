/** Expressions of the console language: what stands in `( … )`, after `where`, and as a value. */
import { Cursor } from './cursor.ts';
import type { Block, Expression } from './syntax.ts';

/** From loosest to tightest; longer operators first within a level. */
const LEVELS: readonly (readonly string[])[] = [
  ['||', 'or'],
  ['&&', 'and'],
  ['in'],
  ['!=', '<=', '>=', '=', '<', '>', '~'],
  ['.', ','],
  ['+', '-'],
  ['*', '/', '%'],
  ['|', '^', '&'],
];
const COMPARISON = 3;

export abstract class ExpressionParser extends Cursor {
  protected abstract readSubstitution(): Block;

  protected readDollar(): Expression {
    if (this.peek(1) === '[') {
      this.offset++;
      return { kind: 'substitution', body: this.readSubstitution() };
    }
    if (this.peek(1) === '(') {
      this.offset++;
      return this.readParentheses(false);
    }
    return this.readVariable();
  }

  protected readParentheses(where: boolean): Expression {
    this.offset++;
    this.skipBlanks(true);
    const inner = this.readExpression(where, true);
    this.skipBlanks(true);
    if (this.peek() !== ')') this.fail(this.peek() === '' ? 'expected closing parenthesis' : 'syntax error');
    this.offset++;
    return inner;
  }

  /** `where`: bare words are properties on the left of a comparison and text on its right. */
  protected readExpression(where: boolean, lines: boolean, level = 0): Expression {
    if (level === LEVELS.length) return this.readUnary(where, lines);
    let left = this.readExpression(where, lines, level + 1);
    for (;;) {
      const before = this.offset;
      this.skipBlanks(lines);
      const operator = this.matchOperator(level);
      if (operator === undefined) {
        this.offset = before;
        return left;
      }
      this.skipBlanks(lines);
      const word = where && level === COMPARISON ? this.match(/[A-Za-z0-9_*@][A-Za-z0-9_.:@-]*/y) : undefined;
      const right: Expression =
        word === undefined ? this.readExpression(where, lines, level + 1) : { kind: 'word', text: word };
      left = { kind: 'binary', operator, left, right };
    }
  }

  private matchOperator(level: number): string | undefined {
    for (const operator of LEVELS[level] ?? []) {
      if (!this.startsWith(operator)) continue;
      const after = this.peek(operator.length);
      if (/[a-z]/.test(operator) && /[A-Za-z0-9_-]/.test(after)) continue;
      if (operator === '-' && after === '>') continue;
      if ((operator === '|' || operator === '&') && after === operator) continue;
      this.offset += operator.length;
      return operator;
    }
    return undefined;
  }

  private readUnary(where: boolean, lines: boolean): Expression {
    const next = this.peek();
    if (next === '!' || next === '~' || next === '-') {
      if (next === '-') {
        const number = this.match(/-\d[0-9A-Za-z:]*/y);
        if (number !== undefined) return { kind: 'word', text: number };
      }
      this.offset++;
      this.skipBlanks(lines);
      return { kind: 'unary', operator: next, operand: this.readUnary(where, lines) };
    }
    let value = this.readPrimary(where);
    while (this.startsWith('->')) {
      this.offset += 2;
      value = { kind: 'binary', operator: '->', left: value, right: this.readPrimary(where) };
    }
    return value;
  }

  private readPrimary(where: boolean): Expression {
    switch (this.peek()) {
      case '"':
        return this.readString();
      case '$':
        return this.readVariable();
      case '[':
        return { kind: 'substitution', body: this.readSubstitution() };
      case '(':
        return this.readParentheses(where);
      case '{':
        return this.readList();
    }
    const literal = this.match(/\*[0-9A-Fa-f]+|\d[0-9A-Za-z]*(?:[.:][0-9A-Za-z]+)*/y);
    if (literal !== undefined) return { kind: 'word', text: literal };
    const start = this.offset;
    const name = this.match(where ? /\.?[A-Za-z][A-Za-z0-9.-]*/y : /[A-Za-z][A-Za-z0-9-]*/y);
    if (name === undefined) this.fail(this.peek() === '' ? 'expected input value' : 'syntax error');
    if (where && name !== 'true' && name !== 'false') return { kind: 'property', name };
    if (/^(true|false|yes|no)$/.test(name)) return { kind: 'word', text: name };
    if (name === 'nothing') return { kind: 'list', items: [] };
    return this.fail('syntax error', start);
  }

  /** `{1;2;"a"=3}`. */
  protected readList(): Expression {
    this.offset++;
    const items: { key?: Expression; value: Expression }[] = [];
    for (;;) {
      this.skipBlanks(true);
      if (this.peek() === '}') break;
      if (this.peek() === ';') {
        this.offset++;
        continue;
      }
      if (this.peek() === '') this.fail('expected closing brace');
      const first = this.readItem();
      if (this.peek() === '=') {
        this.offset++;
        items.push({ key: first, value: this.readItem() });
      } else items.push({ value: first });
      this.skipBlanks(true);
      if (this.peek() !== ';' && this.peek() !== '}') this.fail('syntax error');
    }
    this.offset++;
    return { kind: 'list', items };
  }

  private readItem(): Expression {
    if (/["$[({]/.test(this.peek())) return this.readPrimary(false);
    const word = this.readWord();
    if (word === '') this.fail('syntax error');
    return { kind: 'word', text: word };
  }
}
