/**
 * Which rows are called otherwise on the device than in git: a port by what it came with, a row that others name by
 * its likeness to one that is gone. Never where the name on the device is to be used for something else.
 */
import type { Dialect, Problem } from '../dialect.ts';
import type { Configuration, Item, Section } from '../item.ts';
import type { Difference, Label } from './action.ts';
import { renameBetween, sameNameSpace, type Rename } from './renames.ts';
import { defaultRow, ownsSection, viewOf, type IgnoreRule, type Owns } from './scope.ts';
import { exchangedNames } from './exchanged-names.ts';
import { pairSimilar, type Candidate } from './similar.ts';

export interface RenameInput {
  readonly confirmed: Configuration | null;
  readonly desired: Configuration;
  readonly actual: Configuration;
  readonly owns: Owns;
  readonly ignore: readonly IgnoreRule[];
  readonly dialect: Dialect;
  /** Sections whose rows are the same on both sides: nothing in them is called otherwise. */
  readonly alike: ReadonlySet<string>;
}

export interface FoundRenames {
  readonly differences: readonly Difference[];
  /** From the name on the device to the desired one. */
  readonly renames: readonly Rename[];
  /** From the last confirmed name to the one on the device. */
  readonly moved: readonly Rename[];
  /** Ports whose old name another row is to have: not to be done at once. */
  readonly problems: readonly Problem[];
}

export function findRenames(input: RenameInput): FoundRenames {
  const { dialect, desired, confirmed, owns } = input;
  if (dialect.nameOf === undefined || dialect.withNames === undefined) {
    return { differences: [], renames: [], moved: [], problems: [] };
  }
  const found: Difference[] = [];
  const paths = new Set([...desired.sections, ...input.actual.sections].map(({ path }) => path));
  for (const path of paths) {
    if (input.alike.has(path) || !ownsSection(path, owns, desired, confirmed)) continue;
    const rules = input.ignore.filter((rule) => rule.section === path);
    const [d, a, c] = [desired, input.actual, confirmed].map(
      (from) => viewOf(from?.sections.find((s) => s.path === path)?.items ?? [], rules).items,
    ) as [readonly Item[], readonly Item[], readonly Item[]];
    found.push(...portRenames(d, a, c, input), ...rowRenames(d, a, c, input));
  }
  const known = found.flatMap((one) => {
    const rename = one.base && one.target && renameBetween(one.base, one.target, dialect);
    return rename === null ? [] : [{ one, rename }];
  });
  return withoutCollisions(known, desired.sections, dialect);
}

/** Rows that the device brings along are the same rows whatever they are called. */
function portRenames(
  desired: readonly Item[],
  actual: readonly Item[],
  confirmed: readonly Item[],
  { dialect, owns, confirmed: known }: RenameInput,
): readonly Difference[] {
  const byKey = (items: readonly Item[]): ReadonlyMap<string | null, Item> =>
    new Map(items.filter((item) => !item.created).map((item) => [item.key, item]));
  const [d, a, c] = [byKey(desired), byKey(actual), byKey(confirmed)];
  return [...new Map([...d, ...a])].flatMap(([key, some]): Difference[] => {
    const named = (item: Item | undefined): boolean =>
      item?.properties.some(([name]) => name === 'name') === true;
    if (owns === 'items' && !named(d.get(key)) && !named(c.get(key))) return [];
    const [wanted, had] = [d.get(key) ?? defaultRow(some), a.get(key) ?? defaultRow(some)];
    const was = known === null ? null : (c.get(key) ?? defaultRow(some));
    const rename = renameBetween(had, wanted, dialect);
    const before = was && dialect.nameOf?.(was);
    if (rename === null) return [];
    const label =
      before === null || before === rename.old ? 'desired' : before === rename.now ? 'drift' : 'conflict';
    const target = dialect.withNames?.(had, [rename]) ?? had;
    return [{ label, section: had.section, base: had, target, confirmed: was }];
  });
}

