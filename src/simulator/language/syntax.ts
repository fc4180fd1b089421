/** The syntax tree of the console language, and the errors that parsing and running end with. */

import type { Value } from './values.ts';

export interface Place {
  readonly line: number;
  readonly column: number;
  /** Characters before it in the text that was parsed. */
  readonly offset: number;
}

export interface Block {
  readonly statements: readonly Statement[];
}

export type Statement =
  { readonly kind: 'block'; readonly body: Block } | { readonly kind: 'command'; readonly command: Command };

/** `:put …` has the path [':']; `/ip address add …` the words of the menu. */
export interface Command {
  readonly path: readonly string[];
  readonly name: string;
  readonly args: readonly Argument[];
  readonly where: readonly Expression[];
  readonly place: Place;
}

export type Argument =
  | { readonly kind: 'named'; readonly name: string; readonly value: Expression; readonly place: Place }
  | { readonly kind: 'unset'; readonly name: string; readonly place: Place }
  | { readonly kind: 'positional'; readonly value: Expression; readonly place: Place };

export type Expression =
  | { readonly kind: 'constant'; readonly value: Value }
  | { readonly kind: 'text'; readonly parts: readonly (string | Expression)[] }
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string; readonly place: Place }
  | { readonly kind: 'property'; readonly name: string }
  | { readonly kind: 'substitution'; readonly body: Block }
  | { readonly kind: 'code'; readonly text: string; readonly body: Block }
  | { readonly kind: 'list'; readonly items: readonly { key?: Expression; value: Expression }[] }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    };

/** What the parser refuses; nothing of the text is run. The message is RouterOS's own. */
export class ParseError extends Error {
  readonly place: Place;
  constructor(what: string, place: Place) {
    super(`${what} (line ${place.line} column ${place.column})`);
    this.name = 'ParseError';
    this.place = place;
  }
}

/** A command that failed while running; `:do … on-error` catches it. */
export class ConsoleError extends Error {
  /** The message already says in which command it happened. */
  readonly placed: boolean;
  constructor(message: string, placed = false) {
    super(message);
    this.name = 'ConsoleError';
    this.placed = placed;
  }
}

/** What the parser has to know about the device: which words are menus, commands and arguments. */
export interface Vocabulary {
  isMenu(path: readonly string[]): boolean;
  isCommand(path: readonly string[], name: string): boolean;
  isArgument(path: readonly string[], command: string, name: string): boolean;
  /** A property that is given by its name alone. */
  isFlag(path: readonly string[], command: string, name: string): boolean;
  /** Whether values without a name may follow (`remove $id`), or only the words that are arguments. */
  takesValues(path: readonly string[], command: string): boolean;
  /** Version 6 has no `/ip/address`. */
  readonly slashPaths: boolean;
  /** `:onerror`, from 7.13 on. */
  readonly errorHandler: boolean;
  /** `/export where …`, from 7.13 on. */
  readonly exportWhere: boolean;
}
