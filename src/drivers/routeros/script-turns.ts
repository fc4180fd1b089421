/**
 * The actions of a plan as script lines, each with its check: one after the other, but moves of one section in one
 * loop over a table of places.
 */
import { assert } from '../../core/errors.ts';
import type { Action } from '../../core/plan/action.ts';
import type { Check } from '../../core/plan/check.ts';
import { changesBetween, lookupOf, type Lookup } from '../../core/plan/model.ts';
import { addWords, changeCommands, isSingleton } from './script-forms.ts';
import {
  FoundRows,
  placeEntry,
  placeLines,
  placeMove,
  placeNumbers,
  placedRows,
  tableLine,
  type PlaceCheck,
} from './script-order.ts';
import type { KnownRows } from './script-rows.ts';
import { checkLines, declarations, indent, locate, type Lines } from './script-rows.ts';

interface Move {
  readonly action: Action & { readonly verb: 'move' };
  readonly check: PlaceCheck;
}

export type Turn =
  | {
      readonly kind: 'one';
      readonly number: number;
      readonly action: Exclude<Action, { verb: 'move' }>;
      readonly check: Exclude<Check, { by: 'place' }>;
    }
  /** Moves of one section in a row, done by one loop; `entry` is the place of the first in the table of places. */
  | {
      readonly kind: 'moves';
      readonly number: number;
      readonly section: string;
      readonly entry: number;
      readonly moves: Move[];
    };

/** Actions by number, from 1, moves of one section together. */
export function turnsOf(actions: readonly Action[], checks: readonly Check[]): readonly Turn[] {
  const turns: Turn[] = [];
  let entry = 0;
  actions.forEach((action, i) => {
    const check = checks[i];
    assert(check !== undefined, 'each action has its check');
    if (action.verb === 'move') {
      assert(check.by === 'place', 'a move is checked by its place');
      const last = turns.at(-1);
      if (last?.kind === 'moves' && last.section === action.section) last.moves.push({ action, check });
      else {
        const { section } = action;
        turns.push({ kind: 'moves', number: i + 1, section, entry, moves: [{ action, check }] });
      }
      entry += 1;
    } else {
      assert(check.by !== 'place', 'only moves are checked by a place');
      turns.push({ kind: 'one', number: i + 1, action, check });
    }
  });
  return turns;
}

function movesOf(turns: readonly Turn[]): readonly Move[] {
  return turns.flatMap((turn) => (turn.kind === 'moves' ? turn.moves : []));
}

/** Looks at every item and says what it sees, a line each. */
export function checkScript(turns: readonly Turn[], known: KnownRows): Lines {
  const moves = movesOf(turns);
  const rows = new FoundRows(known, placedRows(moves.map(({ check }) => check)));
  return [
    ...declarations,
    ...rows.lines(),
    ...tableLine(moves.map(({ check }) => placeNumbers(check, 0, rows))),
    ...turns.flatMap((turn) =>
      turn.kind === 'one'
        ? [...checkLines(turn.check, known, nthOf(turn.action)), `:put ("${turn.number} " . $s)`]
        : [
            `:for k from=${turn.number} to=${turn.number + turn.moves.length - 1} do={`,
            ...indent([
              placeEntry(turn.number - turn.entry),
              ...placeLines(turn.section),
              ':put ($k . " " . $s)',
            ]),
            '}',
          ],
    ),
  ];
}

function nthOf(action: Action): number | undefined {
  return action.verb === 'add' ? undefined : action.nth;
}

export interface StepLines {
  /** Finds what all steps use. */
  readonly found: Lines;
  /** What is done in turn `$k`: looks, and when `$go` says so does the step that is due. */
  readonly steps: Lines;
}

export function stepsOf(turns: readonly Turn[], known: KnownRows): StepLines {
  const moves = movesOf(turns);
  const rows = new FoundRows(known, [
    ...placedRows(moves.map(({ check }) => check)),
    ...turns.map((turn) => (turn.kind === 'one' ? earlyAnchor(turn.action) : null)),
  ]);
  const table: (readonly number[])[] = [];
  const steps = turns.flatMap((turn): Lines => {
    if (turn.kind === 'one') return oneLines(turn, known, rows);
    const late = turn.moves.flatMap(({ action, check }) => {
      const added = check.anchor === null && action.before !== null;
      const anchor = added
        ? rows.late(lookupOf(action.before, action.beforeNth))
        : { number: rows.number(check.anchor), lines: [] };
      table.push(placeNumbers(check, anchor.number, rows));
      return anchor.lines;
    });
    return moveLines(turn, late);
  });
  return { found: [...rows.lines(), ...tableLine(table)], steps };
}

/** The row of the base that an added one goes in front of; null where only the moment tells which of equal ones it is. */
function earlyAnchor(action: Action): Lookup | null {
  if (action.verb !== 'add' || action.before === null || (action.beforeNth ?? 0) > 0) return null;
  return lookupOf(action.before);
}

function oneLines(turn: Turn & { kind: 'one' }, known: KnownRows, rows: FoundRows): Lines {
  return [
    `:if ($k = ${turn.number}) do={`,
    ...indent([
      ...checkLines(turn.check, known, nthOf(turn.action)),
      ':if ($go && $s = "base") do={',
      ...indent([...stepLines(turn, known, rows), ':set s "target"']),
      '}',
    ]),
    '}',
  ];
}

/** Rows that the plan has added stand only now where others go in front of them: they are found before the first move. */
function moveLines({ number, section, entry, moves }: Turn & { kind: 'moves' }, late: Lines): Lines {
  return [
    `:if ($k >= ${number} && $k < ${number + moves.length}) do={`,
    ...indent([
      ...(late.length === 0 ? [] : [`:if ($go && $k = ${number}) do={`, ...indent(late), '}']),
      placeEntry(number - entry),
      ...placeLines(section),
      ':if ($go && $s = "base") do={',
      ...indent([...placeMove(section), ':set s "target"']),
      '}',
    ]),
    '}',
  ];
}

/** The action itself, on the row that the check has just found. */
function stepLines({ action, check }: Turn & { kind: 'one' }, known: KnownRows, rows: FoundRows): Lines {
  const { section } = action;
  // Where the check says base there is one row at least, but not always the n-th, nor one of that very name.
  const sure = check.by !== 'name' && (nthOf(action) ?? 0) === 0;
  const found = sure ? [] : [':if ([:len $x] = 0) do={ :error "no item" }'];
  switch (action.verb) {
    case 'add': {
      const add = `${section} add ${addWords(action.item)}`;
      if (action.before === null) return [add];
      const early = earlyAnchor(action);
      const at =
        early === null
          ? locate('y', lookupOf(action.before, action.beforeNth), known)
          : [`:set y [:pick $r ${rows.number(early)}]`];
      return [...at, `:if ($y = "" || $y = "-") do={ :error "no anchor" }`, `${add} place-before=$y`];
    }
    case 'set': {
      const commands = changeCommands(action.from, changesBetween(action.from, action.to));
      const row = isSingleton(action.from) ? '' : '$x ';
      return [...found, ...commands.map(({ verb, words }) => `${section} ${verb} ${row}${words}`)];
    }
    case 'remove':
      return [...found, `${section} remove $x`];
  }
}
