/**
 * Secrets that an export hides, in the comparison of one row: what was last confirmed and what git says are values, what
 * the device has is known by keyed digest alone, and only if it was asked. Where nothing is asked for, or the device has
 * it, a secret is left out as if nobody had named it. Pure; never guesses what a device has.
 */
import { canonicalItem, withoutSecrets, type SecretFacts } from '../digest.ts';
import { propertyOf, sameItem, type Configuration, type Item } from '../item.ts';
import { hiddenSecret } from './hidden-secret.ts';
import { defaultRow, overlay } from './scope.ts';

/** By row without its secrets, then by property. Rows that can't be told apart are not in it. */
export type ReadSecrets = ReadonlyMap<string, ReadonlyMap<string, string>>;

export interface SecretKnowledge {
  readonly digestOf: (value: string) => string;
  /** What the device has; `assumed`: what was last confirmed; null: it was not asked. */
  readonly read: ReadSecrets | 'assumed' | null;
  /** Whether a rollback may hold one, to make a row again with the secret that it had. */
  readonly mayCarry: boolean;
}

/** Why a row's secret can't be compared; `moved`: git says another than the last confirmed. */
export interface SecretDoubt {
  readonly why: 'unconfirmed' | 'moved' | 'going' | 'no-key';
  readonly item: Item;
  readonly property: string;
}

export interface RowSides {
  readonly confirmed: Item | null;
  readonly desired: Item | null;
  readonly actual: Item;
  /** The row on the device with what the rules leave out of the comparison. */
  readonly whole: Item;
}

export interface KnownRow {
  readonly sides: RowSides;
  readonly doubts: readonly SecretDoubt[];
}

/** All that a device shows of its secrets, as digests; nothing else of it is kept. */
export function digestSecrets(
  { sections }: Configuration,
  facts: SecretFacts,
  digestOf: SecretKnowledge['digestOf'],
): ReadSecrets {
  const found = new Map<string, ReadonlyMap<string, string> | null>();
  for (const item of sections.flatMap(({ items }) => items)) {
    const secrets = item.properties.flatMap(([name, value]): [string, string][] =>
      value !== null && facts.isSecret(item.section, name) ? [[name, digestOf(value)]] : [],
    );
    const id = rowId(item, facts);
    found.set(id, found.has(id) ? null : new Map(secrets));
  }
  return new Map([...found].flatMap(([id, secrets]) => (secrets === null ? [] : [[id, secrets] as const])));
}

function rowId(item: Item, facts: SecretFacts): string {
  return canonicalItem(withoutSecrets(item, facts));
}

/** `knowledge` undefined: nothing can be known, as of two texts. */
export function knowRow(
  sides: RowSides,
  facts: SecretFacts,
  hasConfirmed: boolean,
  knowledge: SecretKnowledge | undefined,
): KnownRow {
  const { actual } = sides;
  const names = new Set(
    [sides.confirmed, sides.desired].flatMap((item) => item?.properties.map(([name]) => name) ?? []),
  );
  const hidden = [...names].filter(
    (name) => propertyOf(actual, name) === undefined && facts.isSecret(actual.section, name),
  );
  const doubts: SecretDoubt[] = [];
  let known = sides;
  for (const name of hidden) {
    const judged = knowledge && judge(sides, name, facts, hasConfirmed, knowledge);
    if (judged !== undefined && typeof judged === 'object') known = withSecret(known, name, judged);
    else {
      if (typeof judged === 'string') doubts.push({ why: judged, item: actual, property: name });
      known = without(known, name);
    }
  }
  return { sides: known, doubts };
}

/** What stands in the comparison on the sides of the device and of what was confirmed; null: the property is not set. */
interface Standing {
  readonly actual: string | null;
  readonly confirmed: string | null;
}

/** Undefined: it is left out of the comparison. */
function judge(
  { confirmed, desired, actual, whole }: RowSides,
  name: string,
  facts: SecretFacts,
  hasConfirmed: boolean,
  { read, digestOf, mayCarry }: SecretKnowledge,
): Standing | SecretDoubt['why'] | undefined {
  const was = confirmed === null ? undefined : propertyOf(confirmed, name);
  const wanted = desired === null ? undefined : propertyOf(desired, name);
  if (desired !== null && wanted === undefined) return undefined;
  // A row that goes: its secret is worth knowing only to bring it back.
  if (desired === null && (was == null || !mayCarry)) return undefined;
  const isMoved = hasConfirmed && confirmed !== null && (was ?? '') !== (wanted ?? '');
  const why = desired === null ? 'going' : isMoved ? 'moved' : 'unconfirmed';
  if (read === null) return !isMoved && was !== undefined && desired !== null ? undefined : why;
  if (read === 'assumed') return isMoved && was != null ? { actual: was, confirmed: was } : undefined;
  const row = read.get(rowId(whole, facts)) ?? (isUnsaid(whole) ? noSecrets : undefined);
  if (row === undefined) return why;
  const digest = row.get(name) ?? null;
  const has = (value: string | null | undefined): boolean =>
    (value ?? '') === '' ? digest === null || digest === digestOf('') : digest === digestOf(value ?? '');
  if (desired !== null && has(wanted)) return undefined;
  if (was != null && was !== '' && has(was)) return { actual: was, confirmed: was };
  if (desired === null) return undefined;
  if (digest === null || digest === digestOf('')) return { actual: null, confirmed: was ?? null };
  // Found by its content alone, a row could not be found by a secret that is not known.
  if (actual.key === null && actual.created) return 'no-key';
  const found = hiddenSecret(digest);
  return { actual: found, confirmed: was === undefined ? found : was };
}

const noSecrets: ReadonlyMap<string, string> = new Map();

/** The device's own row as it came: where it says nothing of one, it has no secret either. */
function isUnsaid(row: Item): boolean {
  return !row.created && sameItem(row, defaultRow(row));
}

function withSecret(sides: RowSides, name: string, standing: Standing): RowSides {
  const having = (item: Item, value: string | null): Item => ({
    ...item,
    properties: overlay(
      item.properties.filter(([other]) => other !== name),
      value === null ? [] : [[name, value]],
    ),
  });
  const { confirmed, actual } = sides;
  return {
    ...sides,
    actual: having(actual, standing.actual),
    confirmed: confirmed && having(confirmed, standing.confirmed),
  };
}

function without(sides: RowSides, name: string): RowSides {
  const strip = (item: Item | null): Item | null =>
    item?.properties.some(([other]) => other === name) === true
      ? { ...item, properties: item.properties.filter(([other]) => other !== name) }
      : item;
  return { ...sides, confirmed: strip(sides.confirmed), desired: strip(sides.desired) };
}

const remedy = 'say "secrets: compare" or "secrets-on-device: allow" for this device, and the daemon asks it';

/** For people: why the section is left as it is; null: nothing is lost by not knowing. */
export function doubtMessage({ why, item, property }: SecretDoubt, wasAsked: boolean): string | null {
  const row = `${item.section} ${item.key ?? 'row'}`.trim();
  if (why === 'no-key')
    return `${row}: ${property} is another on the device than was ever confirmed, and a row without a name can't be found by it: set it by hand`;
  if (why === 'going') return null;
  if (wasAsked)
    return `${row}: ${property} can't be compared, for rows there can't be told apart or changed while they were read: tell them apart by a comment`;
  return why === 'moved'
    ? `${row}: ${property} is another in git than the last confirmed, and the device hides what it has: ${remedy}`
    : null;
}
