import { expect, test } from 'vitest';
import { fuzzExportReader } from '../fuzz/export-reader.ts';
import { realExports } from '../support/real-exports.ts';

test('50,000 texts that are nearly exports: no crash, no hang, no byte lost, every problem in its place', () => {
  const corpus = realExports().map(({ bytes }) => bytes);
  const { understood } = fuzzExportReader(1, 50_000, corpus);
  expect(understood).toBeGreaterThan(2000);
}, 120_000);
