/** The commands of the language itself (`:put`, `:if`, `:foreach` …); menus are the device's affair. */
import { isTrue, listOf } from './operators.ts';
import { Scope } from './scope.ts';
import { ConsoleError } from './syntax.ts';
import { bool, num, str, toText, NOTHING } from './values.ts';
import type { Run, Runtime } from './runtime.ts';
import type { Expression } from './syntax.ts';
import type { Value } from './values.ts';
import { runFunction } from './functions.ts';

interface Evaluator {
  readonly runtime: Runtime;
  value(expression: Expression, scope: Scope): Run<Value>;
  /** Runs a block given as an argument, in a scope inside `scope`. */
  inner(expression: Expression | undefined, scope: Scope): Run<Value>;
}

type Named = ReadonlyMap<string, Expression>;

export function* builtin(
  host: Evaluator,
  name: string,
  positional: readonly Expression[],
  named: Named,
  scope: Scope,
): Run<Value> {
  switch (name) {
    case 'if':
    case 'foreach':
    case 'for':
    case 'while':
    case 'do':
    case 'onerror':
      return yield* control(host, name, positional, named, scope);
    case 'local':
    case 'global':
    case 'set':
      return yield* variable(host, name, positional, named, scope);
    case 'execute': {
      const script = positional[0] ?? named.get('script');
      if (script === undefined) throw new ConsoleError('missing value(s) of argument(s) script');
      const source = toText(yield* host.value(script, scope));
      yield { kind: 'command' };
      return host.runtime.execute(source);
    }
    default: {
      const values: Value[] = [];
      for (const expression of positional) values.push(yield* host.value(expression, scope));
      const byName = new Map<string, Value>();
      for (const [key, expression] of named) byName.set(key, yield* host.value(expression, scope));
      yield { kind: 'command' };
      return yield* runFunction(host.runtime, name, values, byName);
    }
  }
}

function* control(
  host: Evaluator,
  name: string,
  positional: readonly Expression[],
  named: Named,
  scope: Scope,
): Run<Value> {
  switch (name) {
    case 'if': {
      const condition = positional[0] ?? named.get('condition');
      if (condition === undefined) throw new ConsoleError('missing value(s) of argument(s) condition');
      const branch = isTrue(yield* host.value(condition, scope)) ? named.get('do') : named.get('else');
      return branch === undefined ? NOTHING : yield* host.inner(branch, scope);
    }
    case 'foreach': {
      const list = named.get('in');
      if (list === undefined) throw new ConsoleError('missing value(s) of argument(s) in');
      const counters = counterNames(positional);
      const value = yield* host.value(list, scope);
      const keys = value.type === 'array' ? value.keys : undefined;
      for (const [index, item] of listOf(value).entries()) {
        const inside = new Scope(host.runtime.globals, scope);
        if (counters[1] !== undefined) {
          inside.declare(counters[0] ?? '', keys?.[index] === undefined ? num(index) : str(keys[index]));
          inside.declare(counters[1], item);
        } else inside.declare(counters[0] ?? '', item);
        yield* host.inner(named.get('do'), inside);
      }
      return NOTHING;
    }
    case 'for':
      return yield* countingLoop(host, positional, named, scope);
    case 'while': {
      const condition = positional[0] ?? named.get('condition');
      if (condition === undefined) throw new ConsoleError('missing value(s) of argument(s) condition');
      while (isTrue(yield* host.value(condition, scope))) {
        yield { kind: 'command' };
        yield* host.inner(named.get('do'), scope);
      }
      return NOTHING;
    }
    case 'do':
      return yield* doBlock(host, positional[0] ?? named.get('command'), named, scope);
    default:
      return yield* onError(host, positional, named, scope);
  }
}

function counterNames(positional: readonly Expression[]): string[] {
  const names = positional.flatMap((expression) =>
    expression.kind === 'word' ? expression.text.split(',') : [],
  );
  if (names.length === 0) throw new ConsoleError('missing value(s) of argument(s) counter');
  return names;
}

function* countingLoop(
  host: Evaluator,
  positional: readonly Expression[],
  named: Named,
  scope: Scope,
): Run<Value> {
  const read = function* (key: string, fallback: number): Run<number> {
    const expression = named.get(key);
    if (expression === undefined) return fallback;
    const value = yield* host.value(expression, scope);
    if (value.type !== 'num') throw new ConsoleError(`invalid value for argument ${key}`);
    return value.number;
  };
  const from = yield* read('from', 0);
  const to = yield* read('to', 0);
  const step = yield* read('step', from <= to ? 1 : -1);
  if (step === 0) throw new ConsoleError('invalid value for argument step');
  const counter = counterNames(positional)[0] ?? '';
  for (let index = from; step > 0 ? index <= to : index >= to; index += step) {
    const inside = new Scope(host.runtime.globals, scope);
    inside.declare(counter, num(index));
    yield* host.inner(named.get('do'), inside);
  }
  return NOTHING;
}

function* doBlock(host: Evaluator, body: Expression | undefined, named: Named, scope: Scope): Run<Value> {
  const again = named.get('while');
  const failed = named.get('on-error');
  for (;;) {
    let value: Value;
    try {
      value = yield* host.inner(body, scope);
    } catch (error) {
      if (!(error instanceof ConsoleError) || failed === undefined) throw error;
      return yield* host.inner(failed, scope);
    }
    if (again === undefined || !isTrue(yield* host.value(again, scope))) return value;
    yield { kind: 'command' };
  }
}

function* onError(
  host: Evaluator,
  positional: readonly Expression[],
  named: Named,
  scope: Scope,
): Run<Value> {
  const name = counterNames(positional)[0] ?? '';
  try {
    yield* host.inner(named.get('in'), scope);
    return bool(false);
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    const inside = new Scope(host.runtime.globals, scope);
    inside.declare(name, str(error.message));
    yield* host.inner(named.get('do'), inside);
    return bool(true);
  }
}

function* variable(
  host: Evaluator,
  verb: string,
  positional: readonly Expression[],
  named: Named,
  scope: Scope,
): Run<Value> {
  const target = positional[0] ?? named.get('name');
  const name =
    target?.kind === 'word'
      ? target.text
      : target?.kind === 'text' && typeof target.parts[0] === 'string'
        ? target.parts[0]
        : undefined;
  if (name === undefined) throw new ConsoleError('missing value(s) of argument(s) name');
  const expression = positional[1] ?? named.get('value');
  const value = expression === undefined ? NOTHING : yield* host.value(expression, scope);
  if (verb === 'local') scope.declare(name, value);
  else if (verb === 'global') {
    scope.declareGlobal(name);
    if (expression !== undefined) scope.set(name, value);
  } else if (!scope.set(name, value)) throw new ConsoleError(`no such variable ${name}`);
  return NOTHING;
}
