/** The contract between the interpreter and the device it runs on. */
import type { Expression } from './syntax.ts';
import type { Value } from './values.ts';

export type Step = { readonly kind: 'command' } | { readonly kind: 'sleep'; readonly ms: number };
export type Run<T> = Generator<Step, T, void>;

export type CallArgument =
  | { readonly kind: 'named'; readonly name: string; readonly value: Value }
  | { readonly kind: 'unset'; readonly name: string }
  | { readonly kind: 'positional'; readonly value: Value };

/** A menu command with its arguments evaluated; in `where` only properties are left open. */
export interface Call {
  readonly path: readonly string[];
  readonly name: string;
  readonly args: readonly CallArgument[];
  readonly where: readonly Expression[];
}

/** What a running script sees of the device. */
export interface Runtime {
  readonly globals: Map<string, Value>;
  /** From 7.20 on runtime errors end with `(/menu/verb; line N)`. */
  readonly errorsSayWhere: boolean;
  print(text: string): void;
  log(topics: string, message: string): void;
  menu(call: Call): Run<Value>;
  /** Starts a job of its own and gives its id. */
  execute(source: string): Value;
  /** Throws ParseError where the text is no script. */
  check(source: string): void;
}
