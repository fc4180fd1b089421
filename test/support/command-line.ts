/** Runs one command of the program inside the test: its words, its exit code. */
import { Readable } from 'node:stream';
import { vi } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One at a time: standard streams are the process's own. */
export async function runCommandLine(
  argv: readonly string[],
  input: Uint8Array | string = '',
): Promise<CommandResult> {
  const out: string[] = [];
  const err: string[] = [];
  const keep = (texts: string[]) => (text: string | Uint8Array) =>
    texts.push(Buffer.from(text as string).toString('utf8')) > 0;
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(keep(out)),
    vi.spyOn(process.stderr, 'write').mockImplementation(keep(err)),
    vi
      .spyOn(process, 'stdin', 'get')
      .mockReturnValue(Readable.from([Buffer.from(input)]) as unknown as typeof process.stdin),
  ];
  try {
    const code = await runProgram(argv);
    return { code, stdout: out.join(''), stderr: err.join('') };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
