/**
 * The three-way difference: what was last confirmed, what git wants, what the device has. Each difference says
 * who moved: git (`desired`), the device (`drift`), or both (`conflict`). What is not owned or is ignored is
 * never part of one, and what can't be planned safely blocks its section instead of being guessed (I9).
 * Near linear in the number of rows.
 */
import type { Dialect, Problem } from '../dialect.ts';
import { canonicalItem, withoutSecrets } from '../digest.ts';
import {
  sameItem,
  sameProperties,
  type Configuration,
  type Item,
  type Properties,
  type Section,
} from '../item.ts';
import type { Action, Difference, Label } from './action.ts';
import { findRenames } from './find-renames.ts';
import { knowRow, type RowSides, type SecretDoubt, type SecretKnowledge } from './known-secrets.ts';
import { matchRows, type Triple } from './match.ts';
import { findMoves } from './moves.ts';
import { inNewNames, inOldNames, reversed, type Rename } from './renames.ts';
import { defaultRow, overlay, ownsSection, viewOf, type IgnoreRule, type Owns, type View } from './scope.ts';

export interface DiffInput {
  /** The desired configuration that was last confirmed on the device; null before anything was. */
  readonly confirmed: Configuration | null;
  readonly desired: Configuration;
  readonly actual: Configuration;
  readonly owns: Owns;
  readonly ignore: readonly IgnoreRule[];
  readonly dialect: Dialect;
  /** What is known of secrets that the export hides; absent: nothing, so that they are left out. */
  readonly secrets?: SecretKnowledge;
}

export interface DiffResult {
  /** A pair with equal `base` and `target` is a move: the row stands in the wrong place. */
  readonly differences: readonly Difference[];
  /** Sections with a difference that can't be planned; none of theirs is in `differences`. */
  readonly blocked: readonly Problem[];
  /** How many actual rows the ignore rules left out. */
  readonly ignored: number;
  /** What the device has, with the secrets that differ and are known: what the differences start from. */
  readonly actual: Configuration;
  /** Secrets that could not be compared. */
  readonly doubts: readonly SecretDoubt[];
}

export function diffConfigurations(given: DiffInput): DiffResult {
  const alike = sectionsAlike(given.desired, given.actual);
  const renamed = findRenames({ ...given, alike });
  const names = inOldNames(given.desired.sections, renamed.renames, given.dialect);
  const history = given.confirmed && inNewNames(given.confirmed.sections, renamed.moved, given.dialect);
  const input = { ...given, desired: { sections: names }, confirmed: history && { sections: history } };
  const { confirmed, desired, actual } = input;
  const paths = new Set(
    [...desired.sections, ...actual.sections, ...(confirmed?.sections ?? [])].map((s) => s.path),
  );
  const [desiredBy, actualBy, confirmedBy] = [desired, actual, confirmed].map(
    (c) => new Map(c?.sections.map((s) => [s.path, s])),
  ) as [Map<string, Section>, Map<string, Section>, Map<string, Section>];
  const differences: Difference[] = [...renamed.differences];
  const blocked: Problem[] = [...renamed.problems];
  const learnt: Learnt = { rows: new Map(), doubts: [] };
  let ignored = 0;
  for (const path of paths) {
    if (!ownsSection(path, input.owns, desired, confirmed)) continue;
    if (renamed.problems.some((problem) => problem.section === path)) continue;
    const rules = input.ignore.filter((rule) => rule.section === path);
    const [d, a, c] = [desiredBy, actualBy, confirmedBy].map((by) =>
      viewOf(by.get(path)?.items ?? [], rules),
    );
    if (!d || !a || !c) continue;
    ignored += a.ignored;
    // Without renames there is nothing in which they could differ: what is gone from both is no difference either.
    if (alike.has(path) && renamed.renames.length + renamed.moved.length === 0) continue;
    const known = actualBy.get(path)?.kind ?? desiredBy.get(path)?.kind ?? 'unknown';
    const found = diffSection(input, renamed, known === 'ordered', d, a, c.items, learnt);
    const problem = blockedBy(path, known, found, input.dialect);
    if (problem === null) for (const difference of found) differences.push(difference);
    else blocked.push(problem);
  }
  const { rows, doubts } = learnt;
  return { differences, blocked, ignored, actual: rows.size === 0 ? actual : withRows(actual, rows), doubts };
}

