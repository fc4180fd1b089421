/**
 * The converging pass as script lines: each step looks, changes only what differs, counts what it changed, and a
 * failure in one does not stop the others. The same data runs on the model in `converge.ts`.
 */
import type { Step } from '../../core/plan/converge.ts';
import { changesBetween, type Lookup } from '../../core/plan/model.ts';
import type { Item } from '../../core/item.ts';
import { unreachable } from '../../core/errors.ts';
import { nameOf } from './names.ts';
import { printArgument } from './quote.ts';
import { addWords, changeCommands, findNamed, hasValue, isSingleton } from './script-forms.ts';
import { FoundRows, countForm, eachRow, indent, locate, type KnownRows, type Lines } from './script-rows.ts';

const counted = ':set changed ($changed + 1)';

export function passLines(steps: readonly Step[], known: KnownRows): Lines {
  return steps.flatMap((step) =>
    step.kind === 'order' ? orderLines(step, known) : tried(stepLines(step, known)),
  );
}

function tried(lines: Lines): Lines {
  return [':do {', ...indent(lines), '} on-error={ :set failed ($failed + 1) }'];
}

function stepLines(step: Exclude<Step, { kind: 'order' }>, known: KnownRows): Lines {
  switch (step.kind) {
    case 'rename':
      return [
        `:foreach i in=${findNamed(step.from)} do={ ${step.from.section} set $i ${printArgument('name', nameOf(step.to) ?? '', false)}; ${counted} }`,
      ];
    case 'reset':
      return resetLines(step, known);
    case 'restore':
      return restoreLines(step, known);
    case 'surplus':
      return [
        ':set m 0',
        ...eachRow(step.form, known, [
          ':set m ($m + 1)',
          `:if ($m > ${step.keep}) do={ ${step.form.section} remove $i; ${counted} }`,
        ]),
      ];
    default:
      return unreachable(step);
  }
}

function addLines(item: Item, before: Lookup | null, known: KnownRows): Lines {
  const add = `${item.section} add ${addWords(item)}`;
  if (before === null) return [add];
  return [...locate('y', before, known), `:if ($y = "") do={ ${add} } else={ ${add} place-before=$y }`];
}

function resetLines(step: Step & { kind: 'reset' }, known: KnownRows): Lines {
  const { row, properties } = step;
  const { section } = row;
  const id = isSingleton(row) ? '' : '$i';
  const back = properties.flatMap(([name, value]) => {
    const commands = changeCommands(row, [[name, value]]);
    const lines = commands.map(
      ({ verb, words }) => `${section} ${verb} ${id === '' ? '' : `${id} `}${words}`,
    );
    return [`:if (!${hasValue(row, id, name, value)}) do={ ${[...lines, counted].join('; ')} }`];
  });
  if (isSingleton(row)) return back;
  const missing = row.created ? [...addLines(row, step.before, known), counted] : [':error "no item"'];
  return [
    ':set m 0',
    ...eachRow(row, known, [':set m ($m + 1)', ...back]),
    ':if ($m = 0) do={',
    ...indent(missing),
    '}',
  ];
}

function restoreLines(step: Step & { kind: 'restore' }, known: KnownRows): Lines {
  const { form, donors } = step;
  const turn = donors.flatMap((donor) => {
    const commands = changeCommands(donor.form, changesBetween(donor.form, form));
    return [
      ':if ($m = 0) do={',
      ...indent([
        ...locate('x', { section: form.section, forms: [{ item: donor.form, nth: donor.keep }] }, known),
        ':if ($x != "") do={',
        ...indent([...commands.map(({ verb, words }) => `${form.section} ${verb} $x ${words}`), ':set m 1']),
        '}',
      ]),
      '}',
    ];
  });
  return [
    ...countForm(form, known),
    `:if ($n < ${step.count}) do={`,
    ...indent([
      ':set m 0',
      ...turn,
      ':if ($m = 0) do={',
      ...indent(addLines(form, step.before, known)),
      '}',
      counted,
    ]),
    '}',
  ];
}

/** The rows of a chain are found once; a neighbour that is gone is somebody else's doing, and no clean pass. */
function orderLines(step: Step & { kind: 'order' }, known: KnownRows): Lines {
  const rows = new FoundRows(known, step.rows);
  const name = (i: number): string | null => {
    const lookup = step.rows[i];
    return lookup === undefined ? null : `$${rows.name(lookup)}`;
  };
  const moves = step.moves.flatMap((move) => {
    const [row, after, before] = [name(move.row), name(move.after), name(move.before)];
    const used = [row, after, before].filter((one) => one !== null);
    const wrong = [
      ...(after === null ? [] : [`[:find $l ${after}] >= $p`]),
      ...(before === null ? [] : [`[:find $l ${before}] <= $p`]),
    ];
    if (row === null || wrong.length === 0) return [];
    return tried([
      `:if (${used.map((one) => `${one} = ""`).join(' || ')}) do={ :error "no item" }`,
      `:set l [${step.section} find]`,
      `:set p [:find $l ${row}]`,
      `:if (${wrong.map((one) => `(${one})`).join(' || ')}) do={ ${step.section} move ${row}${before === null ? '' : ` ${before}`}; ${counted} }`,
    ]);
  });
  return [...rows.lines(), ...moves];
}
