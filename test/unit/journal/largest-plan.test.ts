/** The record of the largest plan that can be made fits into a line: what is larger is refused as a plan, or goes in parts. */
import { expect, test } from 'vitest';
import { mostCommands, mostScriptBytes } from '../../../src/core/plan/parts.ts';
import { emptyHead, encodeRecord, maxLineBytes } from '../../../src/journal/record.ts';

const digest = 'f'.repeat(64);

test.each([
  ['plain letters', 'x'],
  ['quotes, which cost two bytes in a script and in a line', '"'],
  ['letters that cost three bytes in a script and two in a line', '\u00e9'],
])('names as long as its scripts can hold, of %s', (_what, letter) => {
  // A name stands in the scripts at least once, with its escapes; a record has it as it was and as it is.
  const bytes = letter === 'x' ? 1 : letter === '"' ? 2 : 3;
  const name = letter.repeat(Math.floor(mostScriptBytes / mostCommands / bytes));
  const touched = { verb: 'set', section: '/ip firewall address-list', item: name, was: name, digest };
  const { bytes: line } = encodeRecord(
    {
      kind: 'rollout-planned',
      actor: 'daemon',
      rollout: '0'.repeat(12),
      device: 'd'.repeat(64),
      commit: 'c'.repeat(40),
      plan: digest,
      base: digest,
      class: 'operational',
      items: Array.from({ length: mostCommands }, () => touched),
      desired: digest,
      complete: true,
      sealed: digest,
      left: 100_000,
      hardware: 'h'.repeat(80),
    },
    emptyHead,
    '2026-11-21T10:00:00.000Z',
  );
  expect(line.length).toBeLessThan(maxLineBytes);
});