/** What comparing rows has told of the secrets on the device. */
interface Learnt {
  readonly rows: Map<Item, Item>;
  readonly doubts: SecretDoubt[];
}

function withRows({ sections }: Configuration, rows: ReadonlyMap<Item, Item>): Configuration {
  return {
    sections: sections.map((section) => ({
      ...section,
      items: section.items.map((item) => rows.get(item) ?? item),
    })),
  };
}

/** Sections whose rows are the same, one by one: most, on most devices. */
function sectionsAlike(desired: Configuration, actual: Configuration): ReadonlySet<string> {
  const there = new Map(actual.sections.map(({ path, items }) => [path, items]));
  const isAlike = ({ path, items }: Section): boolean => {
    const others = there.get(path);
    return others?.length === items.length && items.every((item, i) => isSameRow(item, others[i]));
  };
  return new Set(desired.sections.filter(isAlike).map(({ path }) => path));
}

function isSameRow(item: Item, other: Item | undefined): boolean {
  return other?.created === item.created && sameItem(item, other);
}

/** What rows are called otherwise than in the names in which everything is compared. */
interface Renamed {
  readonly renames: readonly Rename[];
  readonly moved: readonly Rename[];
}

function diffSection(
  input: DiffInput,
  renamed: Renamed,
  ordered: boolean,
  wanted: View,
  had: View,
  confirmed: readonly Item[],
  learnt: Learnt,
): readonly Difference[] {
  const [desired, actual] = [wanted.items, had.items];
  const wholeRows = new Map(had.whole);
  const whole = (difference: Difference): Difference => withIgnored(difference, wanted, wholeRows);
  const know = (sides: RowSides): RowSides => {
    const known = knowRow(sides, input.dialect, hasConfirmed, input.secrets);
    learnt.doubts.push(...known.doubts);
    if (known.sides.actual !== sides.actual) learn(sides.actual, known.sides.actual, wholeRows, learnt);
    return known.sides;
  };
  const hasConfirmed = input.confirmed !== null;
  const groupOf = (item: Item): string => input.dialect.orderGroup(item) ?? '';
  const purposeOf = (item: Item): string | null => input.dialect.purposeOf?.(item) ?? null;
  const [was, wish, shown] = [confirmed, desired, actual].map(asExported(actual, input.dialect)) as [
    readonly Item[],
    readonly Item[],
    readonly Item[],
  ];
  const triples = matchRows({
    confirmed: was,
    desired: wish,
    actual: shown,
    hasConfirmed,
    groupOf,
    purposeOf,
  });
  const split = new Set<Triple>();
  const forms = new Forms([desired, actual]);
  const changes: { difference: Difference; position: number }[] = [];
  for (const triple of triples) {
    const [d, a] = [at(desired, triple.desired), at(actual, triple.actual)];
    if (d !== null && a !== null && sameProperties(d.properties, a.properties)) continue;
    const c = at(confirmed, triple.confirmed);
    const there = a ?? unsaidRow(d ?? c, input.dialect);
    const sides =
      there === null
        ? { confirmed: c, desired: d, actual: a }
        : know({ confirmed: c, desired: d, actual: there, whole: wholeRows.get(there) ?? there });
    const difference = compareRow(sides, hasConfirmed, input, renamed);
    const position = triple.desired ?? triple.actual ?? 0;
    if (difference === null) continue;
    if (!mustSplit(difference, forms, input.dialect)) {
      changes.push({ difference: whole(difference), position });
      continue;
    }
    split.add(triple);
    changes.push({ difference: { ...whole(difference), base: null }, position });
    changes.push({ difference: { ...whole(difference), target: null }, position });
  }
  // In the order of the desired text; what it does not name comes last.
  changes.sort(
    (x, y) =>
      Number(x.difference.target === null) - Number(y.difference.target === null) || x.position - y.position,
  );
  const rows = changes.map(({ difference }) => difference);
  if (!ordered) return rows;
  const kept = triples.filter((triple) => !split.has(triple));
  const known = actual.map((item) => learnt.rows.get(item) ?? item);
  return [...rows, ...findMoves(kept, desired, known, hasConfirmed, groupOf).map(whole)];
}

