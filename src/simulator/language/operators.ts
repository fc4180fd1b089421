/** Operators between typed values. What RouterOS would refuse is a ConsoleError, never a guess. */
import { parseDuration } from './duration.ts';
import { ConsoleError } from './syntax.ts';
import { array, bool, num, str, time, toText, typeName, NOTHING } from './values.ts';
import type { Value } from './values.ts';

export function isTrue(value: Value): boolean {
  if (value.type === 'bool') return value.truth;
  if (value.type === 'nothing') return false;
  if (value.type === 'num') return value.number !== 0;
  if (value.type === 'str' && (value.text === 'true' || value.text === 'yes')) return true;
  if (value.type === 'str' && (value.text === 'false' || value.text === 'no' || value.text === ''))
    return false;
  if (value.type === 'array') return value.items.length > 0;
  throw new ConsoleError('conversion to boolean is not possible');
}

/** Negative, zero or positive; values of different kinds are compared as the one both can be read as. */
export function compare(left: Value, right: Value): number {
  if (left.type === 'time' || right.type === 'time') {
    const a = asMilliseconds(left);
    const b = asMilliseconds(right);
    if (a !== undefined && b !== undefined) return a - b;
  }
  const a = asNumber(left);
  const b = asNumber(right);
  if (a !== undefined && b !== undefined && (left.type === 'num' || right.type === 'num')) return a - b;
  const x = toText(left);
  const y = toText(right);
  return x < y ? -1 : x > y ? 1 : 0;
}

function asMilliseconds(value: Value): number | undefined {
  if (value.type === 'time') return value.ms;
  if (value.type === 'num') return value.number * 1000;
  return value.type === 'str' ? parseDuration(value.text) : undefined;
}

function asNumber(value: Value): number | undefined {
  if (value.type === 'num') return value.number;
  return value.type === 'str' && /^-?\d{1,15}$/.test(value.text) ? Number(value.text) : undefined;
}

export function unary(operator: string, operand: Value): Value {
  if (operator === '!') return bool(!isTrue(operand));
  if (operator === '-' && operand.type === 'num') return num(-operand.number);
  if (operator === '-' && operand.type === 'time') return time(-operand.ms);
  if (operator === '~' && operand.type === 'num') return num(~operand.number);
  throw new ConsoleError(`cannot apply ${operator} to ${typeName(operand)}`);
}

/** Both sides already evaluated; `&&` and `||` are decided by the interpreter. */
export function binary(operator: string, left: Value, right: Value): Value {
  switch (operator) {
    case '=':
      return bool(sameValue(left, right));
    case '!=':
      return bool(!sameValue(left, right));
    case '<':
      return bool(compare(left, right) < 0);
    case '<=':
      return bool(compare(left, right) <= 0);
    case '>':
      return bool(compare(left, right) > 0);
    case '>=':
      return bool(compare(left, right) >= 0);
    case '~':
      return bool(matches(toText(left), toText(right)));
    case '.':
      return str(toText(left) + toText(right));
    case ',':
      return array([...listOf(left), ...listOf(right)]);
    case 'in':
      return bool(right.type === 'array' && right.items.some((item) => sameValue(left, item)));
    case '->':
      return element(left, right);
    case '&&':
    case 'and':
      return bool(isTrue(left) && isTrue(right));
    case '||':
    case 'or':
      return bool(isTrue(left) || isTrue(right));
    default:
      return arithmetic(operator, left, right);
  }
}

export function sameValue(left: Value, right: Value): boolean {
  if (left.type === 'array' && right.type === 'array') {
    return (
      left.items.length === right.items.length &&
      left.items.every((item, i) => sameValue(item, right.items[i] ?? NOTHING))
    );
  }
  // A list of one is that one; `find` gives such lists.
  if (left.type === 'array' && left.items.length === 1) return sameValue(left.items[0] ?? NOTHING, right);
  if (right.type === 'array' && right.items.length === 1) return sameValue(left, right.items[0] ?? NOTHING);
  return compare(left, right) === 0;
}

export function listOf(value: Value): readonly Value[] {
  if (value.type === 'array') return value.items;
  return value.type === 'nothing' ? [] : [value];
}

function element(left: Value, right: Value): Value {
  if (left.type !== 'array') return NOTHING;
  if (right.type === 'num') return left.items[right.number] ?? NOTHING;
  const index = left.keys?.indexOf(toText(right)) ?? -1;
  return left.items[index] ?? NOTHING;
}

/** Regular expressions of RouterOS are POSIX extended; what JavaScript cannot read matches nothing. */
function matches(text: string, pattern: string): boolean {
  if (pattern.length > 1000) throw new ConsoleError('regular expression too long');
  try {
    return new RegExp(pattern).test(text);
  } catch {
    throw new ConsoleError('invalid regular expression');
  }
}

function arithmetic(operator: string, left: Value, right: Value): Value {
  if (left.type === 'time' && right.type === 'time') {
    if (operator === '+') return time(left.ms + right.ms);
    if (operator === '-') return time(left.ms - right.ms);
  }
  if (left.type === 'time' && right.type === 'num') {
    if (operator === '+') return time(left.ms + right.number * 1000);
    if (operator === '-') return time(left.ms - right.number * 1000);
    if (operator === '*') return time(left.ms * right.number);
    if (operator === '/' && right.number !== 0) return time(Math.trunc(left.ms / right.number));
  }
  const a = asNumber(left);
  const b = asNumber(right);
  if (a !== undefined && b !== undefined) {
    if ((operator === '/' || operator === '%') && b === 0) throw new ConsoleError('division by zero');
    const result: Readonly<Record<string, number>> = {
      '+': a + b,
      '-': a - b,
      '*': a * b,
      '/': Math.trunc(a / b),
      '%': a % b,
      '|': a | b,
      '&': a & b,
      '^': a ^ b,
    };
    const value = result[operator];
    if (value !== undefined) return num(value);
  }
  throw new ConsoleError(`cannot apply ${operator} to ${typeName(left)} and ${typeName(right)}`);
}
