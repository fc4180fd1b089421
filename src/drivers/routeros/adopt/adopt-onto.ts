/**
 * The least edit of a desired file that takes over what is on the device now: the morning after a fix by hand. Lines
 * that already say what the device has stay byte for byte, comments stay, order changes where the device's did.
 * Goes on until nothing differs; what another file of the device says is left and told. Pure; decides nothing.
 */
import type { Dialect, Problem } from '../../../core/dialect.ts';
import { joinFragments, type Fragment } from '../../../core/fragments.ts';
import type { Configuration } from '../../../core/item.ts';
import type { Difference } from '../../../core/plan/action.ts';
import { diffConfigurations } from '../../../core/plan/diff.ts';
import { groupBy } from '../../../core/plan/order.ts';
import { ownsSection, viewOf, type IgnoreRule, type Owns } from '../../../core/plan/scope.ts';
import { routerosDialect } from '../dialect.ts';
import { fillValues } from '../fill-values.ts';
import { withoutSecrets } from './adopt-text.ts';
import { SectionEditor, type Counts, type SecretiveRow } from './edit-section.ts';
import { editableText, textOf } from './edit-text.ts';

export interface Onto {
  /** The device's files as people wrote them, in their order. */
  readonly fragments: readonly Fragment[];
  /** The one that is edited. */
  readonly file: string;
  readonly valueOf: (variable: string) => string | null;
  readonly owns: Owns;
  readonly ignore: readonly IgnoreRule[];
  readonly actual: Configuration;
  readonly version: string | null;
  /** Sections that the device may not have shown whole: nothing of them is taken over, since what is not seen is not gone. */
  readonly unseen?: readonly { readonly section: string; readonly code: string; readonly message: string }[];
}

export interface TakenOver extends Counts {
  readonly text: Uint8Array;
  /** What could not be taken over into this file. */
  readonly left: readonly Problem[];
  /** Sections of which the device has rows and the files name nothing: none of theirs was taken over. */
  readonly unnamed: readonly { readonly section: string; readonly rows: number }[];
  /** Rows that are new in it and may have a secret that it does not say. */
  readonly secrets: readonly SecretiveRow[];
}

/** Each round does all it can see; a name that changed shows in the next where it is used. */
const mostRounds = 20;

export function adoptOnto(given: Onto): TakenOver {
  // Whatever the device shows of its secrets, none comes into the file.
  const input = { ...given, actual: withoutSecrets(given.actual) };
  const total: Counts = { added: 0, changed: 0, removed: 0, moved: 0 };
  const secrets: SecretiveRow[] = [];
  const unseen = new Map((input.unseen ?? []).map((one) => [one.section, { ...one, place: null }]));
  let { fragments } = input;
  for (let round = 0; ; round++) {
    const desired = desiredOf({ ...input, fragments }).configuration;
    const differing = rawDifferences(desired, input);
    const found = differing.filter(({ section }) => !unseen.has(section));
    const own = fragments.find(({ file }) => file === input.file);
    const text = editableText(own?.text ?? new Uint8Array(), input.file);
    const left: Problem[] = [];
    const done: Counts = { added: 0, changed: 0, removed: 0, moved: 0 };
    for (const [path, differences] of groupBy(found, ({ section }) => section)) {
      const editor = new SectionEditor(text, path, { ...input, desired });
      editor.take(differences, done);
      left.push(...editor.left);
      secrets.push(...editor.secrets);
    }
    const edits = done.added + done.changed + done.removed + done.moved;
    if (edits === 0 || round === mostRounds)
      return {
        ...total,
        text: own?.text ?? new Uint8Array(),
        left: [...left, ...unfinished(found, left), ...unseenOf(differing, unseen)],
        unnamed: unnamedSections(desired, input),
        secrets,
      };
    for (const verb of ['added', 'changed', 'removed', 'moved'] as const) total[verb] += done[verb];
    const edited = textOf(text);
    fragments = fragments.map((one) => (one.file === input.file ? { ...one, text: edited } : one));
  }
}

export function desiredOf({
  fragments,
  valueOf,
  version,
}: Pick<Onto, 'fragments' | 'valueOf' | 'version'>): ReturnType<Dialect['parseDesired']> {
  const filled = fragments.map(({ file, text }) => ({ file, ...fillValues(text, file, valueOf) }));
  const parsed = routerosDialect.parseDesired(joinFragments(filled), '', version);
  return { ...parsed, problems: [...filled.flatMap(({ problems }) => problems), ...parsed.problems] };
}

/**
 * All that differs, whether or not it could be planned: a text can say what nobody knows how to send. Without renames:
 * in a text a new name is one more property that changes.
 */
function rawDifferences(desired: Configuration, { owns, ignore, actual }: Onto): readonly Difference[] {
  const dialect: Dialect = {
    ...routerosDialect,
    nameOf: () => null,
    intermediates: () => [],
    plannable: () => null,
  };
  const known = ({ sections }: Configuration): Configuration => ({
    sections: sections.map((one) => (one.kind === 'unknown' ? { ...one, kind: 'list' } : one)),
  });
  return diffConfigurations({
    confirmed: null,
    desired: known(desired),
    actual: known(actual),
    owns,
    ignore,
    dialect,
  }).differences;
}

function unnamedSections(desired: Configuration, { owns, ignore, actual }: Onto): TakenOver['unnamed'] {
  return actual.sections.flatMap(({ path, items }) => {
    if (ownsSection(path, owns, desired, null)) return [];
    const rules = ignore.filter(({ section }) => section === path);
    const rows = viewOf(items, rules).items.length;
    return rows === 0 ? [] : [{ section: path, rows }];
  });
}

function unseenOf(
  differing: readonly Difference[],
  unseen: ReadonlyMap<string, Problem>,
): readonly Problem[] {
  const sections = new Set(differing.map(({ section }) => section));
  return [...unseen.values()].filter(({ section }) => section !== null && sections.has(section));
}

function unfinished(found: readonly Difference[], told: readonly Problem[]): readonly Problem[] {
  const sections = new Set(told.map(({ section }) => section));
  const rest = new Set(found.map(({ section }) => section).filter((section) => !sections.has(section)));
  return [...rest].map((section) => ({
    code: 'not-adopted',
    message: `${section} can't be brought to what the device has by editing this file: edit it by hand, the plan shows what differs`,
    place: null,
    section,
  }));
}
