/** Runs the command line in this process and gives back what it printed and its exit code. */
import { vi } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function runCli(...argv: string[]): Promise<CliResult> {
  let out = '';
  let err = '';
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text);
    return true;
  });
  try {
    return { code: await runProgram(argv), out, err };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
}