function rowRenames(
  desired: readonly Item[],
  actual: readonly Item[],
  confirmed: readonly Item[],
  input: RenameInput,
): readonly Difference[] {
  const { dialect, owns, confirmed: known } = input;
  const keys = (items: readonly Item[]): ReadonlySet<string | null> => new Set(items.map(({ key }) => key));
  const canRename = (item: Item): boolean =>
    item.created && item.key !== null && dialect.nameOf?.(item) != null;
  if (!desired.some(canRename) || !actual.some(canRename)) return [];
  const [d, a, c] = [keys(desired), keys(actual), keys(confirmed)];
  const wanted = desired.filter((item) => canRename(item) && !a.has(item.key));
  const had = actual.filter((item) => canRename(item) && !d.has(item.key));
  const isKnown = (item: Item): boolean => c.has(item.key);
  const isNew = (item: Item): boolean => !c.has(item.key);
  const likeness = { groupOf: () => '', purposeOf: () => null };
  const pair = (fresh: readonly Item[], gone: readonly Item[], label: Label): readonly Difference[] =>
    [...pairSimilar(fresh.map(nameless), gone.map(nameless), likeness, false)].flatMap(([i, j]) => {
      const [to, from] = [fresh[i], gone[j]];
      const rename = to && from ? renameBetween(from, to, dialect) : null;
      if (rename === null || from === undefined) return [];
      const target = dialect.withNames?.(from, [rename]) ?? from;
      const was = confirmed.find(({ key }) => key === (label === 'drift' ? to?.key : from.key)) ?? null;
      return [{ label, section: from.section, base: from, target, confirmed: was }];
    });
  if (known === null && owns === 'items') return [];
  const round = exchangedNames(desired.filter(canRename), actual.filter(canRename), confirmed, input);
  const done = new Set(round.flatMap(({ from, to }) => [from, to]));
  const rest = (items: readonly Item[]): readonly Item[] => items.filter((item) => !done.has(item));
  const exchanged = round.map(({ from, to, label, rename }): Difference => {
    const target = dialect.withNames?.(from, [rename]) ?? from;
    const was = confirmed.find(({ key }) => key === (label === 'drift' ? to.key : from.key)) ?? null;
    return { label, section: from.section, base: from, target, confirmed: was };
  });
  if (known === null) return [...exchanged, ...pair(rest(wanted), rest(had), 'desired')];
  return [
    ...exchanged,
    ...pair(rest(wanted).filter(isNew), rest(had).filter(isKnown), 'desired'),
    ...pair(rest(wanted).filter(isKnown), rest(had).filter(isNew), 'drift'),
  ];
}

function nameless(item: Item, position: number): Candidate {
  const properties = item.properties.filter(([name]) => name !== 'name');
  return { item: { ...item, properties }, position, unchanged: false, whole: false };
}

/** The old name must be free afterwards, or be the new name of another; else it would not say which row is meant. */
function withoutCollisions(
  known: readonly { readonly one: Difference; readonly rename: Rename }[],
  desired: readonly Section[],
  dialect: Dialect,
): FoundRenames {
  const dropped = new Set<(typeof known)[number]>();
  const problems: Problem[] = [];
  for (const found of known) {
    const { one, rename } = found;
    if (
      known.some(
        (other) =>
          other.rename.now === rename.old && sameNameSpace(other.rename.section, rename.section, dialect),
      )
    )
      continue;
    const probe = { ...rename, now: `${rename.old}\0` };
    const user = desired
      .flatMap(({ items }) => items)
      .find((item) => dialect.withNames?.(item, [probe]) !== item);
    if (user === undefined) continue;
    dropped.add(found);
    if (one.base?.created !== false) continue;
    const message = `${rename.section}: "${rename.old}" is to be called "${rename.now}", but ${user.section} goes on using the old name: change that first, in a commit of its own`;
    problems.push({ code: 'rename-collision', message, place: user.place, section: rename.section });
  }
  if (dropped.size > 0) {
    // Others may have counted on the names that these would have given up; a blocked section is left whole.
    const blocked = new Set(problems.map(({ section }) => section));
    const rest = known.filter((found) => !dropped.has(found) && !blocked.has(found.rename.section));
    const found = withoutCollisions(rest, desired, dialect);
    return { ...found, problems: [...problems, ...found.problems] };
  }
  return {
    differences: known.map(({ one }) => one),
    renames: known.map(({ rename }) => rename),
    moved: known.flatMap(({ one }) => {
      const before = one.confirmed && one.base ? renameBetween(one.confirmed, one.base, dialect) : null;
      return before === null ? [] : [before];
    }),
    problems,
  };
}
