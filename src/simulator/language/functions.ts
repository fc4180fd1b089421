/** Functions of the language that take values and give one: text, numbers, arrays, times; waiting and logging. */
import { parseDuration } from './duration.ts';
import { isTrue, sameValue } from './operators.ts';
import { ConsoleError, ParseError } from './syntax.ts';
import { array, bool, num, str, time, toText, typeName, wordValue, NOTHING } from './values.ts';
import type { Run, Runtime } from './runtime.ts';
import type { Value } from './values.ts';

const LOG_TOPICS = new Set(['info', 'warning', 'error', 'debug']);

export function* runFunction(
  runtime: Runtime,
  name: string,
  values: readonly Value[],
  named: ReadonlyMap<string, Value>,
): Run<Value> {
  const first = values[0] ?? named.get('message') ?? named.get('value');
  switch (name) {
    case 'put':
      runtime.print(toText(need(first, 'message')));
      return first ?? NOTHING;
    case 'error':
      throw new ConsoleError(toText(need(first, 'message')));
    case 'delay': {
      const wait = values[0] ?? named.get('delay-time') ?? time(1000);
      const ms =
        wait.type === 'num'
          ? wait.number * 1000
          : wait.type === 'time'
            ? wait.ms
            : parseDuration(toText(wait));
      if (ms === undefined || ms < 0) throw new ConsoleError('invalid value for argument delay-time');
      yield { kind: 'sleep', ms };
      return NOTHING;
    }
    case 'log': {
      const topic = toText(need(values[0], 'topics'));
      if (!LOG_TOPICS.has(topic)) throw new ConsoleError(`bad command name ${topic}`);
      runtime.log(`script,${topic}`, toText(need(values[1] ?? named.get('message'), 'message')));
      return NOTHING;
    }
    case 'len':
      return length(first ?? NOTHING);
    case 'pick':
      return pick(
        need(values[0], 'counter'),
        need(values[1] ?? named.get('begin'), 'begin'),
        values[2] ?? named.get('end'),
      );
    case 'find':
      return find(need(values[0], 'in'), need(values[1], 'value'), values[2] ?? named.get('from'));
    case 'parse':
      return parse(runtime, toText(need(values[0] ?? named.get('source'), 'source')));
    default:
      return convert(name, first ?? NOTHING);
  }
}

function need(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new ConsoleError(`missing value(s) of argument(s) ${name}`);
  return value;
}

function convert(name: string, value: Value): Value {
  switch (name) {
    case 'tostr':
      return str(toText(value));
    case 'tonum': {
      const text = toText(value);
      return /^-?\d+$/.test(text) ? num(Number(text)) : NOTHING;
    }
    case 'totime': {
      const word = wordValue(toText(value));
      return word.type === 'time' ? word : word.type === 'num' ? time(word.number * 1000) : NOTHING;
    }
    case 'toarray':
      return value.type === 'array'
        ? value
        : array(
            toText(value)
              .split(',')
              .filter((part) => part !== '')
              .map(wordValue),
          );
    case 'tobool':
      return bool(isTrue(value));
    case 'typeof':
      return str(typeName(value));
    case 'nothing':
      return NOTHING;
    default:
      throw new ConsoleError(`bad command name ${name}`);
  }
}

function length(value: Value): Value {
  if (value.type === 'array') return num(value.items.length);
  return num(toText(value).length);
}

function pick(from: Value, begin: Value, end: Value | undefined): Value {
  const start = begin.type === 'num' ? begin.number : 0;
  const stop = end?.type === 'num' ? end.number : start + 1;
  if (from.type === 'array') {
    return end === undefined ? (from.items[start] ?? NOTHING) : array(from.items.slice(start, stop));
  }
  const text = toText(from);
  return start >= text.length ? NOTHING : str(text.slice(start, stop));
}

function find(inside: Value, wanted: Value, from: Value | undefined): Value {
  const start = from?.type === 'num' ? from.number + 1 : 0;
  if (inside.type === 'array') {
    const index = inside.items.findIndex((item, i) => i >= start && sameValue(item, wanted));
    return index < 0 ? NOTHING : num(index);
  }
  const index = toText(inside).indexOf(toText(wanted), start);
  return index < 0 ? NOTHING : num(index);
}

function parse(runtime: Runtime, source: string): Value {
  try {
    runtime.check(source);
    return { type: 'code', text: source };
  } catch (error) {
    if (error instanceof ParseError) throw new ConsoleError(error.message);
    throw error;
  }
}
