/**
 * `siteward pending [ID…] [--document]`: what waits for signatures. With `--document` standard output is exactly the text
 * to sign; how to sign it goes to standard error.
 */
import { Command } from 'commander';
import type { PendingAnswer, PendingAnswerItem } from '../api/answers.ts';
import { InvalidInput } from '../core/errors.ts';
import { daemonOf, setExit, wantsJson } from './common.ts';
import {
  clockTime,
  count,
  paint,
  printExactly,
  printJson,
  printLine,
  printNote,
  printTable,
  safe,
} from './terminal.ts';

export function pendingCommand(): Command {
  return new Command('pending')
    .argument('[id...]', 'only these')
    .option('--document', 'print the document to sign, exactly')
    .action(async (ids: string[], options: { document?: boolean }, command: Command) => {
      const daemon = await daemonOf(command);
      if (options.document !== true) {
        const answer = await daemon.call('pending', ids.length === 0 ? {} : { ids });
        if (wantsJson(command)) printJson(answer);
        else printPending(answer, ids.length > 0, Date.now());
        return;
      }
      const [id, ...more] = ids;
      if (id === undefined || more.length > 0)
        throw new InvalidInput(
          'usage',
          'one document is printed at a time; name one ID, as `siteward pending` shows them',
        );
      const answer = await daemon.call('document', { id });
      if (wantsJson(command)) return printJson(answer);
      // The form allows printable ASCII and LF only; anything else must not reach a terminal, nor be signed.
      if (!/^[\x20-\x7e\n]*$/.test(answer.text)) {
        setExit(2);
        throw new InvalidInput(
          'bad-answer',
          `the document of ${id} holds other characters than printable ASCII; do not sign it`,
        );
      }
      printExactly(answer.text);
      if (process.stderr.isTTY && answer.namespace !== undefined) {
        printNote(`sign:    ssh-keygen -Y sign -n ${safe(answer.namespace)} -f KEY FILE`);
        printNote(`hand in: siteward approve ${safe(id)} FILE.sig`);
      }
    });
}

export function printPending({ pending }: PendingAnswer, whole: boolean, nowMs: number): void {
  if (pending.length === 0) return printLine('nothing waits for a signature');
  printTable(
    pending.map((item) => [
      { text: safe(item.id), tone: 'strong' as const },
      { text: item.kind },
      { text: devicesOf(item) },
      { text: safe(item.reason ?? ''), tone: 'warn' as const },
      { text: approvalsOf(item) },
      { text: item.expires === null ? 'no document yet' : `until ${clockTime(item.expires, nowMs)}` },
      { text: whole ? '' : `next: siteward pending ${safe(item.id)}`, tone: 'strong' as const },
    ]),
  );
  if (!whole) return;
  for (const item of pending) {
    printLine();
    printSuperseded(item);
    for (const line of (item.text ?? '').split('\n')) if (line !== '') printLine(`  ${safe(line)}`);
    const namespace = item.namespace === undefined ? '' : ` -n ${safe(item.namespace)}`;
    const file = `${safe(item.id)}.txt`;
    printLine(paint('strong', `next: siteward pending ${safe(item.id)} --document > ${file}`));
    printLine(`      ssh-keygen -Y sign${namespace} -f KEY ${file}`);
    printLine(`      siteward approve ${safe(item.id)} ${file}.sig --follow`);
  }
}

/** For whoever has read the one before: what moved since. */
function printSuperseded({ supersedes }: PendingAnswerItem): void {
  if (supersedes === null || supersedes === undefined) return;
  printLine(`in place of ${safe(supersedes.id)}; since then:`);
  const nothing = 'nothing in the text';
  for (const line of supersedes.changed.length === 0 ? [nothing] : supersedes.changed)
    printLine(paint('warn', `  ${safe(line)}`));
  printLine();
}

function devicesOf(item: PendingAnswerItem): string {
  const shown = item.devices.slice(0, 4).map(safe).join(' ');
  return item.devices.length > 4 ? `${shown} and ${item.devices.length - 4} more` : shown;
}

function approvalsOf({ approvals, class: role }: PendingAnswerItem): string {
  const by = approvals.by.length === 0 ? '' : ` (${approvals.by.map(safe).join(', ')})`;
  return `${approvals.have} of ${count(approvals.need, `${role} signature`)}${by}`;
}
