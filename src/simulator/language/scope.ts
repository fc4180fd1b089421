/** Names and their values; a name belongs to the block that declared it. */
import { NOTHING } from './values.ts';
import type { Value } from './values.ts';

export class Scope {
  private readonly variables = new Map<string, Value>();
  private readonly outer: Scope | undefined;
  private readonly globals: Map<string, Value>;
  private readonly globalNames = new Set<string>();

  constructor(globals: Map<string, Value>, outer?: Scope) {
    this.globals = globals;
    this.outer = outer;
  }

  declare(name: string, value: Value): void {
    this.variables.set(name, value);
  }

  declareGlobal(name: string): void {
    this.globalNames.add(name);
  }

  get(name: string): Value {
    const here = this.variables.get(name);
    if (here !== undefined) return here;
    if (this.globalNames.has(name)) return this.globals.get(name) ?? NOTHING;
    return this.outer?.get(name) ?? NOTHING;
  }

  /** Writes where the name was declared; false when it never was. */
  set(name: string, value: Value): boolean {
    if (this.variables.has(name)) this.variables.set(name, value);
    else if (this.globalNames.has(name)) this.globals.set(name, value);
    else return this.outer?.set(name, value) ?? false;
    return true;
  }
}
