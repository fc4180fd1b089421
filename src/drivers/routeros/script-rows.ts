/**
 * Script lines that look at rows: counting rows of exactly one form, locating the n-th of them, and telling for an
 * action whether its item is as in the base, as in the target, on the way, or something else; the row itself is
 * then at hand in `$x`. They mean exactly what `check.ts` means by the same data. Places: `script-order.ts`.
 */
import type { Check, TouchedProperty } from '../../core/plan/check.ts';
import { isHidden } from '../../core/plan/hidden-secret.ts';
import type { Lookup } from '../../core/plan/model.ts';
import type { Item, Section } from '../../core/item.ts';
import { canonicalItem } from '../../core/digest.ts';
import { unreachable } from '../../core/errors.ts';
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
export function exactly(form: Item, known: KnownRows): string | null {
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

/** Variables that every script declares before it uses any of these lines. */
export const declarations: Lines = [
  ':local s ""',
  ':local n 0',
  ':local c 0',
  ':local p 0',
  ':local m 0',
  ':local j 0',
  ':local x ""',
  ':local y ""',
  ':local l ""',
];

/** Sets `$s` to `base`, `target`, `plan` or `other`, and `$x` to the row: the `nth` of those that an action uses up. */
export function checkLines(
  check: Exclude<Check, { by: 'place' }>,
  known: KnownRows,
  nth: number | undefined,
): Lines {
  switch (check.by) {
    case 'key':
      return keyLines(check, known);
    case 'count':
      return countLines(check, known, nth ?? 0);
    case 'name':
      return [
        ':set s "other"',
        ...check.forms.map((form, i) => {
          const word = i <= check.at ? 'base' : 'target';
          const pick = i === check.at ? '; :set x [:pick $l 0]' : '';
          return `:set l ${findNamed(form)}; :if ([:len $l] = 1) do={ :set s "${word}"${pick} }`;
        }),
      ];
    default:
      return unreachable(check);
  }
}

/** A secret that is not known is any but the target's. */
function standsAs(row: Item, id: string, property: TouchedProperty, side: 'base' | 'target'): string {
  const { name, base, target } = property;
  return side === 'base' && isHidden(base)
    ? `!${hasValue(row, id, name, target)}`
    : hasValue(row, id, name, property[side]);
}

function keyLines(check: Check & { by: 'key' }, known: KnownRows): Lines {
  const { row, properties, inBase, inTarget, completes } = check;
  const id = isSingleton(row) ? '' : '$i';
  const side = (which: 'base' | 'target'): string =>
    allOf(properties.map((p) => standsAs(row, id, p, which)));
  const either = allOf(
    properties
      .filter((p) => !isHidden(p.base))
      .map((p) => `(${[p.base, p.target].map((value) => hasValue(row, id, p.name, value)).join(' || ')})`),
  );
  const look = [
    ...(inBase || completes === true ? [`:if (${side('base')}) do={ :set s "base" }`] : []),
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
    ...eachRow(row, known, [':set n ($n + 1)', ':set x $i', ...look]),
    `:if ($n = 0) do={ :set s "${missing}" }`,
    ':if ($n > 1) do={ :set s "other" }',
  ];
}

function countLines(check: Check & { by: 'count' }, known: KnownRows, nth: number): Lines {
  const { consumed, produced, between } = check;
  const used = (least: number, most: number): string[] => (consumed ? [within('c', least, most)] : []);
  const made = (least: number, most: number): string[] => (produced ? [within('p', least, most)] : []);
  const [gone, kept] = consumed
    ? [used(consumed.least, consumed.turned), used(consumed.turned + 1, consumed.most)]
    : [[], []];
  const [missing, there, any] = produced
    ? [
        made(produced.least, produced.turned - 1),
        made(produced.turned, produced.most),
        made(produced.least, produced.most),
      ]
    : [[], [], []];
  const middle = between.flatMap(({ form, turned }) => [
    ...countInto('m', form, known),
    `:if ($s = "other" && ${[...gone, ...any, `$m > ${turned}`].join(' && ')}) do={ :set s "plan" }`,
  ]);
  return [
    ':set s "other"',
    ...(consumed === null ? [] : pickInto(consumed.form, nth, known)),
    ...(produced === null ? [] : countInto('p', produced.form, known)),
    `:if (${[...kept, ...missing].join(' && ')}) do={ :set s "base" }`,
    `:if (${[...gone, ...there].join(' && ')}) do={ :set s "target" }`,
    ...middle,
  ];
}

function within(variable: string, least: number, most: number): string {
  return least === most ? `$${variable} = ${least}` : `$${variable} >= ${least} && $${variable} <= ${most}`;
}

/** Counts rows of this form into `$c`, and puts the `nth` into `$x`. */
function pickInto(form: Item, nth: number, known: KnownRows): Lines {
  if (exactly(form, known) === null)
    return [`:set l ${findRows(form)}`, ':set c [:len $l]', `:set x [:pick $l ${nth}]`];
  const pick = [`:if ($c = ${nth}) do={ :set x $i }`, ':set c ($c + 1)'];
  return [':set c 0', ...eachRow(form, known, pick)];
}