/**
 * A row that the device brings along and its export leaves out: there may be a secret in it and nothing else, which
 * the export would hide. Null: nobody speaks of one.
 */
function unsaidRow(named: Item | null, dialect: Dialect): Item | null {
  if (named === null || named.created || withoutSecrets(named, dialect) === named) return null;
  return defaultRow(named);
}

/** Rows found by content are found by what the device shows of them: where it shows no secret, without theirs. */
function asExported(actual: readonly Item[], dialect: Dialect): (items: readonly Item[]) => readonly Item[] {
  const [first] = actual;
  if (first === undefined || dialect.secretNames(first.section).length === 0) return (items) => items;
  if (actual.some((item) => withoutSecrets(item, dialect) !== item)) return (items) => items;
  return (items) => items.map((item) => (item.key === null ? withoutSecrets(item, dialect) : item));
}

/**
 * A row found by content that can't be changed into the other (one way or back) is replaced by it; also one that on
 * its way would look like a third row, since a rollback could not tell the two apart.
 */
function mustSplit({ section, base, target }: Difference, forms: Forms, dialect: Dialect): boolean {
  if (base === null || target === null || base.key !== null || !base.created) return false;
  if (dialect.plannable({ verb: 'set', section, from: base, to: target }) !== null) return true;
  return (dialect.intermediates?.(base, target) ?? []).some((form) => forms.has(form));
}

/** What rows without a key look like on either side; gathered when first asked for. */
class Forms {
  readonly #sides: readonly (readonly Item[])[];
  #contents: ReadonlySet<string> | null = null;

  constructor(sides: readonly (readonly Item[])[]) {
    this.#sides = sides;
  }

  has(form: Item): boolean {
    this.#contents ??= new Set(
      this.#sides.flatMap((items) => items.filter(({ key }) => key === null).map(canonicalItem)),
    );
    return this.#contents.has(canonicalItem(form));
  }
}

/** The row that is there from now on is the one with its secrets; what the rules leave out of it stays with it. */
function learn(had: Item, has: Item, wholeRows: Map<Item, Item>, { rows }: Learnt): void {
  const whole = wholeRows.get(had);
  if (whole === undefined) {
    rows.set(had, has);
    return;
  }
  const known = { ...whole, properties: overlay(whole.properties, has.properties) };
  for (const view of [had, has]) wholeRows.set(view, known);
  rows.set(whole, known);
}

function at(items: readonly Item[], index: number | null): Item | null {
  return index === null ? null : (items[index] ?? null);
}

function compareRow(
  sides: Readonly<Record<'confirmed' | 'desired' | 'actual', Item | null>>,
  hasConfirmed: boolean,
  { owns, dialect }: Pick<DiffInput, 'owns' | 'dialect'>,
  renamed: Renamed,
): Difference | null {
  const { confirmed: c, desired: d, actual: a } = sides;
  const some = d ?? a ?? c;
  if (some === null) return null;
  let [was, wanted, had] = [c, d, a];
  if (!some.created) {
    // A row that the device brings along is there, named or not: not named means as it came.
    const plain = defaultRow(some);
    const called = (renames: readonly Rename[]): Item => dialect.withNames?.(plain, renames) ?? plain;
    was ??= hasConfirmed ? called(renamed.moved) : null;
    if (owns !== 'items' || c !== null) wanted ??= called(reversed(renamed.renames));
    had ??= plain;
  }
  if (owns === 'items') {
    if (d === null && c === null) return null;
    if (wanted !== null && had !== null) {
      const mine = namesOf(d, c);
      const rest = had.properties.filter(([name]) => !mine.has(name));
      wanted = { ...wanted, properties: overlay(rest, wanted.properties) };
      if (was !== null) was = { ...was, properties: overlay(rest, was.properties) };
    }
  }
  [was, wanted] = [was, wanted].map((item) => asSpelled(withMadeUp(item, had, dialect), had, dialect)) as [
    Item | null,
    Item | null,
  ];
  if (same(wanted, had)) return null;
  return {
    label: labelOf(was, wanted, had, hasConfirmed),
    section: some.section,
    base: had,
    target: wanted,
    confirmed: was,
  };
}

