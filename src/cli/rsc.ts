/**
 * `siteward rsc`: the RouterOS language on its own, without daemon, settings or device. Files, or `-` for standard
 * input. 0 done or no difference, 1 differences or a file with faults, 2 a text that can't be used.
 */
import { Command, Option } from 'commander';
import type { Owns } from '../core/plan/scope.ts';
import { printExport } from '../drivers/routeros/export-syntax.ts';
import { formatExport } from '../drivers/routeros/format-export.ts';
import { setExit, wantsJson } from './common.ts';
import { showDifferences } from './rsc-diff.ts';
import { showPlan, type PlanForm } from './rsc-plan.ts';
import { checkTexts, problemView, readText, readTexts, refuse, requireReadable } from './rsc-texts.ts';
import { printExactly, printJson } from './terminal.ts';

interface PlanOptions {
  readonly owns: Owns;
  readonly commands?: true;
  readonly inverse?: true;
}

export function rscCommand(): Command {
  const rsc = new Command('rsc').description(
    'the RouterOS language on its own: files, or - for standard input',
  );
  rsc
    .command('print <file>')
    .description('print the text again, byte for byte, as the reader has it')
    .action(async (file: string, _options: object, command: Command) => {
      const text = await readText(file);
      if (wantsJson(command)) {
        const { header, pieces, problems } = text.read;
        printJson({
          v: 1,
          file: text.name,
          header,
          pieces,
          problems: problems.map((p) => problemView(p, text)),
        });
      } else printExactly(printExport(text.read));
      // What is no export is given back as it is, and still refused.
      if (text.read.problems.length > 0) refuse(text.read.problems, [text], false);
    });
  rsc
    .command('fmt <file>')
    .description('print the canonical form: it means the same, and is its own canonical form')
    .action(async (file: string, _options: object, command: Command) => {
      const text = await readText(file);
      const parsed = requireReadable(text);
      if (parsed === null) return;
      const canonical = formatExport(text.read, parsed);
      if (wantsJson(command)) printJson({ v: 1, file: text.name, text: canonical });
      else printExactly(Buffer.from(canonical, 'latin1'));
    });
  rsc
    .command('diff <a> <b>')
    .description('how the meaning of two texts differs, whatever they look like')
    .action(async (a: string, b: string, _options: object, command: Command) => {
      setExit(showDifferences(await readTexts(a, b), wantsJson(command)));
    });
  rsc
    .command('plan <actual> <desired>')
    .description('what leads a device with the export ACTUAL to the text DESIRED')
    .addOption(
      new Option('--owns <what>', 'what of the device the text speaks for')
        .choices(['sections', 'items', 'everything'])
        .default('sections'),
    )
    .addOption(new Option('--commands', 'only the console commands, one a line, ready to be run'))
    .addOption(new Option('--inverse', 'only those that lead from the desired back').conflicts('commands'))
    .action(async (actual: string, desired: string, options: PlanOptions, command: Command) => {
      const form: PlanForm = options.commands ? 'commands' : options.inverse ? 'inverse' : 'people';
      const texts = await readTexts(actual, desired);
      setExit(showPlan(texts, options.owns, form === 'people' && wantsJson(command) ? 'json' : form));
    });
  rsc
    .command('check <file>')
    .description('everything that is wrong with a text, each with its place and what to do')
    .action(async (file: string, _options: object, command: Command) => {
      setExit(checkTexts(await readText(file), wantsJson(command)));
    });
  return rsc;
}
