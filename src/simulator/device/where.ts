/**
 * Which rows a condition means. Absent properties count as their default; how `=` compares is a switch, since nobody
 * knows it of real devices for every type.
 */
import { binary, isTrue, unary } from '../language/operators.ts';
import { ConsoleError } from '../language/syntax.ts';
import { bool, str, toText, wordValue } from '../language/values.ts';
import type { Device } from './device.ts';
import type { Row } from './menu.ts';
import { ownValue, sameProperty, typed } from './properties.ts';
import type { Expression } from '../language/syntax.ts';
import type { Value } from '../language/values.ts';

export function matchingRows(
  device: Device,
  path: string,
  rows: readonly Row[],
  where: readonly Expression[],
): readonly Row[] {
  return rows.filter((row) => where.every((condition) => isTrue(evaluate(device, path, row, condition))));
}

function evaluate(device: Device, path: string, row: Row, expression: Expression): Value {
  switch (expression.kind) {
    case 'constant':
      return expression.value;
    case 'word':
      return wordValue(expression.text);
    case 'property':
      return typed(path, expression.name, device.text(path, row, expression.name));
    case 'unary':
      return unary(expression.operator, evaluate(device, path, row, expression.operand));
    case 'binary':
      return compared(device, path, row, expression);
    case 'code':
    case 'list':
    case 'substitution':
    case 'text':
    case 'variable':
      // The interpreter has made constants of these before.
      throw new ConsoleError('syntax error');
  }
}

function compared(
  device: Device,
  path: string,
  row: Row,
  expression: Expression & { kind: 'binary' },
): Value {
  const { operator, left, right } = expression;
  if (operator === '&&' || operator === 'and') {
    return bool(isTrue(evaluate(device, path, row, left)) && isTrue(evaluate(device, path, row, right)));
  }
  if (operator === '||' || operator === 'or') {
    return bool(isTrue(evaluate(device, path, row, left)) || isTrue(evaluate(device, path, row, right)));
  }
  if (left.kind !== 'property') {
    return binary(operator, evaluate(device, path, row, left), evaluate(device, path, row, right));
  }
  const actual = device.text(path, row, left.name);
  if (operator === '=' || operator === '!=') {
    const wanted = right.kind === 'word' ? right.text : evaluate(device, path, row, right);
    const same = equals(device, path, left.name, actual, wanted);
    return bool(same === (operator === '='));
  }
  const value = evaluate(device, path, row, right);
  if (operator === '~') return binary('~', str(actual ?? ''), value);
  return binary(operator, typed(path, left.name, actual), value);
}

/** `wanted` as text is a bare word. */
function equals(
  device: Device,
  path: string,
  name: string,
  actual: string | undefined,
  wanted: Value | string,
): boolean {
  // `where interface=$list` means any of the list, as a list of one does.
  if (typeof wanted !== 'string' && wanted.type === 'array')
    return wanted.items.some((item) => equals(device, path, name, actual, item));
  const text = typeof wanted === 'string' ? wanted : toText(wanted);
  const value = actual ?? '';
  switch (device.findCompares) {
    case 'by-property':
      return sameProperty(path, name, value, text);
    case 'as-text':
      return value === text;
    case 'any-case':
      return sameProperty(path, name, value.toLowerCase(), text.toLowerCase());
    case 'own-type': {
      if (actual === undefined) return false;
      const asked = typeof wanted === 'string' ? wordValue(wanted) : wanted;
      return (
        plainType(asked) === plainType(ownValue(path, name, actual)) && sameProperty(path, name, value, text)
      );
    }
  }
}

/** The types that this switch is about; everything else is written like text and found like it. */
function plainType({ type }: Value): string {
  return type === 'num' || type === 'time' || type === 'bool' ? type : 'other';
}