/** What the device made up, and a secret that the text leaves out, stay as they are: nobody asks for something else. */
function withMadeUp(item: Item | null, had: Item | null, dialect: Dialect): Item | null {
  if (item === null || had === null) return item;
  const named = namesOf(item);
  const more = had.properties.filter(
    ([name]) =>
      !named.has(name) &&
      (dialect.isMadeUp?.(item.section, name) === true || dialect.isSecret(item.section, name)),
  );
  return more.length === 0 ? item : { ...item, properties: overlay(item.properties, more) };
}

/** Values that mean what the device has, in its own spelling. */
function asSpelled(item: Item | null, had: Item | null, dialect: Dialect): Item | null {
  if (item === null || had === null || dialect.isSameValue === undefined) return item;
  const there = new Map(had.properties);
  const spelling = ([name, value]: Properties[number]): string | null => {
    const own = there.get(name) ?? null;
    if (own === value || own === null || value === null) return value;
    return dialect.isSameValue?.(item.section, name, own, value) === true ? own : value;
  };
  if (item.properties.every((property) => spelling(property) === property[1])) return item;
  return { ...item, properties: item.properties.map((property) => [property[0], spelling(property)]) };
}

function namesOf(...items: readonly (Item | null)[]): ReadonlySet<string> {
  return new Set(items.flatMap((item) => item?.properties.map(([name]) => name) ?? []));
}

/** An explicit unset and an absent property mean the same. */
function same(a: Item | null, b: Item | null): boolean {
  if (a === null || b === null) return a === b;
  return sameProperties(present(a.properties), present(b.properties));
}

function present(properties: Properties): Properties {
  return properties.some(([, value]) => value === null)
    ? properties.filter(([, value]) => value !== null)
    : properties;
}

function labelOf(was: Item | null, wanted: Item | null, had: Item | null, hasConfirmed: boolean): Label {
  if (!hasConfirmed || same(was, had)) return 'desired';
  return same(was, wanted) ? 'drift' : 'conflict';
}

function blockedBy(
  path: string,
  kind: Section['kind'],
  found: readonly Difference[],
  dialect: Dialect,
): Problem | null {
  const first = found[0];
  if (first === undefined) return null;
  if (kind === 'unknown') {
    const place = (first.target ?? first.base)?.place ?? null;
    const message = `${path} differs, but nothing is known about this menu: it is not planned; change it by hand or leave it out of the file`;
    return { code: 'unknown-section', message, place, section: path };
  }
  for (const difference of found) {
    const action = plainAction(difference);
    const problem = action === null ? null : dialect.plannable(action);
    if (problem !== null) return { ...problem, section: path };
  }
  return null;
}

/** The difference as one action without a place, to ask whether it can be planned at all. */
export function plainAction({ section, base, target }: Difference): Action | null {
  if (base === null) return target === null ? null : { verb: 'add', section, item: target, before: null };
  if (target === null) return { verb: 'remove', section, item: base, before: null };
  if (isMove({ base, target })) return null;
  return { verb: 'set', section, from: base, to: target };
}

export function isMove({ base, target }: Pick<Difference, 'base' | 'target'>): boolean {
  return base !== null && target !== null && same(base, target);
}

/**
 * Ignored properties stay on the device as they are: in the base and, unchanged, in the target. A row that is not
 * there yet has none to keep, so it is made as git says it, all of it.
 */
function withIgnored(difference: Difference, wanted: View, wholeRows: ReadonlyMap<Item, Item>): Difference {
  const { base, target } = difference;
  if (base === null) return { ...difference, target: target && (wanted.whole.get(target) ?? target) };
  const whole = wholeRows.get(base);
  if (whole === undefined) return difference;
  const names = new Set(base.properties.map(([name]) => name));
  const kept = whole.properties.filter(([name]) => !names.has(name));
  return {
    ...difference,
    base: whole,
    target: target && { ...target, properties: overlay(target.properties, kept) },
  };
}

export function itemCount(configuration: Configuration): number {
  return configuration.sections.reduce((sum, section) => sum + section.items.length, 0);
}
