/**
 * Takes sections out of a difference that can't be trusted: what a text says wrongly about a section is not planned
 * for it, and where nothing differs it does not matter. It never hides a fault of the whole text.
 */
import type { Problem } from '../dialect.ts';
import type { DiffResult } from './diff.ts';

export function blockFaulty(found: DiffResult, problems: readonly Problem[]): DiffResult {
  const differing = new Set([...found.differences, ...found.blocked].map(({ section }) => section));
  const faults = problems.filter(({ section }) => section !== null && differing.has(section));
  if (faults.length === 0) return found;
  const faulty = new Set(faults.map(({ section }) => section));
  return {
    ...found,
    differences: found.differences.filter(({ section }) => !faulty.has(section)),
    // What is wrong with the text says more than that the difference can't be planned.
    blocked: [...found.blocked.filter(({ section }) => !faulty.has(section)), ...faults],
  };
}
