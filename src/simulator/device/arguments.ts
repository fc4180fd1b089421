/** Reading the arguments of a command that is being run. */
import { toText } from '../language/values.ts';
import type { Call } from '../language/runtime.ts';
import type { Value } from '../language/values.ts';

export function namedArgument(call: Call, name: string): Value | undefined {
  for (const argument of call.args)
    if (argument.kind === 'named' && argument.name === name) return argument.value;
  return undefined;
}

export function positionals(call: Call): readonly Value[] {
  return call.args.flatMap((argument) => (argument.kind === 'positional' ? [argument.value] : []));
}

export function textArgument(call: Call, name: string): string | undefined {
  const value = namedArgument(call, name);
  return value === undefined ? undefined : toText(value);
}

/** A bare word among the arguments, as in `print count-only`. */
export function hasWord(call: Call, word: string): boolean {
  return positionals(call).some((value) => toText(value) === word);
}
