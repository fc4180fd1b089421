/**
 * A device's files with their variables and secrets filled in, as the one text that everything after it works with.
 * How a value is written into a text is the dialect's knowledge; a name that nobody gave a value stops the device, and
 * so does a secret in a property that plans and diagnostics show.
 */
import { randomUUID } from 'node:crypto';
import type { Dialect, ParsedText, Problem } from '../core/dialect.ts';
import { InvalidInput } from '../core/errors.ts';
import { joinFragments } from '../core/fragments.ts';
import type { DesiredDevice } from './device-files.ts';

export interface Composed {
  readonly text: Uint8Array;
  readonly problems: readonly Problem[];
  /** Variables that no value uses. */
  readonly unused: readonly string[];
}

/** A secret's value for a device, as bytes; null: there is none. Throws `InvalidInput` where none can be known. */
export type SecretOf = (device: string, name: string) => string | null;

const secretPrefix = 'secret:';

type Words = Pick<Dialect, 'fill' | 'parseDesired' | 'isSecret'>;

/** Throws the device's own error if it has one, and what `secretOf` throws. */
export function composeDevice(device: DesiredDevice, dialect: Words, secretOf: SecretOf): Composed {
  let holdsSecrets = false;
  const composed = fillIn(device, dialect, (name) => {
    holdsSecrets = true;
    return secretOf(device.name, name);
  });
  if (!holdsSecrets) return composed;
  const { misplaced } = secretsOutside(device, dialect);
  return { ...composed, problems: [...composed.problems, ...misplaced] };
}

function fillIn(device: DesiredDevice, { fill }: Words, secret: (name: string) => string | null): Composed {
  if (device.fragments === null)
    throw device.error ?? new InvalidInput('desired-missing', 'the file is not there', { file: device.file });
  const used = new Set<string>();
  const filled = device.fragments.map(({ file, text }) => {
    const result = fill(text, file, (name) => {
      if (name.startsWith(secretPrefix)) return secret(name.slice(secretPrefix.length));
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

/**
 * By a name in place of every secret: where one stands in a property that is shown (`misplaced`), and where a sensitive
 * property says something that is no secret but plain text of the repository (`literal`).
 */
export function secretsOutside(
  device: DesiredDevice,
  dialect: Words,
): {
  readonly parsed: ParsedText;
  readonly misplaced: readonly Problem[];
  readonly literal: readonly Problem[];
} {
  const mark = `secret-${randomUUID()}`;
  const { text } = fillIn(device, dialect, () => mark);
  const parsed = dialect.parseDesired(text, device.file);
  const values = parsed.configuration.sections.flatMap(({ path: section, items }) =>
    items.flatMap(({ properties, place }) =>
      properties.map(([name, value]) => {
        const sensitive = dialect.isSecret(section, name);
        return { section, name, place, sensitive, text: value ?? '', marked: value?.includes(mark) === true };
      }),
    ),
  );
  return {
    parsed,
    misplaced: values
      .filter(({ marked, sensitive }) => marked && !sensitive)
      .map(({ name, section, place }) => ({
        code: 'secret-shown',
        message: `"${name}" of ${section} is shown in plans and documents: a secret can't stand there`,
        place,
        section: null,
      })),
    literal: values
      .filter(({ text: value, marked, sensitive }) => sensitive && value !== '' && !marked)
      .map(({ name, section, place }) => ({
        code: 'literal-secret',
        message: `"${name}" of ${section} can be read here by everybody: write \${secret:NAME}, and give NAME its value in the file that \`secrets:\` in the settings names`,
        place,
        section,
      })),
  };
}
