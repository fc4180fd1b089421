/**
 * `siteward restore DEVICE REV [--preview]` and `siteward rollback DEVICE`: the way back to what a device had. Always shows
 * the way first; without `--preview` it is ordered as it was shown.
 */
import { Command } from 'commander';
import type { AnswerOf } from '../api/operations.ts';
import { daemonOf, setExit, wantsJson } from './common.ts';
import { revisionWords } from './history.ts';
import { printActions } from './plan.ts';
import { count, paint, printJson, printLine, safe } from './terminal.ts';

type Answer = AnswerOf<'restore'>;

export function restoreCommand(): Command {
  return new Command('restore')
    .argument('<device>')
    .argument('<rev>', 'a hash, a label, ~1 for the one before the newest, or a time')
    .option('--preview', 'show the way there and order nothing')
    .option('--plan <digest>', 'only if the way there still is the one that a preview showed')
    .action(
      async (device: string, rev: string, options: { preview?: true; plan?: string }, command: Command) => {
        const order = options.preview !== true;
        const { plan } = options;
        await ask(command, { device, rev, order, ...(plan === undefined ? {} : { plan }) });
      },
    );
}

export function rollbackCommand(): Command {
  return new Command('rollback')
    .argument('<device>')
    .option('--preview', 'show the way there and order nothing')
    .action(async (device: string, options: { preview?: true }, command: Command) => {
      await ask(command, { device, order: options.preview !== true });
    });
}

async function ask(
  command: Command,
  request: { device: string; rev?: string; order: boolean; plan?: string },
): Promise<void> {
  const daemon = await daemonOf(command);
  const answer = await daemon.call('restore', request);
  setExit(request.order === answer.ordered && (request.order || answer.plan === null) ? 0 : 1);
  if (wantsJson(command)) return printJson(answer);
  printWay(answer, request.order);
}

const foundWords: Readonly<Record<Answer['found'], string>> = {
  'asked-for': 'back to',
  checkpoint: 'back to the newest checkpoint,',
  'before-rollout': 'back to what it had before the last rollout,',
};

function printWay(answer: Answer, order: boolean): void {
  const { device, revision, found, plan, categories, notRestored, ordered, refusal, next } = answer;
  printLine(`${paint('strong', safe(device))}  ${foundWords[found]} ${safe(revisionWords(revision))}`);
  if (plan === null) printLine('no difference: the device has it, as far as it can be brought there');
  else printActions(plan);
  for (const { category, add, set, remove, move, signed } of categories) {
    const parts = [`+${add}`, `~${set}`, `-${remove}`, ...(move === 0 ? [] : [`>${move}`])];
    const sign = signed === 0 ? '' : `   ${paint('bad', 'SIGN')} ${signed}`;
    printLine(` ${category.padEnd(18)} ${parts.join(' ')}${sign}`);
  }
  for (const words of notRestored) printLine(` ${paint('warn', 'not restored')}  ${safe(words)}`);
  const then = next === null ? '' : `   next: ${safe(next)}`;
  if (refusal !== null) return printLine(`${paint('bad', 'no')}  ${safe(refusal.message)}${then}`);
  if (plan === null) return;
  const amount = count(plan.actions.length, 'action');
  const signature =
    plan.class === 'benign' ? 'needs no signature' : `needs a signature: ${safe(plan.reason ?? '')}`;
  if (!order) return printLine(`${amount}, proved on the model; ${signature}${then}`);
  if (!ordered) return;
  printLine(`${paint('good', 'ordered')}  ${amount}, ${signature}${then}`);
  printLine(`once it is there, it is held; the desired file to commit: siteward adopt ${safe(device)}`);
  printLine(`and when git says so, too: siteward release ${safe(device)}`);
}
