/**
 * `siteward approve ID SIGNATURE… [--follow]` and `siteward reject ID --reason`. The signature is what counts, not who
 * hands it in. `--follow` shows the rollout happen and ends with what came of it.
 */
import { open } from 'node:fs/promises';
import { Command } from 'commander';
import type { ApproveAnswer } from '../api/answers.ts';
import { InvalidInput } from '../core/errors.ts';
import { daemonOf, setExit, wantsJson } from './common.ts';
import { followDevices } from './follow.ts';
import { count, paint, printJson, printLine, safe } from './terminal.ts';

const maxSignatureBytes = 64 * 1024;

export function approveCommand(): Command {
  return new Command('approve')
    .argument('<id>', 'as `siteward pending` shows it')
    .argument('<signature...>', 'files that `ssh-keygen -Y sign` wrote; - is standard input')
    .option('--follow', 'show the rollout until it is over')
    .action(async (id: string, files: string[], options: { follow?: boolean }, command: Command) => {
      const signatures = await Promise.all(files.map(readSignature));
      const daemon = await daemonOf(command);
      const waiting = await daemon.call('pending', { ids: [id] });
      const { head } = await daemon.call('records', { sinceSeq: 0, limit: 1, last: true });
      const answer = await daemon.call('approve', { id, signatures });
      if (wantsJson(command)) printJson(answer);
      else printApproval(answer);
      const refused = answer.results.some(({ kind }) => kind === 'refused');
      setExit(refused ? 1 : 0);
      // One bad signature beside good ones stops nothing: what was let through is followed.
      const counted = answer.results.some(({ kind }) => kind === 'counted');
      if (options.follow !== true || !answer.complete || !counted) return;
      const devices = answer.devices ?? waiting.pending.flatMap((item) => item.devices);
      const sinceSeq = answer.seq ?? head.seq;
      const allConfirmed = await followDevices(
        daemon,
        { pending: id, devices, sinceSeq },
        wantsJson(command),
      );
      setExit(allConfirmed ? 0 : 1);
    });
}

export function rejectCommand(): Command {
  return new Command('reject')
    .argument('<id>', 'as `siteward pending` shows it')
    .requiredOption('--reason <text>', 'why, for the journal')
    .action(async (id: string, options: { reason: string }, command: Command) => {
      const daemon = await daemonOf(command);
      const answer = await daemon.call('reject', { id, reason: options.reason });
      if (wantsJson(command)) printJson(answer);
      else printLine(`rejected ${safe(answer.id)}; not planned again until plan or base changes`);
    });
}

function printApproval(answer: ApproveAnswer): void {
  for (const result of answer.results) {
    const who = [result.person, result.fingerprint === undefined ? undefined : `(${result.fingerprint})`]
      .filter((part) => part !== undefined)
      .join(' ');
    if (result.kind === 'counted') printLine(`${paint('good', 'accepted')} ${safe(who)}`);
    else
      printLine(
        `${paint('bad', 'refused')} ${safe([who, `${result.code ?? 'refused'}: ${result.message ?? ''}`].filter((part) => part !== '').join(' '))}`,
      );
  }
  const open = answer.need - answer.have;
  printLine(
    `${answer.have} of ${count(answer.need, 'signature')}${answer.complete ? '' : `; waits for ${count(open, 'more', 'more')}`}`,
  );
}

async function readSignature(file: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const stream = file === '-' ? process.stdin : (await open(file)).createReadStream();
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxSignatureBytes) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new InvalidInput(
      'unreadable',
      'the signature can not be read; is this the file that ssh-keygen wrote?',
      { file },
      { cause },
    );
  }
  if (size > maxSignatureBytes)
    throw new InvalidInput('too-large', 'this is too long for a signature', { file });
  if (size === 0) throw new InvalidInput('empty', 'the signature is empty', { file });
  // Bytes that are not ASCII stay wrong through this, and are refused by who reads the signature.
  return Buffer.concat(chunks).toString('latin1');
}
