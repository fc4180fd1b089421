/**
 * Script lines that look at rows: counting rows of exactly one form, locating the n-th of them, and telling for an
 * action whether its item is as in the base, as in the target, on the way, or something else.
 * They mean exactly what `check.ts` means by the same data.
 */
import type { Check, FormCount, Slot } from '../../core/plan/check.ts';
import type { Lookup } from '../../core/plan/model.ts';
import type { Item, Section } from '../../core/item.ts';
import { canonicalItem } from '../../core/digest.ts';
import { assert, unreachable } from '../../core/errors.ts';
import { allOf, findNamed, findRows, hasValue, isSingleton } from './script-forms.ts';

export type Lines = readonly string[];

/** All rows that the plan knows, by section, for telling a form from one that has more properties. */
export class KnownRows {
  readonly #forms = new Map<string, Item[]>();
  readonly #excess = new Map<string, readonly string[]>();

  constructor(sections: readonly Section[], checks: readonly Check[]) {
    for (const { path, items } of sections) this.#of(path).push(...items);
    for (const check of checks) {
      if (check.by === 'count') for (const { form } of check.between) this.#of(form.section).push(form);
    }
  }

  #of(section: string): Item[] {
    const forms = this.#forms.get(section) ?? [];
    this.#forms.set(section, forms);
    return forms;
  }

  /** Properties that a row of exactly this form must not have: those by which known rows exceed it. */
  excess(form: Item): readonly string[] {
    const content = canonicalItem(form);
    const known = this.#excess.get(content) ?? this.#excessOf(form);
    this.#excess.set(content, known);
    return known;
  }

  #excessOf(form: Item): readonly string[] {
    const own = new Map(form.properties);
    const names = new Set<string>();
    for (const other of this.#forms.get(form.section) ?? []) {
      if (other.properties.length <= form.properties.length) continue;
      const values = new Map(other.properties);
      if (!form.properties.every(([name, value]) => values.get(name) === value)) continue;
      for (const name of values.keys()) if (!own.has(name)) names.add(name);
    }
    return [...names].sort();
  }
}

/** Condition on `$i` that it is exactly of this form, where `find` may have given more. */
function exactly(form: Item, known: KnownRows): string | null {
  if (form.key !== null) return null;
  const names = known.excess(form);
  return names.length === 0 ? null : allOf(names.map((name) => hasValue(form, '$i', name, null)));
}

/** Runs `body` for each row of this form, with the row's id in `$i`. */
export function eachRow(form: Item, known: KnownRows, body: Lines): Lines {
  const condition = exactly(form, known);
  const inner = condition === null ? body : [`:if (${condition}) do={`, ...indent(body), '}'];
  return [`:foreach i in=${findRows(form)} do={`, ...indent(inner), '}'];
}

export function indent(lines: Lines): Lines {
  return lines.map((line) => ` ${line}`);
}

/** Counts rows of this form into a variable. */
function countInto(variable: string, form: Item, known: KnownRows): Lines {
  if (exactly(form, known) === null) return [`:set ${variable} [:len ${findRows(form)}]`];
  return [`:set ${variable} 0`, ...eachRow(form, known, [`:set ${variable} ($${variable} + 1)`])];
}

/** Puts the id of the row that is meant into a variable, `""` if there is none. */
export function locate(variable: string, lookup: Lookup, known: KnownRows): Lines {
  return lookup.forms.flatMap(({ item, nth }, choice) => {
    const pick = [`:if ($n = ${nth}) do={ :set ${variable} $i }`, ':set n ($n + 1)'];
    const lines = [':set n 0', ...eachRow(item, known, pick)];
    return choice === 0
      ? [`:set ${variable} ""`, ...lines]
      : [`:if ($${variable} = "") do={`, ...indent(lines), '}'];
  });
}

/**
 * Rows that are found once and then known by their ids, which last while rows are changed and moved. Each gets a
 * variable of its own; what is found by the same forms is the same row.
 */
export class FoundRows {
  readonly #names = new Map<string, string>();
  readonly #lookups: Lookup[] = [];
  readonly #known: KnownRows;

  constructor(known: KnownRows, lookups: Iterable<Lookup | null>) {
    this.#known = known;
    for (const lookup of lookups) {
      if (lookup === null || this.#names.has(idOf(lookup))) continue;
      this.#names.set(idOf(lookup), `r${this.#lookups.push(lookup)}`);
    }
  }

  /** Name of the variable that holds the row's id, `""` if there was none. */
  name(lookup: Lookup): string {
    const name = this.#names.get(idOf(lookup));
    assert(name !== undefined, 'a row is used that was not looked up');
    return name;
  }

  lines(): Lines {
    return this.#lookups.flatMap((lookup) => {
      const name = this.name(lookup);
      return [
        `:local ${name} ""`,
        ...lookup.forms.flatMap(({ item, nth }, choice) => {
          const lines = findInto(name, item, nth, this.#known);
          return choice === 0 ? lines : [`:if ($${name} = "") do={`, ...indent(lines), '}'];
        }),
      ];
    });
  }
}

function idOf({ section, forms }: Lookup): string {
  return JSON.stringify([section, forms.map(({ item, nth }) => [item.key ?? canonicalItem(item), nth])]);
}

