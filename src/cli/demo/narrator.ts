/** How the demo prints: acts, what is typed, what comes back, and what was checked. */
import { paint, printLine, safe } from '../terminal.ts';

export class CheckFailed extends Error {}

export interface Narrator {
  act(title: string, about: string): void;
  say(text: string): void;
  /** What a person types. */
  command(text: string): void;
  output(text: string): void;
  /** Throws `CheckFailed` when it does not hold. */
  check(holds: boolean, what: string): void;
  readonly checks: () => number;
}

export function terminalNarrator(): Narrator {
  let checks = 0;
  return {
    act(title, about) {
      printLine();
      printLine(paint('strong', title));
      printLine(about);
    },
    say: (text) => {
      printLine(text);
    },
    command: (text) => {
      printLine(paint('strong', `  $ ${text}`));
    },
    output: (text) => {
      for (const line of text.split('\n')) printLine(paint('quiet', `    ${safe(line)}`));
    },
    check(holds, what) {
      if (!holds) throw new CheckFailed(what);
      checks += 1;
      printLine(`  ${paint('good', 'ok')} ${what}`);
    },
    checks: () => checks,
  };
}
