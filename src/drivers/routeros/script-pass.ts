/**
 * The converging pass as script lines: each step looks, changes only what differs, counts what it changed, and a
 * failure in one does not stop the others. The same data runs on the model in `converge.ts`.
 */
import type { Step } from '../../core/plan/converge.ts';
import { changesBetween } from '../../core/plan/model.ts';
import { unreachable } from '../../core/errors.ts';
import { nameOf } from './names.ts';
import { printArgument } from './quote.ts';
import { addWords, changeCommands, findNamed, hasValue, isSingleton } from './script-forms.ts';
import { orderLines } from './script-order.ts';
import { eachRow, indent, type KnownRows, type Lines } from './script-rows.ts';

const counted = ':set changed ($changed + 1)';

export function passLines(steps: readonly Step[], known: KnownRows): Lines {
  return steps.flatMap((step) =>
    step.kind === 'order' ? orderLines(step, known, { tried, counted }) : tried(stepLines(step, known)),
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
  const body = row.created
    ? [`:if ($m > 1) do={ ${section} remove $i; ${counted} } else={`, ...indent(back), '}']
    : back;
  const missing = row.created ? `${section} add ${addWords(row)}; ${counted}` : ':error "no item"';
  return [
    ':set m 0',
    ...eachRow(row, known, [':set m ($m + 1)', ...body]),
    ...(step.ifThere === true ? [] : [`:if ($m = 0) do={ ${missing} }`]),
  ];
}

/** In one look at each form: turned back while the base has more of its own, gone where it has none left to want. */
function restoreLines(step: Step & { kind: 'restore' }, known: KnownRows): Lines {
  const { form, count, donors, alone } = step;
  const { section } = form;
  const remove = `${section} remove $i; ${counted}`;
  const turn = donors.flatMap((donor) => {
    const commands = changeCommands(donor.form, changesBetween(donor.form, form));
    const set = commands.map(({ verb, words }) => `${section} ${verb} $i ${words}`);
    const back = `:if ($n < ${count}) do={ ${[...set, ':set n ($n + 1)', counted].join('; ')} }`;
    const each = alone ? `${back} else={ ${remove} }` : back;
    if (donor.keep === 0) return eachRow(donor.form, known, [each]);
    const beyond = [':set m ($m + 1)', `:if ($m > ${donor.keep}) do={ ${each} }`];
    return [':set m 0', ...eachRow(donor.form, known, beyond)];
  });
  const own = [':set n ($n + 1)', ...(alone ? [`:if ($n > ${count}) do={ ${remove} }`] : [])];
  return [
    ':set n 0',
    ...eachRow(form, known, own),
    ...turn,
    `:if ($n < ${count}) do={ ${section} add ${addWords(form)}; ${counted} }`,
  ];
}
