/** The real `age`, from Debian's package, as somebody else's word on what is sealed and opened here. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Empty when it is there; else why what needs it is skipped. In CI it is never skipped. */
export const noAge =
  spawnSync('age', ['--version']).status === 0 || process.env['CI'] !== undefined
    ? ''
    : ' (skipped: no age here, apt-get install age)';

export interface AgeKey {
  /** The identity file, as `age-keygen` wrote it. */
  readonly file: string;
  readonly recipient: string;
  readonly identity: () => { readonly file: string; readonly bytes: Buffer };
  /** `age -d`. */
  open(sealed: Uint8Array): Buffer;
  /** `age -r`; armored or not. */
  seal(plain: Uint8Array | string, ...options: readonly string[]): Buffer;
}

export function ageKey(file: string): AgeKey {
  execFileSync('age-keygen', ['-o', file], { stdio: 'ignore' });
  const recipient = execFileSync('age-keygen', ['-y', file], { encoding: 'latin1' }).trim();
  const mostBytes = 64 * 1024 * 1024;
  const age = (input: Uint8Array | string, words: readonly string[]): Buffer =>
    execFileSync('age', words, { input, stdio: ['pipe', 'pipe', 'ignore'], maxBuffer: mostBytes });
  return {
    file,
    recipient,
    identity: () => ({ file, bytes: readFileSync(file) }),
    open: (sealed) => age(sealed, ['-d', '-i', file]),
    seal: (plain, ...options) => age(plain, ['-r', recipient, ...options]),
  };
}