function findInto(name: string, item: Item, nth: number, known: KnownRows): Lines {
  if (nth === 0) return eachRow(item, known, [`:if ($${name} = "") do={ :set ${name} $i }`]);
  return [
    ':set n 0',
    ...eachRow(item, known, [`:if ($n = ${nth}) do={ :set ${name} $i }`, ':set n ($n + 1)']),
  ];
}

/** Rows whose places the checks ask for. */
export function placedRows(checks: readonly Check[]): readonly (Lookup | null)[] {
  return checks.flatMap((check) =>
    check.by !== 'place'
      ? []
      : [
          check.row,
          check.anchor,
          check.base.after,
          check.base.before,
          check.target.after,
          check.target.before,
        ],
  );
}

export function countForm(form: Item, known: KnownRows): Lines {
  return countInto('n', form, known);
}

/** Variables that every script declares before it uses any of these lines. */
export const declarations: Lines = [
  ':local s ""',
  ':local n 0',
  ':local c 0',
  ':local p 0',
  ':local m 0',
  ':local x ""',
  ':local y ""',
  ':local l ""',
];

/** Sets `$s` to `base`, `target`, `plan` or `other`. */
export function checkLines(check: Check, known: KnownRows, rows: FoundRows): Lines {
  switch (check.by) {
    case 'key':
      return keyLines(check, known);
    case 'count':
      return countLines(check, known);
    case 'name':
      return [
        ':set s "other"',
        ...check.forms.map((form, i) => {
          const word = i <= check.at ? 'base' : 'target';
          return `:if ([:len ${findNamed(form)}] = 1) do={ :set s "${word}" }`;
        }),
      ];
    case 'place':
      return placeLines(check, rows);
    default:
      return unreachable(check);
  }
}

function keyLines(check: Check & { by: 'key' }, known: KnownRows): Lines {
  const { row, properties, inBase, inTarget } = check;
  const id = isSingleton(row) ? '' : '$i';
  const side = (which: 'base' | 'target'): string =>
    allOf(properties.map((p) => hasValue(row, id, p.name, p[which])));
  const either = allOf(
    properties.map(
      (p) => `(${[p.base, p.target].map((value) => hasValue(row, id, p.name, value)).join(' || ')})`,
    ),
  );
  const look = [
    ...(inBase ? [`:if (${side('base')}) do={ :set s "base" }`] : []),
    ...(inTarget ? [`:if ($s = "other" && (${side('target')})) do={ :set s "target" }`] : []),
    ...(inBase && inTarget && properties.length > 1
      ? [`:if ($s = "other" && (${either})) do={ :set s "plan" }`]
      : []),
  ];
  if (isSingleton(row)) return [':set s "other"', ...look];
  const missing = inBase && inTarget ? 'other' : inBase ? 'target' : 'base';
  return [
    ':set n 0',
    ':set s "other"',
    ...eachRow(row, known, [':set n ($n + 1)', ...look]),
    `:if ($n = 0) do={ :set s "${missing}" }`,
    ':if ($n > 1) do={ :set s "other" }',
  ];
}

function countLines(check: Check & { by: 'count' }, known: KnownRows): Lines {
  const { consumed, produced, between } = check;
  const range = (variable: string, form: FormCount): string =>
    `:if ($${variable} < ${form.least} || $${variable} > ${form.most}) do={ :set s "other" }`;
  const gone = consumed === null ? [] : [`$c <= ${consumed.turned}`];
  const kept = consumed === null ? [] : [`$c > ${consumed.turned}`];
  const made = produced === null ? [] : [`$p >= ${produced.turned}`];
  const missing = produced === null ? [] : [`$p < ${produced.turned}`];
  const middle = between.flatMap(({ form, turned }) => [
    ...countInto('m', form, known),
    `:if ($s = "other" && ${[...gone, `$m > ${turned}`].join(' && ')}) do={ :set s "plan" }`,
  ]);
  return [
    ':set s "other"',
    ...(consumed === null ? [] : countInto('c', consumed.form, known)),
    ...(produced === null ? [] : countInto('p', produced.form, known)),
    `:if (${[...kept, ...missing].join(' && ')}) do={ :set s "base" }`,
    `:if (${[...gone, ...made].join(' && ')}) do={ :set s "target" }`,
    ...middle,
    ...(consumed === null ? [] : [range('c', consumed)]),
    ...(produced === null ? [] : [range('p', produced)]),
  ];
}

/** Positions are indices in the menu's own order; a row that was not found makes the check say `other`. */
function placeLines(check: Check & { by: 'place' }, rows: FoundRows): Lines {
  const { section } = check.row;
  const row = rows.name(check.row);
  const stands = (slot: Slot, word: string): Lines => {
    const terms = [
      ...(slot.after === null
        ? []
        : [`$${rows.name(slot.after)} != ""`, `[:find $l $${rows.name(slot.after)}] < $p`]),
      ...(slot.before === null
        ? []
        : [`$${rows.name(slot.before)} != ""`, `[:find $l $${rows.name(slot.before)}] > $p`]),
    ];
    return terms.length === 0
      ? [`:set s "${word}"`]
      : [`:if (${terms.map((term) => `(${term})`).join(' && ')}) do={ :set s "${word}" }`];
  };
  return [
    ':set s "other"',
    `:if ($${row} != "") do={`,
    ...indent([
      `:set l [${section} find]`,
      `:set p [:find $l $${row}]`,
      ...stands(check.target, 'target'),
      ...stands(check.base, 'base'),
    ]),
    '}',
  ];
}
