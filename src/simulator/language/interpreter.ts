/**
 * Runs a parsed script as a generator that stops before every command, so that whoever drives it can
 * let other jobs go first, wait, or never go on. Effects on the device go through the Runtime.
 */
import { builtin } from './builtins.ts';
import { binary, isTrue, listOf, unary } from './operators.ts';
import { Scope } from './scope.ts';
import { ConsoleError } from './syntax.ts';
import { array, bool, str, toText, wordValue, NOTHING } from './values.ts';
import type { CallArgument, Run, Runtime } from './runtime.ts';
import type { Block, Command, Expression } from './syntax.ts';
import type { Value } from './values.ts';

/** `:return` on its way out. */
class Return extends Error {
  readonly value: Value;
  constructor(value: Value) {
    super('return');
    this.value = value;
  }
}

/** Runs a whole text in a scope of its own; gives what `:return` or the last command gave. */
export function* runScript(block: Block, runtime: Runtime): Run<Value> {
  try {
    return yield* new Interpreter(runtime).block(block, new Scope(runtime.globals));
  } catch (error) {
    if (error instanceof Return) return error.value;
    throw error;
  }
}

class Interpreter {
  readonly runtime: Runtime;

  constructor(runtime: Runtime) {
    this.runtime = runtime;
  }

  *block(block: Block, scope: Scope): Run<Value> {
    let last: Value = NOTHING;
    for (const statement of block.statements) {
      last =
        statement.kind === 'block'
          ? yield* this.block(statement.body, new Scope(this.runtime.globals, scope))
          : yield* this.command(statement.command, scope);
    }
    return last;
  }

  *inner(expression: Expression | undefined, scope: Scope): Run<Value> {
    if (expression?.kind !== 'code') throw new ConsoleError('expected block of commands');
    return yield* this.block(expression.body, new Scope(this.runtime.globals, scope));
  }

  private *command(command: Command, scope: Scope): Run<Value> {
    try {
      if (command.path[0] === ':') return yield* this.language(command, scope);
      const args: CallArgument[] = [];
      for (const argument of command.args) {
        if (argument.kind === 'unset') args.push({ kind: 'unset', name: argument.name });
        else {
          // A bare word is text here: the menu knows the type of its properties.
          const value = argument.value;
          const got = value.kind === 'word' ? str(value.text) : yield* this.value(value, scope);
          args.push(
            argument.kind === 'named'
              ? { kind: 'named', name: argument.name, value: got }
              : { kind: 'positional', value: got },
          );
        }
      }
      const where: Expression[] = [];
      for (const condition of command.where) where.push(yield* this.freeze(condition, scope));
      yield { kind: 'command' };
      return yield* this.runtime.menu({ path: command.path, name: command.name, args, where });
    } catch (error) {
      if (error instanceof ConsoleError && this.runtime.errorsSayWhere && !error.placed) {
        const path =
          command.path[0] === ':' ? `:${command.name}` : `/${[...command.path, command.name].join('/')}`;
        throw new ConsoleError(`${error.message} (${path}; line ${command.place.line})`, true);
      }
      throw error;
    }
  }

  private *language(command: Command, scope: Scope): Run<Value> {
    const named = new Map<string, Expression>();
    const positional: Expression[] = [];
    for (const argument of command.args) {
      if (argument.kind === 'named') named.set(argument.name, argument.value);
      else if (argument.kind === 'positional') positional.push(argument.value);
    }
    if (command.name === 'return') {
      throw new Return(positional[0] === undefined ? NOTHING : yield* this.value(positional[0], scope));
    }
    return yield* builtin(this, command.name, positional, named, scope);
  }

  *value(expression: Expression, scope: Scope): Run<Value> {
    switch (expression.kind) {
      case 'constant':
        return expression.value;
      case 'word':
        return wordValue(expression.text);
      case 'text': {
        let text = '';
        for (const part of expression.parts)
          text += typeof part === 'string' ? part : toText(yield* this.value(part, scope));
        return str(text);
      }
      case 'variable':
        return scope.get(expression.name);
      case 'property':
        throw new ConsoleError(`no such item`);
      case 'substitution':
        return yield* this.block(expression.body, new Scope(this.runtime.globals, scope));
      case 'code':
        return { type: 'code', text: expression.text };
      case 'list':
        return yield* this.list(expression.items, scope);
      case 'unary':
        return unary(expression.operator, yield* this.value(expression.operand, scope));
      case 'binary': {
        const left = yield* this.value(expression.left, scope);
        const operator = expression.operator;
        if ((operator === '&&' || operator === 'and') && !isTrue(left)) return bool(false);
        if ((operator === '||' || operator === 'or') && isTrue(left)) return bool(true);
        return binary(operator, left, yield* this.value(expression.right, scope));
      }
    }
  }

  private *list(items: readonly { key?: Expression; value: Expression }[], scope: Scope): Run<Value> {
    const values: Value[] = [];
    const keys: (string | undefined)[] = [];
    for (const item of items) {
      keys.push(item.key === undefined ? undefined : toText(yield* this.value(item.key, scope)));
      values.push(yield* this.value(item.value, scope));
    }
    return keys.some((key) => key !== undefined) ? { type: 'array', items: values, keys } : array(values);
  }

  /** Evaluates all of a condition but its properties, once, before any row is looked at. */
  private *freeze(expression: Expression, scope: Scope): Run<Expression> {
    switch (expression.kind) {
      case 'property':
        return expression;
      case 'unary':
        return { ...expression, operand: yield* this.freeze(expression.operand, scope) };
      case 'binary':
        return {
          ...expression,
          left: yield* this.freeze(expression.left, scope),
          right: yield* this.freeze(expression.right, scope),
        };
      case 'word':
      case 'constant':
        return expression;
      case 'code':
      case 'list':
      case 'substitution':
      case 'text':
      case 'variable':
        return { kind: 'constant', value: yield* this.value(expression, scope) };
    }
  }

  *each(expression: Expression, scope: Scope): Run<readonly Value[]> {
    return listOf(yield* this.value(expression, scope));
  }
}
