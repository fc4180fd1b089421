/** Which rows a condition means: values are compared after the property's type, absent ones as their default. */
import { binary, isTrue, unary } from '../language/operators.ts';
import { ConsoleError } from '../language/syntax.ts';
import { bool, str, toText, wordValue } from '../language/values.ts';
import type { Device } from './device.ts';
import type { Row } from './menu.ts';
import { sameProperty, typed } from './properties.ts';
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
    const same = equals(path, left.name, actual ?? '', right, () => evaluate(device, path, row, right));
    return bool(same === (operator === '='));
  }
  const value = evaluate(device, path, row, right);
  if (operator === '~') return binary('~', str(actual ?? ''), value);
  return binary(operator, typed(path, left.name, actual), value);
}

function equals(
  path: string,
  name: string,
  actual: string,
  right: Expression,
  evaluated: () => Value,
): boolean {
  if (right.kind === 'word') return sameProperty(path, name, actual, right.text);
  const value = evaluated();
  // `where interface=$list` means any of the list, as a list of one does.
  if (value.type === 'array')
    return value.items.some((item) => sameProperty(path, name, actual, toText(item)));
  return sameProperty(path, name, actual, toText(value));
}
