/**
 * Places in a script: rows are found once and kept in one list, the moves stand in a table of numbers, and one loop
 * looks and moves for all of them. So a chain of hundreds of rows says of each only what it looks like.
 */
import type { Check, Slot } from '../../core/plan/check.ts';
import type { Step } from '../../core/plan/converge.ts';
import type { Lookup } from '../../core/plan/model.ts';
import { canonicalItem } from '../../core/digest.ts';
import { assert } from '../../core/errors.ts';
import { findRows } from './script-forms.ts';
import { eachRow, exactly, indent, type KnownRows, type Lines } from './script-rows.ts';

/** What stands in the list for a row that was not found. Two of them come first, so that number 0 is no row. */
const missing = '"-"';

/**
 * Rows that are found once and then known by their ids, which last while rows are changed and moved: `$r` holds them in
 * the order of the lookups. What is found by the same forms is the same row.
 */
export class FoundRows {
  readonly #numbers = new Map<string, number>();
  readonly #known: KnownRows;
  readonly #early: readonly Lookup[];
  #count = 1;

  constructor(known: KnownRows, lookups: Iterable<Lookup | null>) {
    this.#known = known;
    this.#early = [...lookups].filter((lookup) => lookup !== null && this.#enter(idOf(lookup))) as Lookup[];
  }

  #enter(id: string): boolean {
    if (this.#numbers.has(id)) return false;
    this.#numbers.set(id, (this.#count += 1));
    return true;
  }

  /** Its number in the list; 0: no row is meant. */
  number(lookup: Lookup | null): number {
    if (lookup === null) return 0;
    const number = this.#numbers.get(idOf(lookup));
    assert(number !== undefined, 'a row is used that was not looked up');
    return number;
  }

  /** Makes the list. */
  lines(): Lines {
    if (this.#early.length === 0) return [];
    return [`:local r {${missing};${missing}}`, ...this.#early.flatMap((lookup) => this.#append(lookup))];
  }

  /** Puts one at the end of the list that was not there when it was made, or not as it is called now. */
  late(lookup: Lookup): { readonly number: number; readonly lines: Lines } {
    const id = `late ${idOf(lookup)}`;
    const lines = this.#enter(id) ? this.#append(lookup) : [];
    return { number: this.#numbers.get(id) ?? 0, lines };
  }

  #append({ forms }: Lookup): Lines {
    const [only, second] = forms;
    if (only?.nth === 0 && second === undefined && exactly(only.item, this.#known) === null)
      return [`:set r ($r,[:pick (${findRows(only.item)},${missing}) 0])`];
    const lines = forms.flatMap(({ item, nth }) => [
      ...(nth === 0 ? [] : [':set n 0']),
      ...eachRow(
        item,
        this.#known,
        nth === 0
          ? [`:if ($x = ${missing}) do={ :set x $i }`]
          : [`:if ($n = ${nth} && $x = ${missing}) do={ :set x $i }`, ':set n ($n + 1)'],
      ),
    ]);
    return [`:set x ${missing}`, ...lines, ':set r ($r,$x)'];
  }
}

function idOf({ section, forms }: Lookup): string {
  return JSON.stringify([section, forms.map(({ item, nth }) => [item.key ?? canonicalItem(item), nth])]);
}

export type PlaceCheck = Check & { readonly by: 'place' };

/** Rows whose places the checks ask for. */
export function placedRows(checks: readonly Check[]): readonly (Lookup | null)[] {
  return checks.flatMap((check) =>
    check.by === 'place' ? [check.row, ...rowsOf(check.target), ...rowsOf(check.base), check.anchor] : [],
  );
}

function rowsOf(slot: Slot): readonly (Lookup | null)[] {
  return [slot.after, slot.before];
}

/** Where a row is and shall be, and what a move puts it in front of, as numbers for `placeLines` and `placeMove`. */
export function placeNumbers(check: PlaceCheck, anchor: number, rows: FoundRows): readonly number[] {
  const around = [check.row, ...rowsOf(check.target), ...rowsOf(check.base)];
  return [...around.map((lookup) => rows.number(lookup)), anchor];
}

const placeWidth = 6;

export function tableLine(entries: readonly (readonly number[])[]): Lines {
  return entries.length === 0 ? [] : [`:local t {${entries.flat().join(';')}}`];
}

/** Sets `$m` to 1 if the row at `$p` of `$l` is not behind the one and in front of the other of two rows of `$t`. */
function slotLines(first: number, ifMissing: string): Lines {
  return [
    ':set m 0',
    `:foreach q in={${first};${first + 1}} do={`,
    ' :set y [:pick $t ($j + $q)]',
    ' :if ($y > 0) do={',
    '  :set y [:pick $r $y]',
    `  :if ($y = ${missing}) do={ ${ifMissing} } else={`,
    '   :set n [:find $l $y]',
    `   :if ($q = ${first} && $n >= $p || $q = ${first + 1} && $n <= $p) do={ :set m 1 }`,
    '  }',
    ' }',
    '}',
  ];
}

/** Sets `$s` for the entry of the table that begins at `$j`; a row that was not found makes it `other`. */
export function placeLines(section: string): Lines {
  return [
    ':set s "other"',
    ':set x [:pick $r [:pick $t $j]]',
    `:if ($x != ${missing}) do={`,
    ...indent([
      `:set l [${section} find]`,
      ':set p [:find $l $x]',
      ...slotLines(1, ':set m 1'),
      ':if ($m = 0) do={ :set s "target" }',
      ...slotLines(3, ':set m 1'),
      ':if ($m = 0) do={ :set s "base" }',
    ]),
    '}',
  ];
}

/** Puts into `$j` where the entry of action `$k` begins, when the table begins as if with that of action `first`. */
export function placeEntry(first: number): string {
  return `:set j (($k - ${first}) * ${placeWidth})`;
}

/** Moves `$x` as the entry at `$j` says: in front of a row, or where there is none to the end. */
export function placeMove(section: string): Lines {
  return [
    `:set y [:pick $t ($j + ${placeWidth - 1})]`,
    `:if ($y = 0) do={ ${section} move $x } else={`,
    ...indent([
      ':set y [:pick $r $y]',
      `:if ($y = ${missing}) do={ :error "no anchor" }`,
      `${section} move $x $y`,
    ]),
    '}',
  ];
}

/** The rows of a chain are found once; a neighbour that is gone is somebody else's doing, and no clean pass. */
export function orderLines(
  step: Step & { kind: 'order' },
  known: KnownRows,
  pass: { readonly tried: (lines: Lines) => Lines; readonly counted: string },
): Lines {
  const { section } = step;
  const rows = new FoundRows(known, step.rows);
  const table = step.moves.map(({ row, after, before }) =>
    [row, after, before].map((i) => rows.number(step.rows[i] ?? null)),
  );
  const noItem = ':error "no item"';
  return [
    ':do {',
    ...indent([
      ...rows.lines(),
      ...tableLine(table),
      `:for k from=0 to=${step.moves.length - 1} do={`,
      ...indent(
        pass.tried([
          ':set j ($k * 3)',
          ':set x [:pick $r [:pick $t $j]]',
          `:if ($x = ${missing}) do={ ${noItem} }`,
          `:set l [${section} find]`,
          ':set p [:find $l $x]',
          ...slotLines(1, noItem),
          `:if ($m = 1) do={ :if ([:pick $t ($j + 2)] = 0) do={ ${section} move $x } else={ ${section} move $x $y }; ${pass.counted} }`,
        ]),
      ),
      '}',
    ]),
    '}',
  ];
}
