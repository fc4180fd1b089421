/**
 * `siteward restore DEVICE REV [--preview]` and `siteward rollback DEVICE`: the way back to what a device had. Always shows
 * the way first; without `--preview` it is ordered as it was shown.
 */
import { Command } from 'commander';
import type { AnswerOf, RequestOf } from '../api/operations.ts';
import { daemonOf, setExit, wantsJson } from './common.ts';
import { revisionWords } from './history.ts';
import { printActions } from './plan.ts';
import { count, paint, printJson, printLine, safe, shellWord } from './terminal.ts';

type Answer = AnswerOf<'restore'>;

export function restoreCommand(): Command {
  return new Command('restore')
    .argument('<device>')
    .argument('<rev>', 'a hash, a label, ~1 for the one before the newest, or a time')
    .option('--preview', 'show the way there and order nothing')
    .option('--plan <digest>', 'only if the way there still is the one that a preview showed')
    .option('--identity <file>', 'your age identity: the secrets sealed in the revision are restored, too')
    .action(async (device: string, rev: string, options: RestoreOptions, command: Command) => {
      const order = options.preview !== true;
      const { plan, identity } = options;
      const bound = { device, rev, order, ...(plan === undefined ? {} : { plan }) };
      if (identity === undefined) return await ask(command, bound);
      await ask(command, await withSecrets(command, bound, identity), identity);
    });
}

interface RestoreOptions {
  readonly preview?: true;
  readonly plan?: string;
  readonly identity?: string;
}

const largestIdentityBytes = 64 * 1024;

/**
 * Opened here, as who runs this: the daemon never sees the identity, and takes what was opened only if it is what was
 * sealed. It goes over the local socket and into no log.
 */
async function withSecrets(
  command: Command,
  request: RequestOf<'restore'> & { readonly rev: string },
  identity: string,
): Promise<RequestOf<'restore'>> {
  const [{ readSecretFile }, { unseal }] = await Promise.all([
    import('../settings/trust-files.ts'),
    import('../settings/age-identity.ts'),
  ]);
  const key = { file: identity, bytes: await readSecretFile(identity, largestIdentityBytes) };
  const { device, rev } = request;
  const { content, revision } = await (await daemonOf(command)).call('secrets', { device, rev });
  const remedy = `the secrets of revision ${revision.rev} are sealed to what \`history: recipients:\` named then`;
  const secrets = await unseal(Buffer.from(content, 'base64'), key, remedy);
  // `~1` and a time may name another one by now.
  return { ...request, rev: revision.rev, secrets: Buffer.from(secrets).toString('base64') };
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
  request: RequestOf<'restore'>,
  identity: string | null = null,
): Promise<void> {
  const daemon = await daemonOf(command);
  const answer = withIdentity(await daemon.call('restore', request), identity);
  setExit(request.order === answer.ordered && (request.order || answer.plan === null) ? 0 : 1);
  if (wantsJson(command)) return printJson(answer);
  printWay(answer, request.order);
}

/** What comes next is said without what only this side knows. */
function withIdentity(answer: Answer, identity: string | null): Answer {
  const { next } = answer;
  if (identity === null || next?.startsWith('siteward restore ') !== true) return answer;
  return { ...answer, next: `${next} --identity ${shellWord(identity)}` };
}

const foundWords: Readonly<Record<Answer['found'], string>> = {
  'asked-for': 'back to',
  checkpoint: 'back to the newest checkpoint,',
  'before-rollout': 'back to what it had before the last rollout,',
};

function printWay(answer: Answer, order: boolean): void {
  const { device, revision, found, plan, categories, notRestored, secrets, ordered, refusal, next } = answer;
  printLine(`${paint('strong', safe(device))}  ${foundWords[found]} ${safe(revisionWords(revision))}`);
  const hints = secrets ?? [];
  if (plan === null)
    printLine(
      hints.length === 0
        ? 'no difference: the device has it, as far as it can be brought there'
        : 'no difference but for secrets: the device has the rest, as far as it can be brought there',
    );
  else printActions(plan);
  for (const { category, add, set, remove, move, signed } of categories) {
    const parts = [`+${add}`, `~${set}`, `-${remove}`, ...(move === 0 ? [] : [`>${move}`])];
    const sign = signed === 0 ? '' : `   ${paint('bad', 'SIGN')} ${signed}`;
    printLine(` ${category.padEnd(18)} ${parts.join(' ')}${sign}`);
  }
  for (const words of hints) printLine(` ${paint('strong', 'secrets')}       ${safe(words)}`);
  for (const words of notRestored) printLine(` ${paint('warn', 'not restored')}  ${safe(words)}`);
  const then = next === null ? '' : `   next: ${safe(next)}`;
  // Said above.
  if (plan === null && refusal?.code === 'nothing-to-do') return;
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
