/** Who made a device another since it was last kept, as far as its log tells. Pure. */
import { sha256 } from './digest.ts';

export interface LoggedLine {
  readonly line: string;
  readonly by: string;
  readonly user: string;
}

export interface Changer {
  /** Null: the log names nobody but the daemon itself. */
  readonly who: string | null;
  /** By which the newest line of the log is known again. */
  readonly mark: string | null;
}

/** `mark`: the newest line at the revision before; lines up to it are older. Where the ring has lost it, all count. */
export function whoChanged(lines: readonly LoggedLine[], mark: string | null, own: string): Changer {
  const marks = lines.map(({ line }) => sha256(line).slice(0, 16));
  const since = mark === null ? 0 : marks.lastIndexOf(mark) + 1;
  const others = lines.slice(since).filter(({ user }) => user !== own);
  return { who: others.at(-1)?.by ?? null, mark: marks.at(-1) ?? mark };
}
