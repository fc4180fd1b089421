/**
 * A device's files with their variables filled in, as the one text that everything after it works with. How a value
 * is written into a text is the dialect's knowledge; a variable that nobody gave a value stops the device.
 */
import type { Dialect, Problem } from '../core/dialect.ts';
import { InvalidInput } from '../core/errors.ts';
import { joinFragments } from '../core/fragments.ts';
import type { DesiredDevice } from './device-files.ts';

export interface Composed {
  readonly text: Uint8Array;
  readonly problems: readonly Problem[];
  /** Variables that no value uses. */
  readonly unused: readonly string[];
}

/** Throws the device's own error if it has one. */
export function composeDevice(device: DesiredDevice, { fill }: Pick<Dialect, 'fill'>): Composed {
  if (device.fragments === null)
    throw device.error ?? new InvalidInput('desired-missing', 'the file is not there', { file: device.file });
  const used = new Set<string>();
  const filled = device.fragments.map(({ file, text }) => {
    const result = fill(text, file, (name) => {
      used.add(name);
      return device.vars.get(name) ?? null;
    });
    return { file, ...result };
  });
  return {
    text: joinFragments(filled),
    problems: filled.flatMap(({ problems }) => problems),
    unused: [...device.vars.keys()].filter((name) => !used.has(name)),
  };
}
