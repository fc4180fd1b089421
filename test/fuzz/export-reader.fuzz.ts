/** A million inputs, or FUZZ_INPUTS, from FUZZ_SEED or the clock. */
import { realExports } from '../support/real-exports.ts';
import { fuzzExportReader } from './export-reader.ts';

const inputs = Number(process.env['FUZZ_INPUTS'] ?? 1_000_000);
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
process.stdout.write(`export reader: ${inputs} inputs from seed ${seed}\n`);
const { understood, slowestMs } = fuzzExportReader(
  seed,
  inputs,
  realExports().map(({ bytes }) => bytes),
);
process.stdout.write(
  `  none broke it; ${understood} were understood, the slowest took ${slowestMs.toFixed(1)} ms\n`,
);
